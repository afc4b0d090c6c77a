//! The lock file of stored layouts: what is in the store outlives the binary that wrote it.
//!
//! A test compares the layouts of all stored types with a file that is committed. A layout that
//! changed under the same schema number fails it; so does one that is not in the file yet, until
//! `STATELESS_BLESS=1` writes it. A change that older records do not survive is never written
//! under the same number.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;

use super::shape;
use crate::descriptor::Descriptor;
use crate::record::Externalize;
use crate::state::{StateCell, StateMap};

/// The layout of one stored type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    key: String,
    schema: u32,
    /// What stands where: `items[].sku` is a `string`.
    shape: BTreeMap<String, String>,
}

/// The layout of a type that derives `Externalize`.
pub fn of<T: Externalize>() -> Layout {
    layout::<T>(T::DESCRIPTOR)
}

/// The layout of a static, or of a map or cell in a field.
pub fn of_state(state: &impl Stored) -> Layout {
    state.layout()
}

/// What [`of_state`] takes.
pub trait Stored {
    /// Its layout.
    fn layout(&self) -> Layout;
}

impl<K, V: DeserializeOwned, L> Stored for StateMap<K, V, L> {
    fn layout(&self) -> Layout {
        layout::<V>(self.descriptor())
    }
}

impl<V: DeserializeOwned> Stored for StateCell<V> {
    fn layout(&self) -> Layout {
        layout::<V>(self.descriptor())
    }
}

fn layout<T: DeserializeOwned>(descriptor: &Descriptor) -> Layout {
    let mut shape = shape::of::<T>();
    for counter in descriptor.counters {
        shape.insert(counter.name.to_owned(), "counter".to_owned());
    }
    Layout { key: descriptor.space.template.to_string(), schema: descriptor.schema, shape }
}

/// Why the layouts and the file do not agree.
#[derive(Clone, PartialEq, Eq)]
pub struct LayoutError(String);

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LayoutError {}

const HEADER: &str = "\
# Layouts of what is stored. A test compares them with the types; commit this file.
# After a change: a new `schema` and a migration, then run the tests with STATELESS_BLESS=1.
";

/// Compares layouts with the lock file, or writes it if `STATELESS_BLESS` is set.
///
/// ```no_run
/// # use serde::{Deserialize, Serialize};
/// # use stateless_store::Externalize;
/// # #[derive(Clone, Default, Serialize, Deserialize, Externalize)]
/// # #[externalize(key = "cart:{user}")]
/// # struct Cart { #[externalize(key)] user: String }
/// use stateless_store::testing::layouts;
///
/// # /*
/// #[test]
/// # */
/// fn layouts_are_what_is_stored() {
///     layouts::check("stateless.lock", &[layouts::of::<Cart>()]).unwrap();
/// }
/// ```
pub fn check(file: impl AsRef<Path>, layouts: &[Layout]) -> Result<(), LayoutError> {
    let bless = std::env::var_os("STATELESS_BLESS").is_some();
    check_or_write(file.as_ref(), layouts, bless)
}

fn check_or_write(file: &Path, layouts: &[Layout], bless: bool) -> Result<(), LayoutError> {
    let shown = file.display();
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(LayoutError(format!("{shown}: {error}"))),
    };
    let locked = read(&text).map_err(|reason| LayoutError(format!("{shown}: {reason}")))?;
    let mut wrong = Vec::new();
    let mut fatal = false;
    for layout in layouts {
        let Layout { key, schema, shape } = layout;
        let newest = locked.keys().filter(|(locked, _)| locked == key).map(|(_, schema)| *schema).max();
        if newest.is_some_and(|newest| newest > *schema) {
            fatal = true;
            wrong.push(format!("`{key}`: schema {schema} is older than what was stored before"));
            continue;
        }
        match locked.get(&(key.clone(), *schema)) {
            None => wrong.push(format!("`{key}` schema {schema} is not in the file yet")),
            Some(before) if before == shape => {}
            Some(before) => {
                let changes = changes(before, shape);
                let kind = if compatible(before, shape) {
                    "gained what older records may lack"
                } else {
                    fatal = true;
                    "changed without a new schema number: raise `schema` and give a migration"
                };
                wrong.push(format!("`{key}` schema {schema} {kind}{changes}"));
            }
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    if fatal || !bless {
        let what = wrong.join("\n");
        let way = if fatal { "" } else { "\nrun the test with STATELESS_BLESS=1 and commit the file" };
        return Err(LayoutError(format!("{shown}:\n{what}{way}")));
    }
    let mut all = locked;
    for layout in layouts {
        all.insert((layout.key.clone(), layout.schema), layout.shape.clone());
    }
    fs::write(file, write(&all)).map_err(|error| LayoutError(format!("{shown}: {error}")))
}

/// Whether records written before can still be read: nothing went or became something else, and
/// what came is optional or a counter.
fn compatible(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> bool {
    let kept = before.iter().all(|(place, kind)| now.get(place) == Some(kind));
    let optional = |place: &String| {
        before.contains_key(place)
            || now.iter().any(|(other, kind)| {
                let inside = place.strip_prefix(other.as_str());
                let below = inside.is_some_and(|rest| rest.is_empty() || rest.starts_with('?'));
                below && !before.contains_key(other) && (kind == "option" || kind == "counter")
            })
    };
    kept && now.keys().all(optional)
}

fn changes(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    for (place, kind) in before {
        if now.get(place) != Some(kind) {
            out.push_str(&format!("\n  - {place}: {kind}"));
        }
    }
    for (place, kind) in now {
        if before.get(place) != Some(kind) {
            out.push_str(&format!("\n  + {place}: {kind}"));
        }
    }
    out
}

type Locked = BTreeMap<(String, u32), BTreeMap<String, String>>;

fn read(text: &str) -> Result<Locked, String> {
    let mut locked = Locked::new();
    let mut current: Option<(String, u32)> = None;
    for (number, line) in text.lines().enumerate() {
        let bad = || format!("line {} is not one of a lock file", number + 1);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match (line.strip_prefix("  "), &current) {
            (Some(entry), Some(section)) => {
                let (place, kind) = entry.rsplit_once(": ").ok_or_else(bad)?;
                let shape = locked.entry(section.clone()).or_default();
                shape.insert(place.to_owned(), kind.to_owned());
            }
            (Some(_), None) => return Err(bad()),
            (None, _) => {
                let (key, schema) = line.rsplit_once(" schema ").ok_or_else(bad)?;
                let section = (key.to_owned(), schema.parse().map_err(|_| bad())?);
                locked.entry(section.clone()).or_default();
                current = Some(section);
            }
        }
    }
    Ok(locked)
}

fn write(locked: &Locked) -> String {
    let mut out = String::from(HEADER);
    for ((key, schema), shape) in locked {
        out.push_str(&format!("\n{key} schema {schema}\n"));
        for (place, kind) in shape {
            out.push_str(&format!("  {place}: {kind}\n"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Item {
        sku: String,
        price: Option<u32>,
    }

    mod first {
        use super::*;
        #[derive(Serialize, Deserialize, crate::Externalize)]
        #[externalize(key = "cart:{user}", crate = "crate")]
        pub(super) struct Cart {
            #[externalize(key)]
            user: u64,
            items: Vec<Item>,
            #[externalize(counter)]
            views: u64,
        }
    }

    mod changed {
        use super::*;
        #[derive(Serialize, Deserialize)]
        pub(super) struct Item {
            sku: u64,
            price: Option<u32>,
        }
        #[derive(Serialize, Deserialize, crate::Externalize)]
        #[externalize(key = "cart:{user}", crate = "crate")]
        pub(super) struct Cart {
            #[externalize(key)]
            user: u64,
            items: Vec<Item>,
            #[externalize(counter)]
            views: u64,
        }
    }

    mod grown {
        use super::*;
        #[derive(Serialize, Deserialize, crate::Externalize)]
        #[externalize(key = "cart:{user}", crate = "crate")]
        pub(super) struct Cart {
            #[externalize(key)]
            user: u64,
            items: Vec<Item>,
            #[externalize(counter)]
            views: u64,
            coupon: Option<Item>,
        }
    }

    mod second {
        use super::*;
        use crate::{Draft, MigrationError};
        #[derive(Serialize, Deserialize, crate::Externalize)]
        #[externalize(key = "cart:{user}", schema = 2, migrate(1 = keep), crate = "crate")]
        pub(super) struct Cart {
            #[externalize(key)]
            user: u64,
            lines: Vec<u64>,
        }
        fn keep(_: &mut Draft) -> Result<(), MigrationError> {
            Ok(())
        }
    }

    const WRITTEN: &str = "
cart:{user} schema 1
  items: list
  items[].price: option
  items[].price?: u32
  items[].sku: string
  user: u64
  views: counter
";

    #[test]
    fn a_changed_layout_needs_a_new_schema() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("stateless.lock");
        let first = [of::<first::Cart>()];
        let error = check_or_write(&file, &first, false).unwrap_err().to_string();
        assert!(error.contains("not in the file yet"), "{error}");
        check_or_write(&file, &first, true).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), format!("{HEADER}{WRITTEN}"));
        check_or_write(&file, &first, false).unwrap();

        // Deep inside, and blessing does not help.
        let changed = [of::<changed::Cart>()];
        for bless in [false, true] {
            let error = check_or_write(&file, &changed, bless).unwrap_err().to_string();
            assert!(error.contains("changed without a new schema"), "{error}");
            assert!(error.contains("- items[].sku: string"), "{error}");
            assert!(error.contains("+ items[].sku: u64"), "{error}");
        }

        let grown = [of::<grown::Cart>()];
        let error = check_or_write(&file, &grown, false).unwrap_err().to_string();
        assert!(error.contains("gained what older records may lack"), "{error}");
        check_or_write(&file, &grown, true).unwrap();

        let second = [of::<second::Cart>()];
        assert!(check_or_write(&file, &second, false).is_err());
        check_or_write(&file, &second, true).unwrap();
        check_or_write(&file, &second, false).unwrap();
        let error = check_or_write(&file, &grown, true).unwrap_err().to_string();
        assert!(error.contains("older than what was stored before"), "{error}");
    }

    #[test]
    fn a_file_that_is_no_lock_file_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("stateless.lock");
        fs::write(&file, "hello\n").unwrap();
        let error = check_or_write(&file, &[of::<first::Cart>()], false).unwrap_err();
        assert!(error.to_string().contains("line 1"), "{error}");
    }
}
