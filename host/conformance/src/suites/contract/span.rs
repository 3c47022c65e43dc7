//! Whether findings lie within the code.

use enginehouse_runtime::{Finding, Position};

use crate::judge::{Verdict, failed};

/// Fails on the first finding whose span lies outside.
pub(super) fn within(what: &str, code: &str, findings: &[Finding]) -> Verdict {
    if findings.iter().all(|finding| finding.span.is_none()) {
        return Ok(());
    }
    // Some languages end a line at a lone carriage return, and some do not: either is right.
    let unix = lengths(code, |text| text.find('\n').map(|at| at + 1));
    let universal = lengths(code, |text| {
        text.find(['\n', '\r']).map(|at| at + if text.get(at..at + 2) == Some("\r\n") { 2 } else { 1 })
    });
    for finding in findings {
        let Some(span) = finding.span else { continue };
        let inside = |lines: &[usize]| [span.start, span.end].iter().all(|at| is_in(lines, *at));
        if !inside(&unix) && !inside(&universal) {
            let Position { line, column } = span.end;
            return Err(failed(format!(
                "the finding `{}` ({}) on {what} ends at line {line}, column {column}, which the code does not have: it has \
                 {} lines. Count lines and columns from 1, in Unicode scalar values",
                finding.rule,
                finding.message,
                unix.len()
            )));
        }
    }
    Ok(())
}

/// The lengths of the lines, each with its end; the last may be empty.
fn lengths(code: &str, end: impl Fn(&str) -> Option<usize>) -> Vec<usize> {
    let (mut lengths, mut rest) = (Vec::new(), code);
    while let Some((line, after)) = end(rest).and_then(|at| rest.split_at_checked(at)) {
        lengths.push(line.chars().count());
        rest = after;
    }
    lengths.push(rest.chars().count());
    lengths
}

/// On a character, at the end of a line, or right below the last line.
fn is_in(lines: &[usize], at: Position) -> bool {
    let index = usize::try_from(at.line).unwrap_or(usize::MAX).saturating_sub(1);
    let column = usize::try_from(at.column).unwrap_or(usize::MAX);
    match lines.get(index) {
        Some(length) => column <= length + 1,
        None => index == lines.len() && column == 1,
    }
}

#[cfg(test)]
mod tests {
    use enginehouse_runtime::{Severity, Span};

    use super::*;

    fn fits(code: &str, line: u32, column: u32) -> bool {
        let at = Position { line, column };
        let span = Some(Span { start: at, end: at });
        let finding = Finding { rule: "X".into(), severity: Severity::Note, message: String::new(), hint: None, span };
        within("code", code, &[finding]).is_ok()
    }

    #[test]
    fn positions_count_from_one_in_scalar_values() {
        assert!(fits("", 1, 1) && !fits("", 1, 2) && !fits("", 3, 1));
        assert!(fits("äö😀\nx", 1, 5) && !fits("äö😀\nx", 1, 6));
        assert!(fits("äö😀\nx", 2, 2) && !fits("äö😀\nx", 2, 3) && !fits("äö😀\nx", 4, 1));
    }

    #[test]
    fn a_carriage_return_may_end_a_line_or_not() {
        assert!(fits("a\rbc", 2, 3) && fits("a\rbc", 1, 5) && !fits("a\rbc", 2, 4));
        assert!(fits("a\r\nb", 2, 2) && !fits("a\r\nb", 4, 1));
    }
}
