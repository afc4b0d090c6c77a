//! Programs that must compile, and programs that must not, each with the errors that it gives.
//!
//! The wording of the compiler's own errors changes between versions; the files beside the programs
//! are from the toolchain that CI uses. `TRYBUILD=overwrite` writes them anew.

#[test]
fn programs() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/*.rs");
}
