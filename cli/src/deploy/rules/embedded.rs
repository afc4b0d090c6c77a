//! Configuration of a proxy inside a ConfigMap or an annotation: read like a file of its own.
//!
//! A block of text keeps its lines in the outer file, so what is found in it has a position
//! there. Text on one line with escaped line ends has none and is not read.

use crate::span::FileId;

use super::super::files::{self, Syntax};
use super::super::tree::Node;
use super::ingress::{self, Place};
use super::{Findings, text_rule};

/// Looks at the texts of a ConfigMap, and at snippets in annotations.
pub(super) fn check(root: &Node, file: FileId, findings: &mut Findings) {
    let is_map = root.text_at(&["kind"]) == Some("ConfigMap");
    if let Some(data) = root.get("data").filter(|_| is_map) {
        for entry in data.entries() {
            let place = Place { file, subject: "ConfigMap", key: &entry.key };
            if ingress::controller_option(&place, entry, findings) {
                continue;
            }
            if let Some(syntax) = files::syntax_inside(&entry.key, entry.value.text().unwrap_or("")) {
                inside(syntax, &entry.value, file, findings);
            }
        }
    }
    let annotations = root.at(&["metadata", "annotations"]).map_or(&[][..], Node::entries);
    for entry in annotations {
        if entry.key.ends_with("/backend-config-snippet") || entry.key.ends_with("/config-backend") {
            inside(Syntax::Haproxy, &entry.value, file, findings);
        }
    }
}

/// Blanks all but the text, so that every byte of it stands where it stands in the file.
fn inside(syntax: Syntax, value: &Node, file: FileId, findings: &mut Findings) {
    let text = findings.set.readable(file);
    let (Some(before), Some(body)) = (text.get(..value.span.start), text.get(value.span.clone())) else {
        return;
    };
    // What is quoted may hold line ends that are none in the file.
    let indicator = body.starts_with(['|', '>']);
    if !indicator && !before.trim_end_matches([' ', '\n', '\r']).ends_with(['|', '>', '-', '+']) {
        return;
    }
    let mut alone: String = before
        .chars()
        .flat_map(|c| std::iter::repeat_n(if c == '\n' { c } else { ' ' }, c.len_utf8()))
        .collect();
    match body.find('\n').filter(|_| indicator) {
        Some(first) => {
            alone.extend(std::iter::repeat_n(' ', first));
            alone.push_str(&body[first..]);
        }
        None => alone.push_str(body),
    }
    text_rule(syntax, file, &alone, findings);
}
