//! What a configuration file says, checked key by key; what is wrong is named by its place.
//!
//! Reads text, opens nothing. Every mistake of a file is found at once.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{ALL, Hint, Layer, Setting, Verdict};
use crate::checks::CHECKS;
use crate::finding::{Confidence, Role};
use crate::near::did_you_mean;
use crate::rules;
use crate::span::Span;

/// The roles under the names that reports use.
const ROLES: [(&str, Role); 12] = [
    ("session", Role::Session),
    ("entity", Role::Entity),
    ("cache", Role::Cache),
    ("rate-limit", Role::RateLimit),
    ("sequence", Role::Sequence),
    ("coordination", Role::Coordination),
    ("queue", Role::Queue),
    ("connection", Role::Connection),
    ("secret", Role::Secret),
    ("metrics", Role::Metrics),
    ("config", Role::Config),
    ("handle", Role::Handle),
];

const CONFIDENCES: [(&str, Confidence); 3] =
    [("worth", Confidence::Worth), ("likely", Confidence::Likely), ("sure", Confidence::Sure)];

/// A place in a configuration that cannot be obeyed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) span: Span,
    pub(crate) message: String,
    pub(crate) help: String,
}

/// The table of a package or a workspace.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) layer: Layer,
    /// `workspace = ..`, where it is said.
    pub(super) inherits: Option<bool>,
}

type Value<'i> = Spanned<DeValue<'i>>;

/// Everything that a `stateless.toml` says.
pub(super) fn file(text: &str) -> Result<Layer, Vec<Mistake>> {
    let root = root(text)?;
    let mut reader = Reader { mistakes: Vec::new(), in_package: false };
    let (layer, _) = reader.table(root.get_ref());
    reader.done(layer)
}

/// What a `Cargo.toml` says below `[package.metadata.stateless]` or
/// `[workspace.metadata.stateless]`. A manifest that does not parse says nothing here.
pub(super) fn manifest(text: &str, of: &'static str) -> Result<Option<Table>, Vec<Mistake>> {
    if !text.contains("stateless") {
        return Ok(None);
    }
    let Ok(root) = root(text) else { return Ok(None) };
    let mut at = root.get_ref();
    for key in [of, "metadata"] {
        match at.get(key).and_then(|value| value.get_ref().as_table()) {
            Some(table) => at = table,
            None => return Ok(None),
        }
    }
    let Some((key, value)) = at.iter().find(|(key, _)| key.get_ref() == "stateless") else {
        return Ok(None);
    };
    let mut reader = Reader { mistakes: Vec::new(), in_package: of == "package" };
    let Some(table) = reader.as_table(value, "`metadata.stateless`") else { return Err(reader.mistakes) };
    let (mut layer, inherits) = reader.table(table);
    layer.head = span(key.span());
    layer.table =
        Some(if of == "package" { "package.metadata.stateless" } else { "workspace.metadata.stateless" });
    reader.done(Some(Table { layer, inherits }))
}

/// The name of a rule, or of a check, or [`ALL`], as the command line says it.
pub(crate) fn flag(name: &str) -> Result<&'static str, String> {
    known(name).ok_or_else(|| unknown_rule(name))
}

fn known(name: &str) -> Option<&'static str> {
    names().find(|known| *known == name)
}

fn names() -> impl Iterator<Item = &'static str> {
    let rules = rules::ALL.iter().map(|rule| rule.name);
    rules.chain(CHECKS.iter().map(|check| check.name)).chain([ALL])
}

fn unknown_rule(name: &str) -> String {
    did_you_mean(name, names())
        .unwrap_or_else(|| format!("the rules are {}", names().collect::<Vec<_>>().join(", ")))
}

fn root(text: &str) -> Result<Spanned<DeTable<'_>>, Vec<Mistake>> {
    DeTable::parse(text).map_err(|error| {
        let span = error.span().map_or(Span { start: 0, end: 0 }, span);
        let help = "the file has to be TOML: https://toml.io".to_owned();
        vec![Mistake { span, message: format!("cannot be read: {}", error.message()), help }]
    })
}

fn span(range: Range<usize>) -> Span {
    Span { start: range.start as u32, end: range.end as u32 }
}

struct Reader {
    mistakes: Vec<Mistake>,
    /// Below `[package.metadata.stateless]`, where `workspace` means something.
    in_package: bool,
}

impl Reader {
    fn done<T>(self, read: T) -> Result<T, Vec<Mistake>> {
        if self.mistakes.is_empty() { Ok(read) } else { Err(self.mistakes) }
    }

    fn mistake(&mut self, at: Range<usize>, message: String, help: impl Into<String>) {
        self.mistakes.push(Mistake { span: span(at), message, help: help.into() });
    }

    fn table(&mut self, table: &DeTable<'_>) -> (Layer, Option<bool>) {
        let mut layer = Layer::default();
        let mut inherits = None;
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "levels" => self.levels(value, &mut layer),
                "roles" => self.roles(value, &mut layer),
                "workspace" if self.in_package => match value.get_ref().as_bool() {
                    Some(said) => inherits = Some(said),
                    None => self.wrong_type(value, "`workspace`", "true or false"),
                },
                other => self.unknown_key(key.span(), other),
            }
        }
        (layer, inherits)
    }

    fn unknown_key(&mut self, at: Range<usize>, key: &str) {
        let mut keys = vec!["levels", "roles"];
        if self.in_package {
            keys.push("workspace");
        }
        let help = match key {
            "workspace" => "`workspace = true` belongs into `[package.metadata.stateless]`".to_owned(),
            "rules" | "rule" | "lints" | "lint" => "did you mean `levels`?".to_owned(),
            "hints" | "hint" => "did you mean `roles`?".to_owned(),
            "baseline" => "the baseline is found by its name, or by `--baseline FILE`".to_owned(),
            _ if known(key).is_some() => "levels of rules go below `[levels]`".to_owned(),
            _ => did_you_mean(key, keys.iter().copied())
                .unwrap_or_else(|| format!("the keys are {}", keys.join(", "))),
        };
        self.mistake(at, format!("there is no key `{key}`"), help);
    }

    fn levels(&mut self, value: &Value<'_>, layer: &mut Layer) {
        let Some(table) = self.as_table(value, "`levels`") else { return };
        for (key, value) in table {
            let Some(name) = known(key.get_ref()) else {
                let help = match key.get_ref().as_ref() {
                    "warnings" => {
                        "`--deny warnings` on the command line lets warnings fail the run".to_owned()
                    }
                    name => unknown_rule(name),
                };
                self.mistake(key.span(), format!("there is no rule `{}`", key.get_ref()), help);
                continue;
            };
            if let Some((verdict, confidence)) = self.level(name, value) {
                layer.settings.push(Setting { name, verdict, confidence, span: span(key.span()) });
            }
        }
    }

    /// `"deny"` or `{ level = "deny", confidence = "likely" }`.
    fn level(&mut self, name: &str, value: &Value<'_>) -> Option<(Verdict, Confidence)> {
        let Some(table) = value.get_ref().as_table() else {
            return Some((self.verdict(value)?, Confidence::Worth));
        };
        let (mut verdict, mut confidence) = (None, Some(Confidence::Worth));
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "level" => verdict = Some(self.verdict(value)),
                "confidence" if CHECKS.iter().any(|check| check.name == name) => {
                    self.mistake(key.span(), format!("`{name}` has no confidence"), "leave it out");
                }
                "confidence" => confidence = self.one_of(value, "confidence", &CONFIDENCES),
                other => {
                    let keys = ["level", "confidence"];
                    let help = did_you_mean(other, keys)
                        .unwrap_or_else(|| "the keys are level, confidence".to_owned());
                    self.mistake(key.span(), format!("there is no key `{other}`"), help);
                }
            }
        }
        if verdict.is_none() {
            let help = format!("write `{name} = {{ level = \"deny\", confidence = \"likely\" }}`");
            self.mistake(value.span(), format!("`{name}` has no level"), help);
        }
        Some((verdict??, confidence?))
    }

    fn verdict(&mut self, value: &Value<'_>) -> Option<Verdict> {
        let meant = match value.get_ref().as_str() {
            Some("error" | "forbid" | "fail") => "deny",
            Some("warning") => "warn",
            Some("off" | "none" | "ignore" | "allowed" | "hint") => "allow",
            _ => return self.one_of(value, "level", &Verdict::NAMES),
        };
        let said = value.get_ref().as_str().unwrap_or_default();
        self.mistake(value.span(), format!("there is no level `{said}`"), format!("did you mean `{meant}`?"));
        None
    }

    fn roles(&mut self, value: &Value<'_>, layer: &mut Layer) {
        let Some(table) = self.as_table(value, "`roles`") else { return };
        for (key, value) in table {
            let site = key.get_ref().trim().to_owned();
            if site.is_empty() {
                let help = "write `\"Type::field\" = \"cache\"`, or the name of a static";
                self.mistake(key.span(), "a role needs the name of a site".to_owned(), help);
            } else if let Some(role) = self.one_of(value, "role", &ROLES) {
                layer.hints.push(Hint { site, role, span: span(key.span()) });
            }
        }
    }

    fn one_of<T: Copy>(&mut self, value: &Value<'_>, what: &str, of: &[(&str, T)]) -> Option<T> {
        let names = || of.iter().map(|(name, _)| *name);
        let listed = names().collect::<Vec<_>>().join(", ");
        let Some(said) = value.get_ref().as_str() else {
            self.wrong_type(value, &format!("a {what}"), &format!("one of {listed}"));
            return None;
        };
        let found = of.iter().find(|(name, _)| *name == said).map(|(_, found)| *found);
        if found.is_none() {
            let help = did_you_mean(said, names()).unwrap_or_else(|| format!("a {what} is one of {listed}"));
            self.mistake(value.span(), format!("there is no {what} `{said}`"), help);
        }
        found
    }

    fn as_table<'v, 'i>(&mut self, value: &'v Value<'i>, what: &str) -> Option<&'v DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(value, what, "a table");
        }
        table
    }

    fn wrong_type(&mut self, value: &Value<'_>, what: &str, wanted: &str) {
        let found = match value.get_ref().type_str() {
            kind @ ("integer" | "array") => format!("an {kind}"),
            kind => format!("a {kind}"),
        };
        self.mistake(value.span(), format!("{what} cannot be {found}"), format!("it has to be {wanted}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The part that is to blame, the message and the help of each mistake.
    fn mistakes(text: &str) -> Vec<(&str, String, String)> {
        let found = file(text).expect_err(text);
        let said =
            |one: Mistake| (&text[one.span.start as usize..one.span.end as usize], one.message, one.help);
        found.into_iter().map(said).collect()
    }

    #[track_caller]
    fn refused(text: &str, blamed: &str, message: &str, help: &str) {
        let found = mistakes(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!((found[0].0, found[0].1.as_str()), (blamed, message), "{text}");
        assert!(found[0].2.contains(help), "{}", found[0].2);
    }

    #[test]
    fn levels_and_roles() {
        let layer = file(
            "[levels]\nall = 'warn'\ntimer = { level = 'deny', confidence = 'likely' }\nunused-hint = 'allow'\n\
             [roles]\n'App::quotes' = 'cache'\n",
        )
        .unwrap();
        let said: Vec<_> = layer.settings.iter().map(|one| (one.name, one.verdict, one.confidence)).collect();
        let expected = [
            ("all", Verdict::Warn, Confidence::Worth),
            ("timer", Verdict::Deny, Confidence::Likely),
            ("unused-hint", Verdict::Allow, Confidence::Worth),
        ];
        assert_eq!(said, expected);
        assert_eq!((layer.hints[0].site.as_str(), layer.hints[0].role), ("App::quotes", Role::Cache));
        assert!(file("").unwrap().settings.is_empty());
        assert_eq!(file("levels.timer = 'deny'").unwrap().settings.len(), 1);
    }

    #[test]
    fn each_mistake_is_shown_where_it_is_with_a_way_out() {
        refused("level.timer = 'deny'", "level", "there is no key `level`", "did you mean `levels`?");
        refused("timer = 'deny'", "timer", "there is no key `timer`", "below `[levels]`");
        refused(
            "workspace = true",
            "workspace",
            "there is no key `workspace`",
            "[package.metadata.stateless]",
        );
        refused("[levels]\ntimers = 'deny'", "timers", "there is no rule `timers`", "did you mean `timer`?");
        refused("[levels]\nwarnings = 'deny'", "warnings", "there is no rule `warnings`", "--deny warnings");
        refused("[levels]\ntimer = 'dney'", "'dney'", "there is no level `dney`", "did you mean `deny`?");
        refused("[levels]\ntimer = 'error'", "'error'", "there is no level `error`", "did you mean `deny`?");
        refused("[levels]\ntimer = 1", "1", "a level cannot be an integer", "one of allow, warn, deny");
        refused("levels = 'deny'", "'deny'", "`levels` cannot be a string", "a table");
        refused("[levels]\ntimer = {}", "{}", "`timer` has no level", "level = \"deny\"");
        let unknown = "[levels]\ntimer = { level = 'deny', sure = 1 }";
        refused(unknown, "sure", "there is no key `sure`", "level, confidence");
        let check = "[levels]\nunused-hint = { level = 'deny', confidence = 'sure' }";
        refused(check, "confidence", "`unused-hint` has no confidence", "leave it out");
        refused("[roles]\n'A::b' = 'cash'", "'cash'", "there is no role `cash`", "did you mean `cache`?");
        refused("[roles]\n'' = 'cache'", "''", "a role needs the name of a site", "Type::field");
    }

    #[test]
    fn all_mistakes_are_found_at_once() {
        assert_eq!(mistakes("a = 1\n[levels]\nb = 2\ntimer = 3\n[roles]\nc = 4\n").len(), 4);
    }

    #[test]
    fn broken_toml_is_shown_where_it_breaks() {
        let found = mistakes("[levels]\ntimer = = 1\n");
        assert!(found[0].1.starts_with("cannot be read: "), "{}", found[0].1);
        assert!(file("[levels").is_err() && file("\u{0}").is_err());
        assert!(file(&format!("a = {}", "[".repeat(20_000))).is_err());
    }

    #[test]
    fn tables_of_manifests() {
        let text =
            "[package]\nname = 'a'\n[package.metadata.stateless]\nworkspace = true\nlevels.timer = 'allow'\n";
        let found = manifest(text, "package").unwrap().unwrap();
        assert_eq!((found.inherits, found.layer.settings.len()), (Some(true), 1));
        let head = found.layer.head;
        assert_eq!(&text[head.start as usize..head.end as usize], "stateless");
        assert!(manifest(text, "workspace").unwrap().is_none());
        assert!(manifest("[package]\nname = 'stateless'", "package").unwrap().is_none());
        assert!(manifest("stateless = = 1", "package").unwrap().is_none(), "a note says so already");
        assert!(manifest("[workspace.metadata]\nstateless = 1", "workspace").is_err());
        assert!(manifest("[workspace.metadata.stateless]\nworkspace = true", "workspace").is_err());
    }

    #[test]
    fn names_are_those_of_reports() {
        for (name, role) in ROLES {
            assert_eq!(serde_json::to_value(role).unwrap(), name);
        }
        for (name, confidence) in CONFIDENCES {
            assert_eq!(serde_json::to_value(confidence).unwrap(), name);
        }
    }
}
