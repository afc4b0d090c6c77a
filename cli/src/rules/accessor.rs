//! Which accessor of `stateless-store` takes a site's place, as text to paste.
//!
//! Only for what lands in a store or the database and is looked up by a key, or is one value. The
//! names are the code's own; key, lifetime and list are proposals that fit the role.

use crate::finding::{Accessor, Landing, Needs, Role};
use crate::model::Site;
use crate::model::site::split_words;
use crate::model::stored::{Form, Holder, Stored};
use crate::model::types::last_part;

/// The accessor of a site, if one fits. The key is named after the last so many
/// `parts` of its path: itself, what holds it, what holds that.
pub(super) fn propose(site: &Site, role: Role, landing: Landing, parts: usize) -> Option<Accessor> {
    let stored = site.stored.as_ref()?;
    let lands = matches!(landing, Landing::Redis | Landing::Database);
    let keyed = matches!(
        role,
        Role::Session
            | Role::Entity
            | Role::Cache
            | Role::RateLimit
            | Role::Sequence
            | Role::Coordination
            | Role::Config
    );
    // A lone value cannot keep others out: that wants a lock with an owner.
    let lock = role == Role::Coordination && !matches!(stored.form, Form::Map { .. });
    if !lands || !keyed || lock {
        return None;
    }
    let form = match &stored.form {
        // A setting is replaced, not added to.
        Form::Number { number } if role == Role::Config => Form::Cell { value: number.clone() },
        form => form.clone(),
    };
    let key = key(site, &form, parts);
    let life = Life::of(role, &form);
    let accessor = type_text(&form, stored.listed);
    let made = made(&form, &key, life, stored.listed);
    let name = last_part(&site.info.symbol);
    let (mut construction, mut insert) = (String::new(), None);
    let declaration = match &stored.holder {
        Holder::Static { visibility, written, start, plain } => {
            let options = options(&key, life, stored.listed);
            let written = written.as_ref().filter(|_| form == stored.form);
            insert =
                (*plain && written.is_some()).then(|| format!("#[stateless_store::externalized({options})]"));
            let of_static = of_static(&form, written, start.as_ref());
            let space = if visibility.is_empty() { "" } else { " " };
            format!("#[externalized({options})]\n{visibility}{space}static {name}: {of_static};")
        }
        Holder::Field { alone: Some(owner) } => {
            construction = format!("{owner}({made})");
            format!("struct {owner}({accessor});")
        }
        Holder::Field { alone: None } => {
            construction = format!("{name}: {made},");
            format!("{name}: {accessor},")
        }
        Holder::Local => format!("let {name}: {accessor} = {made};"),
    };
    let needs = stored.lacks.iter();
    Some(Accessor {
        declaration,
        construction,
        insert,
        needs: needs
            .map(|(ty, traits)| Needs {
                ty: ty.clone(),
                derive: traits.iter().map(|name| (*name).to_owned()).collect(),
            })
            .collect(),
        notes: notes(stored, &form, life.is_some()),
        key,
    })
}

/// How long an entry lives.
#[derive(Clone, Copy)]
struct Life {
    /// As the attribute has it, and as code.
    text: &'static str,
    code: &'static str,
    slides: bool,
}

impl Life {
    fn of(role: Role, form: &Form) -> Option<Life> {
        let life = |text, code, slides| Some(Life { text, code, slides });
        match (role, form) {
            (_, Form::Number { .. }) => None,
            (Role::Session, _) => life("1h", "60 * 60", true),
            (Role::RateLimit, _) => life("15m", "15 * 60", false),
            (Role::Coordination, _) => life("10m", "10 * 60", false),
            (Role::Cache, _) => life("5m", "5 * 60", false),
            _ => None,
        }
    }
}

/// What stands in the parentheses of the attribute.
fn options(key: &str, life: Option<Life>, listed: bool) -> String {
    let mut options = format!("key = \"{key}\"");
    if let Some(life) = life {
        options.push_str(&format!(", ttl = \"{}\"", life.text));
        if life.slides {
            options.push_str(", touch = \"read\"");
        }
    }
    if listed {
        options.push_str(", list");
    }
    options
}

/// The type of a static, and where it begins if it counts.
fn of_static(form: &Form, written: Option<&String>, start: Option<&String>) -> String {
    match (form, written) {
        (Form::Number { number }, _) => {
            let full = format!("std::sync::atomic::Atomic{}", number.to_uppercase());
            let ty = written.cloned().unwrap_or_else(|| full.clone());
            match start {
                Some(start) => format!("{ty} = {}::new({start})", written.map_or(full.as_str(), |ty| ty)),
                None => ty,
            }
        }
        (_, Some(written)) => written.clone(),
        (Form::Map { key, value }, None) => format!("std::collections::HashMap<{key}, {value}>"),
        (Form::Cell { value }, None) => value.clone(),
    }
}

fn type_text(form: &Form, listed: bool) -> String {
    match form {
        Form::Map { key, value } if listed => format!("StateMap<{key}, {value}, Listed>"),
        Form::Map { key, value } => format!("StateMap<{key}, {value}>"),
        Form::Cell { value } => format!("StateCell<{value}>"),
        Form::Number { number } => format!("StateCounter<{number}>"),
    }
}

fn made(form: &Form, key: &str, life: Option<Life>, listed: bool) -> String {
    let (name, constructor) = match form {
        Form::Map { .. } if listed => ("StateMap", "listed"),
        Form::Map { .. } => ("StateMap", "new"),
        Form::Cell { .. } => ("StateCell", "new"),
        Form::Number { .. } => ("StateCounter", "new"),
    };
    let life = life.map(|life| {
        let touch = if life.slides { "Read" } else { "Never" };
        format!(".ttl(Duration::from_secs({}), Touch::{touch})", life.code)
    });
    format!("{name}::{constructor}(&store, \"{key}\"){}", life.unwrap_or_default())
}

fn notes(stored: &Stored, form: &Form, ends: bool) -> Vec<String> {
    let mut out = Vec::new();
    if let Form::Number { .. } = form {
        let begin = match &stored.holder {
            Holder::Static { .. } => "",
            _ => ", and `.starting_at(n)` says where to begin",
        };
        out.push(format!("`add` answers with the new number, where `fetch_add` had the old one{begin}"));
    }
    let instead = if ends { ", unless the lifetime does its work" } else { "" };
    if !stored.instants.is_empty() {
        let fields: Vec<String> = stored.instants.iter().map(|field| format!("`{field}`")).collect();
        let fields = fields.join(", ");
        out.push(format!(
            "an `Instant` means nothing to another process: make {fields} a `SystemTime`{instead}"
        ));
    } else if stored.clocked {
        out.push(format!("an `Instant` means nothing to another process, a `SystemTime` does{instead}"));
    }
    if !stored.skipped.is_empty() {
        let fields: Vec<String> = stored.skipped.iter().map(|field| format!("`{field}`")).collect();
        out.push(format!("serde leaves out {}: it would be lost, so store it too", fields.join(", ")));
    }
    let mut crates: Vec<&str> = stored.foreign.iter().filter_map(|path| path.split("::").next()).collect();
    crates.sort_unstable();
    crates.dedup();
    for name in crates.into_iter().filter(|name| *name != "serde_json") {
        out.push(format!("`{name}` needs its feature for serde"));
    }
    out
}

/// Where it is stored: a word for each name, and a place for the key of a map.
fn key(site: &Site, form: &Form, parts: usize) -> String {
    let mut words = words(site, parts);
    let map = matches!(form, Form::Map { .. });
    if map && let Some(last) = words.last_mut() {
        *last = singular(last);
    }
    let mut key = words.join("-");
    key.retain(|c| c.is_ascii_alphanumeric() || c == '-');
    if !key.starts_with(|c: char| c.is_ascii_alphabetic()) {
        key.insert_str(0, "state-");
    }
    if map {
        key.push_str(":{}");
    }
    key
}

/// The words of the last `count` parts of a site's path.
fn words(site: &Site, count: usize) -> Vec<String> {
    let mut parts: Vec<&str> = site.info.item_path.split("::").collect();
    // A tuple's field has its struct's name.
    if parts.last().is_some_and(|last| last.chars().all(|c| c.is_ascii_digit())) {
        parts.pop();
    }
    let from = parts.len().saturating_sub(count);
    let mut words = Vec::new();
    for part in &parts[from..] {
        split_words(part, &mut words);
    }
    if words.is_empty() {
        words.push("state".to_owned());
    }
    words
}

/// `sessions` to `session`, `entries` to `entry`.
fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return format!("{stem}y");
    }
    for ending in ["sses", "xes", "shes", "ches"] {
        if word.ends_with(ending) {
            return word[..word.len() - 2].to_owned();
        }
    }
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 1 && !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::singular;

    #[test]
    fn a_key_names_one_entry() {
        let cases = [
            ("sessions", "session"),
            ("entries", "entry"),
            ("addresses", "address"),
            ("boxes", "box"),
            ("status", "status"),
            ("analysis", "analysis"),
            ("db", "db"),
            ("s", "s"),
        ];
        for (many, one) in cases {
            assert_eq!(singular(many), one);
        }
    }
}
