//! Where in the source a service binds a port of its own, for who has to change that or to say so.
//!
//! By the looks of single lines: a call that binds or names an address, with a number in it.

use std::path::Path;

use crate::workspace::{self, Request};

/// A line that binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bind {
    /// `src/main.rs:12`.
    pub(super) place: String,
    pub(super) port: u16,
}

const CALLS: [&str; 6] =
    ["bind(", "SocketAddr::from(", "SocketAddr::new(", "SocketAddr>()", "listen(", "bind_rustls"];

/// The first such line below a folder.
pub(super) fn first(source: &Path) -> Option<Bind> {
    let request = Request { path: source.to_owned(), ..Request::default() };
    let workspace = workspace::load(&request).ok()?;
    workspace.sources.iter().find_map(|(_, file)| {
        let lines = file.text.lines().enumerate();
        lines.into_iter().find_map(|(at, line)| {
            Some(Bind { port: port(line)?, place: format!("{}:{}", file.path, at + 1) })
        })
    })
}

/// The port that a line of code binds: `":8080"` or `, 8080)` in a call that does.
fn port(line: &str) -> Option<u16> {
    let code = line.split(" //").next().unwrap_or(line).trim_start();
    if code.starts_with("//") || !CALLS.iter().any(|call| code.contains(call)) {
        return None;
    }
    let numbers = code.char_indices().filter(|(at, c)| {
        c.is_ascii_digit()
            && !code[..*at]
                .ends_with(|before: char| before.is_alphanumeric() || before == '.' || before == '_')
    });
    numbers.into_iter().find_map(|(at, _)| {
        let before = code[..at].trim_end();
        let digits: String = code[at..]
            .chars()
            .take_while(|c| c.is_ascii_digit() || *c == '_')
            .filter(|c| *c != '_')
            .collect();
        let after = code[at..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '_');
        let in_text = before.ends_with(':') && after.starts_with('"');
        let in_pair = before.ends_with(',') && after.trim_start().starts_with(')');
        (in_text || in_pair).then(|| digits.parse().ok()).flatten().filter(|port| *port > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_found_where_something_is_bound() {
        for (line, wanted) in [
            (r#"    let listener = TcpListener::bind("0.0.0.0:8080").await?;"#, Some(8080)),
            (r#"HttpServer::new(app).bind(("127.0.0.1", 3_000))?"#, Some(3000)),
            (r#"let address = SocketAddr::from(([0, 0, 0, 0], 3000));"#, Some(3000)),
            (r#"let address = "[::]:50051".parse::<SocketAddr>()?;"#, Some(50051)),
            (r#"TcpListener::bind(format!("0.0.0.0:{port}")).await?"#, None),
            (r#"TcpListener::bind("127.0.0.1:0")"#, None),
            (r#"// TcpListener::bind("0.0.0.0:8080")"#, None),
            (r#"let url = "http://localhost:8080";"#, None),
        ] {
            assert_eq!(port(line), wanted, "{line}");
        }
    }
}
