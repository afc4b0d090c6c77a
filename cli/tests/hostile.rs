//! Small inputs that grow without bound when they are followed naively: each must be
//! analysed, or named as not analysed, and never end the run.

mod support;

use support::{Tree, manifest};

/// The run ends by itself, and the good file beside it is analysed.
#[track_caller]
fn survives(source: &str) {
    let tree = Tree::with_good();
    tree.file("bad/Cargo.toml", manifest("bad")).file("bad/src/main.rs", source);
    tree.check(&[]).assert_good_is_found();
}

#[test]
fn a_blanket_impl_that_leads_back_to_its_trait() {
    survives(
        "use std::sync::Mutex;
         trait Plugin {}
         impl<T: Plugin + ?Sized> Plugin for Box<T> {}
         static ALL: Mutex<Vec<Box<dyn Plugin>>> = Mutex::new(Vec::new());
         fn main() { ALL.lock().unwrap().clear(); }",
    );
}

#[test]
fn modules_that_import_each_other_by_globs() {
    let mut source = String::from("fn main() { missing::<Nothing>(); }\n");
    for at in 0..40 {
        source.push_str(&format!(
            "pub use m{at}::*;\nmod m{at} {{ use super::*; pub fn f{at}(_: Unknown) {{}} }}\n"
        ));
    }
    survives(&source);
}

#[test]
fn types_that_double() {
    let nested = (0..60).fold("u8".to_string(), |inner, _| format!("P<{inner}>"));
    survives(&format!("type P<T> = (T, T);\nstatic S: std::sync::Mutex<{nested}> = todo();\nfn main() {{}}"));
    let lets = "let x = (x, x);\n".repeat(60);
    survives(&format!("fn main() {{ let x = 1;\n{lets} drop(x); }}"));
    survives("type D = (D, D, D, D);\nstatic S: std::sync::Mutex<D> = todo();\nfn main() {}");
}

#[test]
fn calls_and_blocks_nested_together() {
    let (open, close) = ("{ ".repeat(300), " }".repeat(300));
    let chain: String =
        (0..1_000).map(|at| format!("fn f{at}() {{ {open} f{}(); {close} }}\n", at + 1)).collect();
    survives(&format!("{chain} fn f1000() {{}} fn main() {{ f0(); }}"));
}

#[test]
fn routers_that_double() {
    let mut source = String::from("use axum::{Router, routing::get};\nasync fn h() {}\n");
    source.push_str("fn r0() -> Router { Router::new().route(\"/\", get(h)) }\n");
    for at in 1..30 {
        let below = at - 1;
        source.push_str(&format!(
            "fn r{at}() -> Router {{ r{below}().nest(\"/a\", r{below}()).merge(r{below}()) }}\n"
        ));
    }
    survives(&format!("{source} fn main() {{ let app = r29(); axum::serve(l, app); }}"));
}

#[test]
fn traits_that_name_each_other() {
    let all: Vec<String> = (0..12).map(|at| format!("T{at}")).collect();
    let traits: String = all.iter().map(|name| format!("trait {name}: {} {{}}\n", all.join(" + "))).collect();
    survives(&format!("{traits} fn main(x: &dyn T0) {{ x.nobody_has_this(); }}"));
}

#[test]
fn a_chain_of_calls_without_an_end() {
    survives(&format!("fn main() {{ x{}; }}", "()".repeat(40_000)));
    survives(&format!("fn main() {{ x{}; }}", "[0]".repeat(40_000)));
}
