//! The few parts of a `Cargo.toml` that say what to read and what code may name.
//!
//! Deliberately not `cargo metadata`: cargo obeys the toolchain file and the settings of
//! the folder it stands in, may want the network, and refuses a workspace for a single
//! bad member. Here everything unknown is skipped and what is odd falls back to cargo's
//! defaults.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Value;

use super::Dependency;
use super::read;

/// One `Cargo.toml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Manifest {
    pub(crate) package: Option<PackageTable>,
    /// What `[package]` was called before 2016; cargo still reads it.
    project: Option<PackageTable>,
    pub(crate) workspace: Option<WorkspaceTable>,
    pub(crate) lib: Option<TargetTable>,
    #[serde(default)]
    pub(crate) bin: Vec<TargetTable>,
    #[serde(default)]
    pub(crate) example: Vec<TargetTable>,
    #[serde(default)]
    pub(crate) test: Vec<TargetTable>,
    #[serde(default)]
    pub(crate) bench: Vec<TargetTable>,
    #[serde(default)]
    dependencies: BTreeMap<String, Value>,
    #[serde(default, alias = "dev_dependencies")]
    dev_dependencies: BTreeMap<String, Value>,
    #[serde(default)]
    target: BTreeMap<String, PlatformTable>,
}

/// `[package]`.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct PackageTable {
    pub(crate) name: String,
    /// A path, a list of paths, or `false`.
    build: Option<Value>,
    /// The folder of the workspace, where it is not above the package.
    pub(crate) workspace: Option<String>,
    autobins: Option<bool>,
    metadata: Option<Value>,
}

/// `[workspace]`.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct WorkspaceTable {
    #[serde(default)]
    pub(crate) members: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
    #[serde(default)]
    dependencies: BTreeMap<String, Value>,
}

/// `[lib]`, `[[bin]]` and their like.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct TargetTable {
    pub(crate) name: Option<String>,
    pub(crate) path: Option<String>,
    #[serde(rename = "proc-macro", alias = "proc_macro", default)]
    pub(crate) proc_macro: bool,
}

/// `[target.'cfg(..)']`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PlatformTable {
    #[serde(default)]
    dependencies: BTreeMap<String, Value>,
    #[serde(default)]
    dev_dependencies: BTreeMap<String, Value>,
}

impl Manifest {
    /// Reads one; the reason is for people.
    pub(crate) fn read(path: &Path) -> Result<Manifest, Broken> {
        let text = read::text(path, read::SIZE_CAP)
            .map_err(|reason| Broken { line: reason.line(), reason: reason.to_string() })?;
        let mut manifest: Manifest = toml::from_str(&text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map(|before| before.matches('\n').count() as u32 + 1);
            Broken { line, reason: format!("does not parse: {}", error.message()) }
        })?;
        if manifest.package.is_none() {
            manifest.package = manifest.project.take();
        }
        Ok(manifest)
    }

    /// Stands for a package whose manifest cannot be used: cargo's default layout.
    pub(crate) fn named(name: String) -> Manifest {
        Manifest { package: Some(PackageTable { name, ..PackageTable::default() }), ..Manifest::default() }
    }

    /// Whether `src/main.rs` and `src/bin` are programs without being named.
    pub(crate) fn autobins(&self) -> bool {
        self.package.as_ref().and_then(|package| package.autobins).unwrap_or(true)
    }

    /// Build scripts, relative to the package.
    pub(crate) fn build_scripts(&self) -> Vec<&str> {
        match self.package.as_ref().and_then(|package| package.build.as_ref()) {
            Some(Value::String(path)) => vec![path],
            Some(Value::Array(paths)) => paths.iter().filter_map(Value::as_str).collect(),
            _ => vec!["build.rs"],
        }
    }

    /// Whether `cargo fuzz` made it: such a package tests its parent.
    pub(crate) fn is_fuzzing(&self) -> bool {
        let metadata = self.package.as_ref().and_then(|package| package.metadata.as_ref());
        metadata.and_then(|table| table.get("cargo-fuzz")).is_some_and(|value| value.as_bool() != Some(false))
    }

    fn declared(&self, dev: bool) -> Vec<(&str, &Value)> {
        let platforms = self.target.values().map(|t| if dev { &t.dev_dependencies } else { &t.dependencies });
        let own = if dev { &self.dev_dependencies } else { &self.dependencies };
        std::iter::once(own).chain(platforms).flatten().map(|(name, value)| (name.as_str(), value)).collect()
    }
}

/// Why a manifest cannot be used.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) line: Option<u32>,
    pub(crate) reason: String,
}

/// Manifests by absolute folder, each read once: those below the analysed folder and
/// those above it that a package there inherits from.
#[derive(Debug, Default)]
pub(crate) struct Manifests {
    read: HashMap<PathBuf, Option<Manifest>>,
}

impl Manifests {
    /// Takes a manifest that was read already; `None`: it cannot be used.
    pub(crate) fn insert(&mut self, dir: PathBuf, manifest: Option<Manifest>) {
        self.read.insert(dir, manifest);
    }

    /// The manifest of a folder, if it has one that can be used.
    pub(crate) fn get(&mut self, dir: &Path) -> Option<&Manifest> {
        if !self.read.contains_key(dir) {
            let manifest = Manifest::read(&dir.join("Cargo.toml")).ok();
            self.read.insert(dir.to_owned(), manifest);
        }
        self.read.get(dir)?.as_ref()
    }

    /// The nearest folder, from `dir` upwards, that is a workspace and does not exclude `dir`.
    pub(crate) fn workspace_above(&mut self, dir: &Path) -> Option<PathBuf> {
        let named = self.get(dir).and_then(|own| own.package.as_ref()?.workspace.clone());
        if let Some(named) = named {
            let root = dir.join(named).canonicalize().ok()?;
            return self.get(&root)?.workspace.is_some().then_some(root);
        }
        for above in dir.ancestors() {
            if let Some(workspace) = self.get(above).and_then(|manifest| manifest.workspace.as_ref()) {
                let member = workspace.members.iter().any(|path| above.join(path) == dir);
                let excluded = workspace.exclude.iter().any(|path| dir.starts_with(above.join(path)));
                if member || !excluded {
                    return Some(above.to_owned());
                }
            }
        }
        None
    }

    /// The nearest folder, from `dir` upwards, that has a `Cargo.toml` with a package.
    /// A `Cargo.toml` without one on the way ends the search: its folders are its own.
    pub(crate) fn package_above(&mut self, dir: &Path) -> Option<PathBuf> {
        let nearest = dir.ancestors().find(|above| above.join("Cargo.toml").is_file())?;
        self.get(nearest)?.package.is_some().then(|| nearest.to_owned())
    }

    /// The dependencies of the package in `dir`, sorted by name, and what is wrong with
    /// them. `dev`: those of tests and examples too.
    pub(crate) fn dependencies(
        &mut self,
        dir: &Path,
        manifest: &Manifest,
        dev: bool,
    ) -> (Vec<Dependency>, Vec<String>) {
        let mut declared = manifest.declared(false);
        if dev {
            declared.extend(manifest.declared(true));
        }
        let inherits = declared.iter().any(|(_, value)| is_inherited(value));
        let root = if inherits { self.workspace_above(dir) } else { None };
        let shared = root.as_ref().and_then(|root| self.get(root)).and_then(|root| root.workspace.clone());

        let mut problems = Vec::new();
        if inherits && shared.is_none() {
            let wanted = manifest.package.as_ref().and_then(|package| package.workspace.as_ref());
            problems.push(match wanted {
                Some(path) => format!("names `{path}` as its workspace, which is none: inherited dependencies go by their own names"),
                None => "inherits dependencies from a workspace that cannot be found: they go by their own names".to_owned(),
            });
        }
        let mut found: BTreeMap<String, Dependency> = BTreeMap::new();
        for (name, value) in declared {
            let from = match &shared {
                Some(shared) if is_inherited(value) => {
                    let from = shared.dependencies.get(name);
                    if from.is_none() {
                        problems.push(format!(
                            "inherits the dependency `{name}`, which its workspace does not have"
                        ));
                    }
                    from
                }
                _ => None,
            };
            let code_name = name.replace('-', "_");
            let text = |value: &Value| value.get("package").and_then(Value::as_str).map(str::to_owned);
            let package = from.and_then(text).or_else(|| text(value)).unwrap_or_else(|| name.to_owned());
            let entry = found.entry(code_name.clone()).or_insert(Dependency {
                name: code_name,
                package,
                features: Vec::new(),
            });
            entry.features.extend(from.into_iter().flat_map(features));
            entry.features.extend(features(value));
        }
        let mut found: Vec<Dependency> = found.into_values().collect();
        for dependency in &mut found {
            dependency.features.sort();
            dependency.features.dedup();
        }
        (found, problems)
    }
}

fn is_inherited(dependency: &Value) -> bool {
    dependency.get("workspace").and_then(Value::as_bool) == Some(true)
}

fn features(dependency: &Value) -> Vec<String> {
    let listed = dependency.get("features").and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn parse(text: &str) -> Manifest {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn tolerates_what_it_does_not_know() {
        let manifest = parse(
            "cargo-features = ['x']\n[package]\nname = 'a'\nversion.workspace = true\nedition = 3000\nbuild = false\n\
             [lib]\nproc-macro = true\ncrate-type = ['cdylib']\n[profile.release]\nlto = true\n[lints]\nworkspace = true\n",
        );
        assert_eq!(manifest.package.as_ref().unwrap().name, "a");
        assert!(manifest.lib.as_ref().unwrap().proc_macro && manifest.autobins());
        assert_eq!(manifest.build_scripts(), ["build.rs"]);
    }

    #[test]
    fn dependencies_are_inherited_renamed_and_merged() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let member = root.join("crates/a");
        fs::create_dir_all(&member).unwrap();
        let workspace = "[workspace]\nmembers = ['crates/*']\n[workspace.dependencies]\n\
             web = { package = 'axum', version = '1', features = ['ws'] }\nserde = '1'\n";
        fs::write(root.join("Cargo.toml"), workspace).unwrap();
        let own = parse(
            "[package]\nname = 'a'\n[dependencies]\nweb = { workspace = true, features = ['http2'] }\nserde.workspace = true\n\
             lost.workspace = true\ntower-http = '0.6'\n[target.'cfg(unix)'.dependencies]\ntower-http = { features = ['fs'] }\n\
             [dev-dependencies]\nonly-in-tests = '1'\n",
        );
        let mut manifests = Manifests::default();
        manifests.insert(member.clone(), Some(own.clone()));
        let (found, problems) = manifests.dependencies(&member, &own, false);
        let found: Vec<_> =
            found.iter().map(|d| (d.name.as_str(), d.package.as_str(), d.features.join(","))).collect();
        let expected = [
            ("lost", "lost", String::new()),
            ("serde", "serde", String::new()),
            ("tower_http", "tower-http", "fs".to_owned()),
            ("web", "axum", "http2,ws".to_owned()),
        ];
        assert_eq!(found, expected);
        assert_eq!(problems, ["inherits the dependency `lost`, which its workspace does not have"]);
        assert_eq!(manifests.dependencies(&member, &own, true).0.len(), 5);
    }

    #[test]
    fn deep_nesting_is_an_error_not_a_crash() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("Cargo.toml");
        fs::write(&path, format!("a = {}{}", "[".repeat(20_000), "]".repeat(20_000))).unwrap();
        assert!(Manifest::read(&path).unwrap_err().reason.starts_with("does not parse"));
        fs::write(&path, format!("{}a = 1", "a.".repeat(200_000))).unwrap();
        let _ = Manifest::read(&path);
    }
}
