//! The language of the framework: each line says `say NAME`. Plain Rust that knows no host, so plain tests are enough.
//!
//! This file is what you replace with your own language.

use enginehouse_sdk::{Finding, Position, Severity, Span};

/// The longest program, in bytes. It travels in the ticket, for which the contract has 4 KiB.
pub(crate) const MAX_BYTES: usize = 1000;

/// Whom a program greets, in its order.
pub(crate) fn names(code: &str) -> impl Iterator<Item = &str> {
    lines(code).filter_map(|(_, line)| match line {
        Line::Say(name) => Some(name),
        Line::Nobody | Line::Unknown(_) => None,
    })
}

/// What is wrong with a program. The rules are those that `describe` lists.
pub(crate) fn findings(code: &str) -> Vec<Finding> {
    // Alone: a list of findings has its limits too (`wit/types.wit` names all of them), and text that is no program at all would
    // go beyond.
    if code.len() > MAX_BYTES {
        let message = format!("the program has {} bytes, and at most {MAX_BYTES} are run", code.len());
        return vec![error("H003", message, "greet them in several runs", None)];
    }
    let finding = |(place, line)| match line {
        Line::Say(_) => None,
        Line::Nobody => {
            Some(error("H002", "`say` greets nobody".to_owned(), "write a name after it: `say Ada`", Some(place)))
        }
        Line::Unknown(word) => {
            Some(error("H001", format!("`{word}` is no word of this language"), "write `say NAME`", Some(place)))
        }
    };
    lines(code).filter_map(finding).collect()
}

/// What a line says.
enum Line<'a> {
    Say(&'a str),
    Nobody,
    Unknown(&'a str),
}

/// The lines that say something, each with the place of its first word.
fn lines(code: &str) -> impl Iterator<Item = (Span, Line<'_>)> {
    (1..).zip(code.lines()).filter_map(|(number, line)| {
        let text = line.trim();
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let line_of = match (word, rest.trim()) {
            ("", _) => return None,
            ("say", "") => Line::Nobody,
            ("say", name) => Line::Say(name),
            (word, _) => Line::Unknown(word),
        };
        let indent = line.chars().take_while(|char| char.is_whitespace()).count();
        Some((span(number, indent, word), line_of))
    })
}

/// Lines and columns count from 1, in characters and not in bytes; the end is the first place after it.
fn span(line: u32, indent: usize, word: &str) -> Span {
    let at = |column: usize| Position { line, column: u32::try_from(column + 1).unwrap_or(u32::MAX) };
    Span { start: at(indent), end: at(indent + word.chars().count()) }
}

fn error(rule: &str, message: String, hint: &str, span: Option<Span>) -> Finding {
    Finding { rule: rule.to_owned(), severity: Severity::Error, message, hint: Some(hint.to_owned()), span }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_greets_in_its_order_and_blank_lines_say_nothing() {
        let code = "say Ada Lovelace\n\n  say\tAlan  \n";
        assert!(findings(code).is_empty());
        assert_eq!(names(code).collect::<Vec<_>>(), ["Ada Lovelace", "Alan"]);
    }

    #[test]
    fn each_mistake_has_its_rule_its_place_and_a_way_out() {
        let found = findings("say Ada\n  shöut Alan\nsay");
        let told = |finding: &Finding| {
            let Span { start, end } = finding.span.unwrap();
            (finding.rule.clone(), start.line, start.column, end.column, finding.hint.clone().unwrap())
        };
        assert_eq!(
            found.iter().map(told).collect::<Vec<_>>(),
            [
                ("H001".to_owned(), 2, 3, 8, "write `say NAME`".to_owned()),
                ("H002".to_owned(), 3, 1, 4, "write a name after it: `say Ada`".to_owned()),
            ]
        );
    }

    #[test]
    fn what_is_too_long_is_one_finding_however_wrong_it_is() {
        let found = findings(&"x\n".repeat(MAX_BYTES));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].rule.as_str(), found[0].span), ("H003", None));
    }
}
