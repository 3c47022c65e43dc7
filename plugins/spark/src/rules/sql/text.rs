//! A query's text as the parser can take it.

use enginehouse_pycheck::{OUTPUT_PATH, Part, Value};

/// Stands for what is not known of a query; a name that holds it is not known either.
pub(super) const HOLE: &str = "__hole__";
/// Stands for the run's output.
const OUTPUT: &str = "__output__";
/// Stands for a frame that Spark itself puts in: `spark.sql("SELECT * FROM {df}", df=df)`.
pub(super) const FRAME: &str = "__frame__";

/// The query with holes for what is not known, and with strings that hold no quote behind a backslash.
pub(super) fn spelled(query: &Value) -> String {
    let text: String = query
        .parts()
        .iter()
        .map(|part| match part {
            Part::Text(text) => text.as_str(),
            Part::Env(name) if name == OUTPUT_PATH => OUTPUT,
            Part::Env(_) | Part::Unknown => HOLE,
        })
        .collect();
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => {
                let (string, length) = string(rest, first);
                plain.push_str(&string);
                length
            }
            '`' => pushed(
                &mut plain,
                rest,
                rest.get(1..).and_then(|rest| rest.find('`')).map_or(rest.len(), |end| end + 2),
            ),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '{' | '$' => match braces(rest) {
                Some((stands_for, length)) => {
                    plain.push_str(stands_for);
                    length
                }
                None => pushed(&mut plain, rest, 1),
            },
            other => pushed(&mut plain, rest, other.len_utf8()),
        };
        if matches!(first, '-' | '/') && length > 1 {
            plain.push(' ');
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    plain
}

/// What a piece of the query stands for.
pub(super) fn value(piece: &str) -> Value {
    let known = |text: &str| match text.strip_prefix(OUTPUT) {
        Some(rest) => Value::env(OUTPUT_PATH).then(&Value::text(rest)),
        None => Value::text(text),
    };
    match piece.split_once(HOLE) {
        None => known(piece),
        Some((start, _)) if !start.is_empty() => known(start).then(&Value::unknown()),
        Some(_) => Value::unknown(),
    }
}

fn pushed(plain: &mut String, rest: &str, length: usize) -> usize {
    plain.push_str(rest.get(..length).unwrap_or(rest));
    length
}

/// A string literal with its quotes doubled, and its length in the text.
fn string(text: &str, quote: char) -> (String, usize) {
    let mut plain = String::from(quote);
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, next)) if next == quote => plain.extend([quote, quote]),
                Some((_, next)) => plain.extend(['\\', next]),
                None => {}
            },
            c if c == quote && text.get(at + 1..).is_some_and(|rest| rest.starts_with(quote)) => {
                plain.extend([quote, quote]);
                chars.next();
            }
            c if c == quote => {
                plain.push(quote);
                return (plain, at + 1);
            }
            c => plain.push(c),
        }
    }
    (plain, text.len())
}

/// `{df}` and `${variable}`, with what they are for the parser and how long they are.
fn braces(text: &str) -> Option<(&'static str, usize)> {
    let (stands_for, inner) = match text.strip_prefix("${") {
        Some(inner) => (HOLE, inner),
        None => (FRAME, text.strip_prefix('{')?),
    };
    let end = inner.find('}')?;
    let name = inner.get(..end)?;
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '.' | '-'));
    plain.then(|| (stands_for, text.len() - inner.len() + end + 1))
}
