//! The plan: tasks in four phases, each with what must be done before, how long it takes, and
//! which of them different people can do at the same time.

use serde::Serialize;

use super::dossier::Site;
use super::evidence::Deployment;
use super::profile::Profile;
use crate::finding::{Level, Role};
use crate::report::words::{self, count};

/// The whole plan.
#[derive(Debug, Serialize)]
pub(crate) struct Plan {
    /// Identify, externalize, remove dependencies, deploy.
    pub(crate) phases: Vec<Phase>,
    /// Days of one developer for all of it.
    pub(crate) days: f64,
    /// Days where the lanes are shared out among the developers.
    pub(crate) days_in_parallel: f64,
    /// Those of the profile's team, or fewer where there are fewer lanes.
    pub(crate) developers: usize,
    /// How many lanes have something to move.
    pub(crate) lanes: usize,
}

/// One phase.
#[derive(Debug, Serialize)]
pub(crate) struct Phase {
    pub(crate) number: usize,
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) goal: &'static str,
    pub(crate) days: f64,
    pub(crate) tasks: Vec<Task>,
}

/// One thing to do.
#[derive(Debug, Serialize)]
pub(crate) struct Task {
    /// Its name in the plan: the site's, or `T1` ..
    pub(crate) id: String,
    pub(crate) text: String,
    /// The id of the site that it is about.
    pub(crate) site: Option<String>,
    pub(crate) days: f64,
    /// Which lane it belongs to; empty where it is for everybody.
    pub(crate) lane: String,
    /// Tasks that come before.
    pub(crate) after: Vec<String>,
}

struct Draft {
    tasks: Vec<Task>,
    next: usize,
}

impl Draft {
    /// Adds a task that is about no single site.
    fn add(&mut self, text: String, days: f64, after: Vec<String>) -> String {
        self.next += 1;
        let id = format!("T{}", self.next);
        self.tasks.push(Task { id: id.clone(), text, site: None, days, lane: String::new(), after });
        id
    }

    fn phase(&mut self, number: usize, name: &'static str, goal: &'static str) -> Phase {
        let tasks = std::mem::take(&mut self.tasks);
        Phase { number, name, goal, days: tasks.iter().map(|task| task.days).sum(), tasks }
    }
}

/// Makes the plan.
pub(crate) fn of(sites: &[Site], unread: usize, deployment: Option<&Deployment>, profile: &Profile) -> Plan {
    let mut draft = Draft { tasks: Vec::new(), next: 0 };
    let moving: Vec<&Site> = sites.iter().filter(|site| site.moves()).collect();
    let phases = vec![
        identify(&mut draft, sites, unread, profile),
        externalize(&mut draft, &moving, profile),
        remove_dependencies(&mut draft, &moving, profile),
        deploy(&mut draft, &moving, deployment, profile),
    ];
    let mut lanes: Vec<(&str, f64)> = Vec::new();
    for site in &moving {
        match lanes.iter_mut().find(|(lane, _)| *lane == site.lane) {
            Some((_, days)) => *days += site.days,
            None => lanes.push((&site.lane, site.days)),
        }
    }
    let days: f64 = phases.iter().map(|phase| phase.days).sum();
    let in_lanes: f64 = lanes.iter().map(|(_, days)| days).sum();
    let developers = profile.team.developers.min(lanes.len());
    let longest = shared_out(lanes.iter().map(|(_, days)| *days).collect(), developers);
    Plan { phases, days, days_in_parallel: days - in_lanes + longest, developers, lanes: lanes.len() }
}

/// How long the busiest of the developers takes: the longest lanes are given out first, each to
/// whoever has least to do.
fn shared_out(mut lanes: Vec<f64>, developers: usize) -> f64 {
    lanes.sort_by(|a, b| b.total_cmp(a));
    let mut busy = vec![0.0_f64; developers];
    for days in lanes {
        if let Some(least) = busy.iter_mut().min_by(|a, b| a.total_cmp(b)) {
            *least += days;
        }
    }
    busy.into_iter().fold(0.0, f64::max)
}

fn identify(draft: &mut Draft, sites: &[Site], unread: usize, profile: &Profile) -> Phase {
    if !sites.is_empty() {
        let text = format!(
            "Look at {} and decide what moves and what stays; say what stays with `#[keep_in_process(reason = \"..\")]`",
            count(sites.len(), "site")
        );
        let decided = draft.add(text, profile.once.decide, Vec::new());
        draft.add(
            "Commit the baseline (`cargo stateless baseline`) and run `cargo stateless check` in CI: no new state from now on"
                .to_owned(),
            0.0,
            vec![decided],
        );
    }
    if unread > 0 {
        draft.add(format!("Read {} that could not be analysed", count(unread, "place")), 0.0, Vec::new());
    }
    draft.phase(1, "Identify", "Know what the process keeps, and stop adding to it")
}

fn externalize(draft: &mut Draft, moving: &[&Site], profile: &Profile) -> Phase {
    if !moving.is_empty() {
        let stored = moving.iter().any(|site| words::store(site.landing).is_some());
        let store = stored.then(|| {
            draft.add(
                format!("Run what the state moves to ({}), here and in tests", landings(moving)),
                profile.once.store,
                Vec::new(),
            )
        });
        for site in moving {
            let mut after: Vec<String> = Vec::new();
            if words::store(site.landing).is_some() {
                after.extend(store.clone());
            }
            // Work of one lane is done one after the other.
            let before = moving.iter().take_while(|other| other.id != site.id);
            after.extend(before.filter(|other| other.lane == site.lane).last().map(|other| other.id.clone()));
            draft.tasks.push(Task {
                id: site.id.clone(),
                text: format!(
                    "{} `{}` ({}:{}) to {}",
                    verb(site),
                    site.symbol,
                    site.path,
                    site.line,
                    to(site)
                ),
                site: Some(site.id.clone()),
                days: site.days,
                lane: site.lane.clone(),
                after,
            });
        }
    }
    draft.phase(2, "Externalize", "Move state to where any replica finds it")
}

fn remove_dependencies(draft: &mut Draft, moving: &[&Site], profile: &Profile) -> Phase {
    if !moving.is_empty() {
        let all: Vec<String> = moving.iter().map(|site| site.id.clone()).collect();
        let mut pairs: Vec<String> = Vec::new();
        for pair in moving.iter().filter_map(|site| pair(site)) {
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
        let mut text = "Write a test that goes through every pair of writer and reader".to_owned();
        if !pairs.is_empty() {
            text.push_str(&format!(": {}", words::some_of(&pairs, "pair")));
        }
        let test = draft.add(text, profile.once.verify, Vec::new());
        let mut after = vec![test];
        after.extend(all);
        draft.add(
            "Run `cargo stateless verify --all` with that test in CI: it has to say that any replica can serve any request"
                .to_owned(),
            0.0,
            after,
        );
    }
    draft.phase(3, "Remove dependencies", "Prove that any replica can serve any request")
}

fn deploy(draft: &mut Draft, moving: &[&Site], deployment: Option<&Deployment>, profile: &Profile) -> Phase {
    let found = deployment.map_or(&[][..], |deployment| &deployment.findings);
    let mut share = profile.once.deploy;
    for finding in found.iter().filter(|finding| finding.level != "note") {
        let needed: Vec<String> = finding
            .code
            .iter()
            .flat_map(|code| &code.needed_by)
            .filter_map(|need| moving.iter().find(|site| site.fingerprint == need.fingerprint))
            .map(|site| site.id.clone())
            .collect();
        let text = format!("{}:{}: {}: {}", finding.path, finding.line, finding.title, finding.help);
        draft.add(text, std::mem::take(&mut share), needed);
    }
    if deployment.is_none() {
        draft.add(
            "Run `cargo stateless deploy check` on the deployment's files: none lie beside the code"
                .to_owned(),
            0.0,
            Vec::new(),
        );
    }
    if !moving.is_empty() || !found.is_empty() {
        let after = moving.iter().map(|site| site.id.clone()).collect();
        draft.add(
            "Run two replicas or more, without stickiness; add an autoscaler, a disruption budget and alerts"
                .to_owned(),
            share,
            after,
        );
    }
    draft.phase(4, "Deploy", "Scale out, deploy at any time, and see that it stays so")
}

fn verb(site: &Site) -> &'static str {
    match site.role {
        Role::Connection => "Connect",
        _ => "Move",
    }
}

/// Where it goes, in a few words.
pub(crate) fn to(site: &Site) -> &'static str {
    let landing = if site.moves() { words::landing(site.landing) } else { None };
    landing.unwrap_or("it may stay")
}

/// A route that writes and another that reads.
fn pair(site: &Site) -> Option<String> {
    if site.level < Level::Warning {
        return None;
    }
    let writer = site.writers.iter().flat_map(|one| one.context.routes()).next()?;
    let reader = site.readers.iter().flat_map(|one| one.context.routes()).find(|route| *route != writer)?;
    let code = |route: &str| format!("`{}`", route.replace('`', "'"));
    Some(format!("{} then {}", code(writer), code(reader)))
}

fn landings(moving: &[&Site]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in moving.iter().filter_map(|site| words::store(site.landing)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

/// Days as people say them: `half a day`, `1 day`, `6.5 days`.
pub(crate) fn days(days: f64) -> String {
    let halves = (days * 2.0).round() / 2.0;
    if days <= 0.0 {
        "no time of its own".to_owned()
    } else if halves <= 0.5 {
        "half a day".to_owned()
    } else if halves == 1.0 {
        "1 day".to_owned()
    } else {
        format!("{halves} days")
    }
}

#[cfg(test)]
mod tests {
    use super::super::collect;
    use super::super::dossier::Beside;
    use super::*;
    use crate::finding::Landing;
    use crate::report::sample;

    fn made() -> Plan {
        collect::service("shop".into(), &sample::report(), &Profile::default(), Beside::default()).plan
    }

    #[test]
    fn phases_add_up_and_a_task_comes_after_what_it_needs() {
        let plan = made();
        let sum: f64 = plan.phases.iter().map(|phase| phase.days).sum();
        assert_eq!(plan.days, sum);
        let tasks: Vec<&Task> = plan.phases.iter().flat_map(|phase| &phase.tasks).collect();
        for (at, task) in tasks.iter().enumerate() {
            for before in &task.after {
                assert!(tasks[..at].iter().any(|other| other.id == *before), "{} needs {before}", task.id);
            }
        }
        let session = tasks.iter().find(|task| task.id == "S1").unwrap();
        assert_eq!(
            session.text,
            "Move `SESSIONS` (src/auth.rs:5) to Redis, or another shared store with expiry"
        );
        assert_eq!(session.days, 1.0);
    }

    #[test]
    fn two_lanes_take_as_long_as_the_longer_one() {
        // Half a day for the counter and a day for the sessions, in lanes of their own.
        let plan = made();
        assert_eq!(plan.lanes, 2);
        assert_eq!(plan.days - plan.days_in_parallel, 0.5);
    }

    #[test]
    fn many_lanes_are_shared_out_among_few_developers() {
        assert_eq!(shared_out(vec![1.0, 1.0, 3.0, 2.0, 1.0], 2), 4.0);
        assert_eq!(shared_out(vec![1.0, 3.0], 5), 3.0);
        assert_eq!(shared_out(Vec::new(), 0), 0.0);
    }

    #[test]
    fn what_is_only_worth_knowing_takes_no_time_and_has_no_task() {
        let mut report = sample::report();
        let notes = report.findings.iter_mut().filter(|one| one.level == Level::Note);
        notes.for_each(|one| one.landing = Landing::Redis);
        let service = collect::service("shop".into(), &report, &Profile::default(), Beside::default());
        assert_eq!(service.sites.last().map(|site| (site.level, site.days)), Some((Level::Note, 0.0)));
        assert_eq!(service.plan.days, made().days);
        let mut tasks = service.plan.phases.iter().flat_map(|phase| &phase.tasks);
        assert!(tasks.all(|task| task.site.as_deref() != Some("S3")));
    }

    #[test]
    fn days_in_words() {
        assert_eq!(
            [days(0.0), days(0.3), days(1.1), days(6.5)].join(", "),
            "no time of its own, half a day, 1 day, 6.5 days"
        );
    }
}
