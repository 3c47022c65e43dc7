//! Writes down how each check went, and sees to it that none takes for ever.

use std::time::{Duration, Instant};

use tokio::time::timeout_at;

use crate::{
    Check, Outcome, Suite,
    judge::{Stop, Verdict},
};

/// The checks so far.
pub(crate) struct Book {
    until: Instant,
    pub(crate) checks: Vec<Check>,
}

impl Book {
    pub(crate) fn until(all: Duration) -> Self {
        Self { until: Instant::now() + all, checks: Vec::new() }
    }

    /// Makes a check and writes down how it went. Once the time is used up, none is made any more.
    pub(crate) async fn check(&mut self, suite: Suite, name: &'static str, run: impl Future<Output = Verdict>) {
        let begun = Instant::now();
        let outcome = match timeout_at(self.until.into(), run).await {
            Ok(Ok(())) => Outcome::Passed,
            Ok(Err(Stop::Failed(text))) => Outcome::Failed(text),
            Ok(Err(Stop::Skipped(text))) => Outcome::Skipped(text),
            Err(_) => Outcome::Failed(
                "the time for the whole check was used up before this ended: the plugin's calls take too long"
                    .to_owned(),
            ),
        };
        self.checks.push(Check { suite, name, outcome, took: begun.elapsed() });
    }
}
