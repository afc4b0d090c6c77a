//! What takes a site's place, as reports show it: lines to paste, what types need, and where an
//! attribute goes.

use crate::finding::{Accessor, Finding};
use crate::source::Sources;
use crate::span::{Place, Span};

use super::escape::visible;

/// The lines of the declaration, and of its construction where there is one.
pub(crate) fn lines(accessor: &Accessor) -> Vec<String> {
    let construction = Some(&accessor.construction).filter(|text| !text.is_empty());
    let all = std::iter::once(&accessor.declaration).chain(construction);
    all.flat_map(|text| text.lines()).map(|line| visible(line).into_owned()).collect()
}

/// ``Serialize, Deserialize on `Session`; Deserialize on `Line` ``; empty where nothing is missing.
pub(crate) fn derives(accessor: &Accessor) -> String {
    let needs = accessor.needs.iter();
    let each = needs.map(|needs| format!("{} on `{}`", needs.derive.join(", "), visible(&needs.ty)));
    each.collect::<Vec<_>>().join("; ")
}

/// Where an attribute goes: on a line of its own before a static that begins its line.
pub(crate) fn insertion(finding: &Finding, sources: &Sources) -> Option<(Place, String)> {
    let insert = finding.accessor.as_ref()?.insert.as_ref()?;
    let Place { file: id, span } = finding.site.place;
    let file = sources.file(id);
    let line = file.line_start(file.line_column(span.start).0);
    let head = file.text.get(line as usize..span.start as usize)?;
    let code = head.trim_start();
    let begins = code.trim_end() == "static" || code.starts_with("pub") && code.ends_with(" static ");
    if !begins {
        return None;
    }
    let indent = &head[..head.len() - code.len()];
    let start = line + u32::try_from(indent.len()).ok()?;
    Some((Place { file: id, span: Span { start, end: start } }, format!("{insert}\n{indent}")))
}
