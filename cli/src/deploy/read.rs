//! Makes the trees of all files, and tells what each document is.

use hcl_edit::structure::Body;
use nginx_lint_parser::ast::Config;
use nginx_lint_parser::parser::SyntaxError;

use crate::finding::Note;
use crate::source::Sources;
use crate::span::FileId;

use super::files::{self, Syntax};
use super::rules::{self, Platform};
use super::tree::Node;
use super::{helm, tomls, yaml};

/// Text that nests deeper was not written by a person, and may not be by a friend.
const DEEPEST: usize = 200;

/// What a document of keys and values is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An object for a cluster: it has `apiVersion` and `kind`.
    Object,
    Compose,
    CloudFormation,
    /// An application spec of a platform.
    Platform(Platform),
    Traefik,
    Envoy,
    /// The values of a chart, or anything else that is only keys and values.
    Values,
}

/// One document.
pub(crate) struct Document {
    pub(crate) file: FileId,
    pub(crate) kind: Kind,
    pub(crate) root: Node,
}

/// All that was read.
pub(crate) struct Set<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) syntax: &'a [Syntax],
    pub(crate) documents: Vec<Document>,
    /// The files of Terraform and Nomad.
    pub(crate) bodies: Vec<(FileId, Body)>,
    masked: Vec<Option<helm::Masked>>,
    pub(crate) notes: Vec<Note>,
}

/// Reads all files into trees.
pub(crate) fn read<'a>(sources: &'a Sources, syntax: &'a [Syntax]) -> Set<'a> {
    let mut set = Set {
        sources,
        syntax,
        documents: Vec::new(),
        bodies: Vec::new(),
        masked: Vec::new(),
        notes: Vec::new(),
    };
    for ((id, file), syntax) in sources.iter().zip(syntax) {
        set.masked.push(masked(*syntax, &file.path, &file.text));
        match syntax {
            Syntax::Yaml => set.yaml(id),
            Syntax::Toml => match tomls::read(&file.text) {
                Ok(root) => set.document(id, root),
                Err((at, reason)) => set.note(id, at, &format!("no TOML: {reason}")),
            },
            Syntax::Hcl | Syntax::Nomad => set.hcl(id),
            Syntax::Nginx => set.nginx(id),
            Syntax::Haproxy | Syntax::Apache | Syntax::Caddy => {}
        }
    }
    set
}

/// A template without its actions. Values may hold actions inside strings, and are none.
pub(crate) fn masked(syntax: Syntax, path: &str, text: &str) -> Option<helm::Masked> {
    // Packs write their actions in brackets; a comma between two of them comes with the second.
    if files::is_pack(path) {
        return Some(helm::mask(&text.replace("]],[[", "]] [[").replace("[[", "{{").replace("]]", "}}")));
    }
    let never = matches!(syntax, Syntax::Hcl | Syntax::Nomad | Syntax::Toml | Syntax::Caddy);
    if never || !helm::is_template(text) {
        return None;
    }
    let in_templates = path.split('/').any(|folder| folder == "templates");
    if syntax == Syntax::Yaml
        && !in_templates
        && path.contains("values")
        && yaml::read(text).errors.is_empty()
    {
        return None;
    }
    Some(helm::mask(text))
}

impl Set<'_> {
    fn yaml(&mut self, id: FileId) {
        let template = self.is_template(id);
        let read = yaml::read(self.readable(id));
        let repeated = if template { Vec::new() } else { read.repeated };
        for root in read.documents {
            self.document(id, root);
        }
        let path = &self.sources.file(id).path;
        let what = if template { "a template that is no YAML before it is rendered" } else { "no YAML" };
        let errors = read.errors.into_iter().map(|(line, reason)| (line, format!("{what}: {reason}")));
        let errors: Vec<_> = errors.chain(repeated).collect();
        self.notes.extend(errors.into_iter().map(|(line, message)| Note {
            path: path.clone(),
            line: Some(line),
            message,
        }));
    }

    /// A `List` of objects is its objects.
    fn document(&mut self, file: FileId, root: Node) {
        let name = self.sources.file(file).path.rsplit('/').next().unwrap_or("").to_owned();
        let roots = match root.get("items") {
            Some(items) if root.text_at(&["kind"]) == Some("List") => items.items().to_vec(),
            _ => vec![root],
        };
        for root in roots {
            let kind = kind(&name, &root);
            let inner = if kind == Kind::Values { objects_in(&root) } else { Vec::new() };
            self.documents.push(Document { file, kind, root });
            let inner = inner.into_iter().map(|root| Document { file, kind: Kind::Object, root });
            self.documents.extend(inner);
        }
    }

    fn hcl(&mut self, id: FileId) {
        let text = self.readable(id).to_owned();
        if let Some(at) = too_deep(&text) {
            return self.note(id, at, &format!("nested deeper than {DEEPEST}"));
        }
        match parse_hcl(text) {
            Ok(body) => self.bodies.push((id, body)),
            Err((line, reason)) => self.note_line(id, line, format!("no HCL: {reason}")),
        }
    }

    /// The rules read it again; here only what is wrong with it is named.
    fn nginx(&mut self, id: FileId) {
        let text = self.readable(id).to_owned();
        if let Some(at) = too_deep(&text) {
            return self.note(id, at, &format!("nested deeper than {DEEPEST}"));
        }
        let (_, errors) = parse_nginx(&text);
        if let Some(error) = errors.first() {
            let at = error.offset;
            self.note(id, at, &format!("no nginx configuration: {}", error.message));
        }
    }

    fn note(&mut self, file: FileId, at: usize, message: &str) {
        let (line, _) = self.sources.file(file).line_column(at as u32);
        self.note_line(file, line, message.to_owned());
    }

    fn note_line(&mut self, file: FileId, line: u32, message: String) {
        self.notes.push(Note { path: self.sources.file(file).path.clone(), line: Some(line), message });
    }
}

/// Where brackets nest too deep for a parser that calls itself. Brackets in strings count too:
/// the answer only has to be safe.
pub(crate) fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    text.bytes().position(|byte| {
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEEPEST
    })
}

/// The configuration and what is wrong with it. The parser reads line feeds only; a blank of the
/// same size keeps every position.
pub(crate) fn parse_nginx(text: &str) -> (Config, Vec<SyntaxError>) {
    nginx_lint_parser::parse_string_with_errors(&text.replace("\r\n", " \n"))
}

/// An object may say a key twice, the last counts; the parser refuses it. Another letter in its
/// place moves no byte.
pub(crate) fn parse_hcl(mut text: String) -> Result<Body, (u32, String)> {
    const MOST_REPEATED: usize = 20;
    for letter in (b'a'..=b'z').take(MOST_REPEATED) {
        let error = match hcl_edit::parser::parse_body(&text) {
            Ok(body) => return Ok(body),
            Err(error) => error,
        };
        let (line, at) = (error.location().line() as u32, error.location().offset());
        let is_key = text.as_bytes().get(at).is_some_and(u8::is_ascii_alphanumeric);
        if !error.message().contains("redefined object key") || !is_key {
            return Err((line, error.message().to_owned()));
        }
        text.replace_range(at..=at, &char::from(letter).to_string());
    }
    Err((1, format!("keys of objects stand twice in more than {MOST_REPEATED} places")))
}

/// The objects for a cluster that values carry along, as charts' `extraObjects` do.
pub(crate) fn objects_in(values: &Node) -> Vec<Node> {
    let mut found = Vec::new();
    let mut open: Vec<&Node> = vec![values];
    while let Some(node) = open.pop() {
        let object = node.text_at(&["apiVersion"]).is_some() && node.text_at(&["kind"]).is_some();
        if object && node.get("metadata").or_else(|| node.get("spec")).is_some() {
            found.push(node.clone());
            continue;
        }
        open.extend(node.entries().iter().filter(|entry| !entry.merged).map(|entry| &entry.value));
        open.extend(node.items());
    }
    found.sort_by_key(|node| node.span.start);
    found
}

fn kind(name: &str, root: &Node) -> Kind {
    let has = |key: &str| root.get(key).is_some();
    let typed = |all: &Node, key: &str| all.entries().iter().any(|one| one.value.get(key).is_some());
    if has("apiVersion") && has("kind") {
        return Kind::Object;
    }
    if has("AWSTemplateFormatVersion") || root.get("Resources").is_some_and(|all| typed(all, "Type")) {
        return Kind::CloudFormation;
    }
    if let Some(platform) = rules::platform(name, root) {
        return Kind::Platform(platform);
    }
    if rules::is_traefik(root) {
        return Kind::Traefik;
    }
    if rules::is_envoy(root) {
        return Kind::Envoy;
    }
    let services = root.get("services");
    let compose = ["image", "build", "ports", "extends", "deploy", "command", "environment", "labels"];
    if services.is_some_and(|all| compose.iter().any(|key| typed(all, key))) {
        return Kind::Compose;
    }
    Kind::Values
}

impl Set<'_> {
    /// The text of a file as it can be parsed: a template without its actions.
    pub(crate) fn readable(&self, file: FileId) -> &str {
        match &self.masked[file.index()] {
            Some(masked) => &masked.text,
            None => &self.sources.file(file).text,
        }
    }

    /// The innermost condition of a template under which the byte `at` stands; what switches the
    /// whole object on says nothing about what the object says.
    pub(crate) fn condition(&self, file: FileId, at: usize) -> Option<&str> {
        let masked = self.masked[file.index()].as_ref()?;
        masked.condition(self.document_start(file, at), at)
    }

    /// Whether the file is a template.
    pub(crate) fn is_template(&self, file: FileId) -> bool {
        self.masked[file.index()].is_some()
    }

    /// The folder of a file.
    pub(crate) fn folder(&self, file: FileId) -> &str {
        self.sources.file(file).path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Where the document begins that a byte belongs to.
    fn document_start(&self, file: FileId, at: usize) -> usize {
        let first = self.documents.partition_point(|one| one.file < file);
        let own = self.documents[first..].iter().take_while(|one| one.file == file);
        own.map(|one| one.root.span.start).filter(|start| *start <= at).max().unwrap_or(0)
    }

    /// The values that the chart of a file has by default: the tree and its file.
    pub(crate) fn default_values(&self, file: FileId) -> Option<&Document> {
        let chart = files::chart(&self.sources.file(file).full_path)?;
        let path = chart.join("values.yaml");
        self.documents.iter().find(|one| self.sources.file(one.file).full_path == path)
    }
}
