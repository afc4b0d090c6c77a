//! Tests of which line counts.

use super::*;

fn layer(text: &str) -> Layer {
    parse::file(text).unwrap()
}

/// The verdict under layers, the strongest first.
fn verdict(layers: &[&str], name: &str, confidence: Confidence) -> Option<(usize, Verdict)> {
    let config = Config {
        layers: layers.iter().map(|text| layer(text)).collect(),
        packages: vec![(0..layers.len()).collect()],
        ..Config::default()
    };
    config.verdict(Some(0), name, true, confidence).map(|(layer, setting)| (layer, setting.verdict))
}

#[test]
fn the_strongest_layer_that_says_anything_counts() {
    let sure = |layers: &[&str]| verdict(layers, "timer", Confidence::Sure);
    assert_eq!(sure(&["", "levels.timer = 'warn'"]), Some((1, Verdict::Warn)));
    assert_eq!(sure(&["levels.timer = 'allow'", "levels.timer = 'warn'"]), Some((0, Verdict::Allow)));
    // `all` in a stronger layer counts before the rule's name in a weaker one.
    assert_eq!(sure(&["levels.all = 'deny'", "levels.timer = 'warn'"]), Some((0, Verdict::Deny)));
    assert_eq!(sure(&["levels = { timer = 'warn', all = 'deny' }"]), Some((0, Verdict::Warn)));
    assert_eq!(sure(&["levels.local-disk = 'deny'"]), None);
}

#[test]
fn a_line_for_sure_findings_leaves_the_others_to_the_next() {
    let layers = ["levels.timer = { level = 'deny', confidence = 'sure' }", "levels.all = 'allow'"];
    assert_eq!(verdict(&layers, "timer", Confidence::Sure), Some((0, Verdict::Deny)));
    assert_eq!(verdict(&layers, "timer", Confidence::Likely), Some((1, Verdict::Allow)));
    assert_eq!(verdict(&layers[..1], "timer", Confidence::Likely), None);
}

#[test]
fn all_are_the_rules_and_not_the_checks() {
    let config = Config { layers: vec![layer("levels.all = 'allow'")], root: vec![0], ..Config::default() };
    assert_eq!(config.level(None, "unused-hint", false, Confidence::Likely), Some(Level::Warning));
    assert_eq!(config.level(None, "timer", true, Confidence::Likely), None);
}

#[test]
fn a_hint_names_the_end_of_a_path() {
    let hint = |site: &str| Hint { site: site.into(), role: Role::Cache, span: Span { start: 0, end: 0 } };
    for (site, expected) in [
        ("App::quotes", true),
        ("state::App::quotes", true),
        ("shop::state::App::quotes", true),
        ("quotes", true),
        ("otes", false),
        ("pp::quotes", false),
        ("x::App::quotes", false),
        ("App", false),
    ] {
        assert_eq!(hint(site).matches("App::quotes", "shop::state::App::quotes"), expected, "{site}");
    }
}
