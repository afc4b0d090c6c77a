//! `audit` and `plan`: analyse each service, read what else is known, write.

use std::io;
use std::path::{Path, PathBuf};

use super::{analyse, output, print, stdout};
use crate::args::audit::{AboutArgs, AuditArgs, PlanArgs};
use crate::args::{PolicyArgs, ReadArgs};
use crate::audit::collect;
use crate::audit::dossier::{Beside, Service};
use crate::audit::evidence::{self, Deployment, Evidence};
use crate::audit::profile::{self, Profile};
use crate::audit::since::{self, Earlier};
use crate::audit::{self, Audit};
use crate::deploy::{self, report::DeployFormat};
use crate::error::Error;
use crate::report::{Options, Report};

/// `audit`.
pub(super) fn run(args: &AuditArgs) -> Result<u8, Error> {
    if args.show_profile {
        return print(profile::DEFAULT);
    }
    output::distinct(&args.output)?;
    let known = known(args)?;
    let services = services(&args.about, &known)?;
    let audit = Audit::new(args.label.clone(), services);
    let audit = &audit;
    let files: Result<Vec<_>, Error> = args
        .output
        .iter()
        .map(|file| output::stage(file, move |out| audit::write(file.format, audit, out)))
        .collect();
    for file in files? {
        file.place()?;
    }
    Ok(0)
}

/// `plan`.
pub(super) fn plan(args: &PlanArgs) -> Result<u8, Error> {
    let services = services(&args.about, &Known::default())?;
    let text = audit::write_plan(&services);
    stdout::write(|out| out.write_all(text.as_bytes())).map(|()| 0)
}

/// What the user's files say.
#[derive(Default)]
struct Known {
    given: Vec<Given>,
    earlier: Vec<(PathBuf, Earlier)>,
    label: String,
}

/// A file of `--with`.
struct Given {
    /// The service that it is about, where that was said.
    about: Option<String>,
    path: PathBuf,
    evidence: Evidence,
}

fn known(args: &AuditArgs) -> Result<Known, Error> {
    let mut known = Known { label: args.label.clone(), ..Known::default() };
    for value in &args.with {
        let (about, path) = named(value);
        let evidence = evidence::read(&text(&path)?).map_err(|reason| unusable(&path, reason))?;
        let kind = std::mem::discriminant(&evidence);
        let twice = |one: &&Given| one.about == about && std::mem::discriminant(&one.evidence) == kind;
        if let Some(first) = known.given.iter().find(twice) {
            let reason = format!("`{}` says the same of the same service", first.path.display());
            return Err(unusable(&path, reason));
        }
        known.given.push(Given { about, path, evidence });
    }
    for path in &args.since {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let earlier = since::read(&text(path)?, &name).map_err(|reason| unusable(path, reason))?;
        known.earlier.push((path.clone(), earlier));
    }
    Ok(known)
}

/// `SERVICE=FILE`, or a file, which may have the sign in its name.
fn named(value: &Path) -> (Option<String>, PathBuf) {
    let split = value.to_str().filter(|_| !value.exists()).and_then(|text| text.split_once('='));
    match split {
        Some((service, file)) => (Some(service.to_owned()), file.into()),
        None => (None, value.to_owned()),
    }
}

fn text(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => Error::NoEvidence { path: path.to_owned() },
        io::ErrorKind::InvalidData => unusable(path, "it is no text".to_owned()),
        _ => Error::Unreadable { path: path.to_owned(), source },
    })
}

fn unusable(path: &Path, reason: String) -> Error {
    Error::Unusable { path: path.to_owned(), reason }
}

fn services(about: &AboutArgs, known: &Known) -> Result<Vec<Service>, Error> {
    let profile = match &about.profile {
        None => Profile::default(),
        Some(path) => Profile::parse(&text(path)?).map_err(|reason| unusable(path, reason))?,
    };
    let mut analysed = Vec::new();
    for path in &about.paths {
        let read = ReadArgs { path: path.clone(), manifest_path: None, select: about.select.clone() };
        let policy = PolicyArgs { decide: about.decide.clone(), ..PolicyArgs::default() };
        let (report, _) = analyse(&read, &policy, false)?;
        analysed.push((name(path, &report), report));
    }
    let names: Vec<&str> = analysed.iter().map(|(name, _)| name.as_str()).collect();
    for given in &known.given {
        let clear = match &given.about {
            Some(service) => names.contains(&service.as_str()),
            None => names.len() == 1,
        };
        if !clear {
            let reason = match &given.about {
                Some(service) => format!("there is no service `{service}`; there are {}", names.join(", ")),
                None => format!("say which service it is about, as in NAME=FILE, of {}", names.join(", ")),
            };
            return Err(unusable(&given.path, reason));
        }
    }
    for (path, earlier) in &known.earlier {
        if !names.iter().any(|name| earlier.knows(name)) {
            let reason = format!("it is about none of the services here, {}", names.join(", "));
            return Err(unusable(path, reason));
        }
    }
    Ok(analysed.iter().map(|(name, report)| service(name, report, &profile, known)).collect())
}

fn service(name: &str, report: &Report, profile: &Profile, known: &Known) -> Service {
    let (mut deployment, mut measured) = (None, None);
    for given in known.given.iter().filter(|given| given.about.as_deref().is_none_or(|about| about == name)) {
        match &given.evidence {
            Evidence::Deployment(one) => deployment = Some(one.clone()),
            Evidence::Measured(one) => measured = Some((**one).clone()),
        }
    }
    let beside = Beside {
        deployment: deployment.or_else(|| beside(report)),
        measured,
        earlier: known.earlier.iter().map(|(_, earlier)| earlier.clone()).collect(),
        label: known.label.clone(),
    };
    collect::service(name.to_owned(), report, profile, beside)
}

/// What the deployment's files beside the code say; nothing where there are none. Reads the JSON
/// of `deploy check` itself, so that there is one form of it.
fn beside(report: &Report) -> Option<Deployment> {
    // A single file or a lost folder has nothing beside it.
    let mut found = deploy::check(&report.root).ok()?;
    deploy::join(&mut found, report);
    if found.sources.is_empty() {
        return None;
    }
    let mut json = Vec::new();
    deploy::report::write(DeployFormat::Json, &found, &Options::default(), &mut json).ok()?;
    match evidence::read(&String::from_utf8(json).ok()?) {
        Ok(Evidence::Deployment(deployment)) => Some(deployment),
        _ => None,
    }
}

/// The package's name where all sites and the folder belong to one, else the folder's.
fn name(path: &Path, report: &Report) -> String {
    let root: PathBuf = std::fs::canonicalize(path).unwrap_or_else(|_| report.root.clone());
    let folder = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut packages: Vec<&str> =
        report.findings.iter().map(|finding| finding.site.package.as_str()).collect();
    packages.extend(report.fine.iter().map(|fine| fine.site.package.as_str()));
    packages.sort_unstable();
    packages.dedup();
    match packages[..] {
        [only] => only.to_owned(),
        _ => folder,
    }
}
