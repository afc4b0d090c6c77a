//! The decision guide as data: where state of a role belongs and why, when it may stay, which
//! consistency it needs, and how urgent it is. The book's page on landing places says the same
//! at length. Words only: what a site is was decided by the rules.

use serde::Serialize;

use crate::finding::{AccessKind, Finding, Landing, Mechanism, Role};

/// How strict a store has to be about a piece of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Consistency {
    /// In the field's term.
    pub(crate) needs: &'static str,
    /// Why.
    pub(crate) why: &'static str,
}

/// What to move first: what each deployment loses before clients' eyes, then what corrupts
/// data, then the rest.
pub(crate) fn urgency(role: Role) -> u8 {
    match role {
        Role::Session => 0,
        Role::Secret => 1,
        Role::Sequence => 2,
        Role::Coordination => 3,
        Role::Entity => 4,
        Role::Queue => 5,
        Role::RateLimit => 6,
        Role::Config => 7,
        Role::Connection => 8,
        Role::Cache => 9,
        Role::Metrics | Role::Handle => 10,
    }
}

/// Why what is only worth knowing may stay.
pub(crate) const STAYS: &str = "the code does not show that an answer goes wrong by it";

/// Why it belongs there.
pub(crate) fn landing_reason(role: Role, landing: Landing) -> &'static str {
    match (role, landing) {
        (_, Landing::ObjectStore) => {
            "a file is on the disk of the replica that wrote it, and any replica must find it"
        }
        (Role::Coordination, Landing::Broker) => {
            "what the clock starts has to start once for all replicas, and not once on each"
        }
        (Role::Session, Landing::Token) => "the client can carry it, so no store is asked at all",
        (Role::Session, _) => {
            "it lives for minutes to hours and any replica must find it: a store with expiry"
        }
        (Role::Entity, Landing::Redis) => "it is short-lived, and any replica must find it",
        (Role::Entity, _) => {
            "it is data that users gave: losing it is a loss, so the source of truth keeps it"
        }
        (Role::Cache, Landing::Stays) => {
            "it can be computed or fetched again: a stale answer is the only price"
        }
        (Role::Cache, _) => {
            "requests have to see what other requests change, so the copy must be a shared one"
        }
        (Role::RateLimit, _) => "one count for all replicas, in a store that adds and expires in one step",
        (Role::Sequence, _) => "only one place can hand out numbers that never repeat",
        (Role::Coordination, _) => "a lock must be seen by everybody that it keeps out",
        (Role::Queue, _) => "accepted work has to outlive the process that accepted it",
        (Role::Connection, _) => {
            "sockets cannot move: they stay, and what one replica hears is published to the others"
        }
        (Role::Secret, _) => "every replica has to sign and read with the same key, also after a restart",
        (Role::Config, _) => "a setting that a request changes has to change for every replica",
        (Role::Metrics | Role::Handle, _) => "each replica has its own, and that is right",
    }
}

/// When it may stay where it is.
pub(crate) fn may_stay(role: Role, mechanism: Mechanism) -> &'static str {
    match mechanism {
        Mechanism::LocalDisk => return "no other request asks for the file, or any replica can make it again",
        Mechanism::Timer => return "what the clock starts concerns this process alone",
        _ => {}
    }
    match role {
        Role::Session => {
            "a flow of several steps lives on one connection, or logging in again at each deployment is accepted"
        }
        Role::Entity => {
            "a game loop, a room or a media buffer owns it and runs as a stateful tier, or losing it is accepted"
        }
        Role::Cache => {
            "nothing invalidates it, stale answers are accepted, or a measurement says that a call is too slow"
        }
        Role::RateLimit => "it protects this process, or N times the limit is fine",
        Role::Sequence => "the number never leaves the process",
        Role::Coordination => "it guards only what lives in this process",
        Role::Queue => "losing the work costs nothing",
        Role::Connection => "the sockets always stay; all of it where no client's message concerns another",
        Role::Secret => "nothing outlives the process that made it",
        Role::Config => "it is meant for this replica",
        Role::Metrics | Role::Handle => "always",
    }
}

/// What the store has to promise.
pub(crate) fn consistency(finding: &Finding) -> Consistency {
    if finding.site.mechanism == Mechanism::LocalDisk {
        let why = "who has stored a file asks for it next, from any replica";
        return Consistency { needs: "read your writes", why };
    }
    let (needs, why) = match finding.role {
        Role::Session => {
            ("read your writes", "the request after the login may meet any replica and must know the login")
        }
        Role::Entity if reads_then_writes(finding) => {
            ("compare and set", "a function reads and then writes: two at once must not lose an update")
        }
        Role::Entity => ("read your writes", "what one request stores the next one reads, from any replica"),
        Role::Cache => ("bounded staleness", "an old answer is wrong only for as long as it may live"),
        Role::RateLimit => {
            ("atomic increment with expiry", "parallel requests must not count past each other")
        }
        Role::Sequence => ("atomic increment", "no two requests may get the same number"),
        Role::Coordination => {
            ("mutual exclusion with a lease", "a holder that dies must not keep everybody out for ever")
        }
        Role::Queue => ("at least once", "work that was accepted must be done, also after a crash"),
        Role::Connection => ("fan-out to all replicas", "the listener may be connected to any of them"),
        Role::Secret => ("the same everywhere", "what one replica signs the others must accept"),
        Role::Config => ("eventual, within seconds", "replicas may learn of a change one after the other"),
        Role::Metrics | Role::Handle => ("none", "it is read for each replica by itself"),
    };
    Consistency { needs, why }
}

/// Whether one function both reads and writes the site.
fn reads_then_writes(finding: &Finding) -> bool {
    let of = |kind| finding.accesses.iter().filter(move |access| access.kind == kind);
    of(AccessKind::Read).any(|read| of(AccessKind::Write).any(|write| write.function == read.function))
}
