//! What is made wrong in a program, and what must be found then.

use std::ops::Range;

use enginehouse_sdk::{Finding, Position, Severity};

use crate::program::Valid;

/// What a mutation makes of a program; none where it does not apply.
pub type Make = Box<dyn Fn(&Valid) -> Option<Mutant>>;

/// One way to make a program wrong.
pub struct Mutation {
    /// The rule that must find it.
    pub rule: &'static str,
    /// How severe the finding must be.
    pub severity: Severity,
    /// What is done, in a few words.
    pub name: String,
    /// Rules that may speak up as well, and rightly so.
    pub companions: &'static [&'static str],
    /// Whether the fault lies in the program's own steps, which the validator need not be able to follow.
    pub deep: bool,
    /// Does it.
    pub make: Make,
}

impl Mutation {
    /// Whether a rule is this one or one that speaks up beside it.
    pub(crate) fn tells(&self, rule: &str) -> bool {
        self.rule == rule || self.companions.contains(&rule)
    }
}

/// A program that was made wrong.
pub struct Mutant {
    /// All of it.
    pub code: String,
    /// Bytes of the code, of which the finding must cover one range; empty where no place is at fault.
    pub places: Vec<Range<usize>>,
}

impl Mutant {
    /// At fault is the only, or last, place of a text that no program of the corpus holds.
    pub fn at(code: String, text: &str) -> Option<Self> {
        let at = code.rfind(text)?;
        Some(Self { places: vec![at..at + text.len()], code })
    }

    /// At fault are all places of a text in the program.
    pub fn at_any(code: String, text: &str) -> Option<Self> {
        let body = code.find("\n\n")?;
        let places: Vec<_> =
            code.match_indices(text).map(|(at, _)| at..at + text.len()).filter(|place| place.start > body).collect();
        (!places.is_empty()).then_some(Self { code, places })
    }

    /// No place is at fault: something is missing.
    pub fn anywhere(code: String) -> Option<Self> {
        Some(Self { code, places: Vec::new() })
    }

    /// Whether a finding stands where it must: it covers what is wrong, and not much more than the statement around it.
    pub(crate) fn covered_by(&self, finding: &Finding) -> bool {
        match &finding.span {
            None => self.places.is_empty(),
            Some(span) => {
                let (start, end) = (offset(&self.code, &span.start), offset(&self.code, &span.end));
                self.places.iter().any(|place| {
                    let meets = start <= place.end && end >= place.start;
                    let lines = self.code.get(start..end).map_or(0, |text| text.lines().count());
                    meets && lines <= 30
                })
            }
        }
    }
}

fn offset(code: &str, position: &Position) -> usize {
    let line = position.line as usize - 1;
    let start: usize = code.split_inclusive('\n').take(line).map(str::len).sum();
    let text = code.get(start..).unwrap_or_default();
    let column = position.column as usize - 1;
    start + text.char_indices().nth(column).map_or(text.len(), |(at, _)| at)
}
