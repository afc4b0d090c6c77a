//! Makes a Helm template readable as YAML without moving a byte.
//!
//! What stands between `{{` and `}}` is replaced by as many other bytes: blanks where the line
//! has nothing else, a placeholder where it is a part of a value. Under which conditions each
//! part of the text stands is kept, so that a finding can say what turns it on. Nothing is
//! rendered: both branches of an `if` stay.

use std::ops::Range;

/// A template as YAML, and its conditions.
pub(crate) struct Masked {
    pub(crate) text: String,
    regions: Vec<Region>,
}

/// Text that is only there under a condition.
struct Region {
    span: Range<usize>,
    condition: String,
}

/// Whether the text has template actions at all.
pub(crate) fn is_template(text: &str) -> bool {
    text.contains("{{")
}

/// Masks all actions. Lines, columns and byte offsets stay.
pub(crate) fn mask(text: &str) -> Masked {
    let mut bytes = text.as_bytes().to_vec();
    let mut regions = Vec::new();
    let mut open: Vec<(usize, Option<String>)> = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find("{{").map(|found| found + at) {
        let end = action_end(text, start);
        let body = text[start..end].trim_start_matches("{{").trim_end_matches("}}");
        let body = body.trim_start_matches('-').trim_end_matches('-').trim();
        control(body, start, end, &mut open, &mut regions);
        blank(&mut bytes, text, start..end, body);
        at = end;
    }
    for (start, condition) in open {
        regions.extend(condition.map(|condition| Region { span: start..text.len(), condition }));
    }
    let text = String::from_utf8(bytes).unwrap_or_default();
    Masked { text, regions }
}

impl Masked {
    /// The innermost condition under which the byte `at` stands and the byte `outer` does not.
    pub(crate) fn condition(&self, outer: usize, at: usize) -> Option<&str> {
        let around = self.regions.iter().filter(|one| one.span.contains(&at) && !one.span.contains(&outer));
        around.max_by_key(|region| region.span.start).map(|region| region.condition.as_str())
    }
}

/// The byte behind the action that starts at `start`; a `}}` in a string or comment is none.
fn action_end(text: &str, start: usize) -> usize {
    let rest = &text[start + 2..];
    if rest.trim_start_matches('-').trim_start().starts_with("/*") {
        let end = rest.find("*/").and_then(|close| rest[close..].find("}}").map(|found| close + found));
        return end.map_or(text.len(), |end| start + 2 + end + 2);
    }
    let bytes = rest.as_bytes();
    let mut at = 0;
    let mut quote = None;
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (Some(b'"'), b'\\') => at += 1,
            (Some(open), byte) if byte == open => quote = None,
            (None, byte @ (b'"' | b'`')) => quote = Some(byte),
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return start + 2 + at + 2,
            _ => {}
        }
        at += 1;
    }
    // A quote that never closes: take the first end there is.
    rest.find("}}").map_or(text.len(), |end| start + 2 + end + 2)
}

/// Keeps the stack of blocks.
fn control(
    body: &str,
    start: usize,
    end: usize,
    open: &mut Vec<(usize, Option<String>)>,
    regions: &mut Vec<Region>,
) {
    let word = body.split_whitespace().next().unwrap_or("");
    let rest = body[word.len().min(body.len())..].trim();
    let mut close = |at: usize, open: &mut Vec<(usize, Option<String>)>| {
        if let Some((from, Some(condition))) = open.pop() {
            regions.push(Region { span: from..at, condition });
        }
    };
    match word {
        "if" | "with" => open.push((end, Some(rest.to_owned()))),
        "range" | "define" | "block" => open.push((end, None)),
        "else" => {
            let before = open.last().and_then(|(_, condition)| condition.clone());
            close(start, open);
            let condition = match rest.strip_prefix("if ").or_else(|| rest.strip_prefix("with ")) {
                Some(other) => Some(other.trim().to_owned()),
                None => before.map(|before| format!("not ({before})")),
            };
            open.push((end, condition));
        }
        "end" => close(start, open),
        _ => {}
    }
}

/// Replaces the action's bytes, keeping line ends.
fn blank(bytes: &mut [u8], text: &str, action: Range<usize>, body: &str) {
    let line_start = text[..action.start].rfind('\n').map_or(0, |at| at + 1);
    let before = &bytes[line_start..action.start];
    let line_end = text[action.end..].find('\n').map_or(text.len(), |at| action.end + at);
    let after = text[action.end..line_end].trim_end();
    let word = body.split_whitespace().next().unwrap_or("");
    let silent = body.starts_with("/*")
        || matches!(word, "if" | "else" | "end" | "with" | "range" | "define" | "block")
        || body.contains(":=");
    let alone = before.iter().all(u8::is_ascii_whitespace) && (after.is_empty() || after.starts_with("{{"));
    let spaces = silent || alone || body.contains("nindent");
    let fill = if spaces { b' ' } else { b'x' };
    for byte in &mut bytes[action] {
        if *byte != b'\n' && *byte != b'\r' {
            *byte = fill;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves() {
        let text =
            "a: {{ .Values.a | quote }}\n{{- if .Values.on }}\nb: \"x-{{ .Release.Name }}-é\"\n{{- end }}\n";
        let masked = mask(text);
        assert_eq!(masked.text.len(), text.len());
        assert_eq!(masked.text.lines().count(), text.lines().count());
        assert!(!masked.text.contains("{{"));
        assert!(masked.text.contains("-é\""));
    }

    #[test]
    fn what_turns_a_line_on_is_known() {
        let text = "{{- if .Values.sticky.enabled }}\na: 1\n{{- else }}\nb: 2\n{{- end }}\nc: 3\n";
        let masked = mask(text);
        let at = |part: &str| masked.condition(text.len() - 1, text.find(part).unwrap());
        assert_eq!(at("a: 1"), Some(".Values.sticky.enabled"));
        assert_eq!(at("b: 2"), Some("not (.Values.sticky.enabled)"));
        assert_eq!(at("c: 3"), None);
        let (a, whole) = (text.find("a: 1").unwrap(), text.find("a: 1").unwrap() + 1);
        assert_eq!(masked.condition(whole, a), None, "both stand under it");
    }

    #[test]
    fn strings_and_comments_may_hold_braces() {
        let text = "a: {{ printf \"}}\" }}\n{{/* not {{ an }} end */}}\nb: 1\n";
        let masked = mask(text);
        assert!(masked.text.ends_with("\nb: 1\n"));
        assert!(!masked.text.contains('}'));
    }
}
