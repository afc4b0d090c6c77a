//! One run from the inside, on the fixtures: reading, and reading with analysis.

use std::path::PathBuf;

use cargo_stateless::sink::Policy;
use cargo_stateless::workspace::{Request, load};

fn main() {
    divan::main();
}

fn request() -> Request {
    Request { path: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures")), ..Request::default() }
}

#[divan::bench]
fn read() -> usize {
    load(&request()).map_or(0, |workspace| workspace.sources.len())
}

#[divan::bench]
fn analyse(bencher: divan::Bencher) {
    let read = || load(&request());
    bencher.with_inputs(read).bench_values(|workspace| {
        workspace.map_or(0, |workspace| {
            cargo_stateless::analyze(workspace, &Policy::default(), &|_, _| {}).findings.len()
        })
    });
}
