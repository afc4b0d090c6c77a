//! The floor: walks a folder as the tool does, reads every Rust file and lexes it with
//! `proc-macro2`, on all cores. Prints how many files and tokens there were.

use std::path::PathBuf;
use std::str::FromStr;

use ignore::WalkBuilder;
use proc_macro2::{TokenStream, TokenTree};
use rayon::prelude::*;

fn main() {
    let root = std::env::args_os().nth(1).unwrap_or_else(|| ".".into());
    let walk = WalkBuilder::new(root).require_git(false).git_global(false).git_exclude(false).build();
    let files: Vec<PathBuf> = walk
        .flatten()
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .map(ignore::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect();
    let tokens: usize = files
        .par_iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let count = TokenStream::from_str(&text).map_or(0, count);
            proc_macro2::extra::invalidate_current_thread_spans();
            count
        })
        .sum();
    println!("{} files, {tokens} tokens", files.len());
}

fn count(stream: TokenStream) -> usize {
    let size = |tree| match tree {
        TokenTree::Group(group) => 1 + count(group.stream()),
        _ => 1,
    };
    stream.into_iter().map(size).sum()
}
