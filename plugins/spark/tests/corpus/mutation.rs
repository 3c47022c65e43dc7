//! What is made wrong in a program, and what must be found then.

use std::ops::Range;

use enginehouse_sdk::{Finding, Position, Severity};

use crate::program::Valid;

/// None where it does not apply to the program.
pub(crate) type Make = Box<dyn Fn(&Valid) -> Option<Mutant>>;

/// One way to make a program wrong.
pub(crate) struct Mutation {
    /// The rule that must find it.
    pub(crate) rule: &'static str,
    pub(crate) severity: Severity,
    /// What is done, in a few words.
    pub(crate) name: String,
    /// Rules that may speak up as well, and rightly so.
    pub(crate) companions: &'static [&'static str],
    /// Whether the fault lies in the program's own steps, which the validator need not be able to follow.
    pub(crate) deep: bool,
    pub(crate) make: Make,
}

impl Mutation {
    /// Whether a rule is this one or one that speaks up beside it.
    pub(crate) fn tells(&self, rule: &str) -> bool {
        self.rule == rule || self.companions.contains(&rule)
    }
}

/// A program that was made wrong.
pub(crate) struct Mutant {
    pub(crate) code: String,
    /// Bytes of the code, of which the finding must cover one range; empty where no place is at fault.
    pub(crate) places: Vec<Range<usize>>,
}

impl Mutant {
    /// At fault is the only, or last, place of a text that no program of the corpus holds.
    pub(crate) fn at(code: String, text: &str) -> Option<Self> {
        let at = code.rfind(text)?;
        Some(Self { places: vec![at..at + text.len()], code })
    }

    /// At fault are all places of a text in the program.
    pub(crate) fn at_any(code: String, text: &str) -> Option<Self> {
        let body = code.find("\n\n")?;
        let places: Vec<_> =
            code.match_indices(text).map(|(at, _)| at..at + text.len()).filter(|place| place.start > body).collect();
        (!places.is_empty()).then_some(Self { code, places })
    }

    /// No place is at fault: something is missing.
    pub(crate) fn anywhere(code: String) -> Option<Self> {
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

impl Valid {
    /// With statements after the last one.
    pub(crate) fn append(&self, statements: &str) -> String {
        format!("{}\n{statements}\n", self.code)
    }

    /// With statements in a function that is called, after the last one.
    pub(crate) fn append_function(&self, statements: &str) -> String {
        let body = statements.lines().map(|line| format!("    {line}\n")).collect::<String>();
        format!("{}\n\ndef corpus_helper():\n{body}\n\ncorpus_helper()\n", self.code)
    }

    /// With statements after the imports at the top.
    pub(crate) fn after_imports(&self, statements: &str) -> Option<String> {
        let mut end = None;
        let (mut at, mut depth, mut importing) = (0, 0_i32, false);
        for line in self.code.split_inclusive('\n') {
            if depth == 0 {
                importing = line.starts_with("import ") || line.starts_with("from ");
            }
            at += line.len();
            if importing {
                depth += line.matches('(').count() as i32 - line.matches(')').count() as i32;
                end = (depth == 0).then_some(at).or(end);
            }
        }
        let (head, tail) = self.code.split_at(end?);
        Some(format!("{head}{statements}\n{tail}"))
    }

    /// With the first of a text in the program, behind its head, replaced.
    pub(crate) fn replace(&self, from: &str, to: &str) -> Option<String> {
        let (head, body) = self.code.split_at(self.body());
        body.contains(from).then(|| format!("{head}{}", body.replacen(from, to, 1)))
    }

    /// With all of a text in the program, behind its head, replaced.
    pub(crate) fn replace_all(&self, from: &str, to: &str) -> Option<String> {
        let (head, body) = self.code.split_at(self.body());
        body.contains(from).then(|| format!("{head}{}", body.replace(from, to)))
    }

    /// With `pass` instead of this line of the program.
    pub(crate) fn without(&self, unwanted: impl Fn(&str) -> bool) -> Option<String> {
        let mut found = false;
        let mut code = String::with_capacity(self.code.len());
        for line in self.code.split_inclusive('\n') {
            if !found && unwanted(line.trim_end()) {
                found = true;
                code.push_str(&format!("{}pass\n", " ".repeat(line.len() - line.trim_start().len())));
            } else {
                code.push_str(line);
            }
        }
        found.then_some(code)
    }
}
