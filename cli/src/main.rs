//! The binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    cargo_stateless::commands::run(std::env::args_os())
}
