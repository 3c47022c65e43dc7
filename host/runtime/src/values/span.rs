//! Whether findings are placed within the code that they are about.

use super::{BadValue, Checked};
use crate::{Finding, Position};

/// Refuses a span outside the code. A position is on a character, right behind its line, or right below the last line. Reads the
/// code at most once, and no further than the last span.
pub(crate) fn within(code: &str, findings: &[Finding]) -> Checked {
    let numbered = findings.iter().zip(1..);
    let spans = numbered.filter_map(|(finding, number)| Some((finding.span?, number)));
    let mut places: Vec<(Position, usize)> =
        spans.flat_map(|(span, number)| [(span.start, number), (span.end, number)]).collect();
    places.sort_unstable_by_key(|(at, _)| at.line);

    let mut ends = line_ends(code);
    let (mut line, mut number) = (0..0, 0);
    for same_line in places.chunk_by(|(one, _), (other, _)| one.line == other.line) {
        let wanted = same_line.first().map_or(0, |(at, _)| at.line);
        while number < wanted
            && let Some(end) = ends.next()
        {
            (line, number) = (line.end..end, number + 1);
        }
        let columns = match wanted - number {
            0 => code.get(line.clone()).map_or(0, |line| line.chars().count().saturating_add(1)),
            below => usize::from(below == 1),
        };
        let outside = same_line.iter().find(|(at, _)| at.column as usize > columns);
        if let Some((Position { line, column }, number)) = outside {
            return Err(BadValue::new(
                format_args!("finding {number}: span"),
                format!(
                    "is within the code, which has no line {line}, column {column}. Count lines and columns from 1, in \
                     Unicode scalar values"
                ),
            ));
        }
    }
    Ok(())
}

/// The byte behind each line: `\n`, `\r\n` or `\r` ends one, and the end of the code the last, which may be empty.
fn line_ends(code: &str) -> impl Iterator<Item = usize> {
    let bytes = code.as_bytes();
    let ends = memchr::memchr2_iter(b'\n', b'\r', bytes)
        .filter(|&at| !bytes.get(at..).is_some_and(|rest| rest.starts_with(b"\r\n")));
    ends.map(|at| at + 1).chain([code.len()])
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::{Severity, Span};

    fn finding(line: u32, column: u32) -> Finding {
        let at = Position { line, column };
        let span = Some(Span { start: at, end: at });
        Finding { rule: "X".into(), severity: Severity::Note, message: String::new(), hint: None, span }
    }

    #[track_caller]
    fn assert_fits(code: &str, inside: &[(u32, u32)], outside: &[(u32, u32)]) {
        for &(line, column) in inside {
            assert_eq!(within(code, &[finding(line, column)]), Ok(()), "{code:?} {line}:{column}");
        }
        for &(line, column) in outside {
            assert!(within(code, &[finding(line, column)]).is_err(), "{code:?} {line}:{column}");
        }
    }

    #[test]
    fn a_position_is_on_a_character_behind_its_line_or_below_the_last() {
        assert_fits("", &[(1, 1), (2, 1)], &[(1, 2), (2, 2), (3, 1), (u32::MAX, 1)]);
        assert_fits("ab", &[(1, 3), (2, 1)], &[(1, 4), (2, 2), (3, 1)]);
        assert_fits("ab\n", &[(1, 3), (1, 4), (2, 1), (3, 1)], &[(1, 5), (2, 2), (3, 2), (4, 1), (1, u32::MAX)]);
    }

    #[test]
    fn lines_end_as_python_ends_them_and_columns_are_scalar_values() {
        assert_fits("a\rbc\r\nd", &[(2, 3), (2, 5), (3, 2)], &[(1, 4), (2, 6), (5, 1)]);
        assert_fits("\u{feff}äö😀\t\u{c}x", &[(1, 8)], &[(1, 9)]);
    }

    #[test]
    fn the_finding_that_lies_outside_is_named() {
        let error = within("x = 1\n", &[finding(2, 1), finding(1, 1), finding(7, 1), finding(2, 1)]).unwrap_err();
        assert!(error.to_string().starts_with("finding 3: span: is within the code, which has no line 7"), "{error}");
    }

    #[test]
    fn a_mebibyte_takes_milliseconds() {
        let codes = ["x = 1 + y\n".repeat(104_857), "\n".repeat(1 << 20), "x".repeat(1 << 20), "é".repeat(1 << 19)];
        for code in codes {
            let last = u32::try_from(code.lines().count()).unwrap();
            let findings: Vec<_> = (0..1_000).map(|n| finding(last.saturating_sub(n).max(1), 1)).collect();
            // In a release a millisecond for text, and seven for nothing but line ends. The best of some: others compute too.
            let took = (0..10).map(|_| {
                let begun = Instant::now();
                within(&code, &findings).unwrap();
                begun.elapsed()
            });
            let best = took.min().unwrap();
            assert!(best < Duration::from_millis(100), "{best:?} for {last} lines");
        }
    }
}
