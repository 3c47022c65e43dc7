//! Makes findings, within the contract's limits.

use enginehouse_sdk::{Finding, Severity, Span};

/// The longest message or hint that the contract takes, in bytes.
const TEXT: usize = 2048;

/// A finding of severity error.
pub fn error(rule: &str, span: Option<Span>, message: impl AsRef<str>, hint: impl AsRef<str>) -> Finding {
    finding(rule, Severity::Error, span, message, hint)
}

/// A finding of severity warning.
pub fn warning(rule: &str, span: Option<Span>, message: impl AsRef<str>, hint: impl AsRef<str>) -> Finding {
    finding(rule, Severity::Warning, span, message, hint)
}

/// A finding of severity note.
pub fn note(rule: &str, span: Option<Span>, message: impl AsRef<str>, hint: impl AsRef<str>) -> Finding {
    finding(rule, Severity::Note, span, message, hint)
}

/// A finding whose message and hint are cut at 2 KiB.
pub fn finding(
    rule: &str,
    severity: Severity,
    span: Option<Span>,
    message: impl AsRef<str>,
    hint: impl AsRef<str>,
) -> Finding {
    let hint = hint.as_ref();
    Finding {
        rule: rule.to_owned(),
        severity,
        message: clip(message.as_ref(), TEXT),
        hint: (!hint.is_empty()).then(|| clip(hint, TEXT)),
        span,
    }
}

/// What the code says, for a message: on one line and at most 120 bytes.
pub fn quote(text: &str) -> String {
    clip(&text.replace(char::is_control, " "), 120)
}

/// Findings in the order of the code, each place and rule once, at its worst, at most `limit`; errors are kept before the rest.
pub fn tidy(mut findings: Vec<Finding>, limit: usize) -> Vec<Finding> {
    let place = |f: &Finding| f.span.as_ref().map_or((0, 0), |span| (span.start.line, span.start.column));
    let line = |f: &Finding| f.span.as_ref().map(|span| span.start.line);
    findings.sort_by(|a, b| {
        (place(a), &a.rule, rank(a.severity), &a.message).cmp(&(place(b), &b.rule, rank(b.severity), &b.message))
    });
    findings
        .dedup_by(|a, b| a.rule == b.rule && line(a) == line(b) && (a.message == b.message || place(a) == place(b)));
    if findings.len() > limit {
        findings.sort_by_key(|f| rank(f.severity));
        findings.truncate(limit);
        findings.sort_by_key(place);
    }
    findings
}

fn rank(severity: Severity) -> u8 {
    match severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Note => 2,
    }
}

fn clip(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = (0..=limit.saturating_sub('…'.len_utf8())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or_default())
}
