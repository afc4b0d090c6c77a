//! Reads what `git diff --unified=0` prints: which lines of which files are new.
//!
//! Bytes, since neither paths nor texts need be UTF-8. Lines of the files themselves begin
//! with `+`, `-` or `\`, so that none can be taken for a heading.

/// Lines of the new file that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hunk {
    /// The first line, 1-based; where only lines went away, the one before.
    start: u32,
    count: u32,
}

impl Hunk {
    /// Whether it changes something from one line to another, both included.
    pub(super) fn touches(self, first: u32, last: u32) -> bool {
        if self.count == 0 {
            first <= self.start && self.start < last
        } else {
            first < self.start.saturating_add(self.count) && self.start <= last
        }
    }
}

/// Changed files by their path from the top of the repository, and the lines.
pub(super) fn parse(diff: &[u8]) -> Vec<(Vec<u8>, Vec<Hunk>)> {
    let mut files: Vec<(Vec<u8>, Vec<Hunk>)> = Vec::new();
    // Which of them is being read; none while that is one that is gone.
    let mut current = None;
    let (mut heading, mut left) = (true, (0, 0));
    for line in diff.split(|byte| *byte == b'\n') {
        match line {
            // The text of a hunk, as far as its heading announced it.
            [b'-', ..] if left.0 > 0 => left.0 -= 1,
            [b'+', ..] if left.1 > 0 => left.1 -= 1,
            _ if line.starts_with(b"diff ") => (heading, current) = (true, None),
            _ if heading && line.starts_with(b"+++ ") => {
                heading = false;
                if let Some(path) = path(&line[4..]) {
                    current = Some(files.len());
                    files.push((path, Vec::new()));
                }
            }
            _ if line.starts_with(b"@@ ") => {
                let Some((old, new)) = ranges(line) else { continue };
                left = (old.count, new.count);
                if let Some(at) = current {
                    files[at].1.push(new);
                }
            }
            _ => {}
        }
    }
    files
}

/// `b/src/main.rs`, perhaps quoted, perhaps with a tab behind it; nothing for a file that is gone.
fn path(name: &[u8]) -> Option<Vec<u8>> {
    let name = name.strip_suffix(b"\r").unwrap_or(name);
    let plain = match name {
        [b'"', quoted @ .., b'"'] => unquoted(quoted),
        _ => name.strip_suffix(b"\t").unwrap_or(name).to_owned(),
    };
    plain.strip_prefix(b"b/").map(<[u8]>::to_owned)
}

/// Git writes odd bytes as C does.
fn unquoted(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'\\' {
            plain.push(*first);
            continue;
        }
        let [escaped, after @ ..] = rest else { break };
        rest = after;
        plain.push(match escaped {
            b'0'..=b'7' => {
                let digits: Vec<u32> =
                    [*escaped].iter().chain(rest.iter().take(2)).map(|digit| u32::from(*digit & 7)).collect();
                rest = rest.get(2..).unwrap_or_default();
                digits.iter().fold(0, |number, digit| number * 8 + digit) as u8
            }
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'a' => 7,
            b'b' => 8,
            b'v' => 11,
            b'f' => 12,
            other => *other,
        });
    }
    plain
}

/// `@@ -1,2 +3,4 @@`
fn ranges(line: &[u8]) -> Option<(Hunk, Hunk)> {
    let line = std::str::from_utf8(line).ok().or_else(|| {
        // What follows the second `@@` is a line of the file.
        let end = line.windows(3).position(|three| three == b" @@")?;
        std::str::from_utf8(&line[..end]).ok()
    })?;
    let mut words = line.split(' ').skip(1);
    let range = |word: &str| {
        let (start, count) = word.split_once(',').unwrap_or((word, "1"));
        Some(Hunk { start: start.parse().ok()?, count: count.parse().ok()? })
    };
    Some((range(words.next()?.strip_prefix('-')?)?, range(words.next()?.strip_prefix('+')?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_lines() {
        let diff = b"diff --git a/src/a.rs b/src/a.rs\nindex 1..2 100644\n--- a/src/a.rs\n+++ b/src/a.rs\n\
            @@ -3 +3,2 @@ fn f() {\n-old\n+new\n+++ b/not/a/file.rs\n@@ -9,2 +10,0 @@\n-x\n-- @@ -1 +1 @@\n\
            diff --git a/old.rs b/gr\\\"n.rs\nsimilarity index 90%\nrename from old.rs\nrename to x\n--- a/old.rs\n\
            +++ \"b/gr\\303\\274n\\\".rs\"\n@@ -1 +1 @@ \xff\n-a\n+b\n\
            diff --git a/gone.rs b/gone.rs\ndeleted file mode 100644\n--- a/gone.rs\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n\
            diff --git a/a b.rs b/a b.rs\n--- a/a b.rs\t\n+++ b/a b.rs\t\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n";
        let found = parse(diff);
        let found: Vec<_> = found
            .iter()
            .map(|(path, hunks)| {
                let lines: Vec<_> = hunks.iter().map(|hunk| (hunk.start, hunk.count)).collect();
                (String::from_utf8_lossy(path).into_owned(), lines)
            })
            .collect();
        assert_eq!(
            found,
            [
                ("src/a.rs".to_owned(), vec![(3, 2), (10, 0)]),
                ("grün\".rs".to_owned(), vec![(1, 1)]),
                ("a b.rs".to_owned(), vec![(1, 1)]),
            ]
        );
    }

    #[test]
    fn a_change_touches_its_lines_and_a_removal_what_is_around_it() {
        let changed = Hunk { start: 5, count: 2 };
        for (first, last, expected) in
            [(1, 4, false), (1, 5, true), (6, 6, true), (7, 9, false), (1, 9, true)]
        {
            assert_eq!(changed.touches(first, last), expected, "{first}..{last}");
        }
        let removed = Hunk { start: 5, count: 0 };
        for (first, last, expected) in [(5, 5, false), (6, 6, false), (5, 6, true), (1, 9, true)] {
            assert_eq!(removed.touches(first, last), expected, "{first}..{last}");
        }
    }

    #[test]
    fn anything_else_is_skipped() {
        for text in
            [&b""[..], b"@@ -1 +1 @@", b"+++ b/x", b"diff \n+++ \"b/\\", b"diff \n+++ \"\"\n@@ -a +b @@\n@@"]
        {
            parse(text);
        }
    }
}
