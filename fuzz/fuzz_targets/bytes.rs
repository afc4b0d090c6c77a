//! Arbitrary bytes as a Rust file.
#![no_main]

mod common;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| common::check(text));
