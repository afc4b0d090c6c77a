//! Nomad jobs: groups of one, fixed ports, disks of the node, sticky tags.

use hcl_edit::Span;
use hcl_edit::structure::{Block, Body};

use crate::finding::Level;
use crate::span::FileId;

use super::super::finding::{HOST_PATH, HOST_PORT, ONE_REPLICA, TRAEFIK_STICKY};
use super::{Findings, is_backing, traefik};

/// Looks at every job of a file.
pub(super) fn check(body: &Body, file: FileId, findings: &mut Findings) {
    for job in body.get_blocks("job") {
        let kind = job.body.get_attribute("type").and_then(|one| one.value.as_str()).unwrap_or("service");
        if kind != "service" {
            continue;
        }
        for group in job.body.get_blocks("group") {
            check_group(group, file, findings);
        }
    }
}

fn label(block: &Block) -> &str {
    block.labels.first().map_or("", |label| label.as_str())
}

fn check_group(group: &Block, file: FileId, findings: &mut Findings) {
    let name = label(group);
    let images: Vec<&str> = group
        .body
        .get_blocks("task")
        .flat_map(|task| task.body.get_blocks("config"))
        .filter_map(|config| config.body.get_attribute("image")?.value.as_str())
        .collect();
    let backing = if images.is_empty() { is_backing(name) } else { images.iter().all(|one| is_backing(one)) };
    if backing {
        return;
    }
    let subject = format!("group {name}");
    if let Some(count) = group.body.get_attribute("count")
        && super::hcl::number(&count.value) == Some(1)
        && let Some(span) = count.span()
    {
        findings.say(&ONE_REPLICA, Level::Error, file, span, &subject, "one allocation".into());
    }
    for volume in group.body.get_blocks("volume") {
        let host = volume.body.get_attribute("type").and_then(|one| one.value.as_str()) == Some("host");
        if host && let Some(span) = volume.ident.span() {
            let title = format!("the volume `{}` is a folder of one node", label(volume));
            findings.say(&HOST_PATH, Level::Error, file, span, &subject, title);
        }
    }
    super::hcl::each_block(&group.body, &mut |block| {
        if block.has_ident("port")
            && let Some(fixed) = block.body.get_attribute("static")
            && let Some(span) = fixed.span()
        {
            let title = format!("only one allocation a node can take the port of `{}`", label(block));
            findings.say(&HOST_PORT, Level::Note, file, span, &subject, title);
        }
        if !block.has_ident("service") {
            return;
        }
        let tags = block.body.get_attribute("tags").and_then(|one| one.value.as_array());
        let sticky = tags.into_iter().flatten().find_map(|tag| {
            let (key, value) = tag.as_str()?.split_once('=')?;
            traefik::pinned(key, value)?;
            Some((key.to_owned(), tag.span()?))
        });
        if let Some((key, span)) = sticky {
            let title = format!("`{key}` pins a client to one replica by cookie");
            findings.say(&TRAEFIK_STICKY, Level::Error, file, span, &subject, title);
        }
    });
}
