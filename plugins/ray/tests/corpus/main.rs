//! The validator on programs of many styles: valid ones raise no error, and what is made wrong in them is caught where it is.
//!
//! `cargo test -p enginehouse-ray --test corpus -- --nocapture` prints precision and recall for each rule.

mod mutations;

use enginehouse_corpus::{Valid, trials};
use enginehouse_ray::Ray;

/// The least share that is caught of what lies in the programs' own steps. It only ever rises.
const DEEP: f64 = 0.28;

fn programs() -> Vec<Valid> {
    enginehouse_corpus::programs(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/valid"))
}

#[test]
fn valid_programs_raise_no_error() {
    trials::valid_programs_raise_no_error::<Ray>(&programs(), 69);
}

#[test]
fn mutations_are_caught_where_they_are() {
    trials::mutations_are_caught_where_they_are::<Ray>(&programs(), &mutations::all(), DEEP);
}

#[test]
fn every_error_rule_has_a_mutation() {
    trials::every_error_rule_has_a_mutation::<Ray>(&mutations::all());
}
