//! The commented configuration: one text, which `init` writes and the book shows.

use crate::checks::CHECKS;
use crate::rules;

/// The text, with a line for every rule and every check.
pub(crate) fn template() -> String {
    let rules = rules::ALL.iter().map(|rule| (rule.name, rule.summary));
    let checks = CHECKS.iter().map(|check| (check.name, check.summary));
    include_str!("template.toml").replace("{rules}\n", &lines(rules)).replace("{checks}\n", &lines(checks))
}

fn lines<'n>(of: impl Iterator<Item = (&'n str, &'n str)>) -> String {
    of.map(|(name, summary)| format!("#{:<32} # {summary}\n", format!("{name} = \"warn\""))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn it_is_a_configuration_with_and_without_its_settings() {
        let text = template();
        assert!(!text.contains('{') || text.contains("{ level"), "{text}");
        let layer = parse::file(&text).unwrap();
        assert!(layer.settings.is_empty() && layer.hints.is_empty(), "as written, nothing is set");

        // What has no blank behind its sign is a setting.
        let set = |line: &str| match line.strip_prefix('#') {
            Some(setting) if !setting.is_empty() && !setting.starts_with(' ') => setting.to_owned(),
            _ => line.to_owned(),
        };
        let mut lines: Vec<String> = text.lines().map(set).collect();
        // A rule stands once as an example of the longer form.
        lines.retain(|line| !line.starts_with("timer = {"));
        let layer = parse::file(&lines.join("\n")).unwrap();
        assert_eq!(layer.settings.len(), 1 + rules::ALL.len() + CHECKS.len());
        assert_eq!(layer.hints.len(), 2);
        assert!(text.lines().all(|line| line.chars().count() <= 120));
    }
}
