//! What the analysis says before anything is set aside: what is kept for another run.
//!
//! Everything from the text of files to findings happens in between, and nothing else.
//! Suppressions, levels and the baseline come later, each time.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::finding::{Finding, Fine, Note, SiteInfo};
use crate::sink::Followed;
use crate::span::{FileId, Place};

/// Findings and what stands around them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Judged {
    pub(crate) findings: Vec<Finding>,
    pub(crate) fine: Vec<Fine>,
    pub(crate) followed: Followed,
    /// Files that were not analysed, or not as a whole.
    pub(crate) notes: Vec<Note>,
}

impl Judged {
    /// Every place that it names, to be looked at or changed.
    pub(crate) fn places(&mut self, see: &mut dyn FnMut(&mut Place)) {
        for Finding { site, accesses, .. } in &mut self.findings {
            of_site(site, see);
            accesses.iter_mut().for_each(|access| see(&mut access.place));
        }
        for Fine { site, .. } in &mut self.fine {
            of_site(site, see);
        }
    }

    /// The files that it points into.
    pub(crate) fn files(&mut self) -> BTreeSet<FileId> {
        let mut files = BTreeSet::new();
        self.places(&mut |place| {
            files.insert(place.file);
        });
        files
    }
}

fn of_site(site: &mut SiteInfo, see: &mut dyn FnMut(&mut Place)) {
    see(&mut site.place);
    site.also.iter_mut().for_each(see);
}
