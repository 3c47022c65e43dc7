//! Reading code: the word `bad` is bad.

use enginehouse_sdk::{Finding, Position, Severity, Span};

use crate::{clock, fault::Fault, has};

pub(crate) fn validate(code: &str) -> Vec<Finding> {
    assert!(!(has(Fault::EmptyTrap) && code.is_empty()), "there is no first line");
    assert!(!(has(Fault::DeepTrap) && code.contains("((((((((((")), "too deep");
    if has(Fault::OddTrap) {
        // Cuts after three bytes, whatever stands there.
        for line in code.lines().filter(|line| line.len() > 3) {
            let _ = line.split_at(3);
        }
        assert!(!code.contains('\u{1}'), "a control character");
    }
    if has(Fault::Quadratic) {
        quadratic(code);
    }
    let at = |line: u32, column: u32| Position { line, column };
    if has(Fault::SpanOutside) {
        return vec![finding("below the end", Some(Span { start: at(1, 1), end: at(9_999_999, 1) }))];
    }
    if has(Fault::SpanBackwards) {
        return vec![finding("backwards", Some(Span { start: at(1, 2), end: at(1, 1) }))];
    }
    if has(Fault::Impure) {
        return vec![finding(&format!("found at {}", clock::nanos()), None)];
    }
    let bad = code.lines().zip(1..).filter(|(line, _)| line.contains("bad"));
    bad.take(100).map(|(_, line)| finding("this is bad", Some(Span { start: at(line, 1), end: at(line, 2) }))).collect()
}

fn finding(message: &str, span: Option<Span>) -> Finding {
    Finding { rule: "F001".into(), severity: Severity::Error, message: message.into(), hint: None, span }
}

fn quadratic(code: &str) {
    let lines: Vec<_> = code.lines().collect();
    let mut pairs = 0_u64;
    for one in &lines {
        for other in &lines {
            pairs += u64::from(std::hint::black_box(one) == std::hint::black_box(other));
        }
    }
    std::hint::black_box(pairs);
}
