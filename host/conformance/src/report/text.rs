//! The report for people at a terminal.

use std::fmt::Write as _;

use super::{Outcome, Report};

impl Report {
    /// A line a check, what is wrong with it below, and the sum at the end.
    pub fn text(&self) -> String {
        let mut text = match &self.plugin {
            Some(plugin) => format!("{} {} ({:.12})\n", plugin.framework, plugin.version, plugin.digest),
            None => "a component that does not load\n".to_owned(),
        };
        let (mut passed, mut failed, mut skipped) = (0, 0, 0);
        let mut suite = None;
        for check in &self.checks {
            // Writing to a string does not fail.
            if suite.replace(check.suite) != Some(check.suite) {
                let _ = writeln!(text, "\n{}", check.suite);
            }
            let (word, reason, count) = match &check.outcome {
                Outcome::Passed => ("ok", None, &mut passed),
                Outcome::Failed(reason) => ("FAILED", Some(reason), &mut failed),
                Outcome::Skipped(reason) => ("skipped", Some(reason), &mut skipped),
            };
            *count += 1;
            let _ = writeln!(text, "  {word:<7}  {}  ({} ms)", check.name, check.took.as_millis());
            for line in reason.iter().flat_map(|reason| reason.lines()) {
                let _ = writeln!(text, "           {line}");
            }
        }
        let _ = writeln!(text, "\n{passed} passed, {failed} failed, {skipped} skipped");
        text
    }
}
