//! Puts a configuration into words: what holds for each package, and which line says so.

use std::fmt::Write as _;

use super::Config;
use crate::baseline::Entries;
use crate::checks::CHECKS;
use crate::finding::Confidence;
use crate::report::escape::visible;
use crate::report::words::count;
use crate::rules;
use crate::source::SourceFile;
use crate::workspace::Workspace;

/// What `--show-config` prints.
pub(crate) fn show(
    config: &Config,
    workspace: &Workspace,
    baseline: Option<(&SourceFile, &Entries)>,
) -> String {
    let mut text = String::new();
    let mut shown: Vec<(&[usize], Vec<&str>)> = Vec::new();
    for (package, layers) in workspace.packages.iter().zip(&config.packages) {
        if !package.selected {
            continue;
        }
        match shown.iter_mut().find(|(known, _)| *known == layers.as_slice()) {
            Some((_, names)) => names.push(&package.name),
            None => shown.push((layers, vec![&package.name])),
        }
    }
    for (layers, names) in &shown {
        one(&mut text, config, layers, names);
    }
    match baseline {
        Some((file, entries)) => {
            let all = entries.values().map(|entry| entry.count).sum();
            line(&mut text, format_args!("baseline: {}, {}", visible(&file.path), count(all, "finding")));
        }
        None => text.push_str("baseline: none\n"),
    }
    text
}

/// What holds for packages that share their layers.
fn one(text: &mut String, config: &Config, layers: &[usize], names: &[&str]) {
    let names: Vec<String> = names.iter().map(|name| visible(name).into_owned()).collect();
    let noun = if names.len() == 1 { "package" } else { "packages" };
    line(text, format_args!("{noun} {}", names.join(", ")));
    let sources: Vec<String> = layers.iter().filter_map(|layer| source(config, *layer)).collect();
    let from = if sources.is_empty() { "no configuration".to_owned() } else { sources.join(", then ") };
    line(text, format_args!("  from: {from}"));

    let rules = rules::ALL.iter().map(|rule| (rule.name, true));
    let checks = CHECKS.iter().map(|check| (check.name, false));
    for (name, is_rule) in rules.chain(checks) {
        // A line may hold for sure findings only: then another one says what the rest do.
        let mut said: Vec<(Confidence, Confidence, String)> = Vec::new();
        for confidence in [Confidence::Sure, Confidence::Likely, Confidence::Worth] {
            let words = match config.verdict_of(layers, name, is_rule, confidence) {
                Some((layer, setting)) => {
                    format!("{:<8} {}", setting.verdict.name(), visible(&config.place(layer, setting.span)))
                }
                None if is_rule => "default  error, warning or note, by confidence".to_owned(),
                None => "warn     default".to_owned(),
            };
            match said.last_mut() {
                Some((_, least, last)) if *last == words => *least = confidence,
                _ => said.push((confidence, confidence, words)),
            }
        }
        for (at, (most, least, words)) in said.iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            let only = match (most, least) {
                (Confidence::Sure, Confidence::Sure) => " (sure findings)",
                (Confidence::Sure, Confidence::Likely) => " (likely findings and above)",
                (Confidence::Likely, Confidence::Worth) => " (likely findings and below)",
                (Confidence::Likely, _) => " (likely findings)",
                (Confidence::Worth, _) => " (findings worth knowing)",
                (Confidence::Sure, Confidence::Worth) => "",
            };
            line(text, format_args!("  {name:<22} {words}{only}"));
        }
    }
    for (layer, hint) in
        layers.iter().flat_map(|layer| config.layers[*layer].hints.iter().map(move |hint| (layer, hint)))
    {
        let role = serde_json::to_value(hint.role).ok();
        let role = role.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
        let place = config.place(*layer, hint.span);
        line(text, format_args!("  role of {}: {role}, {}", visible(&hint.site), visible(&place)));
    }
    text.push('\n');
}

fn source(config: &Config, layer: usize) -> Option<String> {
    let layer = &config.layers[layer];
    match layer.file {
        Some(file) => {
            let table = layer.table.map(|table| format!(" [{table}]")).unwrap_or_default();
            Some(format!("{}{table}", visible(&config.files[file].path)))
        }
        None => (!layer.settings.is_empty()).then(|| "the command line".to_owned()),
    }
}

fn line(text: &mut String, words: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{words}");
}
