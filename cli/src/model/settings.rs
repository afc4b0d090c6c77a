//! State that a framework's configuration file asks for: a database in memory.
//!
//! Looks at text, not at the file's grammar: the address is the same in every format.

use super::external::Kind;
use super::site::Site;
use super::summary::Root;
use super::tree::ItemId;
use crate::finding::{Mechanism, SiteInfo};
use crate::source::SourceFile;
use crate::span::{Place, Span};
use crate::workspace::Workspace;

/// Addresses that open a database in this process's memory.
const IN_MEMORY: [&str; 4] = ["sqlite::memory:", "\":memory:\"", "':memory:'", "mode=memory"];

/// Sites in configuration files; the files that hold one join the workspace's sources.
pub(crate) fn sites(workspace: &mut Workspace) -> Vec<Site> {
    let mut found = Vec::new();
    for file in std::mem::take(&mut workspace.config_files) {
        let Some((span, key)) = address(&file.text) else { continue };
        let package = file.package.unwrap_or(0);
        let name = file.path.rsplit('/').next().unwrap_or(&file.path).to_string();
        let symbol = format!("{name}::{key}");
        let source = SourceFile::new(file.path.clone(), workspace.root.join(&file.path), file.text, package);
        let id = workspace.sources.push(source);
        let info = SiteInfo {
            item_path: format!("{}::{key}", file.path),
            package: workspace.packages[package].name.clone(),
            symbol,
            mechanism: Mechanism::Component,
            place: Place { file: id, span },
            ty: String::new(),
            also: Vec::new(),
        };
        // No item stands behind it: the root only has to be its own.
        let root = Root::Static(ItemId(u32::MAX - found.len() as u32));
        found.push(Site::bare(root, info, Kind::MemoryDatabase));
    }
    found
}

/// The first address outside a comment, and the key before it.
fn address(text: &str) -> Option<(Span, String)> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let comment = line.trim_start().starts_with(['#', ';']) || line.trim_start().starts_with("//");
        let hit = IN_MEMORY.iter().find_map(|address| line.find(address).map(|at| (at, address.len())));
        if let (false, Some((at, len))) = (comment, hit) {
            let key: String = line.chars().take_while(|c| !matches!(c, '=' | ':')).collect();
            let key = key.trim().trim_matches(['"', '\'', '{', ' ']).to_string();
            let from = (start + at) as u32;
            return Some((Span { start: from, end: from + len as u32 }, key));
        }
        start += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_outside_comments() {
        let text = "[databases]\n# url = \"sqlite::memory:\"\nurl = \"sqlite::memory:\"\n";
        let (span, key) = address(text).expect("the second line asks for it");
        assert_eq!((key.as_str(), span.start), ("url", text.rfind("sqlite").unwrap() as u32));
        assert!(address("url = \"postgres://db\"\n").is_none());
    }
}
