//! The three tests of a corpus.

use std::collections::BTreeSet;

use enginehouse_sdk::{Finding, Severity, Supervisor};

use crate::{
    mutation::Mutation,
    program::Valid,
    score::{Scores, told},
};

/// None of the programs raises an error, and at least so many there are.
pub fn valid_programs_raise_no_error<S: Supervisor>(programs: &[Valid], least: usize) {
    assert!(programs.len() >= least, "{} programs", programs.len());
    let mut faults = Vec::new();
    for valid in programs {
        let findings = S::validate(&valid.task, &valid.code);
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
        faults.extend(errors.map(|finding| format!("{}: {}", valid.name, told(finding))));
    }
    assert!(faults.is_empty(), "{} errors in valid programs:\n{}", faults.len(), faults.join("\n"));
}

/// Each mutation applies to a program, and is caught where it is. Of the deep ones this share is enough. Prints the table of
/// scores.
pub fn mutations_are_caught_where_they_are<S: Supervisor>(programs: &[Valid], mutations: &[Mutation], deep: f64) {
    let before: Vec<Vec<Finding>> = programs.iter().map(|valid| S::validate(&valid.task, &valid.code)).collect();
    let mut scores = Scores::default();
    let mut unapplied = Vec::new();
    for mutation in mutations {
        let mut applied = false;
        for (valid, before) in programs.iter().zip(&before) {
            let Some(mutant) = (mutation.make)(valid) else { continue };
            applied = true;
            assert_ne!(mutant.code, valid.code, "{} changes nothing in {}", mutation.name, valid.name);
            let findings = S::validate(&valid.task, &mutant.code);
            scores.add(valid, before, mutation, &mutant, &findings);
        }
        if !applied {
            unapplied.push(mutation.name.as_str());
        }
    }
    println!("{}", scores.table());
    assert!(unapplied.is_empty(), "no program takes these: {unapplied:?}");
    let faults = scores.faults(deep);
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// Each rule that refuses programs has a mutation.
pub fn every_error_rule_has_a_mutation<S: Supervisor>(mutations: &[Mutation]) {
    let tried: BTreeSet<&str> = mutations.iter().map(|mutation| mutation.rule).collect();
    let rules = S::describe().rules;
    let untried: Vec<&str> = rules
        .iter()
        .filter(|rule| rule.severity == Severity::Error && !tried.contains(rule.id.as_str()))
        .map(|rule| rule.id.as_str())
        .collect();
    assert!(untried.is_empty(), "no mutation for {untried:?}");
}
