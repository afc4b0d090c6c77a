//! Apache: balancers with sticky sessions.

use crate::finding::Level;
use crate::span::FileId;

use super::super::finding::APACHE_STICKY;
use super::super::lines::lines;
use super::Findings;

pub(super) fn check(file: FileId, text: &str, findings: &mut Findings) {
    let mut section = String::new();
    for words in lines(text) {
        if words[0].text.starts_with("<Proxy") {
            section = words.get(1).map_or("", |word| word.text).trim_end_matches('>').to_owned();
        }
        let sticky = words.iter().find_map(|word| {
            let (key, value) = word.text.split_once('=')?;
            key.eq_ignore_ascii_case("stickysession").then_some((word, value))
        });
        if let Some((word, value)) = sticky {
            let subject = words
                .iter()
                .find(|word| word.text.starts_with("balancer://"))
                .map_or(section.clone(), |word| word.text.to_owned());
            findings.say(
                &APACHE_STICKY,
                Level::Error,
                file,
                word.span.clone(),
                &subject,
                format!("`stickysession={value}` pins a session to one member"),
            );
        }
    }
}
