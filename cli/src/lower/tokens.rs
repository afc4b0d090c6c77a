//! Text to tokens, each with its place and each bracket with its partner.
//!
//! Knows how literals, comments and words are written and nothing of what they mean.
//! Comments, documentation included, are dropped. It never recurses.

use super::Problem;

/// Brackets inside brackets. The deepest nesting in the most used crates is a few dozen.
const MAX_NESTING: usize = 512;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word(Word),
    Lifetime,
    /// `"..."` and `r"..."`; those of bytes are [`Kind::Literal`].
    Text,
    Int,
    Float,
    /// Characters, bytes, strings of bytes.
    Literal,
    Punct(u8),
    /// By the opening character.
    Open(u8),
    /// By the opening character.
    Close(u8),
}

/// Words that the grammar gives a meaning to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// Any other, and `r#any`.
    Name,
    As,
    Async,
    Await,
    Become,
    Box,
    Break,
    Const,
    Continue,
    Crate,
    Dyn,
    Else,
    Enum,
    Extern,
    False,
    Fn,
    For,
    If,
    Impl,
    In,
    Let,
    Loop,
    Macro,
    Match,
    Mod,
    Move,
    Mut,
    Pub,
    Ref,
    Return,
    SelfType,
    SelfValue,
    Static,
    Struct,
    Super,
    Trait,
    True,
    Try,
    Type,
    Underscore,
    Unsafe,
    Use,
    Where,
    While,
    Yield,
    /// Kept free by the language.
    Reserved,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: u32,
    pub(super) end: u32,
    /// For a bracket the number of its partner.
    pub(super) mate: u32,
}

/// All tokens of a text.
pub(super) fn tokens(text: &str, out: &mut Vec<Token>) -> Result<(), Problem> {
    out.clear();
    let mut lexer = Lexer { text, bytes: text.as_bytes(), at: 0, out };
    lexer.shebang();
    lexer.run()
}

struct Lexer<'a, 'o> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    out: &'o mut Vec<Token>,
}

const UNFINISHED: &str = "unbalanced brackets or an unfinished literal";

fn unfinished(at: usize) -> Problem {
    Problem { at: Some(at as u32), message: UNFINISHED.into() }
}

impl Lexer<'_, '_> {
    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn shebang(&mut self) {
        if self.text.starts_with("#!") && !self.text[2..].trim_start().starts_with('[') {
            self.at = self.text.find('\n').unwrap_or(self.text.len());
        }
    }

    fn push(&mut self, kind: Kind, start: usize) {
        self.out.push(Token { kind, start: start as u32, end: self.at as u32, mate: 0 });
    }

    fn run(&mut self) -> Result<(), Problem> {
        let mut open: Vec<u32> = Vec::new();
        while self.at < self.bytes.len() {
            let start = self.at;
            let first = self.bytes[start];
            match first {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => self.at += 1,
                b'/' if self.byte(1) == b'/' => {
                    let rest = &self.bytes[start..];
                    self.at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                }
                b'/' if self.byte(1) == b'*' => self.block_comment()?,
                byte @ (b'(' | b'[' | b'{') => {
                    if open.len() > MAX_NESTING {
                        let message = format!("brackets nested deeper than {MAX_NESTING}");
                        return Err(Problem { at: Some(start as u32), message });
                    }
                    self.at += 1;
                    open.push(self.out.len() as u32);
                    self.push(Kind::Open(byte), start);
                }
                byte @ (b')' | b']' | b'}') => {
                    let opening = match byte {
                        b')' => b'(',
                        b']' => b'[',
                        _ => b'{',
                    };
                    let Some(mate) = open.pop() else { return Err(unfinished(start)) };
                    if self.out[mate as usize].kind != Kind::Open(opening) {
                        return Err(unfinished(start));
                    }
                    self.at += 1;
                    self.out[mate as usize].mate = self.out.len() as u32;
                    self.push(Kind::Close(opening), start);
                    let last = self.out.len() - 1;
                    self.out[last].mate = mate;
                }
                b'"' => self.text_literal(start, Kind::Text)?,
                b'\'' => self.quote()?,
                b'0'..=b'9' => self.number(),
                b'r' | b'b' | b'c' if self.prefixed()? => {}
                byte if byte == b'_' || byte.is_ascii_alphabetic() => self.word(),
                byte if byte < 0x80 => {
                    if !b"~!@#$%^&*-=+|;:,<.>/?".contains(&byte) {
                        return Err(unfinished(start));
                    }
                    self.at += 1;
                    self.push(Kind::Punct(byte), start);
                }
                _ => {
                    let letter = self.text[start..].chars().next().unwrap_or(' ');
                    if letter.is_whitespace() || matches!(letter, '\u{200e}' | '\u{200f}') {
                        self.at += letter.len_utf8();
                    } else if letter.is_alphabetic() {
                        self.word();
                    } else {
                        return Err(unfinished(start));
                    }
                }
            }
        }
        match open.first() {
            Some(first) => Err(unfinished(self.out[*first as usize].start as usize)),
            None => Ok(()),
        }
    }

    fn block_comment(&mut self) -> Result<(), Problem> {
        let start = self.at;
        let mut depth = 0;
        while self.at < self.bytes.len() {
            match (self.byte(0), self.byte(1)) {
                (b'/', b'*') => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return Ok(());
                    }
                }
                _ => self.at += 1,
            }
        }
        Err(unfinished(start))
    }

    /// `r"`, `r#"`, `b"`, `br"`, `b'`, `c"`, `cr"`, `r#word`; false for a plain word.
    fn prefixed(&mut self) -> Result<bool, Problem> {
        let start = self.at;
        let kind = if self.bytes[start] == b'r' { Kind::Text } else { Kind::Literal };
        let raw_at = usize::from(self.bytes[start] != b'r');
        let is_raw = self.byte(raw_at) == b'r';
        let mut hashes = 0;
        while is_raw && self.byte(raw_at + 1 + hashes) == b'#' {
            hashes += 1;
        }
        if is_raw && self.byte(raw_at + 1 + hashes) == b'"' {
            self.at += raw_at + 2 + hashes;
            while self.at < self.bytes.len() {
                let closed =
                    self.bytes[self.at] == b'"' && (1..=hashes).all(|ahead| self.byte(ahead) == b'#');
                self.at += 1;
                if closed {
                    self.at += hashes;
                    self.suffix();
                    self.push(kind, start);
                    return Ok(true);
                }
            }
            return Err(unfinished(start));
        }
        if raw_at == 0 && hashes == 1 && is_word_start(self.text, start + 2) {
            self.at += 2;
            self.word_end();
            self.push(Kind::Word(Word::Name), start);
            return Ok(true);
        }
        match (self.bytes[start], self.byte(1)) {
            (b'b' | b'c', b'"') => {
                self.at += 1;
                self.text_literal(start, Kind::Literal)?;
                Ok(true)
            }
            (b'b', b'\'') => {
                self.at += 2;
                self.character(start)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// At the opening quote.
    fn text_literal(&mut self, start: usize, kind: Kind) -> Result<(), Problem> {
        self.at += 1;
        while self.at < self.bytes.len() {
            match self.bytes[self.at] {
                b'\\' => self.at += 2,
                b'"' => {
                    self.at += 1;
                    self.suffix();
                    self.push(kind, start);
                    return Ok(());
                }
                _ => self.at += 1,
            }
        }
        Err(unfinished(start))
    }

    /// A character or a lifetime.
    fn quote(&mut self) -> Result<(), Problem> {
        let start = self.at;
        let mut letters = self.text[start + 1..].chars();
        let first = letters.next().ok_or_else(|| unfinished(start))?;
        self.at += 1;
        if first != '\\' && letters.next() != Some('\'') {
            // `'r#name`
            if self.byte(0) == b'r' && self.byte(1) == b'#' {
                self.at += 2;
            }
            if !is_word_start(self.text, self.at) {
                return Err(unfinished(start));
            }
            self.word_end();
            self.push(Kind::Lifetime, start);
            return Ok(());
        }
        self.character(start)
    }

    /// Behind the opening quote of a character.
    fn character(&mut self, start: usize) -> Result<(), Problem> {
        if self.byte(0) == b'\\' {
            self.at += 2;
        } else {
            let letter = self.text.get(self.at..).and_then(|rest| rest.chars().next());
            self.at += letter.map_or(1, char::len_utf8);
        }
        // What is left of an escape: `\x7f`, `\u{1f600}`.
        while self.at < self.bytes.len() && !matches!(self.bytes[self.at], b'\'' | b'\n') {
            self.at += 1;
        }
        if self.byte(0) != b'\'' {
            return Err(unfinished(start));
        }
        self.at += 1;
        self.suffix();
        self.push(Kind::Literal, start);
        Ok(())
    }

    fn number(&mut self) {
        let start = self.at;
        let mut float = false;
        let radix = self.byte(0) == b'0' && matches!(self.byte(1), b'x' | b'o' | b'b');
        let digits = |lexer: &mut Self| {
            while lexer.byte(0).is_ascii_digit() || lexer.byte(0) == b'_' {
                lexer.at += 1;
            }
        };
        if radix {
            self.at += 2;
            while self.byte(0).is_ascii_alphanumeric() || self.byte(0) == b'_' {
                self.at += 1;
            }
        } else {
            digits(self);
            // `1..2` is a range and `1.max(2)` a call.
            if self.byte(0) == b'.' && self.byte(1) != b'.' && !is_word_start(self.text, self.at + 1) {
                float = true;
                self.at += 1;
                digits(self);
            }
            let sign = usize::from(matches!(self.byte(1), b'+' | b'-'));
            if matches!(self.byte(0), b'e' | b'E') && self.byte(1 + sign).is_ascii_digit() {
                float = true;
                self.at += 1 + sign;
                digits(self);
            }
        }
        let suffix = self.at;
        self.suffix();
        float |= matches!(&self.text[suffix..self.at], "f32" | "f64" | "f16" | "f128");
        self.push(if float { Kind::Float } else { Kind::Int }, start);
    }

    fn suffix(&mut self) {
        if is_word_start(self.text, self.at) {
            self.word_end();
        }
    }

    fn word_end(&mut self) {
        while let Some(byte) = self.bytes.get(self.at) {
            if byte.is_ascii_alphanumeric() || *byte == b'_' {
                self.at += 1;
            } else if *byte < 0x80 {
                return;
            } else {
                match self.text[self.at..].chars().next() {
                    Some(letter) if letter.is_alphanumeric() || is_mark(letter) => {
                        self.at += letter.len_utf8();
                    }
                    _ => return,
                }
            }
        }
    }

    fn word(&mut self) {
        let start = self.at;
        self.word_end();
        let word = meaning(&self.text[start..self.at]);
        self.push(Kind::Word(word), start);
    }
}

fn is_word_start(text: &str, at: usize) -> bool {
    match text.as_bytes().get(at) {
        Some(byte) if *byte < 0x80 => *byte == b'_' || byte.is_ascii_alphabetic(),
        Some(_) => text.get(at..).and_then(|rest| rest.chars().next()).is_some_and(char::is_alphabetic),
        None => false,
    }
}

/// Marks that combine with the letter before them.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}' | '\u{20d0}'..='\u{20f0}')
}

fn meaning(text: &str) -> Word {
    if text.len() > 8 {
        return Word::Name;
    }
    match text.as_bytes()[0] {
        b'_' if text.len() == 1 => Word::Underscore,
        b'S' if text == "Self" => Word::SelfType,
        b'a' => match text {
            "as" => Word::As,
            "async" => Word::Async,
            "await" => Word::Await,
            "abstract" => Word::Reserved,
            _ => Word::Name,
        },
        b'b' => match text {
            "break" => Word::Break,
            "become" => Word::Become,
            "box" => Word::Box,
            _ => Word::Name,
        },
        b'c' => match text {
            "const" => Word::Const,
            "crate" => Word::Crate,
            "continue" => Word::Continue,
            _ => Word::Name,
        },
        b'd' => match text {
            "dyn" => Word::Dyn,
            "do" => Word::Reserved,
            _ => Word::Name,
        },
        b'e' => match text {
            "else" => Word::Else,
            "enum" => Word::Enum,
            "extern" => Word::Extern,
            _ => Word::Name,
        },
        b'f' => match text {
            "fn" => Word::Fn,
            "for" => Word::For,
            "false" => Word::False,
            "final" => Word::Reserved,
            _ => Word::Name,
        },
        b'i' => match text {
            "if" => Word::If,
            "in" => Word::In,
            "impl" => Word::Impl,
            _ => Word::Name,
        },
        b'l' => match text {
            "let" => Word::Let,
            "loop" => Word::Loop,
            _ => Word::Name,
        },
        b'm' => match text {
            "mut" => Word::Mut,
            "match" => Word::Match,
            "mod" => Word::Mod,
            "move" => Word::Move,
            "macro" => Word::Macro,
            _ => Word::Name,
        },
        b'o' if text == "override" => Word::Reserved,
        b'p' => match text {
            "pub" => Word::Pub,
            "priv" => Word::Reserved,
            _ => Word::Name,
        },
        b'r' => match text {
            "ref" => Word::Ref,
            "return" => Word::Return,
            _ => Word::Name,
        },
        b's' => match text {
            "self" => Word::SelfValue,
            "static" => Word::Static,
            "struct" => Word::Struct,
            "super" => Word::Super,
            _ => Word::Name,
        },
        b't' => match text {
            "type" => Word::Type,
            "true" => Word::True,
            "trait" => Word::Trait,
            "try" => Word::Try,
            "typeof" => Word::Reserved,
            _ => Word::Name,
        },
        b'u' => match text {
            "use" => Word::Use,
            "unsafe" => Word::Unsafe,
            "unsized" => Word::Reserved,
            _ => Word::Name,
        },
        b'v' if text == "virtual" => Word::Reserved,
        b'w' => match text {
            "where" => Word::Where,
            "while" => Word::While,
            _ => Word::Name,
        },
        b'y' if text == "yield" => Word::Yield,
        _ => Word::Name,
    }
}
