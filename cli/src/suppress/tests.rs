//! Tests of what a suppression covers.

use super::*;

const RULES: [&str; 2] = ["in-memory-cache", "in-memory-data"];
const ALLOW: &str = "// stateless: allow(in-memory-cache, reason = \"x\")";

/// What the only suppression in a text covers; `@` stands for the comment.
fn covered(text: &str) -> Option<String> {
    let text = text.replace('@', ALLOW);
    let found = scan("a.rs", &text, &RULES);
    assert_eq!((found.directives.len(), found.malformed.len()), (1, 0), "{text}: {found:?}");
    let covers = found.directives[0].covers?;
    Some(text[covers.start as usize..covers.end as usize].to_owned())
}

#[track_caller]
fn covers(text: &str, expected: &str) {
    assert_eq!(covered(text).as_deref(), Some(expected), "{text}");
}

#[test]
fn behind_code_its_line() {
    covers("static A: X = X; @\nstatic B: X = X;", "static A: X = X; ");
    covers("struct S {\n    a: A, @\n    b: B,\n}", "    a: A, ");
}

#[test]
fn above_what_follows_directly() {
    covers(
        "@\nstatic A: X =\n    X::new(|| { 1; 2 });\nstatic B: X = X;",
        "static A: X =\n    X::new(|| { 1; 2 });",
    );
    covers("struct S {\n    @\n    pub a: A,\n    b: B,\n}", "pub a: A,");
    covers(
        "fn main() {\n    @\n    let app = Router::new()\n        .layer(A);\n    other();\n}",
        "let app = Router::new()\n        .layer(A);",
    );
    covers("@\npub(crate) struct S {\n    a: A,\n}\nstatic B: X = X;", "pub(crate) struct S {\n    a: A,\n}");
    covers("@\nstruct S(A);\nstruct T(A);", "struct S(A);");
    covers(
        "@\nthread_local! {\n    static A: X = X;\n}\nstatic B: X = X;",
        "thread_local! {\n    static A: X = X;\n}",
    );
    covers("@\nlazy_static::lazy_static! {}\n", "lazy_static::lazy_static! {}");
    covers("Router::new()\n    @\n    .layer(A)\n    .layer(B)", ".layer(A)");
    covers("@\nfn main() {\n    a();\n}", "fn main() {");
    covers("@\nconst fn f() {\n    a();\n}", "const fn f() {");
    covers("match x {\n    @\n    y => { let z = 1; }\n}", "y => { let z = 1; }");
}

#[test]
fn through_attributes_comments_and_documentation_but_no_empty_line() {
    let item = "static A: X = X;";
    for between in [
        "/// doc",
        "#[allow(dead_code)]",
        "#[cfg(feature = \"]\")] // why",
        "#[doc(\n    hidden\n)]",
        "// prose",
        "/* block */",
        "/** doc\n\n block */",
        "/// doc\n#[rustfmt::skip]\n// prose\n#[x]",
    ] {
        covers(&format!("@\n{between}\n{item}"), item);
        covers(&format!("@\r\n{}\r\n{item}", between.replace('\n', "\r\n")), item);
    }
    covers(&format!("#[a] @\n{item}"), item);
    covers(&format!("#[a(\n    b\n)] @\n{item}"), item);
    assert_eq!(covered("@\n\nstatic A: X = X;"), None);
    assert_eq!(covered("@\n// prose\n\nstatic A: X = X;"), None);
    assert_eq!(covered("static A: X = X;\n@\n"), None);
}

#[test]
fn lines_of_a_long_comment_belong_together() {
    let text = "// stateless: allow(in-memory-cache,\n//     reason = \"filled again\n//     after a restart\")\nstatic A: X = X;";
    let found = scan("a.rs", text, &RULES);
    assert_eq!(found.malformed, []);
    assert_eq!(found.directives[0].reason, "filled again after a restart");
    assert_eq!(
        found.directives[0].covers.map(|covers| covers.start),
        text.find("static").map(|at| at as u32)
    );

    // The next suppression is no part of one that is never closed.
    let text = format!("// stateless: allow(in-memory-cache\n{ALLOW}\nstatic A: X = X;");
    let found = scan("a.rs", &text, &RULES);
    assert_eq!((found.directives.len(), found.malformed.len()), (1, 1));
    assert_eq!(found.malformed[0].span, span(3, 35));
}

#[test]
fn only_plain_comments_count() {
    for text in [
        "let a = \"@\";",
        "let a = r#\"\n@\n\"#;",
        "/* @ */",
        "/*\n@\n*/",
        "/// stateless: allow(in-memory-cache, reason = \"x\")",
        "//! stateless: allow(in-memory-cache, reason = \"x\")",
        "#[doc = \"stateless: allow(in-memory-cache)\"]",
        "// see `stateless: allow(in-memory-cache)`",
    ] {
        let text = text.replace('@', "// stateless: allow(in-memory-cache)");
        assert_eq!(scan("a.rs", &text, &RULES), Scan::default(), "{text}");
    }
}

#[test]
fn the_attribute_covers_its_item_and_names_its_type() {
    for (text, expected, name) in [
        ("#[keep_in_process(reason = \"x\")]\nstatic A: X = X;", "static A: X = X;", None),
        ("#[stateless_store::keep_in_process(reason = \"x\")] pub a: A,\n b: B", "pub a: A,", None),
        (
            "#[keep_in_process(reason = r#\"x\"#)]\n\n#[derive(A)]\n/// doc\npub struct S { a: A }",
            "pub struct S { a: A }",
            Some("S"),
        ),
        ("#[derive(A)]\n#[keep_in_process(reason = \"x\",)]\nenum E { A }", "enum E { A }", Some("E")),
    ] {
        let found = scan("a.rs", text, &RULES);
        assert_eq!(found.malformed, [], "{text}");
        let [one] = &found.directives[..] else { panic!("{text}: {found:?}") };
        assert_eq!(one.reason, "x");
        assert!(one.is_attribute());
        assert_eq!(one.type_name.as_deref(), name);
        let covers = one.covers.unwrap();
        assert_eq!(&text[covers.start as usize..covers.end as usize], expected);
    }
    for text in ["#[keep_in_process] static A: X = X;", "#[keep_in_process(reason = \"\")] static A: X = X;"]
    {
        let found = scan("a.rs", text, &RULES);
        assert_eq!((found.directives.len(), found.malformed.len()), (0, 1), "{text}");
        assert!(found.malformed[0].help.contains("#[keep_in_process(reason = "));
    }
    assert_eq!(scan("a.rs", "#[other(keep_in_process)] static A: X = X;", &RULES), Scan::default());
    assert_eq!(scan("a.rs", "use stateless_store::keep_in_process;", &RULES), Scan::default());
}

#[test]
fn no_text_takes_long() {
    const MANY: usize = 5_000;
    for text in ["@\n", "@\nlet a = { ", "@\nlet a\n", "@\n#[", "#[keep_in_process(", "(((@\n"] {
        scan("a.rs", &text.replace('@', ALLOW).repeat(MANY), &RULES);
    }
}

#[test]
fn text_that_is_no_rust_is_survived() {
    for text in [
        "#[keep_in_process",
        "#[keep_in_process(",
        "#[",
        "#",
        "@",
        "@\n#[",
        "@\nstatic",
        "@\nstruct S {",
        "@\npub(",
        "@\nlet }",
        "#[keep_in_process(reason = )]",
        "#[keep_in_process(reason =",
        "@\n#![",
        "// stateless: allow(",
    ] {
        scan("a.rs", &text.replace('@', ALLOW), &RULES);
    }
}
