//! Finds the name that somebody probably meant.

/// What to say about a name that is none of `known`.
pub(crate) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let list = known.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
    match nearest(name, known) {
        Some(near) => format!("unknown {what} `{name}`; did you mean `{near}`? (there are {list})"),
        None => format!("unknown {what} `{name}`; there are {list}"),
    }
}

fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|known| (distance(name, known), *known))
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .min()
        .map(|(_, known)| known)
}

/// How many letters have to be added, dropped or replaced.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let replaced = corner + usize::from(a != *b);
            corner = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(corner + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let known = ["counter", "index", "key"];
        assert_eq!(nearest("couter", &known), Some("counter"));
        assert_eq!(nearest("kye", &known), None);
        assert_eq!(nearest("ke", &known), Some("key"));
        assert_eq!(nearest("lifetime", &known), None);
    }
}
