//! Turns the vocabulary of [`crate::finding`] into words for people.
//!
//! The names that machines read (`rate-limit`, `shared-field`) come from serde; nothing
//! here is meant to be parsed. Everything returned is safe to show.

use std::fmt::Display;

use crate::finding::{Access, AccessKind, Context, Landing, Level, Mechanism, Role};

use super::escape::visible;

/// How many names a line lists before it counts the rest.
const NAMES: usize = 3;

/// The level as diagnostics write it.
pub(crate) fn level(level: Level) -> &'static str {
    match level {
        Level::Note => "note",
        Level::Warning => "warning",
        Level::Error => "error",
    }
}

/// How the state is held, for the label at its declaration.
pub(crate) fn mechanism(mechanism: Mechanism) -> &'static str {
    match mechanism {
        Mechanism::Static => "a static",
        Mechanism::ThreadLocal => "one copy a thread",
        Mechanism::SharedField => "a field that all requests share",
        Mechanism::SharedLocal => "a value that all requests share",
        Mechanism::Component => "inside this component",
        Mechanism::ProcessSecret => "made at random by each process",
        Mechanism::LocalDisk => "files of this machine",
        Mechanism::Timer => "this process's own clock",
    }
}

/// What the state is, in a word or two.
pub(crate) fn role(role: Role) -> &'static str {
    match role {
        Role::Session => "session",
        Role::Entity => "domain data",
        Role::Cache => "cache",
        Role::RateLimit => "rate limit",
        Role::Sequence => "sequence",
        Role::Coordination => "coordination",
        Role::Queue => "queue",
        Role::Connection => "connections",
        Role::Secret => "secret",
        Role::Metrics => "metrics",
        Role::Config => "configuration",
        Role::Handle => "handle",
    }
}

/// Where the state should live; `None` where it may stay.
pub(crate) fn landing(landing: Landing) -> Option<&'static str> {
    match landing {
        Landing::Redis => Some("Redis, or another shared store with expiry"),
        Landing::Database => Some("the database that is the source of truth"),
        Landing::Token => Some("a signed token that the client carries"),
        Landing::PubSub => Some("publish and subscribe between the replicas; the sockets stay"),
        Landing::Broker => Some("a message broker, or a jobs table"),
        Landing::Configuration => Some("configuration, the same for every replica"),
        Landing::ObjectStore => Some("shared object storage"),
        Landing::Stays => None,
    }
}

/// What has to be run for state that lands there; `None` where no store is asked.
pub(crate) fn store(landing: Landing) -> Option<&'static str> {
    match landing {
        Landing::Redis => Some("Redis"),
        Landing::Database => Some("the database"),
        Landing::PubSub => Some("publish and subscribe"),
        Landing::Broker => Some("a broker or jobs table"),
        Landing::ObjectStore => Some("object storage"),
        Landing::Token | Landing::Configuration | Landing::Stays => None,
    }
}

/// A number and a noun: `1 error`, `2 errors`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// The first few names, and how many there are beyond: `a, b, c and 2 more routes`.
pub(crate) fn some_of<T: Display>(names: &[T], noun: &str) -> String {
    let shown: Vec<String> = names.iter().take(NAMES).map(T::to_string).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more {noun}{}", if more == 1 { "" } else { "s" }),
    }
}

/// `written` or `read`.
pub(crate) fn done(kind: AccessKind) -> &'static str {
    match kind {
        AccessKind::Write => "written",
        AccessKind::Read => "read",
    }
}

/// One access: ``written in `login` (insert), on POST /login``.
pub(crate) fn access(access: &Access) -> String {
    let mut words = format!("{} in `{}`", done(access.kind), visible(&access.function));
    if !access.operation.is_empty() {
        words.push_str(&format!(" ({})", visible(&access.operation)));
    }
    words.push_str(", ");
    words.push_str(&when(&access.context));
    words
}

/// When an access runs: `on POST /login`, `at start-up`.
fn when(context: &Context) -> String {
    match context {
        Context::Request { routes } if routes.is_empty() => "while serving a request".into(),
        Context::Request { routes } => {
            let routes: Vec<_> = routes.iter().map(|route| visible(route)).collect();
            format!("on {}", some_of(&routes, "route"))
        }
        Context::Background => "in a background task".into(),
        Context::Startup => "at start-up".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::{FileId, Place, Span};

    fn written(context: Context) -> Access {
        let place = Place { file: FileId(0), span: Span { start: 0, end: 1 } };
        let (function, operation) = ("auth::login".to_owned(), "insert".to_owned());
        Access { kind: AccessKind::Write, place, function, context, operation }
    }

    #[test]
    fn an_access_names_function_operation_and_routes() {
        let routes = ["GET /a", "GET /b", "GET /c", "GET /d", "GET /e"].map(String::from).to_vec();
        let one = Context::Request { routes: routes[..1].to_vec() };
        assert_eq!(access(&written(one)), "written in `auth::login` (insert), on GET /a");
        assert_eq!(
            access(&written(Context::Request { routes })),
            "written in `auth::login` (insert), on GET /a, GET /b, GET /c and 2 more routes"
        );
        assert_eq!(
            access(&written(Context::Request { routes: Vec::new() })),
            "written in `auth::login` (insert), while serving a request"
        );
        assert!(access(&written(Context::Background)).ends_with(", in a background task"));
        assert!(access(&written(Context::Startup)).ends_with(", at start-up"));
    }

    #[test]
    fn hostile_names_are_escaped() {
        let mut access = written(Context::Request { routes: vec!["GET /\u{1b}[2J".into()] });
        access.function = "f\u{202e}".into();
        access.operation = "in\nsert".into();
        assert_eq!(super::access(&access), "written in `f\\u{202e}` (in\\nsert), on GET /\\u{1b}[2J");
    }

    #[test]
    fn counting() {
        assert_eq!(count(1, "error"), "1 error");
        assert_eq!(count(0, "error"), "0 errors");
        assert_eq!(some_of(&["a", "b", "c", "d"], "function"), "a, b, c and 1 more function");
    }
}
