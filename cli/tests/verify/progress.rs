//! What a terminal shows while it goes on.

use std::process::Command;

use super::support::{Tree, run};
use super::{client, verify};

/// The same command on a terminal of its own, which `script` makes.
fn on_a_terminal(command: &Command) -> Command {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let quoted = words.map(|word| format!("'{}'", word.to_str().unwrap().replace('\'', r"'\''")));
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &quoted.collect::<Vec<_>>().join(" "), "/dev/null"]).env("TERM", "xterm");
    terminal.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    terminal.current_dir(command.get_current_dir().unwrap());
    terminal
}

#[test]
fn a_terminal_shows_which_run_is_under_way() {
    let tree = Tree::new();
    let mut command = verify(&tree, "");
    command.args(["--schedule", "avoid-last"]);
    client::drive(&mut command, &"GET /slow\n".repeat(5));
    let shown = run(on_a_terminal(&command));
    assert_eq!(shown.code, Some(0), "{shown:#?}");
    for under_way in ["same (", "avoid-last ("] {
        assert!(shown.stdout.contains(under_way), "`{under_way}` is not in: {shown:#?}");
    }
    // And nothing of it stays: the lines of the runs are there once each.
    assert_eq!(shown.stdout.matches("avoid-last  5 same").count(), 1, "{shown:#?}");
    // Elsewhere nothing is to be seen of it.
    assert_eq!(run(command).stderr, "");
}
