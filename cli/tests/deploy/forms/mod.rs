//! Each form in a file as somebody could have written it. A line that must be found ends with
//! `«form level»`; any other finding of its class, in any line, is a failure.

mod cluster;
mod platforms;
mod proxies;

use cargo_stateless::deploy::finding::Class;

use super::check_one;

/// Compares what is said about stickiness and single instances with the marks in the text.
#[track_caller]
fn says(name: &str, marked: &str) {
    let mut text = String::new();
    let mut expected = Vec::new();
    for (at, line) in marked.lines().enumerate() {
        let (line, mark) = match line.split_once('«') {
            Some((line, mark)) => (line.trim_end(), mark.strip_suffix('»')),
            None => (line, None),
        };
        expected.extend(mark.map(|mark| format!("{} {mark}", at + 1)));
        text.push_str(line);
        text.push('\n');
    }
    let report = check_one(name, &text);
    let found: Vec<String> = report
        .active()
        .filter(|one| matches!(one.form.class, Class::Sticky | Class::SingleInstance))
        .map(|one| {
            let (_, line, _) = report.sources.locate(one.place());
            format!("{line} {} {:?}", one.form.name, one.level).to_lowercase()
        })
        .collect();
    assert_eq!(found, expected, "{name}\n{text}\nunclear: {:?}", report.notes);
}
