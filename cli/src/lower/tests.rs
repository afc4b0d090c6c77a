//! What the parser must be able to read, and what it must refuse.

use super::{Room, read};
use crate::facts::{ExprKind, Item, ItemKind};

fn items(text: &str) -> Vec<Item> {
    match read(text, false, &mut Room::default()) {
        Ok((facts, _)) => facts.items,
        Err(problem) => panic!("{}: {text}", problem.message),
    }
}

fn refused(text: &str) -> String {
    match read(text, false, &mut Room::default()) {
        Ok(_) => panic!("read: {text}"),
        Err(problem) => problem.message,
    }
}

/// The kinds of the expressions of the first function, the last first.
#[track_caller]
fn kinds(body: &str) -> Vec<String> {
    let items = items(&format!("fn f() {{ {body} }}"));
    let ItemKind::Fn(function) = &items[0].kind else { panic!("{body}") };
    let exprs = &function.body.as_ref().expect("it has a body").exprs;
    let name = |kind: &ExprKind| format!("{kind:?}").split([' ', '(']).next().unwrap_or("").to_owned();
    exprs.iter().rev().map(|expr| name(&expr.kind)).collect()
}

#[test]
fn items_of_all_kinds() {
    let text = "#!/usr/bin/env run\n#![allow(x)]
        use a::{self, b::*, c as d}; extern crate e as g;
        pub(crate) static mut S: &'static [u8; 2] = &[1, 2]; const _: () = ();
        pub struct A<'a, T: ?Sized + 'a, const N: usize = 3>(pub (crate::B), &'a T) where T: Copy;
        enum B { One { a: u8 }, Two(u8) = 2, Three }
        union U { a: u8 }
        unsafe auto trait Marker {}
        trait T: Sub + 'static { type X: Y; const C: u8; fn m(&self) -> Self::X where Self: Sized; }
        unsafe impl<T> !Send for A<'_, T, 3> {}
        impl ! {}
        fn o(x: Box<dyn ::core::any::Any + Send,>) {}
        impl<T: Fn(u8) -> u8> T for Vec<T> { type X = u8; default fn m(self: Box<Self>) -> u8 { 1 } }
        pub const unsafe extern \"C\" fn n(x: impl Fn() -> u8, ...) {}
        extern \"C\" { fn foreign(); }
        macro_rules! m { ($a:expr) => { $a } }
        mod inner { pub fn deep() { fn deeper() {} } }
        mod elsewhere;";
    let names: Vec<String> = items(text).iter().map(|item| item.name.to_string()).collect();
    let expected = "a * d g S _ A B Marker T   o  n inner elsewhere".split(' ').collect::<Vec<_>>();
    assert_eq!(names, expected);
}

#[test]
fn only_what_exists_outside_of_tests() {
    let text = "#[cfg(test)] mod t { fn a() {} } #[test] fn b() {} #[cfg(all(unix, test))] fn c() {}
        #[cfg(not(test))] fn d() {} fn e() { #[cfg(test)] let x = 1; }";
    let names: Vec<String> = items(text).iter().map(|item| item.name.to_string()).collect();
    assert_eq!(names, ["d", "e"]);
}

#[test]
fn operators_bind_as_they_should() {
    assert_eq!(kinds("a + b * c"), ["Block", "Binary", "Binary", "Path", "Path", "Path"]);
    assert_eq!(kinds("a = b += -c"), ["Block", "Assign", "AssignOp", "Unary", "Path", "Path", "Path"]);
    assert_eq!(kinds("a..b + 1"), ["Block", "Range", "Binary", "Number", "Path", "Path"]);
    assert_eq!(kinds("&a as u8 | b"), ["Block", "Binary", "Path", "Cast", "Ref", "Path"]);
    assert_eq!(kinds("x.0.1?.await"), ["Block", "Await", "Try", "Field", "Field", "Path"]);
}

#[test]
fn a_block_ends_a_statement() {
    assert_eq!(kinds("if a { b } -c"), ["Block", "Unary", "Path", "If", "Block", "Path", "Path"]);
    assert_eq!(kinds("match a {}.b()"), ["Block", "Method", "Match", "Path"]);
    assert_eq!(kinds("let x = if a { b } else { c } + d;")[..2], ["Block", "Binary"]);
}

#[test]
fn a_name_before_a_block_is_no_literal() {
    assert_eq!(kinds("if a == b {}"), ["Block", "If", "Block", "Binary", "Path", "Path"]);
    assert_eq!(kinds("a == B {}"), ["Block", "Binary", "Struct", "Path"]);
    assert_eq!(kinds("while let Some(x) = a.b(C { d }) {}")[..2], ["Block", "While"]);
}

#[test]
fn patterns() {
    for pattern in [
        "0 | 1..=9",
        "13..",
        "..=5",
        "-1",
        "'a'..='z'",
        "&mut (a, ..)",
        "[a, .., b @ ..]",
        "A::<T>::B { c: 1, ref mut d, .. }",
        "n @ (1 | 2)",
        "| A | B",
        "Self(x)",
        "<T as U>::C",
        "m!(x)",
        "const { 1 }",
        "r#type",
        "box x",
    ] {
        items(&format!("fn f() {{ match x {{ {pattern} if a => 1, _ => return }} }}"));
    }
}

#[test]
fn macros_are_read_as_far_as_they_go() {
    assert_eq!(
        kinds("json!({ \"a\": b, \"c\": [d] })"),
        ["Block", "Macro", "Array", "Path", "Str", "Path", "Str"]
    );
    assert_eq!(kinds("info!(%a, b = c, \"{d}\")"), ["Block", "Macro", "Path", "Str", "Path", "Path"]);
    assert_eq!(kinds("select! { x = a => b, else => c }")[..3], ["Block", "Macro", "Path"]);
    assert_eq!(kinds("quote! { fn #name() -> #ty; }"), ["Block", "Macro"]);
    let lazy = items("lazy_static! { static ref A: Mutex<u8> = Mutex::new(1); }");
    assert!(matches!(lazy[0].kind, ItemKind::Static(_)));
    let inside = items("cfg_if! { if #[cfg(a)] { fn one() {} } else { fn two() {} } }");
    assert_eq!(inside.len(), 2);
}

#[test]
fn literals_and_comments() {
    items(
        "fn f<'a, 'r#mod>() { let _ = (r#\"\"\"#, b'\\'', '\\'', 'x', \"\\\"\", c\"z\", br\"\\\", 1.0e-3_f64, 1..2, 1.max(2), /* /* */ */ 0xfe); }",
    );
}

#[test]
fn what_is_no_rust_is_refused() {
    for text in [
        "fn",
        "fn f() { let = 1; }",
        "fn f() { a b }",
        "struct A { a }",
        "fn f() { a < b < c }",
        "impl {",
        "x!(",
    ] {
        refused(text);
    }
    assert!(refused("fn f() { let x = ; }").starts_with("syntax error: expected"));
}

#[test]
fn what_is_nested_without_an_end_is_refused() {
    // With the stack that the tool gives its own threads, or a part of it.
    let refuses = || {
        for prefix in ["!", "&", "a = ", "|| ", "return ", "if a {} else { "] {
            let nested = format!(
                "fn f() {{ {}x {} }}",
                prefix.repeat(5_000),
                "}".repeat(5_000 * prefix.matches("e {").count())
            );
            let message = refused(&nested);
            assert!(message.contains("nested"), "{prefix}: {message}");
        }
    };
    let thread = std::thread::Builder::new().stack_size(super::STACK_BYTES / 16).spawn(refuses);
    assert!(thread.expect("a thread is to be had").join().is_ok());
}

#[test]
fn a_chain_is_cut_where_the_model_could_not_follow() {
    let text = format!("fn f() {{ a{} }}", ".b()".repeat(10_000));
    let cut = read(&text, false, &mut Room::default()).ok().and_then(|(_, cut)| cut);
    assert!(cut.is_some());
}
