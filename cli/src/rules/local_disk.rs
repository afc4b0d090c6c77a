//! Files or an embedded database on this machine. Page: `local_disk.md`.

use crate::finding::{Confidence, Landing, Role, RuleMeta};
use crate::model::external::Kind;

use super::case::Case;
use super::{Claim, Rule, Words};

pub(super) static RULE: Rule = Rule {
    meta: RuleMeta {
        name: "local-disk",
        summary: "files or an embedded database on this machine",
        page: include_str!("local_disk.md"),
    },
    role: Role::Entity,
    landing: Landing::ObjectStore,
    judge,
    say,
};

fn judge(case: &Case) -> Option<Claim> {
    let (confidence, reason) = match case.site.kind {
        Some(Kind::Disk) => (Confidence::Likely, "files written while serving a request"),
        Some(Kind::EmbeddedDatabase) => {
            (Confidence::Likely, "a database in files of this machine, opened at start-up")
        }
        _ => return None,
    };
    Some(Claim { strength: 98, confidence, reasons: vec![reason.into()] })
}

fn say(case: &Case) -> Words {
    let symbol = case.symbol();
    Words {
        title: format!("`{symbol}` keeps data on the disk of this machine"),
        replicas: "what one replica writes the others do not see, unless all of them mount the same volume".into(),
        restart: "the data is gone where the disk goes with the container".into(),
        help: "use an object store for files and a database server for records; a shared volume only moves the problem".into(),
    }
}
