//! How many of the mutations each rule caught.

use std::collections::BTreeMap;

use enginehouse_sdk::{Finding, Severity};

use crate::{
    mutation::{Mutant, Mutation},
    program::Valid,
};

/// What the mutations for one rule came to.
#[derive(Default)]
pub struct Score {
    /// Programs that were made wrong.
    pub applied: usize,
    /// Found by the rule, in the right place.
    pub caught: usize,
    /// Found by the rule, in the wrong place.
    pub misplaced: usize,
    /// Not found, where a note says already of the valid program that this cannot be told.
    pub untold: usize,
    /// Errors of neither the rule nor its companions.
    pub extra: usize,
    /// What went wrong, in words.
    pub faults: Vec<String>,
}

/// By rule, and whether the fault lay in the programs' own steps.
#[derive(Default)]
pub struct Scores(pub BTreeMap<(&'static str, bool), Score>);

impl Scores {
    /// Takes in what was found in a program that was made wrong, and in the `valid` one before.
    pub fn add(
        &mut self,
        valid: &Valid,
        before: &[Finding],
        mutation: &Mutation,
        mutant: &Mutant,
        findings: &[Finding],
    ) {
        let score = self.0.entry((mutation.rule, mutation.deep)).or_default();
        score.applied += 1;
        let place = format!("{} in {}", mutation.name, valid.name);
        let of_rule =
            || findings.iter().filter(|finding| finding.rule == mutation.rule && finding.severity == mutation.severity);
        if of_rule().any(|finding| mutant.covered_by(finding)) {
            score.caught += 1;
        } else if let Some(finding) = of_rule().next() {
            score.misplaced += 1;
            score.faults.push(format!("{place}: at {}", told(finding)));
        } else if before.iter().any(|note| note.severity == Severity::Note && mutation.tells(&note.rule)) {
            score.applied -= 1;
            score.untold += 1;
        } else {
            let others: Vec<String> = findings.iter().map(told).collect();
            score.faults.push(format!("{place}: missed, found {others:?}"));
        }
        for finding in
            findings.iter().filter(|finding| finding.severity == Severity::Error && !mutation.tells(&finding.rule))
        {
            score.extra += 1;
            score.faults.push(format!("{place}: beside it {}", told(finding)));
        }
    }

    /// What went wrong, where of the deep mutations only a share below this one is wrong.
    pub fn faults(&self, deep: f64) -> Vec<String> {
        let missed =
            |((_, is_deep), score): &(&(&str, bool), &Score)| !is_deep || score.extra > 0 || score.recall() < deep;
        let missed = self.0.iter().filter(missed);
        missed.flat_map(|((rule, _), score)| score.faults.iter().map(move |fault| format!("{rule} {fault}"))).collect()
    }

    /// A row for each rule.
    pub fn table(&self) -> String {
        let mut table = format!(
            "{:<11}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>11}\n",
            "rule", "applied", "caught", "moved", "untold", "extra", "recall", "precision"
        );
        for ((rule, deep), score) in &self.0 {
            let rule = if *deep { format!("{rule} deep") } else { (*rule).to_owned() };
            table.push_str(&format!(
                "{rule:<11}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9.3}{:>11.3}\n",
                score.applied,
                score.caught,
                score.misplaced,
                score.untold,
                score.extra,
                score.recall(),
                score.precision()
            ));
        }
        table
    }
}

#[expect(clippy::cast_precision_loss, reason = "shares of a few thousand")]
impl Score {
    /// The share of the mutations that was caught in the right place.
    pub fn recall(&self) -> f64 {
        self.caught as f64 / self.applied as f64
    }

    /// The share of what was found that was meant.
    pub fn precision(&self) -> f64 {
        let found = self.caught + self.misplaced + self.extra;
        if found == 0 { 1.0 } else { self.caught as f64 / found as f64 }
    }
}

/// A finding on one line.
pub fn told(finding: &Finding) -> String {
    let place = finding.span.as_ref().map_or("nowhere".to_owned(), |span| format!("line {}", span.start.line));
    format!("{} {place}: {}", finding.rule, finding.message)
}
