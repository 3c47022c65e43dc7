//! The value that a program returns: the last line that it prints, where that line is JSON.

use enginehouse_sdk::{
    Failure,
    host::processes::{self, Output},
};

/// The contract's limit on a document, in bytes.
const LIMIT: usize = 1 << 20;

/// The end of what a program prints, taken in piece by piece.
#[derive(Debug, Default)]
pub(crate) struct Printed {
    /// From the last line with anything in it on.
    last: String,
}

impl Printed {
    pub(crate) fn take(&mut self, piece: &str) {
        self.last.push_str(piece);
        if let Some(before) = self.last.trim_end().rfind('\n') {
            self.last.drain(..=before);
        }
        if self.last.len() > LIMIT {
            // What is left is no JSON, whatever follows on this line.
            let ended = self.last.ends_with('\n');
            self.last = if ended { "…\n" } else { "…" }.to_owned();
        }
    }

    /// The value, as the JSON that was printed; none where the last line is something else.
    pub(crate) fn value(&self) -> Option<String> {
        let line = self.last.trim();
        serde_json::from_str::<serde::de::IgnoredAny>(line).is_ok().then(|| line.to_owned())
    }
}

/// Of a program on this machine that has ended.
///
/// # Errors
/// [`Failure::Host`] where its log cannot be read.
pub(crate) fn returned(token: &str) -> Result<Option<String>, Failure> {
    let (mut printed, mut after) = (Printed::default(), 0);
    loop {
        let piece = processes::log(token, Output::Stdout, after).map_err(Failure::Host)?;
        printed.take(&piece.text);
        if piece.end || piece.next <= after {
            return Ok(printed.value());
        }
        after = piece.next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(pieces: &[&str]) -> Option<String> {
        let mut printed = Printed::default();
        pieces.iter().for_each(|piece| printed.take(piece));
        printed.value()
    }

    #[test]
    fn the_last_line_is_the_value_where_it_is_json() {
        assert_eq!(value(&["5050\n"]).as_deref(), Some("5050"));
        assert_eq!(value(&["it begins\n{\"mean\": ", "1.5}\n", "\n  \n"]).as_deref(), Some("{\"mean\": 1.5}"));
        assert_eq!(value(&["[1, 2]"]).as_deref(), Some("[1, 2]"));
        for other in [&["total: 3\n"][..], &["1\n", "done\n"], &["{'a': 1}\n"], &["nan\n"], &["\n"], &[]] {
            assert_eq!(value(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_no_value_and_the_next_may_be_one() {
        let digits = "1".repeat(LIMIT);
        assert_eq!(value(&[&digits, "1", "23\n"]), None);
        assert_eq!(value(&[&digits, "1\n", "23\n"]).as_deref(), Some("23"));
    }
}
