//! The edit of each form, by the syntax that it stands in.

use std::cell::OnceCell;

use super::Edit;
use crate::deploy::files::Syntax;
use crate::deploy::finding::DeployFinding;
use crate::deploy::lines::{Word, begins_section, lines};
use crate::deploy::tree::{Entry, Node};
use crate::deploy::{read, yaml};

pub(in crate::deploy) type Edits = Result<Vec<Edit>, String>;

/// Forms beside stickiness that a fix knows.
pub(super) fn mends(form: &str) -> bool {
    matches!(form, "recreate" | "one-replica" | "replicas-beside-autoscaler")
}

/// Whether the edit takes away what hides state in memory.
pub(super) fn removes(form: &str) -> bool {
    form != "replicas-beside-autoscaler"
}

/// The edits that take a finding out.
pub(super) fn edits(file: &Text, finding: &DeployFinding) -> Edits {
    let text = file.text;
    let at = finding.span.start;
    match finding.form.name {
        "service-session-affinity" => keys(file, at, |key| key.starts_with("sessionAffinity")),
        "ingress-cookie-affinity" | "ingress-hash" => ingress(file, at),
        "gateway-session-persistence" | "mesh-consistent-hash" => keys(file, at, |_| false),
        "traefik-sticky" => traefik(file, at),
        "nginx-sticky" => directive(text, finding),
        "haproxy-sticky" => haproxy(file, at),
        "apache-sticky" => word(text, finding),
        "caddy-sticky" => whole_line(text, at),
        "aws-stickiness" => aws(file, finding),
        "helm-values-sticky" => swap(text, finding, "true", "false"),
        "recreate" => swap(text, finding, "Recreate", "RollingUpdate"),
        "one-replica" => swap(text, finding, "1", "2"),
        "replicas-beside-autoscaler" => keys(file, at, |_| false),
        other => Err(format!("`deploy fix` does not know how to change `{other}`")),
    }
}

/// A file's text, and what was read from it, once for all findings in it.
pub(in crate::deploy) struct Text<'a> {
    path: &'a str,
    text: &'a str,
    documents: OnceCell<Vec<Node>>,
    lines: OnceCell<Vec<Vec<Word<'a>>>>,
}

impl<'a> Text<'a> {
    pub(in crate::deploy) fn new(path: &'a str, text: &'a str) -> Self {
        Text { path, text, documents: OnceCell::new(), lines: OnceCell::new() }
    }

    /// The tree, as the finding was made from, in which a byte stands.
    fn document(&self, at: usize) -> Option<&Node> {
        let documents = self.documents.get_or_init(|| {
            let masked = read::masked(Syntax::Yaml, self.path, self.text).map(|masked| masked.text);
            yaml::read(masked.as_deref().unwrap_or(self.text)).documents
        });
        let behind = documents.partition_point(|root| root.span.start <= at);
        documents[..behind].last().filter(|root| at <= root.span.end)
    }

    fn lines(&self) -> &[Vec<Word<'a>>] {
        self.lines.get_or_init(|| lines(self.text))
    }
}

/// Where the line of a byte begins, and where the next one does.
fn line(text: &str, at: usize) -> (usize, usize) {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
    (start, end)
}

fn cut(range: (usize, usize)) -> Edit {
    Edit { range, text: String::new() }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The lines of a YAML key that stands first in its line: its own and all that belong to it.
fn block(text: &str, at: usize) -> Result<(usize, usize), String> {
    let (start, _) = line(text, at);
    if !text[start..at].bytes().all(|byte| byte == b' ') {
        return Err("it does not stand in a line of its own".to_owned());
    }
    Ok((start, end_of_block(text, at, at - start)))
}

/// Where the lines end that belong to the key at a byte, in a map that stands `column` bytes in.
pub(in crate::deploy) fn end_of_block(text: &str, at: usize, column: usize) -> usize {
    let (_, mut end) = line(text, at);
    // A list may stand as far out as the key that it belongs to.
    let mut upto = end;
    while upto < text.len() {
        let (_, next) = line(text, upto);
        let body = text[upto..next].trim_end();
        let blank = body.trim_start().is_empty();
        let deeper = indent(body) > column || indent(body) == column && body.trim_start().starts_with("- ");
        if !blank && !deeper {
            break;
        }
        upto = next;
        if !blank {
            end = upto;
        }
    }
    end
}

/// Removes a key, its like-named siblings, and the map around them if nothing stays in it.
pub(in crate::deploy) fn keys(file: &Text, at: usize, also: impl Fn(&str) -> bool) -> Edits {
    let text = file.text;
    block(text, at)?;
    let root = file.document(at).ok_or("it stands in no document that can be read")?;
    let parents = parents(root, at).ok_or("it stands behind an anchor or a merge")?;
    let innermost = parents.last().ok_or("it is the whole document")?;
    let gone = |key: &str, start: usize| start == at || also(key);
    let all = innermost.entries().iter().all(|entry| gone(&entry.key, entry.key_span.start));
    if all && parents.len() > 1 {
        // An empty map is no map: take the key that holds it, and the map around that if nothing
        // else is in it; but never a key of the document itself.
        let mut inner = parents.len() - 1;
        while inner > 2 && parents[inner - 1].entries().len() == 1 {
            inner -= 1;
        }
        let holds = |entry: &&Entry| std::ptr::eq(&entry.value, parents[inner]);
        let holder = parents[inner - 1].entries().iter().find(holds);
        let holder = holder.ok_or("it is the only thing in a list's item")?;
        return Ok(vec![cut(block(text, holder.key_span.start)?)]);
    }
    let starts = innermost.entries().iter().filter(|entry| gone(&entry.key, entry.key_span.start));
    starts.map(|entry| block(text, entry.key_span.start).map(cut)).collect()
}

/// The maps around a key, outermost first.
fn parents(root: &Node, at: usize) -> Option<Vec<&Node>> {
    fn down<'a>(node: &'a Node, at: usize, above: &mut Vec<&'a Node>) -> bool {
        above.push(node);
        let here = node.entries().iter().any(|entry| !entry.merged && entry.key_span.start == at);
        let values = node.entries().iter().filter(|entry| !entry.merged).map(|entry| &entry.value);
        if here || values.chain(node.items()).any(|inner| down(inner, at, above)) {
            return true;
        }
        above.pop();
        false
    }
    let mut above = Vec::new();
    down(root, at, &mut above).then_some(above)
}

fn ingress(file: &Text, at: usize) -> Edits {
    let text = file.text;
    let (_, end) = line(text, at);
    let key = text[at..end].trim_start_matches(['"', '\'']).to_owned();
    let prefix = key.split_once('/').map_or("", |(prefix, _)| prefix).to_owned();
    keys(file, at, |other| {
        let Some(name) = other.strip_prefix(&*prefix).and_then(|rest| rest.strip_prefix('/')) else {
            return false;
        };
        let belongs = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
        if key.contains("upstream-hash-by") {
            belongs(&["upstream-hash-by"])
        } else {
            key.contains("affinity") && belongs(&["affinity", "session-cookie"])
        }
    })
}

fn traefik(file: &Text, at: usize) -> Edits {
    let text = file.text;
    let (start, end) = line(text, at);
    let own = &text[start..end];
    if own.contains("highestRandomWeight") {
        return Err("it is the whole service: write it as `weighted`".to_owned());
    }
    if own.trim_start().starts_with('[') {
        return toml_table(text, start);
    }
    if !own.to_ascii_lowercase().contains("traefik.") {
        return keys(file, at, |_| false);
    }
    // Labels: all that belong to the same service's cookie.
    let label = own.to_ascii_lowercase();
    let from = label.find("traefik.").unwrap_or(0);
    let upto = [".sticky", ".stickiness", ".strategy"].iter().find_map(|part| label.find(part));
    let prefix = &label[from..upto.ok_or("the label is not understood")?];
    let mut cuts = Vec::new();
    let mut at = 0;
    for whole in text.split_inclusive('\n') {
        let lower = whole.to_ascii_lowercase();
        let mine = lower.trim_start().trim_start_matches(['-', ' ', '"', '\'']);
        if mine
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with(".stick") || rest.starts_with(".strategy"))
        {
            cuts.push(cut((at, at + whole.len())));
        }
        at += whole.len();
    }
    Ok(cuts)
}

/// A table of TOML, with the tables inside it.
fn toml_table(text: &str, start: usize) -> Edits {
    let (_, end) = line(text, start);
    let name = text[start..end].trim().trim_matches(['[', ']']).to_owned();
    let mut upto = end;
    while upto < text.len() {
        let (_, next) = line(text, upto);
        let head = text[upto..next].trim_start();
        if head.starts_with('[') && !head.trim_start_matches('[').starts_with(&format!("{name}.")) {
            break;
        }
        upto = next;
    }
    // Blank lines and comments before the next table are the next table's.
    while let Some(before) = text[end..upto].trim_end_matches(['\n', '\r']).rfind('\n') {
        let last = &text[end + before + 1..upto];
        if !last.trim().is_empty() && !last.trim_start().starts_with('#') {
            break;
        }
        upto = end + before + 1;
    }
    Ok(vec![cut((start, upto))])
}

/// A directive of nginx: its line, or only itself where others share the line.
fn directive(text: &str, finding: &DeployFinding) -> Edits {
    let span = &finding.span;
    let written = text.get(span.clone()).unwrap_or("");
    let end = if written.trim_end().ends_with(';') {
        span.start + written.trim_end().len()
    } else {
        text[span.start..].find(';').map(|at| span.start + at + 1).ok_or("its end was not found")?
    };
    let (first, _) = line(text, span.start);
    let (_, last) = line(text, end.saturating_sub(1));
    let alone = text[first..span.start].trim().is_empty()
        && (text[end..last].trim().is_empty() || text[end..last].trim_start().starts_with('#'));
    let blank = text[end..].len() - text[end..].trim_start_matches(' ').len();
    Ok(vec![cut(if alone { (first, last) } else { (span.start, end + blank) })])
}

fn whole_line(text: &str, at: usize) -> Edits {
    let range = line(text, at);
    if text[range.0..at].trim().is_empty() {
        Ok(vec![cut(range)])
    } else {
        Err("it shares its line".to_owned())
    }
}

fn haproxy(file: &Text, at: usize) -> Edits {
    let (text, lines) = (file.text, file.lines());
    let mine = lines.binary_search_by_key(&at, |words| words[0].span.start);
    let mine = mine.map_err(|_| "its line was not found")?;
    let words = &lines[mine];
    match words[0].text {
        "balance" => {
            let last = words.last().map_or(at, |word| word.span.end);
            let range = (words[1].span.start, last);
            Ok(vec![Edit { range, text: "roundrobin".to_owned() }])
        }
        "cookie" => {
            let mut edits = whole_line(text, at)?;
            edits.extend(section(lines, mine).iter().filter_map(|words| server_cookie(words)));
            Ok(edits)
        }
        _ => whole_line(text, at),
    }
}

/// The lines of the section that a line stands in.
fn section<'a, 't>(lines: &'a [Vec<Word<'t>>], mine: usize) -> &'a [Vec<Word<'t>>] {
    let begins = |words: &Vec<Word>| begins_section(words);
    let first = lines[..mine].iter().rposition(begins).unwrap_or(0);
    let last = lines[mine..].iter().position(begins).map_or(lines.len(), |at| at + mine);
    &lines[first..last]
}

/// `cookie NAME` of a server line, with the blank before it.
fn server_cookie(words: &[Word]) -> Option<Edit> {
    if !matches!(words[0].text, "server" | "default-server" | "server-template") {
        return None;
    }
    let at = words.iter().position(|word| word.text == "cookie")?;
    let value = words.get(at + 1)?;
    Some(cut((words[at - 1].span.end, value.span.end)))
}

/// One word of a line; the line, where nothing else is said in it.
fn word(text: &str, finding: &DeployFinding) -> Edits {
    let (start, end) = line(text, finding.span.start);
    let lines = lines(&text[start..end]);
    let words = lines.first().ok_or("its line was not found")?;
    if words.len() == 2 && words[0].text.eq_ignore_ascii_case("ProxySet") {
        return Ok(vec![cut((start, end))]);
    }
    let before = text[..finding.span.start].trim_end_matches([' ', '\t']).len();
    Ok(vec![cut((before, finding.span.end))])
}

/// Replaces a value inside a finding: the last occurrence, which stands behind the key.
fn swap(text: &str, finding: &DeployFinding, from: &str, to: &str) -> Edits {
    let said = text.get(finding.span.clone()).unwrap_or("");
    let (_, end) = line(text, finding.span.start);
    let value = said.rfind(from).map(|at| finding.span.start + at);
    // Where the finding is the key of a block, the value stands behind it in the line.
    let value = value.or_else(|| text[finding.span.start..end].find(from).map(|at| finding.span.start + at));
    let at = value.ok_or(format!("`{from}` is not written there"))?;
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    let after = text[at + from.len()..].chars().next();
    if part(after) || part(text[..at].chars().next_back()) {
        return Err(format!("`{from}` is only a part of what is written there"));
    }
    Ok(vec![Edit { range: (at, at + from.len()), text: to.to_owned() }])
}

/// Terraform's block says `enabled = false`; an attribute of CloudFormation says so too.
fn aws(file: &Text, finding: &DeployFinding) -> Edits {
    let text = file.text;
    let start = finding.span.start;
    let (first, end) = line(text, start);
    let rest = &text[start..];
    if !rest.starts_with("stickiness") || rest.starts_with("stickiness.") {
        return if finding.title.contains("target group pins") && rest.starts_with("Key") {
            swap_next(text, end)
        } else {
            keys(file, start, |_| false)
        };
    }
    let open = rest.find('{').map(|at| start + at).ok_or("its block was not found")?;
    let close = text[open..].find('}').map(|at| open + at).ok_or("its block does not end")?;
    let body = &text[open + 1..close];
    if let Some(at) = body.find("enabled") {
        let value = body[at..].find("true").map(|true_at| open + 1 + at + true_at);
        let value = value.ok_or("`enabled` is not written as `true`")?;
        return Ok(vec![Edit { range: (value, value + 4), text: "false".to_owned() }]);
    }
    if !text[open + 1..end].trim().is_empty() {
        return Err("its block stands in one line".to_owned());
    }
    let line_end = if text[..end].ends_with("\r\n") { "\r\n" } else { "\n" };
    let inner = " ".repeat(indent(&text[first..end]) + 2);
    Ok(vec![Edit { range: (end, end), text: format!("{inner}enabled = false{line_end}") }])
}

/// The value in the line below.
fn swap_next(text: &str, at: usize) -> Edits {
    let (start, end) = line(text, at.min(text.len().saturating_sub(1)));
    let value = text[start..end].find("true").map(|at| start + at);
    let value = value.filter(|_| text[start..end].contains("Value")).ok_or("its value stands elsewhere")?;
    Ok(vec![Edit { range: (value, value + 4), text: "false".to_owned() }])
}
