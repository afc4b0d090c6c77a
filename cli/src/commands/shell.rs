//! `completions` and `man`: what shells and manuals want to know of the command line.
//!
//! Everything is taken from the definitions in [`crate::args`]. What is added here lets the
//! same completions answer for `cargo stateless`, whose first word belongs to cargo.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;

use super::stdout;
use crate::args::{Cli, CompletionsArgs};
use crate::error::Error;

/// Under this name the program is found, and its completions are registered.
const BINARY: &str = "cargo-stateless";

pub(super) fn completions(args: &CompletionsArgs) -> Result<u8, Error> {
    let mut script = Vec::new();
    let mut command = Cli::command().bin_name(BINARY);
    clap_complete::generate(args.shell, &mut command, BINARY, &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    match args.shell {
        // The generator spells a dash in the program's name in two ways, so that no command's
        // flags would be found.
        Shell::Bash => script = script.replace("cargo__subcmd__stateless", "cargo__stateless"),
        Shell::Fish => script += &positional(&command),
        _ => {}
    }
    script += by_cargo(args.shell);
    stdout::write(|out| out.write_all(script.as_bytes()))?;
    Ok(0)
}

/// What the generator for fish leaves out: the values of arguments that are no flags.
fn positional(command: &clap::Command) -> String {
    let mut text = String::new();
    for command in command.get_subcommands() {
        for argument in command.get_positionals() {
            let values = argument.get_possible_values();
            let names: Vec<&str> = values.iter().map(clap::builder::PossibleValue::get_name).collect();
            if !names.is_empty() {
                let when = format!("__fish_cargo_stateless_using_subcommand {}", command.get_name());
                text += &format!("complete -c {BINARY} -n \"{when}\" -f -a \"{}\"\n", names.join(" "));
            }
        }
    }
    text
}

/// zsh needs nothing: cargo's own completions call a function of our name. Other shells have
/// no such way.
fn by_cargo(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => include_str!("shell/cargo.bash"),
        Shell::Fish => include_str!("shell/cargo.fish"),
        _ => "",
    }
}

pub(super) fn man() -> Result<u8, Error> {
    let mut text = Vec::new();
    page(&mut text).map_err(Error::Stdout)?;
    stdout::write(|out| out.write_all(&text))?;
    Ok(0)
}

/// One page: the program, then each command with its flags.
fn page(out: &mut Vec<u8>) -> io::Result<()> {
    let mut all = Cli::command();
    all.build();
    let whole = clap_mangen::Man::new(all.clone()).title("CARGO-STATELESS").manual("cargo stateless");
    whole.render_title(out)?;
    whole.render_name_section(out)?;
    whole.render_synopsis_section(out)?;
    whole.render_description_section(out)?;
    for command in all.get_subcommands().filter(|command| command.get_name() != "help") {
        writeln!(out, ".SH {}", command.get_name().to_uppercase())?;
        let mut part = Vec::new();
        let page = clap_mangen::Man::new(command.clone());
        page.render_synopsis_section(&mut part)?;
        page.render_description_section(&mut part)?;
        page.render_options_section(&mut part)?;
        if let Some(after) = command.get_after_help() {
            writeln!(part, ".PP\n{}", escaped(&after.to_string()))?;
        }
        out.extend_from_slice(String::from_utf8_lossy(&part).replace("\n.SH ", "\n.SS ").as_bytes());
    }
    whole.render_version_section(out)
}

/// Plain text as roff takes it.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}
