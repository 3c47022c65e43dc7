//! Deeds that give no answer.

use std::{hint::black_box, io::Write as _, time::Duration};

use enginehouse_sdk::host;

use crate::deeds::Deed;

/// Does what the deed does in this export, if anything.
pub(crate) fn doing(deed: Deed, export: &str) {
    match (deed, export) {
        (Deed::Spins, "validate") | (Deed::SpinsAtLoad, "describe") => spin(),
        (Deed::Sleeps, "plan") => std::thread::sleep(Duration::MAX),
        (Deed::Recurses, "validate") => drop(black_box(down(0))),
        (Deed::GrowsMemory, "plan") => grow(),
        (Deed::FloodsJournal, "plan") => notes(),
        (Deed::FloodsOutput, "plan") => print(),
        (Deed::Exits, "plan") => std::process::exit(0),
        (Deed::AsksForRandom, "plan") => random(),
        (Deed::MakesPollables, "plan") => pollables(),
        _ => {}
    }
}

fn spin() {
    loop {
        black_box(());
    }
}

#[expect(unconditional_recursion, reason = "that is the deed")]
fn down(depth: u64) -> u64 {
    black_box(down(black_box(depth) + 1)) + 1
}

fn grow() {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    loop {
        taken.push(black_box(vec![1; 1 << 20]));
    }
}

fn notes() {
    let note = "n".repeat(9 << 10);
    for _ in 0..100_000 {
        host::note(&note);
    }
}

fn print() {
    let line = [b'x'; 10_000];
    for _ in 0..10_000 {
        // Nobody promises to take it.
        let _refused = std::io::stdout().write_all(&line);
    }
    panic!("printed enough");
}

#[cfg(target_family = "wasm")]
fn random() {
    black_box(wasip2::random::random::get_random_bytes(10_000_000_000));
}

#[cfg(target_family = "wasm")]
fn pollables() {
    for _ in 0..100_000 {
        std::mem::forget(wasip2::clocks::monotonic_clock::subscribe_duration(u64::MAX));
    }
}

#[cfg(not(target_family = "wasm"))]
fn random() {}

#[cfg(not(target_family = "wasm"))]
fn pollables() {}
