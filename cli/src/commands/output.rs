//! Writes a report to a file: all of it or nothing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::args::Output;
use crate::error::Error;
use crate::report::{self, Options, Report};

pub(super) fn write(output: &Output, report: &Report, options: &Options) -> Result<(), Error> {
    let fill = |file: &File| {
        let mut out = BufWriter::new(file);
        report::write(output.format, report, options, &mut out)?;
        out.flush()
    };
    replace(&output.file, fill).map_err(|source| Error::Output {
        format: output
            .format
            .to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned()),
        path: output.file.clone(),
        source,
    })
}

/// Fills a new file beside `path` and puts it into its place: whoever reads `path` sees
/// the old report or the new one, never a part. A link stays a link, and what is not a
/// regular file (`/dev/null`, a pipe) is written to, never replaced.
fn replace(path: &Path, fill: impl Fn(&File) -> io::Result<()>) -> io::Result<()> {
    let target = match fs::metadata(path) {
        Ok(meta) if meta.is_file() => fs::canonicalize(path)?,
        Ok(_) => return fill(&OpenOptions::new().write(true).open(path)?),
        Err(_) => path.to_owned(),
    };
    let beside = beside(&target)?;
    let result = (|| {
        // What a killed process of the same number left is nobody's. Never opened: it
        // could be a link that somebody else put there.
        let _ = fs::remove_file(&beside);
        let file = File::create_new(&beside)?;
        if let Ok(meta) = fs::metadata(&target) {
            file.set_permissions(meta.permissions())?;
        }
        fill(&file)?;
        drop(file);
        fs::rename(&beside, &target)
    })();
    if result.is_err() {
        let _ = fs::remove_file(&beside);
    }
    result
}

fn beside(target: &Path) -> io::Result<PathBuf> {
    let name = target.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.tmp", std::process::id()));
    Ok(target.with_file_name(temporary))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_failure_leaves_the_old_file_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.json");
        fs::write(&path, "old").unwrap();
        let failed = replace(&path, |mut file| {
            file.write_all(b"half of the n")?;
            Err(io::Error::other("disk full"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(files(dir.path()), ["report.json"]);
        replace(&path, |mut file| file.write_all(b"new")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(files(dir.path()), ["report.json"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_devices_stay() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        replace(&link, |mut file| file.write_all(b"new")).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");

        let null = dir.path().join("null");
        std::os::unix::fs::symlink("/dev/null", &null).unwrap();
        replace(&null, |mut file| file.write_all(b"gone")).unwrap();
        assert!(null.is_symlink() && !Path::new("/dev/null").is_file());
    }
}
