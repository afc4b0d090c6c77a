//! Names that somebody who mistyped one may have meant.
//!
//! Only suggests: nothing is ever taken for what it resembles.

/// Up to three of `names` that are close to `wanted`, nearest first.
pub(crate) fn near<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    ranked(wanted, names).into_iter().take(3).map(|(_, name)| name).collect()
}

/// ``did you mean `a`?``, with another name only if it is as close; nothing where none is close.
pub(crate) fn did_you_mean<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Option<String> {
    let ranked = ranked(wanted, names);
    let (best, _) = *ranked.first()?;
    let closest = ranked.iter().take_while(|(steps, _)| *steps == best).take(3);
    let closest: Vec<String> = closest.map(|(_, name)| format!("`{name}`")).collect();
    Some(format!("did you mean {}?", closest.join(" or ")))
}

/// The names that are close, each with its distance, nearest first.
fn ranked<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<(usize, &'n str)> {
    let plain = |name: &str| name.replace(['-', '_', '*', '?'], "").to_lowercase();
    let wanted = plain(wanted);
    let mut close: Vec<(usize, &str)> = names
        .into_iter()
        .filter_map(|name| {
            let candidate = plain(name);
            let inside = wanted.len() > 2 && (candidate.contains(&wanted) || wanted.contains(&candidate));
            let steps = distance(&wanted, &candidate);
            // A third of the letters wrong is a typo, more is another name.
            (inside || steps <= wanted.chars().count().div_ceil(3)).then_some((steps, name))
        })
        .collect();
    close.sort();
    close.dedup();
    close
}

/// Letters to insert, remove or replace (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_first() {
        let names = ["server", "serve-core", "client", "server-macros"];
        assert_eq!(near("sever", names), ["server"]);
        assert_eq!(near("Server", names), ["server", "server-macros"]);
        assert!(near("zzz", names).is_empty());
        assert_eq!(did_you_mean("clint", names).as_deref(), Some("did you mean `client`?"));
        assert_eq!(did_you_mean("Server", names).as_deref(), Some("did you mean `server`?"));
        assert_eq!(did_you_mean("zzz", names), None);
    }
}
