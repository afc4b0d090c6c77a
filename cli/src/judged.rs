//! What the analysis says before anything is set aside, and how to keep it for another run.
//!
//! Everything from the text of files to findings happens in between, and nothing else: what it
//! depends on is what [`key`] says. Suppressions, levels and the baseline come later, each time.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::cache::{Cache, Key};
use crate::finding::{Finding, Fine, Note};
use crate::sink::{Followed, Policy};
use crate::workspace::Workspace;

/// Findings and what stands around them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Judged {
    pub(crate) findings: Vec<Finding>,
    pub(crate) fine: Vec<Fine>,
    pub(crate) followed: Followed,
    /// Files that were not analysed, or not as a whole.
    pub(crate) notes: Vec<Note>,
}

/// A digest of everything that the analysis looks at.
pub(crate) fn key(cache: &Cache, workspace: &Workspace, policy: &Policy) -> Key {
    let files: Vec<_> = workspace.sources.iter().map(|(_, file)| file).collect();
    let digests: Vec<[u8; 32]> =
        files.par_iter().map(|file| *blake3::hash(file.text.as_bytes()).as_bytes()).collect();
    let config = &policy.config;
    let mut around = format!(
        "{} {:?} {:?} {:?} {:?}",
        workspace.with_tests, workspace.packages, config.layers, config.packages, config.root
    );
    for file in &workspace.config_files {
        around.push_str(&format!(" {:?}", (&file.path, &file.text, file.package)));
    }
    for file in &config.files {
        around.push_str(&format!(" {:?}", (&file.path, &file.text)));
    }
    for file in &files {
        around.push_str(&format!(" {:?}", (&file.path, file.package)));
    }
    let parts = std::iter::once(around.as_bytes()).chain(digests.iter().map(|digest| &digest[..]));
    cache.key(parts)
}

/// What an earlier run found, if it looked at the same.
pub(crate) fn recall(cache: &Cache, key: Key) -> Option<Judged> {
    serde_json::from_slice(&cache.get(key)?).ok()
}

/// Keeps what was found.
pub(crate) fn keep(cache: &Cache, key: Key, judged: &Judged) {
    if let Ok(bytes) = serde_json::to_vec(judged) {
        cache.put(key, &bytes);
    }
}
