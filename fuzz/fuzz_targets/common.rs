//! Reads and analyses one text as the only file of a folder, as `check` would, and writes the
//! report in every form.

use std::cell::OnceCell;
use std::fs;

use cargo_stateless::report::{self, Format, Options};
use cargo_stateless::sink::Policy;
use cargo_stateless::workspace::{Request, load};
use tempfile::TempDir;

thread_local! {
    static FOLDER: OnceCell<TempDir> = const { OnceCell::new() };
}

pub fn check(text: &[u8]) {
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| tempfile::tempdir().expect("a folder can be made"));
        let file = folder.path().join("main.rs");
        fs::write(&file, text).expect("a file can be written");
        let request = Request { path: file, ..Request::default() };
        // What is no text is refused, by name.
        let Ok(workspace) = load(&request) else { return };
        let report = cargo_stateless::analyze(workspace, &Policy::default(), &|_, _| {});
        for format in [Format::Human, Format::Sarif, Format::Json] {
            report::write(format, &report, &Options::default(), &mut std::io::sink())
                .expect("nothing can go wrong with a sink");
        }
    });
}
