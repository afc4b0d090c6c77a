//! Notes without a reason, or where they mean nothing.
use std::sync::Mutex;

use stateless_store::keep_in_process;

#[keep_in_process]
static A: Mutex<u64> = Mutex::new(0);

#[keep_in_process(reason = " ")]
static B: Mutex<u64> = Mutex::new(0);

#[keep_in_process(resaon = "a cache")]
static C: Mutex<u64> = Mutex::new(0);

#[keep_in_process(reason = "a function keeps nothing")]
fn d() {}

#[keep_in_process(reason = "a cache of this replica")]
static E: Mutex<u64> = Mutex::new(0);

fn main() {}
