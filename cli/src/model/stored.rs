//! What a site's data would be in a store: a map, a value or a number, in the names of the code.
//!
//! Nothing is said where it cannot be: sockets, channels, borrowed data, another library's
//! store, a type that is not known to the last part. Which accessor that makes, and whether the
//! site should have one at all, is for [`crate::rules`] to say.

use rustc_hash::FxHashSet;
use ustr::Ustr;

use super::collect::{Collector, nth_field};
use super::external::{self, Kind};
use super::index::SERDE;
use super::site::Site;
use super::summary::Root;
use super::tree::{Def, ItemId, ModId};
use super::types::{T, last_part};
use crate::facts::{ItemKind, StaticKind, Ty};

/// The data of a site as an accessor would hold it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stored {
    pub(crate) form: Form,
    pub(crate) holder: Holder,
    /// Types of ours that lack serde's traits, each with what it lacks.
    pub(crate) lacks: Vec<(String, Vec<&'static str>)>,
    /// `Type::field` of what is an `Instant` inside.
    pub(crate) instants: Vec<String>,
    /// `Type::field` of what serde leaves out.
    pub(crate) skipped: Vec<String>,
    /// An `Instant` of the form itself has become a `SystemTime`.
    pub(crate) clocked: bool,
    /// Types of other crates that have serde's traits only by a feature, or maybe not at all.
    pub(crate) foreign: Vec<String>,
    /// The code counts the entries or walks them.
    pub(crate) listed: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Form {
    Map { key: String, value: String },
    Cell { value: String },
    Number { number: String },
}

/// Where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Holder {
    Static {
        visibility: String,
        /// The type as written, where it says the form by itself.
        written: Option<String>,
        /// Where a counter begins.
        start: Option<String>,
        /// An item of its own, not inside `lazy_static!` or `thread_local!`, and not `mut`.
        plain: bool,
    },
    Field {
        /// The struct, where this is the only field of a tuple struct.
        alone: Option<String>,
    },
    Local,
}

impl Collector<'_, '_> {
    /// Fills in what each site would be in a store.
    pub(super) fn add_stored(&self, sites: &mut [Site]) {
        for site in sites {
            site.stored = self.stored(site);
        }
    }

    fn stored(&self, site: &Site) -> Option<Stored> {
        // A part of an entry goes where the entry goes.
        if site.element() {
            return None;
        }
        let (item, mut holder) = match *site.roots.first()? {
            Root::Static(id) => (id, self.static_holder(id)?),
            Root::Field(id, at) => (id, self.field_holder(id, at)?),
            Root::Local(id, _) if !site.ty.is_unknown() => (id, Holder::Local),
            _ => return None,
        };
        let mut printer = Printer::new(self, self.names.tree.item(item).module);
        let payload = external::payload(&site.ty);
        let form = match Shape::of(payload)? {
            Shape::Map(key, value) => Form::Map { key: printer.key(key)?, value: printer.text(value)? },
            Shape::Set(key) => Form::Map { key: printer.key(key)?, value: "()".to_owned() },
            Shape::Number(number) => Form::Number { number },
            Shape::Cell => Form::Cell { value: printer.text(payload)? },
        };
        if let (Holder::Static { written, .. }, Some(Root::Static(id))) = (&mut holder, site.roots.first())
            && let ItemKind::Static(held) = &self.names.tree.item(*id).item.kind
        {
            let meant = match form {
                Form::Map { .. } => Read::Map,
                Form::Cell { .. } => Read::Cell,
                Form::Number { .. } => Read::Number,
            };
            let whole = !held.ty_text.ends_with('…') && !printer.changed;
            *written = (whole && read(&held.ty, false) == Some(meant)).then(|| held.ty_text.clone());
        }
        let walks = ["len", "is_empty", "iter", "values", "keys", "retain", "iter_mut", "values_mut"];
        let listed = matches!(form, Form::Map { .. })
            && site.uses.iter().any(|one| walks.contains(&one.access.operation.as_str()));
        if listed {
            // Keys that are listed are read back.
            printer.key_needs = &SERDE;
        }
        let lacks = printer.lacks();
        let Printer { instants, skipped, clocked, foreign, .. } = printer;
        Some(Stored { form, holder, lacks, instants, skipped, clocked, foreign, listed })
    }

    fn static_holder(&self, id: ItemId) -> Option<Holder> {
        let declared = self.names.tree.item(id);
        let ItemKind::Static(held) = &declared.item.kind else { return None };
        Some(Holder::Static {
            visibility: held.visibility.to_string(),
            written: None,
            start: held.start.map(|start| start.to_string()).filter(|start| start != "0"),
            plain: held.kind == (StaticKind::Static { mutable: false }),
        })
    }

    fn field_holder(&self, id: ItemId, at: u16) -> Option<Holder> {
        let declared = self.names.tree.item(id);
        let (variant, field) = nth_field(&declared.item.kind, usize::from(at))?;
        if variant.is_some() {
            return None;
        }
        let ItemKind::Struct { fields, .. } = &declared.item.kind else { return None };
        let tuple = field.name.starts_with(|c: char| c.is_ascii_digit());
        if tuple && fields.len() > 1 {
            return None;
        }
        Some(Holder::Field { alone: tuple.then(|| declared.item.name.to_string()) })
    }
}

/// What a payload is.
enum Shape<'t> {
    Map(&'t T, &'t T),
    Set(&'t T),
    Number(String),
    Cell,
}

impl Shape<'_> {
    fn of(payload: &T) -> Option<Shape<'_>> {
        let kind = external::kind_of(payload);
        match (kind, payload) {
            (Kind::Map | Kind::SharedMap | Kind::Cache | Kind::List, T::Ext(path, args)) => {
                let name = last_part(path.as_str());
                match (name, &args[..]) {
                    (
                        "HashMap" | "BTreeMap" | "IndexMap" | "FxHashMap" | "AHashMap" | "DashMap"
                        | "LinkedHashMap" | "LruCache" | "TimedCache" | "SizedCache" | "TimedSizedCache"
                        | "TtlCache" | "Cache" | "ExpiringMap",
                        [key, value, ..],
                    ) => Some(Shape::Map(key, value)),
                    (
                        "HashSet" | "BTreeSet" | "IndexSet" | "FxHashSet" | "AHashSet" | "DashSet",
                        [key, ..],
                    ) => Some(Shape::Set(key)),
                    ("Vec" | "VecDeque", [_]) => Some(Shape::Cell),
                    _ => None,
                }
            }
            (Kind::Atomic | Kind::Scalar | Kind::Other, T::Ext(path, _)) => {
                let name = last_part(path.as_str());
                Some(match number(name) {
                    Some(number) => Shape::Number(number.to_owned()),
                    None if name == "AtomicPtr" || name == "AtomicWaker" => return None,
                    None => Shape::Cell,
                })
            }
            (_, T::Adt(..) | T::Tuple(_)) => match payload {
                // A lock without anything in it.
                T::Tuple(parts) if parts.is_empty() => None,
                _ => Some(Shape::Cell),
            },
            _ => None,
        }
    }
}

/// What counts, as the store counts.
fn number(name: &str) -> Option<&'static str> {
    Some(match name {
        "AtomicU8" | "u8" => "u8",
        "AtomicU16" | "u16" => "u16",
        "AtomicU32" | "u32" => "u32",
        "AtomicU64" | "u64" | "AtomicUsize" | "usize" => "u64",
        "AtomicI8" | "i8" => "i8",
        "AtomicI16" | "i16" => "i16",
        "AtomicI32" | "i32" => "i32",
        "AtomicI64" | "i64" | "AtomicIsize" | "isize" => "i64",
        _ => return None,
    })
}

/// What `#[externalized]` makes of a type by its written names.
#[derive(PartialEq)]
enum Read {
    Map,
    Cell,
    Number,
}

fn read(ty: &Ty, wrapped: bool) -> Option<Read> {
    let Ty::Path(path) = ty else { return None };
    let last = path.last()?;
    match (last.name.as_str(), last.args()) {
        (
            "Arc" | "Lazy" | "LazyLock" | "Mutex" | "OnceCell" | "OnceLock" | "RefCell" | "RwLock" | "Option",
            [inner, ..],
        ) => read(inner, true),
        ("AHashMap" | "BTreeMap" | "DashMap" | "FxHashMap" | "HashMap" | "IndexMap", [_, _, ..]) => {
            Some(Read::Map)
        }
        ("AHashSet" | "BTreeSet" | "DashSet" | "FxHashSet" | "HashSet" | "IndexSet", [_, ..]) => {
            Some(Read::Map)
        }
        ("AtomicBool", []) => Some(Read::Cell),
        (name, []) if name.starts_with("Atomic") => number(name).map(|_| Read::Number),
        (name, _) => {
            let plain = matches!(external::kind(name), Kind::Scalar | Kind::List | Kind::Other);
            (wrapped && plain).then_some(Read::Cell)
        }
    }
}

/// Writes types as the code at hand would, and learns what they need.
struct Printer<'c, 'a, 'm> {
    collector: &'c Collector<'a, 'm>,
    module: ModId,
    /// Something is written otherwise than it was declared.
    changed: bool,
    clocked: bool,
    instants: Vec<String>,
    skipped: Vec<String>,
    foreign: Vec<String>,
    /// Our own types, whether as part of a value or only of a key.
    values: Vec<ItemId>,
    keys: Vec<ItemId>,
    key_needs: &'static [&'static str],
}

impl<'c, 'a, 'm> Printer<'c, 'a, 'm> {
    fn new(collector: &'c Collector<'a, 'm>, module: ModId) -> Self {
        Printer {
            collector,
            module,
            changed: false,
            clocked: false,
            instants: Vec::new(),
            skipped: Vec::new(),
            foreign: Vec::new(),
            values: Vec::new(),
            keys: Vec::new(),
            key_needs: &["Serialize"],
        }
    }

    fn key(&mut self, ty: &T) -> Option<String> {
        let before = std::mem::take(&mut self.values);
        let text = self.text(ty);
        self.keys = std::mem::replace(&mut self.values, before);
        text
    }

    /// A type as part of what is stored: owned, without locks and pointers.
    fn text(&mut self, ty: &T) -> Option<String> {
        match ty {
            T::Ref(inner) => {
                self.changed = true;
                self.text(inner)
            }
            T::Slice(inner) => {
                self.changed = true;
                Some(format!("Vec<{}>", self.text(inner)?))
            }
            T::Tuple(parts) => {
                let parts: Option<Vec<String>> = parts.iter().map(|part| self.text(part)).collect();
                match &parts?[..] {
                    [one] => Some(format!("({one},)")),
                    many => Some(format!("({})", many.join(", "))),
                }
            }
            T::Adt(id, args) => {
                self.ours(*id)?;
                self.generic(self.name(*id)?, args)
            }
            T::Ext(path, args) => self.foreign(ty, path.as_str(), args),
            T::Unknown | T::Bound(_) | T::Fn(_) => None,
        }
    }

    fn generic(&mut self, name: String, args: &[T]) -> Option<String> {
        if args.is_empty() {
            return Some(name);
        }
        let args: Option<Vec<String>> = args.iter().map(|arg| self.text(arg)).collect();
        Some(format!("{name}<{}>", args?.join(", ")))
    }

    fn foreign(&mut self, ty: &T, path: &str, args: &[T]) -> Option<String> {
        let last = last_part(path);
        match (external::kind(path), last) {
            (Kind::Pointer, "Arc" | "Rc" | "Box" | "Cow") | (Kind::Lock | Kind::Cell | Kind::Lazy, _) => {
                self.changed = true;
                self.text(external::unwrap_one(ty)?)
            }
            (Kind::Maybe, "Option") => self.generic("Option".to_owned(), args),
            (Kind::Atomic, "AtomicBool") => {
                self.changed = true;
                Some("bool".to_owned())
            }
            (Kind::Atomic, name) => {
                self.changed = true;
                number(name).map(str::to_owned)
            }
            (
                Kind::Map | Kind::List,
                "HashMap" | "BTreeMap" | "HashSet" | "BTreeSet" | "Vec" | "VecDeque",
            ) => {
                let standard =
                    if last == "Vec" { last.to_owned() } else { format!("std::collections::{last}") };
                let name = if self.reaches(last) { last.to_owned() } else { standard };
                self.generic(name, args)
            }
            (Kind::Map | Kind::SharedMap, _) if matches!(Shape::of(ty), Some(Shape::Map(..))) => {
                self.changed = true;
                self.generic("std::collections::HashMap".to_owned(), args.get(..2)?)
            }
            (Kind::Scalar, "str") => {
                self.changed = true;
                Some("String".to_owned())
            }
            (Kind::Scalar, "Path") => {
                self.changed = true;
                Some("std::path::PathBuf".to_owned())
            }
            (Kind::Scalar, "Instant") => {
                self.changed = true;
                self.clocked = true;
                Some("std::time::SystemTime".to_owned())
            }
            (Kind::Scalar, "Uri") => None,
            (Kind::Scalar, _) if primitive(last) => Some(last.to_owned()),
            (Kind::Scalar | Kind::Other, _) => {
                if !path.contains("::") {
                    return None;
                }
                if path.starts_with("std::") || path.starts_with("core::") {
                    let has =
                        ["Duration", "SystemTime", "PathBuf", "IpAddr", "SocketAddr", "Ipv4Addr", "Ipv6Addr"];
                    if !has.contains(&last) {
                        return None;
                    }
                } else if !self.foreign.iter().any(|known| known == path) {
                    self.foreign.push(path.to_owned());
                }
                let name = if self.reaches(last) { last } else { path }.to_owned();
                self.generic(name, args)
            }
            _ => None,
        }
    }

    /// Whether the name alone leads to something of a crate around: it was imported.
    fn reaches(&self, name: &str) -> bool {
        let defs = self.collector.names.resolve(self.module, &[Ustr::from(name)]);
        defs.iter().any(|def| matches!(def, Def::Ext(path) if path.contains("::") && last_part(path) == name))
    }

    /// The shortest name of an item of ours from here.
    fn name(&self, id: ItemId) -> Option<String> {
        let names = self.collector.names;
        let declared = names.tree.item(id);
        let name = declared.item.name;
        if names.resolve(self.module, &[name]).contains(&Def::Item(id)) {
            return Some(name.to_string());
        }
        let (here, there) = (names.tree.module(self.module), names.tree.module(declared.module));
        let (root, inside) = match there.path.split_once("::") {
            Some((root, inside)) => (root, format!("{inside}::")),
            None => (&*there.path, String::new()),
        };
        let root = if here.root == there.root { "crate" } else { root };
        Some(format!("{root}::{inside}{name}"))
    }

    /// Takes note of a type of ours. Nothing if it cannot be stored whatever it derives.
    fn ours(&mut self, id: ItemId) -> Option<()> {
        if self.values.contains(&id) {
            return Some(());
        }
        self.values.push(id);
        let names = self.collector.names;
        let declared = names.tree.item(id);
        let fields = super::shared::field_types(names, id, &[]);
        let name = |at: usize| {
            let (_, field) = nth_field(&declared.item.kind, at)?;
            Some((format!("{}::{}", declared.item.name, field.name), field.skipped))
        };
        let left_out = (0..fields.len()).filter_map(name).filter(|(_, skipped)| *skipped);
        self.skipped.extend(left_out.map(|(name, _)| name));
        if self.missing(id).is_empty() {
            return Some(());
        }
        if let ItemKind::Struct { generics, .. } | ItemKind::Enum { generics, .. } = &declared.item.kind
            && !generics.is_empty()
        {
            // What its parameters stand for is not looked into.
            return None;
        }
        for (at, ty) in fields.iter().enumerate() {
            self.part(ty)?;
            if matches!(external::payload(ty), T::Ext(path, _) if last_part(path.as_str()) == "Instant") {
                self.instants.extend(name(at).map(|(name, _)| name));
            }
        }
        Some(())
    }

    /// Looks at a part of a type of ours, which stays as it is declared.
    fn part(&mut self, ty: &T) -> Option<()> {
        if external::interior(ty).is_some() || matches!(ty, T::Ref(_)) {
            return None;
        }
        let (changed, clocked) = (self.changed, self.clocked);
        self.text(ty)?;
        (self.changed, self.clocked) = (changed, clocked);
        Some(())
    }

    /// Which of serde's traits a type of ours does not have.
    fn missing(&self, id: ItemId) -> Vec<&'static str> {
        let declared = self.collector.names.tree.item(id);
        let derives = |name: &str| {
            declared.item.attrs.iter().any(|attr| {
                attr.path.last().is_some_and(|last| matches!(last.name.as_str(), "derive" | "cfg_attr"))
                    && attr.tokens.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
            })
        };
        let written = |name| self.collector.index.has_serde(id, name);
        SERDE.into_iter().filter(|name| !derives(name) && !written(name)).collect()
    }

    /// Our own types with the traits they lack, each once.
    fn lacks(&self) -> Vec<(String, Vec<&'static str>)> {
        let mut out = Vec::new();
        let mut seen = FxHashSet::default();
        for (list, needs) in [(&self.values, &SERDE[..]), (&self.keys, self.key_needs)] {
            for id in list.iter().filter(|id| seen.insert(**id)) {
                let missing: Vec<_> =
                    self.missing(*id).into_iter().filter(|name| needs.contains(name)).collect();
                if !missing.is_empty() {
                    out.push((self.collector.names.tree.item(*id).item.name.to_string(), missing));
                }
            }
        }
        out
    }
}

fn primitive(name: &str) -> bool {
    matches!(name, "String" | "bool" | "char" | "f32" | "f64" | "u128" | "i128" | "usize" | "isize")
        || number(name).is_some()
}
