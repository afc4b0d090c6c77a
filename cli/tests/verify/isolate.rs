//! What replicas share that they should not, and clients that cannot be told apart.

use super::support::{Tree, run};
use super::{client, verify};

#[test]
fn a_file_that_replicas_write_together_is_named() {
    for (folder, named) in [("shared", true), ("copy", false)] {
        let tree = Tree::new();
        let mut command = verify(&tree, "TWIN_TROUBLE=shares-a-file");
        command.args(["--schedule", "avoid-last", "--cwd", folder]);
        client::drive(&mut command, "GET /noisy\nGET /noisy");
        let run = run(command);
        assert_eq!(run.code, Some(0), "{run:#?}");
        let warnings = run.stdout.matches("warning: several replicas write ").count();
        assert_eq!(warnings, usize::from(named), "{}", run.stdout);
        assert_eq!(run.stdout.contains("/app.db: on machines of their own"), named, "{}", run.stdout);
    }
}

/// Two clients without a cookie that ask for the same thing at the same moment.
#[test]
fn clients_that_cannot_be_told_apart_are_not_replayable() {
    let tree = Tree::new();
    let mut command = verify(&tree, "");
    command.args(["--schedule", "avoid-last"]);
    client::drive(&mut command, "TOGETHER /slow");
    let run = run(command);
    assert!(
        run.stdout.contains(
            "warning: not replayable: clients that begin with GET /slow at the same time cannot be told apart"
        ),
        "{run:#?}"
    );
}
