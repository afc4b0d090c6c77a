//! The parser beside `syn`: over real files, do both see the same?
//!
//! Compared are the items with their names, fields and parameters, and what the bodies hold:
//! calls, method calls by name, macro calls by name, closures, arms and so on. What one of the
//! two cannot see is left out: macros' insides, types, patterns, and what `syn` keeps as bare
//! tokens. Covers the tool's own code and fixtures, and those downloaded crates of the lock file
//! that are on this disk; `STATELESS_ORACLE=all` reads all of their files, else it is a sample.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use syn::visit::{self, Visit};

use super::{Room, read};
use crate::facts::{Body, ExprKind, Field, Item, ItemKind, Pat, Stmt};
use crate::model::children;

/// Which of the downloaded files are read, and how large they may be: all would take minutes.
const SAMPLE: u64 = 12;
const LARGEST: u64 = 200_000;

/// Lines that may differ, of 100,000.
const MOST: usize = 2;

/// What a body holds.
#[derive(Default, Debug)]
struct Shape {
    /// Names of methods, macros and struct literals, with what they are.
    names: Vec<String>,
    counts: BTreeMap<&'static str, usize>,
}

impl Shape {
    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn name(&mut self, what: &str, name: impl ToString) {
        let name = name.to_string();
        // Items in the shape of a statement.
        if !matches!(name.as_str(), "thread_local" | "lazy_static") {
            self.names.push(format!("{what}{}", name.trim_start_matches("r#")));
        }
    }

    fn text(mut self) -> String {
        self.names.sort();
        format!("{:?} {}", self.counts, self.names.join(" "))
    }
}

/// One line an item, sorted.
type Lines = Vec<String>;

// ---------------------------------------------------------------- ours

fn ours(items: &[Item], not_seen: &[Range<usize>], out: &mut Lines) {
    for item in items {
        if not_seen.iter().any(|range| range.contains(&(item.span.start as usize))) {
            continue;
        }
        let name = item.name;
        match &item.kind {
            ItemKind::Module { items, .. } => {
                out.push(format!("mod {name}"));
                ours(items.as_deref().unwrap_or_default(), not_seen, out);
            }
            ItemKind::TestModule { .. } => out.push(format!("mod {name}")),
            ItemKind::Use { .. } => out.push(format!("use {name}")),
            ItemKind::Static(held) => {
                let body = held.init.as_deref().map(body_of).unwrap_or_default();
                out.push(format!("static {name} {}", body.text()));
            }
            ItemKind::Struct { fields, .. } => out.push(format!("struct {name} {}", names(fields))),
            ItemKind::Enum { variants, .. } => {
                let list: Vec<String> =
                    variants.iter().map(|one| format!("{}({})", one.name, names(&one.fields))).collect();
                out.push(format!("enum {name} {}", list.join(" ")));
            }
            ItemKind::Alias { .. } => out.push(format!("type {name}")),
            ItemKind::Fn(function) => {
                let body = function.body.as_deref().map(body_of).unwrap_or_default();
                let (own, params) = (usize::from(function.receiver.is_some()), function.params.len());
                out.push(format!("fn {name} {own}+{params} {}", body.text()));
            }
            ItemKind::Impl(inner) => {
                let of = inner.trait_path.as_ref().and_then(|path| path.last()).map(|last| last.name);
                out.push(format!("impl {}", of.unwrap_or_default()));
                ours(&inner.items, not_seen, out);
            }
            ItemKind::Trait(inner) => {
                out.push(format!("trait {name}"));
                ours(&inner.items, not_seen, out);
            }
        }
    }
}

fn names(fields: &[Field]) -> String {
    fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(",")
}

fn body_of(body: &Body) -> Shape {
    let mut shape = Shape::default();
    let mut queue: Vec<_> = body.root.into_iter().collect();
    while let Some(id) = queue.pop() {
        match body.kind(id) {
            ExprKind::Macro { path, .. } => {
                shape.name("!", path.last().map(|last| last.name).unwrap_or_default());
                continue;
            }
            ExprKind::Method { name, .. } => shape.name(".", name),
            ExprKind::Struct { path, .. } => {
                shape.name("{", path.last().map(|last| last.name).unwrap_or_default());
            }
            ExprKind::Call { .. } => shape.count("call"),
            ExprKind::Field { .. } => shape.count("field"),
            ExprKind::Index { .. } => shape.count("index"),
            ExprKind::Await(_) => shape.count("await"),
            ExprKind::Try(_) => shape.count("try"),
            ExprKind::Ref { .. } => shape.count("ref"),
            ExprKind::Closure { params, body } => {
                shape.count("closure");
                queue.push(*body);
                params.iter().for_each(|(pat, _)| bindings(pat, &mut shape));
            }
            ExprKind::Match { arms, .. } => arms.iter().for_each(|arm| {
                shape.count("arm");
                bindings(&arm.pat, &mut shape);
            }),
            ExprKind::For { pat, .. } | ExprKind::Let { pat, .. } => bindings(pat, &mut shape),
            ExprKind::Block { stmts, .. } => stmts.iter().for_each(|stmt| {
                if let Stmt::Let { pat, .. } = stmt {
                    shape.count("let");
                    bindings(pat, &mut shape);
                }
            }),
            _ => {}
        }
        children(body, id, &mut queue);
    }
    shape
}

/// Patterns of one name look like constants: only those that bind for sure are counted.
fn bindings(pat: &Pat, shape: &mut Shape) {
    match pat {
        Pat::TupleStruct(_, parts) if !parts.is_empty() => {
            shape.count("tuple pattern");
            parts.iter().for_each(|part| bindings(part, shape));
        }
        Pat::Struct(_, fields) => {
            shape.count("struct pattern");
            fields.iter().for_each(|(_, part)| bindings(part, shape));
        }
        Pat::Tuple(parts) | Pat::TupleStruct(_, parts) | Pat::Or(parts) | Pat::Slice(parts) => {
            parts.iter().for_each(|part| bindings(part, shape));
        }
        Pat::Ref(inner) => bindings(inner, shape),
        Pat::Bind { inner: Some(inner), .. } => bindings(inner, shape),
        Pat::Bind { .. } | Pat::Text(_) | Pat::Wild => {}
    }
}

// ---------------------------------------------------------------- theirs

#[derive(Default)]
struct Theirs {
    lines: Lines,
    /// Macro calls and bare tokens: ours may read items in them.
    not_seen: Vec<Range<usize>>,
    /// Items with something that `syn` keeps as tokens.
    unknown: Vec<String>,
    shape: Shape,
    verbatim: bool,
}

impl Theirs {
    /// The shape of a body; items in it become lines of their own.
    fn body(&mut self, read: impl FnOnce(&mut Self)) -> String {
        let outer = std::mem::take(&mut self.shape);
        read(self);
        std::mem::replace(&mut self.shape, outer).text()
    }

    fn line(&mut self, head: String, read: impl FnOnce(&mut Self)) {
        let outer = std::mem::take(&mut self.verbatim);
        let text = self.body(read);
        if std::mem::replace(&mut self.verbatim, outer) {
            self.unknown.push(head.clone());
        }
        self.lines.push(format!("{head} {text}"));
    }

    fn function(&mut self, signature: &syn::Signature, block: Option<&syn::Block>) {
        let own = usize::from(signature.receiver().is_some());
        let params = signature.inputs.len() - own;
        self.line(format!("fn {} {own}+{params}", bare(&signature.ident)), |all| {
            if let Some(block) = block {
                all.visit_block(block);
            }
        });
    }

    fn uses(&mut self, tree: &syn::UseTree, above: &str) {
        match tree {
            syn::UseTree::Path(path) => self.uses(&path.tree, &bare(&path.ident)),
            syn::UseTree::Name(name) if name.ident == "self" && !above.is_empty() => {
                self.lines.push(format!("use {above}"));
            }
            syn::UseTree::Name(name) => self.lines.push(format!("use {}", bare(&name.ident))),
            syn::UseTree::Rename(name) => self.lines.push(format!("use {}", bare(&name.rename))),
            syn::UseTree::Glob(_) => self.lines.push("use *".into()),
            syn::UseTree::Group(group) => group.items.iter().for_each(|one| self.uses(one, above)),
        }
    }
}

fn bare(name: &syn::Ident) -> String {
    name.to_string().trim_start_matches("r#").to_owned()
}

fn last(path: &syn::Path) -> String {
    path.segments.last().map(|last| bare(&last.ident)).unwrap_or_default()
}

fn field_names(fields: &syn::Fields) -> String {
    let name = |(at, field): (usize, &syn::Field)| field.ident.as_ref().map_or(at.to_string(), bare);
    fields.iter().enumerate().map(name).collect::<Vec<_>>().join(",")
}

impl<'a> Visit<'a> for Theirs {
    fn visit_item(&mut self, item: &'a syn::Item) {
        match item {
            syn::Item::Mod(one) => {
                self.lines.push(format!("mod {}", bare(&one.ident)));
                one.content.iter().flat_map(|(_, items)| items).for_each(|item| self.visit_item(item));
            }
            syn::Item::Use(one) => self.uses(&one.tree, ""),
            syn::Item::ExternCrate(one) => {
                let name = one.rename.as_ref().map_or(&one.ident, |(_, name)| name);
                self.lines.push(format!("use {}", bare(name)));
            }
            syn::Item::Static(one) => {
                self.line(format!("static {}", bare(&one.ident)), |all| all.visit_expr(&one.expr));
            }
            syn::Item::Const(one) => {
                self.line(format!("static {}", bare(&one.ident)), |all| all.visit_expr(&one.expr));
            }
            syn::Item::Struct(one) => {
                self.lines.push(format!("struct {} {}", bare(&one.ident), field_names(&one.fields)));
            }
            syn::Item::Enum(one) => {
                let variant =
                    |one: &syn::Variant| format!("{}({})", bare(&one.ident), field_names(&one.fields));
                let list: Vec<String> = one.variants.iter().map(variant).collect();
                self.lines.push(format!("enum {} {}", bare(&one.ident), list.join(" ")));
            }
            syn::Item::Type(one) => self.lines.push(format!("type {}", bare(&one.ident))),
            syn::Item::Fn(one) => self.function(&one.sig, Some(&one.block)),
            syn::Item::Impl(one) => {
                let of = one.trait_.as_ref().map(|of| last(&of.0)).unwrap_or_default();
                self.lines.push(format!("impl {of}"));
                for member in &one.items {
                    match member {
                        syn::ImplItem::Fn(one) => self.function(&one.sig, Some(&one.block)),
                        syn::ImplItem::Const(one) => {
                            self.line(format!("static {}", bare(&one.ident)), |all| {
                                all.visit_expr(&one.expr)
                            });
                        }
                        syn::ImplItem::Type(one) => self.lines.push(format!("type {}", bare(&one.ident))),
                        syn::ImplItem::Verbatim(_) => self.verbatim = true,
                        _ => {}
                    }
                }
            }
            syn::Item::Trait(one) => {
                self.lines.push(format!("trait {}", bare(&one.ident)));
                for member in &one.items {
                    if let syn::TraitItem::Fn(one) = member {
                        self.function(&one.sig, one.default.as_ref());
                    }
                }
            }
            syn::Item::Macro(one) => self.not_seen.push(extent(&one.mac)),
            syn::Item::Verbatim(tokens) => self.not_seen.push(stretch(tokens)),
            _ => {}
        }
    }

    fn visit_stmt_macro(&mut self, one: &'a syn::StmtMacro) {
        self.not_seen.push(extent(&one.mac));
        self.shape.name("!", last(&one.mac.path));
    }

    fn visit_expr(&mut self, expr: &'a syn::Expr) {
        match expr {
            syn::Expr::Macro(one) => {
                self.not_seen.push(extent(&one.mac));
                self.shape.name("!", last(&one.mac.path));
                return;
            }
            // Only its first part is kept.
            syn::Expr::Repeat(one) => return self.visit_expr(&one.expr),
            syn::Expr::RawAddr(_) => return,
            syn::Expr::Verbatim(_) => self.verbatim = true,
            syn::Expr::MethodCall(one) => self.shape.name(".", &one.method),
            syn::Expr::Struct(one) => self.shape.name("{", last(&one.path)),
            syn::Expr::Call(_) => self.shape.count("call"),
            syn::Expr::Field(_) => self.shape.count("field"),
            syn::Expr::Index(_) => self.shape.count("index"),
            syn::Expr::Await(_) => self.shape.count("await"),
            syn::Expr::Try(_) => self.shape.count("try"),
            syn::Expr::Reference(_) => self.shape.count("ref"),
            syn::Expr::Closure(_) => self.shape.count("closure"),
            syn::Expr::Match(one) => one.arms.iter().for_each(|_| self.shape.count("arm")),
            _ => {}
        }
        visit::visit_expr(self, expr);
    }

    fn visit_local(&mut self, local: &'a syn::Local) {
        self.shape.count("let");
        visit::visit_local(self, local);
    }

    fn visit_pat(&mut self, pat: &'a syn::Pat) {
        match pat {
            syn::Pat::TupleStruct(one) if !one.elems.is_empty() => self.shape.count("tuple pattern"),
            syn::Pat::Struct(_) => self.shape.count("struct pattern"),
            // Expressions in patterns are not kept.
            syn::Pat::Const(_) | syn::Pat::Lit(_) | syn::Pat::Macro(_) | syn::Pat::Path(_) => return,
            syn::Pat::Range(_) => return,
            syn::Pat::Verbatim(_) => self.verbatim = true,
            _ => {}
        }
        visit::visit_pat(self, pat);
    }

    fn visit_path(&mut self, _: &'a syn::Path) {}
    fn visit_path_arguments(&mut self, _: &'a syn::PathArguments) {}
    fn visit_angle_bracketed_generic_arguments(&mut self, _: &'a syn::AngleBracketedGenericArguments) {}
    fn visit_attribute(&mut self, _: &'a syn::Attribute) {}
    fn visit_type(&mut self, _: &'a syn::Type) {}
}

fn stretch(tokens: &proc_macro2::TokenStream) -> Range<usize> {
    let mut spans = tokens.clone().into_iter().map(|token| token.span().byte_range());
    let first = spans.next().unwrap_or_default();
    let end = spans.last().map_or(first.end, |last| last.end);
    first.start..end
}

fn extent(mac: &syn::Macro) -> Range<usize> {
    let (open, close) = (mac.delimiter.span().open(), mac.delimiter.span().close());
    open.byte_range().start..close.byte_range().end
}

// ---------------------------------------------------------------- both

#[derive(Default)]
struct Compared {
    items: usize,
    /// What only one of the two sees, with the file.
    differing: Vec<String>,
    /// Files that only one of the two reads.
    one_reads: Vec<String>,
}

fn compare(path: &Path) -> Option<Compared> {
    let text = std::fs::read_to_string(path).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut compared = Compared::default();
    let shown = path.display();
    let (facts, file) = match (read(text, true, &mut Room::default()), syn::parse_file(text)) {
        (Ok((facts, None)), Ok(file)) => (facts, file),
        (Ok((_, Some(_))), _) | (Err(_), Err(_)) => return None,
        // It is more lenient than the compiler, which has the last word.
        (Ok(_), Err(_)) => return None,
        (Err(problem), Ok(_)) => {
            compared.one_reads.push(format!("{shown}: {}", problem.message));
            return Some(compared);
        }
    };
    let mut theirs = Theirs::default();
    file.items.iter().for_each(|item| theirs.visit_item(item));
    let mut mine = Lines::new();
    ours(&facts.items, &theirs.not_seen, &mut mine);
    let unknown = |line: &String| theirs.unknown.iter().any(|head| line.starts_with(head.as_str()));
    let (mut mine, mut others): (Lines, Lines) = (mine, theirs.lines.clone());
    for lines in [&mut mine, &mut others] {
        lines.retain(|line| !unknown(line));
        lines.sort();
    }
    compared.items = others.len();
    let (mut a, mut b) = (mine.into_iter().peekable(), others.into_iter().peekable());
    loop {
        let (sign, line) = match (a.peek(), b.peek()) {
            (None, None) => break,
            (Some(one), Some(other)) if one == other => {
                a.next();
                b.next();
                continue;
            }
            (Some(one), other) if other.is_none_or(|other| one < other) => ('+', a.next()),
            _ => ('-', b.next()),
        };
        compared.differing.push(format!("{shown}: {sign} {}", line.unwrap_or_default()));
    }
    Some(compared)
}

fn rust_files(folder: &Path, out: &mut Vec<PathBuf>) {
    let found = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    let files = found.filter_entry(|one| one.file_name() != "target").flatten();
    out.extend(
        files.map(walkdir::DirEntry::into_path).filter(|path| path.extension().is_some_and(|e| e == "rs")),
    );
}

/// Folders of the lock file's crates, where cargo has unpacked them.
fn downloaded(root: &Path) -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let Some(Ok(registries)) = home.map(|home| std::fs::read_dir(home.join("registry/src"))) else {
        return Vec::new();
    };
    let registries: Vec<PathBuf> = registries.flatten().map(|entry| entry.path()).collect();
    let lock =
        std::fs::read_to_string(root.join("Cargo.lock")).expect("the lock file lies beside the manifest");
    let lock: toml::Table = lock.parse().expect("cargo wrote it");
    let packages = lock["package"].as_array().expect("it lists packages");
    let name =
        |one: &toml::Value| Some(format!("{}-{}", one.get("name")?.as_str()?, one.get("version")?.as_str()?));
    packages
        .iter()
        .filter_map(name)
        .flat_map(|name| registries.iter().map(move |at| at.join(&name)))
        .collect()
}

#[test]
fn sees_what_syn_sees() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace lies above");
    let mut files = Vec::new();
    for own in ["cli", "macros", "store", "fixtures"] {
        rust_files(&root.join(own), &mut files);
    }
    let own = files.len();
    for folder in downloaded(root) {
        rust_files(&folder, &mut files);
    }
    let all = std::env::var("STATELESS_ORACLE").is_ok_and(|which| which == "all");
    let chosen: Vec<&PathBuf> = files
        .iter()
        .enumerate()
        .filter(|(at, path)| {
            let size = path.metadata().map_or(0, |meta| meta.len());
            *at < own || all || size < LARGEST && size % SAMPLE == 0
        })
        .map(|(_, path)| path)
        .collect();
    let pool =
        rayon::ThreadPoolBuilder::new().stack_size(super::STACK_BYTES).build().expect("threads can be had");
    let found: Vec<Compared> = pool.install(|| chosen.par_iter().filter_map(|path| compare(path)).collect());
    let items: usize = found.iter().map(|one| one.items).sum();
    let differing: Vec<&String> = found.iter().flat_map(|one| &one.differing).collect();
    let refused: Vec<&String> = found.iter().flat_map(|one| &one.one_reads).collect();
    let said = format!(
        "{} files, {items} items: {} lines differ, {} files are read by syn alone\n{}\n{}",
        found.len(),
        differing.len(),
        refused.len(),
        refused.iter().map(|line| line.as_str()).collect::<Vec<_>>().join("\n"),
        differing.iter().map(|line| line.as_str()).collect::<Vec<_>>().join("\n"),
    );
    if all {
        std::fs::write(std::env::temp_dir().join("stateless-oracle.txt"), &said).expect("it can be written");
    }
    assert!(found.len() > 300, "{said}");
    assert!(refused.is_empty(), "{said}");
    assert!(differing.len() * 100_000 <= items * MOST, "{said}");
}
