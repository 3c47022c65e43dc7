//! The validator on programs of many styles: valid ones raise no error, and what is made wrong in them is caught where it is.
//!
//! `cargo test -p enginehouse-spark --test corpus -- --nocapture` prints precision and recall for each rule.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::single_range_in_vec_init,
    reason = "all of this is a test, and most faults have one place"
)]

mod mutation;
mod mutations;
mod program;
mod score;

use std::collections::BTreeSet;

use enginehouse_sdk::{Severity, Supervisor};
use enginehouse_spark::Spark;
use score::{Scores, told};

/// The least share that is caught of what lies in the programs' own steps. It only ever rises.
const DEEP: f64 = 0.96;

#[test]
fn valid_programs_raise_no_error() {
    let programs = program::all();
    assert!(programs.len() >= 60, "{} programs", programs.len());
    let mut faults = Vec::new();
    for valid in &programs {
        let findings = Spark::validate(&valid.task, &valid.code);
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
        faults.extend(errors.map(|finding| format!("{}: {}", valid.name, told(finding))));
    }
    assert!(faults.is_empty(), "{} errors in valid programs:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn mutations_are_caught_where_they_are() {
    let programs = program::all();
    let before: Vec<_> = programs.iter().map(|valid| Spark::validate(&valid.task, &valid.code)).collect();
    let mut scores = Scores::default();
    let mut unapplied = Vec::new();
    for mutation in mutations::all() {
        let mut applied = false;
        for (valid, before) in programs.iter().zip(&before) {
            let Some(mutant) = (mutation.make)(valid) else { continue };
            applied = true;
            assert_ne!(mutant.code, valid.code, "{} changes nothing in {}", mutation.name, valid.name);
            let findings = Spark::validate(&valid.task, &mutant.code);
            scores.add(valid, before, &mutation, &mutant, &findings);
        }
        if !applied {
            unapplied.push(mutation.name);
        }
    }
    println!("{}", scores.table());
    assert!(unapplied.is_empty(), "no program takes these: {unapplied:?}");
    let mut faults = Vec::new();
    for ((rule, deep), score) in &scores.0 {
        let told = score.faults.iter().map(|fault| format!("{rule} {fault}"));
        if *deep {
            let held = score.extra == 0 && score.recall() >= DEEP;
            faults.extend(told.filter(|_| !held));
        } else {
            faults.extend(told);
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_error_rule_has_a_mutation() {
    let tried: BTreeSet<&str> = mutations::all().iter().map(|mutation| mutation.rule).collect();
    let rules = Spark::describe().rules;
    let untried: Vec<&str> = rules
        .iter()
        .filter(|rule| rule.severity == Severity::Error && !tried.contains(rule.id.as_str()))
        .map(|rule| rule.id.as_str())
        .collect();
    assert!(untried.is_empty(), "no mutation for {untried:?}");
}
