//! Which fields differ on one replica too: measured from runs of the same scenario, not listed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::compare::{Field, Kind, differences};
use super::key::Key;
use super::record::{Exchange, Outcome};

/// Fields that say nothing, by route.
#[derive(Debug, Clone, Default)]
pub(crate) struct Noise {
    measured: BTreeMap<(String, String, Kind), Sort>,
    ignored: Vec<Pattern>,
}

/// One `--ignore`: `FIELD` or `METHOD /path FIELD`, with `*` for anything.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(String);

impl Pattern {
    pub(crate) fn new(text: &str) -> Self {
        Pattern(text.trim().to_owned())
    }

    fn covers(&self, route: &str, path: &str) -> bool {
        matches(&self.0, path) || matches(&self.0, &format!("{route} {path}"))
    }
}

/// What is not the same in a run.
#[derive(Debug, Clone)]
pub(crate) struct Difference {
    /// Index in the baseline.
    pub(crate) base: usize,
    /// Index in the run.
    pub(crate) run: usize,
    pub(crate) fields: Vec<Field>,
}

impl Noise {
    pub(crate) fn new(ignored: &[String]) -> Self {
        Noise { measured: BTreeMap::new(), ignored: ignored.iter().map(|text| Pattern::new(text)).collect() }
    }

    /// Takes for noise what differs between two runs on one replica each. Different statuses
    /// are no noise: they are given back.
    pub(crate) fn measure(&mut self, first: &[Exchange], second: &[Exchange]) -> Vec<Difference> {
        let mut unstable = Vec::new();
        for difference in self.differences(first, second) {
            let route = &first[difference.base].key.route;
            // A client that does not wait may have its answer or not.
            let given_up = matches!(second[difference.run].outcome, Outcome::Pending);
            if difference.fields.iter().any(|field| field.path == "status") && !given_up {
                unstable.push(difference);
                continue;
            }
            for field in &difference.fields {
                let place = (route.clone(), field.path.clone(), field.kind);
                self.measured.entry(place).or_insert_with(|| Sort::of(field));
            }
        }
        unstable
    }

    /// What differs beyond the noise, in the order of the run.
    pub(crate) fn differences(&self, base: &[Exchange], run: &[Exchange]) -> Vec<Difference> {
        let known = by_key(base);
        let pairs =
            run.iter().enumerate().filter_map(|(at, exchange)| Some((*known.get(&exchange.key)?, at)));
        pairs
            .filter_map(|(base_at, run_at)| {
                // Of requests that come at the same time, the second of one run may be the third of another.
                let (one, other) = (&base[base_at], &run[run_at]);
                if one.overlapped && other.overlapped && one.request.body != other.request.body {
                    return None;
                }
                let fields = self.between(one, other);
                (!fields.is_empty()).then_some(Difference { base: base_at, run: run_at, fields })
            })
            .collect()
    }

    /// What differs beyond the noise between two answers to the same request.
    pub(crate) fn between(&self, base: &Exchange, run: &Exchange) -> Vec<Field> {
        let route = &base.key.route;
        let noisy = |path: &str, kind| {
            self.measured.contains_key(&(route.clone(), path.to_owned(), kind))
                || self.ignored.iter().any(|pattern| pattern.covers(route, path))
        };
        differences(base, run, &noisy)
    }

    /// Route, field and sort of everything that was measured.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str, Sort)> {
        let mut seen = BTreeSet::new();
        let fields =
            self.measured.iter().map(|((route, path, _), sort)| (route.as_str(), path.as_str(), *sort));
        fields.filter(move |(route, path, _)| seen.insert((*route, *path)))
    }
}

/// What kind of value a field of noise holds, by its looks: for people only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sort {
    Id,
    Time,
    Number,
    Coming,
    Other,
}

impl Sort {
    fn of(field: &Field) -> Self {
        if field.kind == Kind::Presence {
            return Sort::Coming;
        }
        let both =
            |is: &dyn Fn(&str) -> bool| [&field.was, &field.is].iter().all(|text| is(text.trim_matches('"')));
        let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
        let number = |text: &str| text.parse::<f64>().is_ok();
        // Seconds or milliseconds since 1970, of these decades.
        let epoch = |text: &str| {
            number(text) && ["1", "2"].iter().any(|first| text.starts_with(first)) && {
                let whole = text.split('.').next().unwrap_or(text);
                whole.len() == 10 || whole.len() == 13
            }
        };
        let time = |text: &str| {
            epoch(text) || (digits(text) >= 6 && text.contains(':') && text.contains(['-', ' ', 'T', 'Z']))
        };
        let id = |text: &str| {
            text.len() >= 8
                && !text.contains(' ')
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.=+/%".contains(&byte))
        };
        if both(&time) {
            Sort::Time
        } else if both(&number) {
            Sort::Number
        } else if both(&id) {
            Sort::Id
        } else {
            Sort::Other
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Sort::Id => "an id or a token",
            Sort::Time => "a time",
            Sort::Number => "a number",
            Sort::Coming => "there or not, or so many",
            Sort::Other => "a text",
        }
    }
}

/// Where each request stands.
pub(crate) fn by_key(exchanges: &[Exchange]) -> HashMap<&Key, usize> {
    exchanges.iter().enumerate().map(|(at, exchange)| (&exchange.key, at)).collect()
}

/// Whether a text is as the pattern says; `*` stands for anything, also nothing.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or("")) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(between) = last.replace(part) {
            let Some(at) = rest.find(between) else { return false };
            rest = &rest[at + between.len()..];
        }
    }
    match last {
        Some(end) => rest.len() >= end.len() && rest.ends_with(end),
        None => rest.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_of_noise_are_told_by_their_looks() {
        let sort = |was: &str, is: &str| {
            Sort::of(&Field { path: String::new(), kind: Kind::Value, was: was.into(), is: is.into() })
        };
        assert_eq!(sort("\"9f3a77c0-11\"", "\"0b3a77c0-11\""), Sort::Id);
        assert_eq!(sort("\"2026-05-02T10:00:01Z\"", "\"2026-05-02T10:00:02Z\""), Sort::Time);
        assert_eq!(sort("1777716001", "1777716002"), Sort::Time);
        assert_eq!(sort("17", "18"), Sort::Number);
        assert_eq!(sort("two words here", "two other words"), Sort::Other);
    }

    #[test]
    fn patterns_cover_fields_everywhere_or_of_one_route() {
        assert!(Pattern::new("body.time").covers("GET /a", "body.time"));
        assert!(Pattern::new("body.*.time").covers("GET /a", "body.x.y.time"));
        assert!(Pattern::new("GET /a body.*").covers("GET /a", "body.x"));
        assert!(!Pattern::new("GET /a body.*").covers("GET /b", "body.x"));
        assert!(!Pattern::new("body.time").covers("GET /a", "body.times"));
        assert!(Pattern::new("*").covers("GET /a", "status"));
        assert!(!Pattern::new("a*a").covers("", "a"));
    }
}
