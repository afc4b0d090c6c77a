//! What the user decided: levels of rules, and roles of sites that the analysis cannot judge.
//!
//! Pure once it is loaded: [`load`] reads the files, [`parse`] checks what they say, and this
//! answers what holds for a package. A mistake in a configuration stops the run: a level that
//! is silently not obeyed would be worse than none.

mod load;
mod parse;
mod show;
mod template;

use crate::finding::{Confidence, Level, Role};
use crate::source::SourceFile;
use crate::span::Span;

pub(crate) use load::{FILE, folders, load};
pub(crate) use parse::flag;
pub(crate) use show::show;
pub(crate) use template::template;

/// A word that stands for every rule.
pub(crate) const ALL: &str = "all";

/// What configuration can make of a rule's findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// Not listed.
    Allow,
    /// Level `warning`.
    Warn,
    /// Level `error`.
    Deny,
}

impl Verdict {
    pub(crate) const NAMES: [(&'static str, Verdict); 3] =
        [("allow", Verdict::Allow), ("warn", Verdict::Warn), ("deny", Verdict::Deny)];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Verdict::Allow => "allow",
            Verdict::Warn => "warn",
            Verdict::Deny => "deny",
        }
    }

    /// The level it gives; nothing for what is not listed.
    pub(crate) fn level(self) -> Option<Level> {
        match self {
            Verdict::Allow => None,
            Verdict::Warn => Some(Level::Warning),
            Verdict::Deny => Some(Level::Error),
        }
    }
}

/// One line about a rule, a check, or all rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    /// A rule's or a check's name, or [`ALL`].
    pub(crate) name: &'static str,
    pub(crate) verdict: Verdict,
    /// Only findings at least that sure.
    pub(crate) confidence: Confidence,
    /// Where it stands in its layer's file.
    pub(crate) span: Span,
}

/// One line about the role of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hint {
    /// A symbol, or the end of an item path.
    pub(crate) site: String,
    pub(crate) role: Role,
    pub(crate) span: Span,
}

impl Hint {
    pub(crate) fn matches(&self, symbol: &str, item_path: &str) -> bool {
        let ends = |path: &str| {
            path.strip_suffix(self.site.as_str())
                .is_some_and(|before| before.is_empty() || before.ends_with("::"))
        };
        ends(symbol) || ends(item_path)
    }
}

/// What one table says, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    /// The file it stands in; nothing for the command line.
    pub(crate) file: Option<usize>,
    /// `[package.metadata.stateless]`; nothing where the whole file is the table.
    pub(crate) table: Option<&'static str>,
    /// The table's name in the file.
    pub(crate) head: Span,
    pub(crate) settings: Vec<Setting>,
    pub(crate) hints: Vec<Hint>,
}

impl Default for Layer {
    fn default() -> Self {
        let head = Span { start: 0, end: 0 };
        Layer { file: None, table: None, head, settings: Vec::new(), hints: Vec::new() }
    }
}

/// Everything that was decided, for every package of the run.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// The files that say something.
    pub(crate) files: Vec<SourceFile>,
    pub(crate) layers: Vec<Layer>,
    /// By package: its layers, the strongest first.
    pub(crate) packages: Vec<Vec<usize>>,
    /// The layers of what belongs to no package, such as suppressions of the baseline.
    pub(crate) root: Vec<usize>,
}

impl Config {
    /// What holds for a rule or a check in a package, and the layer that says so. Nothing: the
    /// confidence decides.
    fn verdict(
        &self,
        package: Option<usize>,
        name: &str,
        is_rule: bool,
        confidence: Confidence,
    ) -> Option<(usize, &Setting)> {
        let layers = package.and_then(|package| self.packages.get(package)).unwrap_or(&self.root);
        self.verdict_of(layers, name, is_rule, confidence)
    }

    fn verdict_of(
        &self,
        layers: &[usize],
        name: &str,
        is_rule: bool,
        confidence: Confidence,
    ) -> Option<(usize, &Setting)> {
        layers.iter().find_map(|layer| {
            let settings = &self.layers[*layer].settings;
            // On the command line a name can be said twice: the last one counts.
            let last = |wanted: &str| {
                settings.iter().rev().find(|one| one.name == wanted && confidence >= one.confidence)
            };
            let found = last(name).or_else(|| if is_rule { last(ALL) } else { None });
            found.map(|setting| (*layer, setting))
        })
    }

    /// The level of a finding or a problem; nothing where it is not to be listed.
    pub(crate) fn level(
        &self,
        package: Option<usize>,
        name: &str,
        is_rule: bool,
        confidence: Confidence,
    ) -> Option<Level> {
        match self.verdict(package, name, is_rule, confidence) {
            Some((_, setting)) => setting.verdict.level(),
            None => Some(confidence.level()),
        }
    }

    /// What is said about a site's role in a package: the layer, and which of its hints.
    pub(crate) fn hint(&self, package: usize, symbol: &str, item_path: &str) -> Option<(usize, usize)> {
        self.packages.get(package)?.iter().find_map(|layer| {
            let hints = &self.layers[*layer].hints;
            Some((*layer, hints.iter().position(|hint| hint.matches(symbol, item_path))?))
        })
    }

    /// Where a layer's line stands, for people: `stateless.toml:7`.
    pub(crate) fn place(&self, layer: usize, span: Span) -> String {
        match self.layers[layer].file {
            Some(file) => {
                let file = &self.files[file];
                format!("{}:{}", file.path, file.line_column(span.start).0)
            }
            None => "the command line".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
