//! What a statement's own words say, parsed or not: what it changes, loads and makes.

use enginehouse_pycheck::Value;
use sqlparser::tokenizer::{Token, Word};

use super::{Query, parse, text::value};

/// First words of statements that change a table, the catalog or a place, or that run what cannot be read.
const CHANGES: &[&str] = &[
    "create", "drop", "alter", "insert", "delete", "truncate", "update", "merge", "replace", "load", "msck", "repair",
    "grant", "revoke", "optimize", "vacuum", "export", "import", "comment", "copy", "restore", "convert", "undrop",
    "call", "execute",
];
/// First words of statements that read tables.
const READS: &[&str] =
    &["select", "with", "from", "values", "table", "explain", "cache", "(", "create", "map", "reduce"];

/// Tells what the statements of a text do beside reading. Whether any of them reads.
pub(super) fn scan(text: &str, found: &mut Query) -> bool {
    let tokens = parse::tokens(text).unwrap_or_else(|| rough(text));
    let mut reads = false;
    for statement in tokens.split(|token| *token == Token::SemiColon) {
        let words: Vec<String> = statement.iter().map(word).skip_while(|word| word == "begin").collect();
        let skipped = statement.len() - words.len();
        reads |= one(&words, statement.get(skipped..).unwrap_or_default(), found);
    }
    reads
}

/// The query within a statement that the parser does not know as a whole: `EXPLAIN EXTENDED SELECT …`.
pub(super) fn query(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    let word = |at: usize, length: usize| {
        let bound = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
        bound(lower.get(..at).and_then(|before| before.chars().next_back()))
            && bound(lower.get(at + length..).and_then(|after| after.chars().next()))
    };
    let starts = ["select", "with"]
        .iter()
        .filter_map(|first| lower.match_indices(first).map(|(at, _)| at).find(|at| *at > 0 && word(*at, first.len())));
    text.get(starts.min()?..)
}

/// A text that has no tokens, by its letters: its beginning is all that is looked at.
fn rough(text: &str) -> Vec<Token> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ';').filter(|word| !word.is_empty());
    let word = |word: &str| Token::make_word(word, None);
    words.take(8).map(word).collect()
}

/// A word in lower case; what is no plain word is its sign, or empty.
fn word(token: &Token) -> String {
    match token {
        Token::Word(Word { value, quote_style: None, .. }) => value.to_lowercase(),
        Token::LParen => "(".to_owned(),
        Token::Eq => "=".to_owned(),
        _ => String::new(),
    }
}

fn one(words: &[String], tokens: &[Token], found: &mut Query) -> bool {
    let start: Vec<&str> = words.iter().take(8).map(String::as_str).collect();
    let Some(first) = start.first() else { return false };
    let view = start.iter().position(|word| *word == "view");
    match start.as_slice() {
        ["use", ..] => found.uses = true,
        ["create", rest @ ..] if rest.iter().take(6).any(|word| *word == "function") => {
            // A function of SQL alone runs nothing else.
            let plain = words.iter().any(|word| word == "return") && rest.iter().any(|word| is_temporary(word));
            found.loads_code |= !plain;
            return false;
        }
        ["add", "jar" | "jars" | "file" | "files" | "archive" | "archives", ..] => found.loads_code = true,
        ["create", ..] if view.is_some_and(|view| start.iter().take(view).any(|word| is_temporary(word))) => {
            made(words, tokens, view.unwrap_or_default() + 1, found);
            paths(words, tokens, found);
            // `USING csv OPTIONS (…)` has no query.
            return words.iter().any(|word| matches!(word.as_str(), "select" | "from" | "values" | "table"));
        }
        ["cache", "table", ..] => made(words, tokens, 2, found),
        ["cache", "lazy", "table", ..] => made(words, tokens, 3, found),
        ["insert", "overwrite", "directory", ..] => {
            let place = match tokens.get(3) {
                Some(Token::SingleQuotedString(place) | Token::DoubleQuotedString(place)) => value(place),
                _ => Value::unknown(),
            };
            found.writes.push(place);
            return true;
        }
        ["drop", "view", ..] | ["drop", "temporary", ..] => {}
        [first, rest @ ..] if CHANGES.contains(first) => {
            let second = rest.first().copied().unwrap_or_default();
            found.changes.get_or_insert_with(|| format!("{first} {second}").trim().to_uppercase());
        }
        // `WITH … INSERT INTO`, `FROM … INSERT INTO`.
        _ => {
            let pair = words.windows(2).any(|pair| {
                matches!(pair, [first, second] if matches!((first.as_str(), second.as_str()), ("insert", "into" | "overwrite")))
            });
            if pair {
                found.changes.get_or_insert_with(|| "INSERT".to_owned());
            }
        }
    }
    READS.contains(first)
}

fn is_temporary(word: &str) -> bool {
    matches!(word, "temp" | "temporary")
}

/// The view whose name stands at a place.
fn made(words: &[String], tokens: &[Token], place: usize, found: &mut Query) {
    let mut names =
        tokens.iter().zip(words).skip(place).skip_while(|(_, word)| matches!(word.as_str(), "if" | "not" | "exists"));
    if let Some((Token::Word(word), _)) = names.next() {
        found.views.push(word.value.to_lowercase());
    }
}

/// `OPTIONS (path 's3://…')`.
fn paths(words: &[String], tokens: &[Token], found: &mut Query) {
    for (place, _) in words.iter().enumerate().filter(|(_, word)| *word == "path") {
        let given = tokens.get(place + 1..).unwrap_or_default().iter().find(|token| **token != Token::Eq);
        if let Some(Token::SingleQuotedString(path) | Token::DoubleQuotedString(path)) = given {
            found.paths.push(value(path));
        }
    }
}
