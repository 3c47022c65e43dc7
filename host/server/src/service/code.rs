//! The code of a run, attempt by attempt.

use std::time::{Duration, Instant};

use similar::TextDiff;
use uuid::Uuid;

use super::{Result, runs};
use crate::{app::App, store::AttemptRow};

/// All diffs of a run together are looked for so long. What is left then is told more coarsely: whole stretches are
/// replaced, and the diff still leads from one to the other.
const DIFF_TIME: Duration = Duration::from_secs(1);

/// One piece of code with what changed in it.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// As it is kept.
    pub row: AttemptRow,
    /// A unified diff against the attempt before it, empty where they are the same; none for the first.
    pub diff: Option<String>,
}

/// Every piece of code of a run, the first first.
///
/// # Errors
/// [`super::Error::NotFound`] where there is no such run.
pub async fn attempts(app: &App, id: Uuid) -> Result<Vec<Attempt>> {
    let rows = runs::code(app, id).await?;
    // Each is up to 1 MiB: too much to compare between two requests.
    let compared = tokio::task::spawn_blocking(move || compared(rows, Instant::now() + DIFF_TIME));
    Ok(compared.await.map_err(|e| enginehouse_capabilities::Error::other("the run's code could not be compared", e))?)
}

fn compared(rows: Vec<AttemptRow>, until: Instant) -> Vec<Attempt> {
    let before = rows.iter().zip(rows.iter().skip(1));
    let diffs: Vec<_> = before.map(|(before, row)| Some(diff(before, row, until))).collect();
    rows.into_iter().zip(std::iter::once(None).chain(diffs)).map(|(row, diff)| Attempt { row, diff }).collect()
}

fn diff(before: &AttemptRow, row: &AttemptRow, until: Instant) -> String {
    let name = |row: &AttemptRow| format!("attempt {}", row.number);
    let lines = TextDiff::configure().deadline(until).diff_lines(before.code.as_str(), row.code.as_str());
    lines.unified_diff().header(&name(before), &name(row)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(number: u32, code: impl Into<String>) -> AttemptRow {
        AttemptRow {
            number,
            code: code.into(),
            sha256: String::new(),
            author: "model".into(),
            notes: Vec::new(),
            findings: None,
            digest: None,
            failure: None,
            model: None,
            created_at: 0,
        }
    }

    fn diffs(codes: &[&str]) -> Vec<Option<String>> {
        let rows = codes.iter().zip(1..).map(|(code, number)| attempt(number, *code)).collect();
        compared(rows, Instant::now() + DIFF_TIME).into_iter().map(|attempt| attempt.diff).collect()
    }

    #[test]
    fn each_attempt_is_told_against_the_one_before() {
        let diffs = diffs(&["import os\nx = 1\n", "import os\nx = 2\n", "import os\nx = 2\n", "x = 2"]);
        assert_eq!(diffs[0], None);
        let changed = "--- attempt 1\n+++ attempt 2\n@@ -1,2 +1,2 @@\n import os\n-x = 1\n+x = 2\n";
        assert_eq!(diffs[1].as_deref(), Some(changed));
        assert_eq!(diffs[2].as_deref(), Some(""));
        let last = diffs[3].as_deref().unwrap();
        assert!(last.contains("-import os\n") && last.contains("\\ No newline at end of file"), "{last}");
        assert!(super::tests::diffs(&[]).is_empty());
    }

    #[test]
    fn the_largest_codes_that_have_least_in_common_take_bounded_time() {
        let lines = |seed: u64| -> String {
            let mut state = seed;
            let line = |_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                ["a\n", "b\n", "c\n", "\n"][(state >> 33) as usize % 4]
            };
            (0..500_000).map(line).collect()
        };
        let rows = (0..10).map(|number| attempt(number, lines(u64::from(number) + 7))).collect();
        let begun = Instant::now();
        let told = compared(rows, begun + DIFF_TIME);
        assert_eq!(told.iter().filter(|attempt| attempt.diff.is_some()).count(), 9);
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    }
}
