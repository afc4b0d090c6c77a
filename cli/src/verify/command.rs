//! Reads `--serve`: words as in a shell, variables before the program, `{port}` and `{replica}`.
//!
//! Starts nothing. What only a shell understands (pipes, `&&`, `$VAR`) is left to `sh`.

use std::path::{Path, PathBuf};

use super::failure::Failure;

/// How to start a replica.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Serve {
    /// `NAME=value` before the program.
    pub(crate) variables: Vec<(String, String)>,
    /// The program, resolved where it was named by a path.
    pub(crate) program: String,
    /// With places for the port and the replica's number.
    pub(crate) arguments: Vec<String>,
}

impl Serve {
    /// Reads the command; names of files are looked for in `here`, as replicas run elsewhere.
    pub(crate) fn parse(text: &str, here: &Path) -> Result<Self, Failure> {
        let serve = |why: &str| Failure::Serve { why: why.to_owned() };
        let (words, shell) = words(text).map_err(serve)?;
        if shell {
            return Ok(Serve {
                variables: Vec::new(),
                program: "sh".to_owned(),
                arguments: vec!["-c".to_owned(), text.to_owned()],
            });
        }
        let mut words = words.into_iter().peekable();
        let mut variables = Vec::new();
        while let Some((name, value)) = words.peek().and_then(|word| assignment(word)) {
            variables.push((name, value));
            words.next();
        }
        let program = words.next().ok_or_else(|| serve("it names no program"))?;
        let program = if program.contains('/') { found(&program, here).unwrap_or(program) } else { program };
        // A file that is named lies here, whether or not it gets into a replica's folder.
        let arguments = words.map(|word| found(&word, here).unwrap_or(word)).collect();
        Ok(Serve { variables, program, arguments })
    }

    /// One word with the places filled in.
    pub(crate) fn fill(word: &str, replica: usize, port: u16) -> String {
        word.replace("{port}", &port.to_string()).replace("{replica}", &replica.to_string())
    }

    /// For people: the program's name.
    pub(crate) fn name(&self) -> String {
        let shell = self.program == "sh" && self.arguments.first().is_some_and(|first| first == "-c");
        let program =
            if shell { self.arguments.get(1).map_or("sh", |text| text.as_str()) } else { &self.program };
        let first = program.split_whitespace().next().unwrap_or(program);
        Path::new(first)
            .file_name()
            .map_or_else(|| first.to_owned(), |name| name.to_string_lossy().into_owned())
    }
}

/// The absolute path of a file (never a folder: a replica's own is meant) named relative to here.
fn found(word: &str, here: &Path) -> Option<String> {
    let path: PathBuf = here.join(word);
    let relative = Path::new(word).is_relative() && !word.starts_with('-') && !word.is_empty();
    (relative && path.is_file()).then(|| path.canonicalize().ok()?.to_str().map(str::to_owned)).flatten()
}

fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let start = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let rest = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (start && rest).then(|| (name.to_owned(), value.to_owned()))
}

/// The words, and whether something stands outside of quotes that only a shell understands.
fn words(text: &str) -> Result<(Vec<String>, bool), &'static str> {
    let (mut words, mut word, mut shell) = (Vec::new(), None::<String>, false);
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\'' | '"' => {
                let into = word.get_or_insert_default();
                loop {
                    match rest.next().ok_or("a quote does not end")? {
                        end if end == c => break,
                        '\\' if c == '"' => into.push(rest.next().ok_or("it ends with `\\`")?),
                        '$' | '`' if c == '"' => {
                            shell = true;
                            into.push('$');
                        }
                        other => into.push(other),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(rest.next().ok_or("it ends with `\\`")?),
            c if c.is_whitespace() => words.extend(word.take()),
            c => {
                shell |= matches!(c, '|' | '&' | ';' | '<' | '>' | '$' | '`' | '*' | '(' | ')');
                word.get_or_insert_default().push(c);
            }
        }
    }
    words.extend(word);
    Ok((words, shell))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Serve {
        Serve::parse(text, Path::new("/nowhere")).unwrap()
    }

    #[test]
    fn words_quotes_and_variables() {
        let serve = parsed(r#"LOG=debug 'A B=c' shop --port {port} "two words" a\ b"#);
        assert_eq!(serve.variables, [("LOG".to_owned(), "debug".to_owned())]);
        assert_eq!(serve.program, "A B=c");
        assert_eq!(serve.arguments, ["shop", "--port", "{port}", "two words", "a b"]);
        assert_eq!(Serve::fill("--x={replica}:{port}", 2, 81), "--x=2:81");
    }

    #[test]
    fn what_only_a_shell_understands_goes_to_one() {
        for text in ["cd app && ./run", "shop --port $PORT", "a | b", r#"a "$B""#] {
            assert_eq!(parsed(text).arguments, ["-c", text]);
        }
        assert_eq!(parsed("shop '$x'").arguments, ["$x"]);
    }

    #[test]
    fn files_named_here_are_found_from_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("app"), "").unwrap();
        let serve = Serve::parse("./app app new.db", dir.path()).unwrap();
        let path = dir.path().canonicalize().unwrap().join("app").to_str().unwrap().to_owned();
        assert_eq!((serve.program.as_str(), serve.name().as_str()), (path.as_str(), "app"));
        assert_eq!(serve.arguments, [path, "new.db".to_owned()]);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "  ", "'open", "A=b", "end\\"] {
            assert!(matches!(Serve::parse(text, Path::new("/")), Err(Failure::Serve { .. })), "{text}");
        }
    }
}
