//! A rule's page for a terminal.
//!
//! Reads the little Markdown that pages are written in (headings, paragraphs, lists, blocks
//! of code, code and links in a line), and leaves anything else as it stands.

use textwrap::{WordSeparator, WordSplitter};

const BOLD: &str = "1";
const CYAN: &str = "36";

/// The page as text of that width.
pub(crate) fn rendered(markdown: &str, color: bool, width: usize) -> String {
    let page = Page { color, width: width.clamp(40, 100) };
    let mut text = String::new();
    let mut paragraph: Vec<&str> = Vec::new();
    let mut code = false;
    for line in markdown.lines() {
        let starts_block = line.is_empty() || line.starts_with(['#', '-']) || line.starts_with("```");
        if code && !line.starts_with("```") {
            text += if line.is_empty() { "" } else { "    " };
            text += line;
            text.push('\n');
            continue;
        }
        if starts_block {
            page.paragraph(&mut text, &std::mem::take(&mut paragraph));
        }
        if line.starts_with("```") {
            code = !code;
        } else if line.starts_with('#') {
            text += &page.paint(BOLD, line.trim_start_matches('#').trim());
            text.push('\n');
        } else if line.is_empty() {
            text.push('\n');
        } else {
            paragraph.push(line.trim());
        }
    }
    page.paragraph(&mut text, &paragraph);
    text
}

struct Page {
    color: bool,
    width: usize,
}

impl Page {
    fn paint(&self, style: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{style}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Lines of one paragraph or point of a list, broken anew.
    fn paragraph(&self, text: &mut String, lines: &[&str]) {
        if lines.is_empty() {
            return;
        }
        let words = self.spans(&lines.join(" "));
        let below = if words.starts_with("- ") { "  " } else { "" };
        let options = textwrap::Options::new(self.width)
            .subsequent_indent(below)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation);
        text.push_str(&textwrap::fill(&words, options));
        text.push('\n');
    }

    /// Code in a line is coloured, or keeps its signs where there is no colour. Of a link,
    /// only an address that leads out of the book is of use.
    fn spans(&self, line: &str) -> String {
        let mut out = String::new();
        for (at, part) in line.split('`').enumerate() {
            if at % 2 == 0 {
                out += &links(part);
            } else if self.color {
                out += &self.paint(CYAN, part);
            } else {
                out += &format!("`{part}`");
            }
        }
        out
    }
}

fn links(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, words, address, after)) = link(rest) {
        out += before;
        out += words;
        if address.contains("://") {
            out += &format!(" ({address})");
        }
        rest = after;
    }
    out + rest
}

/// What is before the first link, its words, its address, and what is behind.
fn link(text: &str) -> Option<(&str, &str, &str, &str)> {
    let (head, tail) = text.split_once("](")?;
    let (before, words) = head.rsplit_once('[')?;
    let (address, after) = tail.split_once(')')?;
    Some((before, words, address, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# a-rule\n\nA sentence with `some code` that goes\non here, see [the book](other.md).\n\n\
        ## What to do\n\n```rust\nfn main() {\n\n    // - no list, # no heading\n}\n```\n\n\
        - One point,\n  on two lines.\n- Another: [a page](https://example.org/x).\n";

    #[test]
    fn a_page_without_colours() {
        assert_eq!(
            rendered(PAGE, false, 44),
            "a-rule\n\nA sentence with `some code` that goes on\nhere, see the book.\n\n\
             What to do\n\n    fn main() {\n\n        // - no list, # no heading\n    }\n\n\
             - One point, on two lines.\n- Another: a page (https://example.org/x).\n"
        );
    }

    #[test]
    fn colours_take_no_room() {
        let text = rendered(PAGE, true, 44);
        assert!(text.starts_with("\u{1b}[1ma-rule\u{1b}[0m\n"));
        assert!(text.contains("with \u{1b}[36msome code\u{1b}[0m that goes on here,\nsee"), "{text}");
        assert!(!text.contains('`'));
    }

    #[test]
    fn what_is_not_known_is_left_as_it_stands() {
        assert_eq!(rendered("| a [b | c](d\n", false, 80), "| a [b | c](d\n");
        assert_eq!(rendered("", true, 80), "");
    }
}
