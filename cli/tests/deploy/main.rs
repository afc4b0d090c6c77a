//! `deploy` on small files of every format: what is found, and what only looks like it.

mod book;
mod command;
mod fixed;
mod forms;
mod input;
mod joined;
mod journey;
mod servers;
mod sets;
#[path = "../support/mod.rs"]
mod support;
mod suppressed;

use std::path::Path;

use cargo_stateless::deploy::{self, DeployReport};

/// Checks one file of that name and text.
fn check_one(name: &str, text: &str) -> DeployReport {
    check_all(&[(name, text)])
}

/// Checks a folder of files.
fn check_all(files: &[(&str, &str)]) -> DeployReport {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        write(folder.path(), name, text);
    }
    deploy::check(folder.path()).expect("a report")
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    std::fs::write(path, text).expect("written");
}

/// `line form level` of each finding, in the order of the report.
fn said(report: &DeployReport) -> Vec<String> {
    let lines = report.active().map(|finding| {
        let (_, line, _) = report.sources.locate(finding.place());
        format!("{line} {} {:?}", finding.form.name, finding.level).to_lowercase()
    });
    lines.collect()
}
