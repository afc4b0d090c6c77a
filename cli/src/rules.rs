//! Judges sites: which role a piece of state plays, and whether a second replica breaks it.
//!
//! Each rule is a file that claims the sites it knows, with a strength; the strongest
//! claim wins, ties go to the rule that stands first in [`RULES`]. What is harmless is
//! settled before any rule is asked; see [`fine`].

mod accessor;
mod case;
mod fine;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::finding::{Confidence, Effect, Finding, Fine, Landing, Role, RuleMeta, SiteInfo};
use crate::fingerprint;
use crate::model::Site;
use case::Case;
use fine::Parts;

/// Makes of one line a rule its module and its place in both lists. `cargo fmt` does not see
/// modules that a macro declares; `scripts/format` does.
macro_rules! rules {
    ($($name:ident,)+) => {
        $(mod $name;)+

        /// All rules.
        pub(crate) static RULES: &[&Rule] = &[$(&$name::RULE),+];

        /// The metadata of all rules, in the same order.
        pub(crate) static ALL: &[&RuleMeta] = &[$(&$name::RULE.meta),+];
    };
}

// In the order of the book, of listings and of ties.
rules! {
    in_memory_session,
    in_memory_limit,
    in_memory_connections,
    in_memory_queue,
    in_memory_lock,
    in_memory_sequence,
    in_memory_cache,
    runtime_config,
    process_secret,
    local_disk,
    timer,
    in_memory_data,
}

/// A rule: what it is called, and how it judges.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) meta: RuleMeta,
    pub(crate) role: Role,
    pub(crate) landing: Landing,
    pub(crate) judge: fn(&Case) -> Option<Claim>,
    pub(crate) say: fn(&Case) -> Words,
}

/// How strongly a rule claims a site.
#[derive(Debug)]
pub(crate) struct Claim {
    /// 1 to 100. Types and accesses weigh more than names.
    pub(crate) strength: u8,
    pub(crate) confidence: Confidence,
    pub(crate) reasons: Vec<String>,
}

/// What a rule says about a site it won.
pub(crate) struct Words {
    pub(crate) title: String,
    pub(crate) replicas: String,
    pub(crate) restart: String,
    pub(crate) help: String,
}

/// A rule in what is kept for another run: its name.
pub(crate) mod by_name {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::finding::RuleMeta;

    pub(crate) fn serialize<S: Serializer>(rule: &&'static RuleMeta, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(rule.name)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<&'static RuleMeta, D::Error> {
        let name = String::deserialize(from)?;
        let known = super::ALL.iter().copied().find(|rule| rule.name == name);
        known.ok_or_else(|| serde::de::Error::custom("no rule has that name"))
    }
}

/// What the user says that a site is, and where.
pub(crate) struct Hint {
    pub(crate) role: Role,
    pub(crate) place: String,
}

/// Judges every site. What the user says about one settles its role.
pub(crate) fn judge_all(
    sites: &[Site],
    hint: &dyn Fn(&SiteInfo) -> Option<Hint>,
) -> (Vec<Finding>, Vec<Fine>) {
    let mut findings: Vec<(usize, Finding)> = Vec::new();
    let mut harmless = Vec::new();
    let mut by_root = FxHashMap::default();
    for (at, site) in sites.iter().enumerate() {
        by_root.extend(site.roots.iter().map(|root| (*root, at)));
    }
    let mut parts = Vec::new();
    for (at, site) in sites.iter().enumerate() {
        let case = Case::new(site);
        if let Some(hint) = hint(&site.info) {
            match rule_of(hint.role) {
                Some(rule) => findings.push((at, finding(&case, rule, hinted(&case, rule, &hint)))),
                None => harmless.push(Fine {
                    site: site.info.clone(),
                    role: hint.role,
                    reason: format!("{} says so", hint.place),
                }),
            }
            continue;
        }
        match fine::settle(&case, Parts::OfWhole) {
            fine::Settled::Hidden => {}
            fine::Settled::Part(role, reason) => parts.push((at, role, reason)),
            fine::Settled::Fine(role, reason) => {
                harmless.push(Fine { site: site.info.clone(), role, reason })
            }
            fine::Settled::Open => findings.push((at, judge(&case))),
        }
    }
    let mut found: FxHashSet<usize> = findings.iter().map(|(at, _)| *at).collect();
    // Part of the entries of what is reported; where that is harmless, say a table filled once
    // at start-up, they are what changes. The outermost first: parts have parts.
    let mut left = parts;
    loop {
        let whole = |at: usize| sites[at].element_of.iter().filter_map(|root| by_root.get(root));
        let (known, mut open): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|(at, ..)| whole(*at).any(|whole| found.contains(whole)));
        for (at, role, reason) in known {
            harmless.push(Fine { site: sites[at].info.clone(), role, reason });
        }
        let waits = |whole: &usize, at| open.iter().any(|(other, ..)| other == whole) && *whole != at;
        let first = open.iter().position(|(at, ..)| !whole(*at).any(|whole| waits(whole, *at)));
        let Some(first) = first.or((!open.is_empty()).then_some(0)) else { break };
        let (at, ..) = open.remove(first);
        let case = Case::new(&sites[at]);
        match fine::settle(&case, Parts::Alone) {
            fine::Settled::Hidden => {}
            fine::Settled::Part(role, reason) | fine::Settled::Fine(role, reason) => {
                harmless.push(Fine { site: sites[at].info.clone(), role, reason })
            }
            fine::Settled::Open => {
                findings.push((at, judge(&case)));
                found.insert(at);
            }
        }
        left = open;
    }
    findings.sort_by_key(|(at, _)| *at);
    // All that changes behind the lock is numbers for operators: so is the whole.
    let tallied = |root: &_| {
        let place = by_root.get(root).map(|at| sites[*at].info.place);
        place.map(|place| harmless.iter().any(|one| one.site.place == place && one.role == Role::Metrics))
    };
    findings.retain(|(at, _)| {
        let known: Vec<bool> = sites[*at].fields.iter().filter_map(tallied).collect();
        known.is_empty() || known.contains(&false)
    });
    // A lock around a struct is the means: the struct's fields are the state.
    findings.retain(|(at, _)| {
        let fields = sites[*at].fields.iter().filter_map(|root| by_root.get(root));
        !fields.into_iter().any(|field| found.contains(field))
    });
    name_keys_apart(sites, &mut findings);
    let mut findings: Vec<Finding> = findings.into_iter().map(|(_, finding)| finding).collect();
    // Two values of one name in one function are two sites: the second is told by its turn.
    let mut turns: FxHashMap<String, u32> = FxHashMap::default();
    for finding in &mut findings {
        let turn = turns.entry(finding.fingerprint.clone()).or_default();
        *turn += 1;
        if *turn > 1 {
            finding.fingerprint = fingerprint(&finding.site, *turn);
        }
    }
    (findings, harmless)
}

/// Two accessors never share a key: those that would are named after what holds them, too, and
/// after what holds that. Where all of that is the same, no accessor is proposed.
fn name_keys_apart(sites: &[Site], findings: &mut [(usize, Finding)]) {
    let mut parts = 1;
    loop {
        let mut keys: FxHashMap<String, u32> = FxHashMap::default();
        for (_, finding) in findings.iter() {
            if let Some(accessor) = &finding.accessor {
                *keys.entry(accessor.key.clone()).or_default() += 1;
            }
        }
        parts += 1;
        let mut all_said = true;
        for (at, finding) in findings.iter_mut() {
            if finding.accessor.as_ref().is_some_and(|accessor| keys[&accessor.key] > 1) {
                let site = &sites[*at];
                let more = site.info.item_path.split("::").count() >= parts;
                let longer = || accessor::propose(site, finding.role, finding.landing, parts);
                finding.accessor = more.then(longer).flatten();
                all_said = false;
            }
        }
        if all_said {
            return;
        }
    }
}

fn judge(case: &Case) -> Finding {
    let mut best: Option<(&'static Rule, Claim)> = None;
    for rule in RULES {
        let Some(claim) = (rule.judge)(case) else {
            continue;
        };
        if best.as_ref().is_none_or(|(_, known)| claim.strength > known.strength) {
            best = Some((rule, claim));
        }
    }
    let (rule, mut claim) = best.unwrap_or_else(|| (&in_memory_data::RULE, in_memory_data::fallback(case)));
    if claim.confidence == Confidence::Sure && case.named(&["upstream", "upstreams", "backends", "balancer"])
    {
        claim.confidence = Confidence::Likely;
        claim.reasons.push("about what stands behind this service: each replica may well see its own".into());
    }
    finding(case, rule, claim)
}

/// The rule that judges a site whose role the user names; none for what is harmless by nature.
fn rule_of(role: Role) -> Option<&'static Rule> {
    Some(match role {
        Role::Session => &in_memory_session::RULE,
        Role::Entity => &in_memory_data::RULE,
        Role::Cache => &in_memory_cache::RULE,
        Role::RateLimit => &in_memory_limit::RULE,
        Role::Sequence => &in_memory_sequence::RULE,
        Role::Coordination => &in_memory_lock::RULE,
        Role::Queue => &in_memory_queue::RULE,
        Role::Connection => &in_memory_connections::RULE,
        Role::Secret => &process_secret::RULE,
        Role::Config => &runtime_config::RULE,
        Role::Metrics | Role::Handle => return None,
    })
}

/// The role is the user's word; how sure it is that it breaks is still the rule's.
fn hinted(case: &Case, rule: &Rule, hint: &Hint) -> Claim {
    let mut claim = (rule.judge)(case).unwrap_or_else(|| match rule.role {
        Role::Cache => in_memory_cache::claim(case, 100),
        _ => Claim { reasons: Vec::new(), ..in_memory_data::fallback(case) },
    });
    claim.reasons.insert(0, format!("{} says what it is", hint.place));
    claim
}

fn finding(case: &Case, rule: &'static Rule, claim: Claim) -> Finding {
    let words = (rule.say)(case);
    let site = &case.site.info;
    Finding {
        rule: &rule.meta,
        site: site.clone(),
        role: rule.role,
        confidence: claim.confidence,
        level: claim.confidence.level(),
        suppression: None,
        title: words.title,
        effect: Effect { replicas: words.replicas, restart: words.restart },
        accesses: case.site.uses.iter().map(|one| one.access.clone()).collect(),
        landing: rule.landing,
        accessor: accessor::propose(case.site, rule.role, rule.landing, 1),
        help: words.help,
        unbounded: case.unbounded(),
        reasons: claim.reasons,
        fingerprint: fingerprint(site, 1),
    }
}

/// Identity of a site: package, item path, mechanism.
fn fingerprint(site: &crate::finding::SiteInfo, turn: u32) -> String {
    let mechanism = format!("{:?}", site.mechanism);
    let mut number = fingerprint::number(&[&site.package, &site.item_path, &mechanism]);
    if turn > 1 {
        number = number.wrapping_add(u128::from(turn));
    }
    format!("{number:032x}")
}
