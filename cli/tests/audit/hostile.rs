//! A project that tries to get markup, script or a request into the report, by every text that
//! it can put there: file names, identifiers, comments, string literals, routes and reasons.

use super::audited;
use super::browser::Browser;
use super::support::{Tree, manifest};

const MARKUP: &str =
    "</script></style></svg></title><script>alert(1)</script><img src=http://evil.test/x onerror=alert(2)>";

fn project() -> Tree {
    let tree = Tree::new();
    tree.file("Cargo.toml", manifest("a&lt;b"));
    let file = "<img src=x onerror=alert(3)>&quot;'.rs";
    let main = format!(
        r##"use std::collections::HashMap;
use std::sync::{{LazyLock, Mutex}};
use axum::{{Router, routing::{{get, post}}}};
#[path = "{file}"]
mod inner;
/* {MARKUP} */
// stateless: allow(in-memory-data, reason = "{MARKUP}")
static ASIDE: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Default::default); // {MARKUP}
async fn put(body: String) {{ ASIDE.lock().unwrap().insert("{MARKUP}".into(), body); }}
async fn look() -> String {{ ASIDE.lock().unwrap().get("x").cloned().unwrap_or_default() }}
#[tokio::main]
async fn main() {{
    let app = Router::new()
        .route("/{MARKUP}", post(put).get(look))
        .route("/x\" onmouseover=alert(4) \u{{202e}}", post(inner::r#type))
        .route("/javascript:alert(5)", get(inner::schlüssel));
    axum::serve(tokio::net::TcpListener::bind("0.0.0.0:1").await.unwrap(), app).await.unwrap();
}}
"##
    );
    let inner = format!(
        r##"use std::collections::HashMap;
use std::sync::{{LazyLock, Mutex}};
static 秘密_SESSIONS: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(|| fill("{MARKUP}")); // {MARKUP} -->
pub async fn r#type(body: String) {{ 秘密_SESSIONS.lock().unwrap().insert("`|` @all <b>".into(), body); }}
pub async fn schlüssel() -> String {{ 秘密_SESSIONS.lock().unwrap().get("x").cloned().unwrap_or_default() }}
"##
    );
    tree.file("src/main.rs", main).file(format!("src/{file}"), inner);
    tree.file(format!("src/{}.rs", "<b>broken"), "fn {");
    tree
}

/// Markdown without its blocks of code: those end at as many back-ticks as they began with.
fn without_blocks(markdown: &str) -> String {
    let mut fence: Option<String> = None;
    let mut outside = String::new();
    for line in markdown.lines() {
        let ticks: String = line.trim_start().chars().take_while(|c| *c == '`').collect();
        match &fence {
            Some(open) if line.trim() == open => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 && line.trim_start() == format!("{ticks}rust") => fence = Some(ticks),
            None => {
                outside.push_str(line);
                outside.push('\n');
            }
        }
    }
    assert_eq!(fence, None, "a block that is never closed hides what comes after it");
    outside
}

#[test]
fn nothing_of_a_hostile_project_is_obeyed() {
    let (tree, out) = (project(), Tree::new());
    let label = format!("--label={MARKUP}");
    let (html, audit) = audited(&[tree.root()], out.root(), &[&label]);
    let sites = audit["services"][0]["sites"].as_array().unwrap();
    assert!(!sites.is_empty() && html.contains("秘密_SESSIONS"), "nothing to be afraid of: {audit:#}");
    assert!(html.contains("&lt;img src=x onerror=alert(3)&gt;&amp;quot;'.rs"), "the file's name, as text");
    assert!(html.contains("&lt;/script&gt;"), "the routes, as text");
    assert!(!html.contains('\u{202e}'), "a character that turns the line around");

    let mut browser = Browser::start();
    let mut page = browser.open(&out.path("report.html"), (1280, 900), false);
    assert_eq!(
        page.eval("document.querySelectorAll('img, iframe, object, embed, base, form[action]').length"),
        0
    );
    assert_eq!(page.eval("document.querySelectorAll('script').length"), 1);
    assert_eq!(page.eval("document.querySelectorAll('style').length"), 1);
    let handlers = "[...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => a.name.startsWith('on'))).length";
    assert_eq!(page.eval(handlers), 0);
    let links =
        "[...document.querySelectorAll('a')].filter(a => !a.getAttribute('href').startsWith('#')).length";
    assert_eq!(page.eval(links), 0);
    page.close();

    // Markdown: what a tracker renders is text too.
    let markdown = std::fs::read_to_string(out.path("report.md")).unwrap();
    let outside: String = without_blocks(&markdown).split('`').step_by(2).collect();
    let obeyed = outside.replace("\\<", "").replace("@<!-- -->", "");
    assert!(!obeyed.contains('<'), "{obeyed}");
}
