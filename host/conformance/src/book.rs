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
        // A timeout alone would still poll it once.
        let ended = if begun < self.until { timeout_at(self.until.into(), run).await.ok() } else { None };
        let outcome = match ended {
            Some(Ok(())) => Outcome::Passed,
            Some(Err(Stop::Failed(text))) => Outcome::Failed(text),
            Some(Err(Stop::Skipped(text))) => Outcome::Skipped(text),
            None => Outcome::Failed(
                "the time for the whole check was used up before this ended: the plugin's calls take too long"
                    .to_owned(),
            ),
        };
        self.checks.push(Check { suite, name, outcome, took: begun.elapsed() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_never_ends_is_ended_and_the_rest_is_not_begun() {
        let mut book = Book::until(Duration::from_millis(20));
        book.check(Suite::Contract, "never ends", std::future::pending()).await;
        book.check(Suite::Contract, "comes too late", async { panic!("it was begun") }).await;
        assert_eq!(book.checks.len(), 2);
        for check in &book.checks {
            assert!(matches!(&check.outcome, Outcome::Failed(text) if text.contains("used up")), "{check:?}");
        }
    }
}
