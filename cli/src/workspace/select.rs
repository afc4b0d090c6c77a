//! Which packages are reported: `-p` and `--exclude`.
//!
//! Sets [`Package::selected`] and nothing else: what is not selected is still read,
//! since the others call it.

use super::{Package, Request};
use crate::error::Error;
use crate::near;

/// Marks the selected packages. `in_tests`: names of packages that were left out because
/// they lie among tests or benches.
pub(crate) fn select(
    packages: &mut [Package],
    request: &Request,
    in_tests: &[&str],
    warnings: &mut Vec<String>,
) -> Result<(), Error> {
    let names = || {
        let mut names: Vec<String> = packages.iter().map(|package| package.name.clone()).collect();
        names.sort();
        names.dedup();
        names
    };
    for wanted in &request.packages {
        if !packages.iter().any(|package| matches(wanted, &package.name)) {
            let in_tests = in_tests.iter().any(|name| matches(wanted, name));
            return Err(Error::UnknownPackage {
                name: wanted.clone(),
                near: near::near(wanted, names().iter().map(String::as_str))
                    .iter()
                    .map(|&name| name.to_owned())
                    .collect(),
                packages: names(),
                in_tests,
            });
        }
    }
    for unwanted in &request.exclude {
        if !packages.iter().any(|package| matches(unwanted, &package.name)) {
            warnings.push(format!("`--exclude {unwanted}` matches no package"));
        }
    }
    let any = |patterns: &[String], name: &str| patterns.iter().any(|pattern| matches(pattern, name));
    let mut left = 0;
    for package in packages.iter_mut() {
        let wanted = request.packages.is_empty() || any(&request.packages, &package.name);
        package.selected = wanted && !any(&request.exclude, &package.name);
        left += usize::from(package.selected);
    }
    if left == 0 {
        let mut packages: Vec<String> = packages.iter().map(|package| package.name.clone()).collect();
        packages.dedup();
        return Err(Error::NothingSelected { packages });
    }
    Ok(())
}

/// `*` stands for any run of characters, `?` for one. Never backtracks further than to
/// the last `*`, so that no pattern takes long.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    let mut last_star = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                last_star = Some((p, n));
                p += 1;
            }
            Some(letter) if *letter == '?' || *letter == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match last_star {
                Some((star, taken)) => {
                    last_star = Some((star, taken + 1));
                    p = star + 1;
                    n = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (pattern, name) in
            [("a", "a"), ("*", ""), ("a*", "abc"), ("*c", "abc"), ("a?c", "abc"), ("a*b*c", "aXbYbZc")]
        {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("a", "ab"), ("a?", "a"), ("*b", "abc"), ("", "a"), ("a*b*d", "aXbYc")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
        // Would take longer than the universe has if every `*` were tried again.
        assert!(!matches(&"*a".repeat(200), &"a".repeat(199)));
    }
}
