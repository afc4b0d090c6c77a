//! Whether an example starts a server, from a look at its text.
//!
//! An example is no service unless it listens: most show a call or two. Being wrong one
//! way reports state that no deployment has, being wrong the other way misses a service
//! that people copy, so the words below are those that only the serving side says; a
//! client's `connect`, `Client::new` or `get` are not among them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

/// Words of the serving side, grouped by what says them.
const WORDS: &[&str] = &[
    // Sockets that accept: raw, tokio, async-std, smol. A client connects instead.
    "TcpListener::bind",
    "UnixListener::bind",
    "Endpoint::server(",
    // hyper, also under axum, warp and tonic.
    "Server::bind(",
    "Server::builder(",
    "serve_connection",
    "make_service_fn(",
    "service_fn(",
    // axum and its server crates.
    "axum::serve",
    "axum::Server",
    "axum_server::",
    "into_make_service",
    // actix-web, ntex.
    "HttpServer::new",
    "HttpServer::build",
    "web::server(",
    // Rocket.
    "#[launch]",
    ".launch()",
    "rocket::build(",
    "rocket::ignite(",
    // warp.
    "warp::serve",
    // poem, salvo, pingora; tiny_http; jsonrpsee and dropshot.
    "Server::new(",
    "Server::http(",
    "Server::https(",
    "ServerBuilder::",
    "HttpServerStarter",
    // tide, gotham, rouille, trillium, viz, iron, thruster, loco.
    "tide::new(",
    "tide::with_state(",
    "Server::with_state(",
    "gotham::start",
    "gotham::plain",
    "rouille::start_server",
    "trillium_tokio::",
    "trillium_smol::",
    "viz::serve",
    "Iron::new(",
    "thruster::run",
    "boot::start",
    "loco_rs::",
    // Platforms that bring the listener along.
    "lambda_http::run",
    "lambda_runtime::run",
    "shuttle_runtime::main",
    // MCP over HTTP.
    "StreamableHttpService",
    "SseServer",
];

/// Whether a line of code, not of comment, says one of the words.
pub(crate) fn starts_server(text: &str) -> bool {
    // All words are looked for at once: this reads every file of the code base.
    static SEARCH: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        // Searched for this way, there are instructions of the processor that help.
        AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(WORDS).ok()
    });
    let Some(search) = &*SEARCH else { return false };
    search.find_iter(text).any(|found| {
        let line = text[..found.start()].rfind('\n').map_or(0, |end| end + 1);
        !text[line..].trim_start().starts_with("//")
    })
}

/// Whether a text has an entry point.
pub(crate) fn is_program(text: &str) -> bool {
    text.contains("fn main") || text.contains("#[launch]")
}

/// Which examples are services. `examples`: the texts of each by its name, which is the
/// path of its file or folder without ending. What has no entry point is shared by the
/// others (`examples/common/mod.rs`): it comes with those that serve, and one that says
/// `mod common;` serves where `common` does.
pub(crate) fn serving(examples: &BTreeMap<String, Vec<&str>>) -> BTreeSet<String> {
    let says = |texts: &[&str], words: &[&str]| {
        texts.iter().any(|text| words.iter().any(|word| text.contains(word)))
    };
    let is_shared = |texts: &[&str]| !says(texts, &["fn main", "#[launch]"]);
    let split = |name: &str| {
        name.rsplit_once('/').map_or(("".to_owned(), name.to_owned()), |(a, b)| (a.to_owned(), b.to_owned()))
    };

    let own = examples.iter().filter(|(_, texts)| texts.iter().any(|text| starts_server(text)));
    let mut serving: BTreeSet<String> = own.map(|(name, _)| name.clone()).collect();
    let shared: Vec<&String> =
        examples.iter().filter(|(_, texts)| is_shared(texts)).map(|(name, _)| name).collect();
    for module in &shared {
        let (folder, module_name) = split(module);
        let beside: Vec<&String> =
            examples.keys().filter(|name| split(name).0 == folder && *name != *module).collect();
        if serving.contains(*module) {
            let declared = format!("mod {module_name};");
            let users = beside.iter().filter(|name| says(&examples[**name], &[&declared]));
            serving.extend(users.map(|name| (*name).clone()));
        } else if beside.iter().any(|name| serving.contains(*name)) {
            serving.insert((*module).clone());
        }
    }
    serving
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_modules_come_with_those_that_serve() {
        let examples = [
            ("examples/server", "mod common; fn main() { axum::serve(a, b); }"),
            ("examples/other", "mod start; fn main() { start::go() }"),
            ("examples/start", "pub fn go() { warp::serve(x) }"),
            ("examples/common", "pub fn setup() {}"),
            ("examples/client", "fn main() {}"),
            ("b/examples/common", "pub fn setup() {}"),
        ];
        let examples = examples.iter().map(|(name, text)| ((*name).to_owned(), vec![*text])).collect();
        let found = serving(&examples);
        let expected = ["examples/common", "examples/other", "examples/server", "examples/start"];
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn servers_say_so() {
        for text in [
            "async fn main() {\n    let listener = tokio::net::TcpListener::bind(\"0:0\").await?;\n}",
            "HttpServer::new(|| App::new()).bind((\"127.0.0.1\", 80))?",
            "#[launch]\nfn rocket() -> _ { rocket::build() }",
            "warp::serve(routes).run(([127, 0, 0, 1], 3030)).await;",
            "Server::builder().add_service(GreeterServer::new(greeter)).serve(addr)",
        ] {
            assert!(starts_server(text), "{text}");
        }
    }

    #[test]
    fn clients_and_comments_do_not() {
        for text in [
            "let mut client = GreeterClient::connect(\"http://[::1]:50051\").await?;",
            "let stream = TcpStream::connect(addr).await?;",
            "// start one with axum::serve first\nfn main() {}",
            "/// HttpServer::new is not used here\nfn main() { println!(\"hi\"); }",
            "",
        ] {
            assert!(!starts_server(text), "{text}");
        }
    }
}
