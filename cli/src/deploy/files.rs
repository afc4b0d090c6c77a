//! Finds deployment files and tells what kind each is: by its name where that says it, else by
//! what it holds.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use crate::finding::Note;
use crate::source::{SourceFile, Sources};

/// Larger files are data, not configuration.
const MOST_BYTES: u64 = 8 << 20;

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    Yaml,
    Toml,
    Hcl,
    Nomad,
    Nginx,
    Haproxy,
    Apache,
    Caddy,
}

/// A file to read.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) sources: Sources,
    pub(crate) syntax: Vec<Syntax>,
    pub(crate) notes: Vec<Note>,
}

/// Reads every deployment file at or below `root`.
pub(crate) fn find(root: &Path) -> std::io::Result<Found> {
    let mut files: Vec<(SourceFile, Syntax)> = Vec::new();
    let mut notes = Vec::new();
    let base = if root.is_file() { root.parent().unwrap_or(root) } else { root };
    std::fs::metadata(root)?;
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .filter_entry(|entry| entry.depth() == 0 || !skipped(entry.file_name().to_str().unwrap_or("")))
        .build();
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                notes.push(note(base, base, error.to_string()));
                continue;
            }
        };
        let path = entry.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if !entry.file_type().is_some_and(|kind| kind.is_file()) || !may_be(name, path) {
            continue;
        }
        match read(path) {
            Ok(None) => {}
            Ok(Some(text)) => {
                if let Some(syntax) = syntax(name, path, &text) {
                    files.push((SourceFile::new(relative(base, path), path.to_owned(), text, 0), syntax));
                }
            }
            Err(reason) => notes.push(note(base, path, reason)),
        }
    }
    files.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
    let (files, syntax) = files.into_iter().unzip();
    Ok(Found { sources: Sources::new(files), syntax, notes })
}

/// A text as the only file.
pub(crate) fn one(path: &str, text: &str) -> Found {
    many(vec![(path.to_owned(), PathBuf::from(path), text.to_owned())])
}

/// Texts as if they were files: relative path, full path, text.
pub(crate) fn many(texts: Vec<(String, PathBuf, String)>) -> Found {
    let mut files: Vec<(SourceFile, Syntax)> = Vec::new();
    for (path, full, text) in texts {
        let name = path.rsplit('/').next().unwrap_or(&path);
        if let Some(syntax) = syntax(name, &full, &text) {
            files.push((SourceFile::new(path, full, text, 0), syntax));
        }
    }
    files.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
    let (files, syntax) = files.into_iter().unzip();
    Found { sources: Sources::new(files), syntax, notes: Vec::new() }
}

fn skipped(name: &str) -> bool {
    matches!(name, ".git" | ".github" | "node_modules" | "target" | "vendor" | ".terraform" | ".venv")
}

/// The path below `base`, with slashes.
pub(crate) fn relative(base: &Path, path: &Path) -> String {
    let parts = path.strip_prefix(base).unwrap_or(path);
    parts.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn note(base: &Path, path: &Path, message: String) -> Note {
    Note { path: relative(base, path), line: None, message }
}

fn read(path: &Path) -> Result<Option<String>, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > MOST_BYTES {
        return Err(format!("larger than {} MB", MOST_BYTES >> 20));
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())?;
    Ok(Some(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }))
}

fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// Whether the name lets it be worth a look.
fn may_be(name: &str, path: &Path) -> bool {
    matches!(
        extension(name),
        "yaml" | "yml" | "tf" | "nomad" | "hcl" | "conf" | "cfg" | "toml" | "tpl" | "tmpl" | "template"
    ) || matches!(extension(name), "vhost" | "j2" | "erb" | "json")
        || is_caddy(name)
        || extension(name).is_empty() && (name.contains("nginx") || name.contains("haproxy"))
        || in_folder(path, &["sites-available", "sites-enabled", "conf.d"])
}

/// A job of a Nomad pack, a template.
pub(crate) fn is_pack(name: &str) -> bool {
    name.ends_with(".nomad.tpl") || name.ends_with(".nomad.hcl.tpl")
}

fn is_caddy(name: &str) -> bool {
    name == "Caddyfile" || name.starts_with("Caddyfile.") || name.ends_with(".Caddyfile")
}

fn in_folder(path: &Path, names: &[&str]) -> bool {
    path.parent().and_then(Path::file_name).is_some_and(|folder| names.iter().any(|name| folder == *name))
}

fn syntax(name: &str, path: &Path, text: &str) -> Option<Syntax> {
    if is_caddy(name) {
        return Some(Syntax::Caddy);
    }
    match extension(name) {
        "yaml" | "yml" => return (!deploys_nothing(name, text)).then_some(Syntax::Yaml),
        "tf" => return Some(Syntax::Hcl),
        "nomad" => return Some(Syntax::Nomad),
        "hcl" => return text.contains("job \"").then_some(Syntax::Nomad),
        "toml" => return is_toml(name, text).then_some(Syntax::Toml),
        "json" => return is_json(name, text).then_some(Syntax::Yaml),
        "template" if text.contains("AWS::") => return Some(Syntax::Yaml),
        _ => {}
    }
    let bare = without_template(name);
    if matches!(extension(bare), "yaml" | "yml") {
        return Some(Syntax::Yaml);
    }
    if is_pack(name) {
        return Some(Syntax::Nomad);
    }
    if let Some(syntax) = syntax_inside(name, text) {
        return Some(syntax);
    }
    let nginx = name.contains("nginx") || in_folder(path, &["sites-available", "sites-enabled"]);
    (nginx && (text.contains('{') || text.contains(';'))).then_some(Syntax::Nginx)
}

/// The name of what a template gives: `ingress.yaml` of `ingress.yaml.tpl`.
fn without_template(name: &str) -> &str {
    [".tmpl", ".tpl", ".j2", ".erb", ".template"].iter().fold(name, |name, end| name.trim_end_matches(end))
}

/// What package managers lock and what describes an interface is long, takes long, and deploys nothing.
fn deploys_nothing(name: &str, text: &str) -> bool {
    let describes = |line: &str| line.starts_with("openapi:") || line.starts_with("swagger:");
    name == "pnpm-lock.yaml" || text.lines().take(20).any(describes)
}

/// Manifests of packages are no deployment.
fn is_toml(name: &str, text: &str) -> bool {
    matches!(name, "fly.toml" | "railway.toml")
        || name.starts_with("fly.") && text.contains("app")
        || ["http.services", "tcp.services", "[backends", "loadBalancer", "loadbalancer"]
            .iter()
            .any(|part| text.contains(part))
}

fn is_json(name: &str, text: &str) -> bool {
    const MOST: usize = 1 << 20;
    text.len() <= MOST
        && (matches!(name, "app.json" | "railway.json")
            || text.contains("\"AWS::")
            || text.contains("\"apiVersion\"") && text.contains("\"kind\"")
            || text.contains("\"static_resources\""))
}

/// What kind of configuration a text is, by its lines; its name only settles what they leave open.
pub(crate) fn syntax_inside(name: &str, text: &str) -> Option<Syntax> {
    let starts = |words: &[&str]| {
        text.lines().any(|line| {
            let line = line.trim_start();
            words.iter().any(|word| {
                line.strip_prefix(word)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '{', '>', '~']))
            })
        })
    };
    const APACHE: &[&str] =
        &["<Proxy", "<VirtualHost", "<IfModule", "<Location", "ProxyPass", "BalancerMember", "LoadModule"];
    const NGINX: &[&str] = &["upstream", "server {", "http {", "location", "proxy_pass", "stream {"];
    if starts(APACHE) {
        Some(Syntax::Apache)
    } else if starts(NGINX) && text.contains('{') && text.contains(';') {
        Some(Syntax::Nginx)
    } else if starts(&["frontend", "backend", "listen", "defaults"]) && !ends_statements(text)
        || name.contains("haproxy")
    {
        Some(Syntax::Haproxy)
    } else if name == "Caddyfile" || starts(&["reverse_proxy"]) && text.contains('{') {
        Some(Syntax::Caddy)
    } else {
        None
    }
}

/// Whether statements end as in nginx or in a program: no line of HAProxy does.
fn ends_statements(text: &str) -> bool {
    text.lines()
        .map(str::trim_end)
        .any(|line| line.ends_with([';', '{']) && !line.trim_start().starts_with('#'))
}

/// The folder of the chart that a file belongs to: the nearest one above it with a `Chart.yaml`.
pub(crate) fn chart(path: &Path) -> Option<PathBuf> {
    path.ancestors().skip(1).take(8).find(|folder| folder.join("Chart.yaml").is_file()).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_and_descriptions_of_interfaces_are_not_read() {
        let of = |name: &str, text: &str| syntax(name, Path::new(name), text);
        assert_eq!(of("pnpm-lock.yaml", "lockfileVersion: '9.0'\n"), None);
        assert_eq!(of("api.yaml", "# of the shop\nopenapi: 3.1.0\npaths: {}\n"), None);
        assert_eq!(of("lock.yaml", "kind: Service\n"), Some(Syntax::Yaml));
        // A manifest may carry a description.
        assert_eq!(
            of("map.yaml", "kind: ConfigMap\ndata:\n  api: |\n    openapi: 3.1.0\n"),
            Some(Syntax::Yaml)
        );
    }
}
