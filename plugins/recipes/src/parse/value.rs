//! Values in a filter, held to the type of their column.

use super::Parser;
use crate::{
    NotUnderstood,
    error::tidy,
    plan::{Kind, Value},
    token::Token,
    words,
};

/// Numbers longer than this fit no engine's 64 bits.
const MAX_DIGITS: usize = 18;

impl Parser<'_> {
    /// Takes a value for the column; None where none stands here.
    ///
    /// Unquoted, a value is one word, the longest run of words that the column's sample holds, or a run of capitalised words.
    pub(super) fn value(&mut self, column: usize) -> Result<Option<Value>, NotUnderstood> {
        let kind = self.scope.column(column).map_or(Kind::Unknown, |column| column.kind);
        let start = self.cursor;
        self.cursor.any(&["the", "a", "an"]);
        let found = match self.cursor.token(0) {
            Some(Token::Number { text, .. }) => {
                let text = text.clone();
                let raw = self.cursor.step().map(Token::raw).unwrap_or_default();
                self.number_value(kind, column, &self.scaled(text), &raw)?
            }
            Some(Token::Date(text)) => {
                self.cursor.step();
                match kind {
                    Kind::Date | Kind::Timestamp | Kind::Unknown => Value::Date(text.clone()),
                    Kind::Text => Value::Text(text.clone()),
                    _ => return Err(self.misfit(column, text)),
                }
            }
            Some(Token::Quoted(text)) => {
                self.cursor.step();
                self.text_value(kind, column, text)?
            }
            Some(Token::Word(_)) => {
                let Some(text) = self.word_value(column) else {
                    self.cursor = start;
                    return Ok(None);
                };
                self.text_value(kind, column, &text)?
            }
            _ => {
                self.cursor = start;
                return Ok(None);
            }
        };
        self.magnitude(&found);
        Ok(Some(found))
    }

    /// The number with "thousand", "million" or "billion" after it.
    fn scaled(&self, text: String) -> String {
        let zeros = match self.cursor.word(0) {
            "thousand" => 3,
            "million" => 6,
            "billion" => 9,
            _ => return text,
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let kept: String = fraction.chars().chain(std::iter::repeat('0')).take(zeros).collect();
        let rest: String = fraction.chars().skip(zeros).collect();
        let digits = format!("{whole}{kept}");
        let digits = match digits.strip_prefix('-') {
            Some(digits) => format!("-{}", nonzero(digits)),
            None => nonzero(&digits).to_owned(),
        };
        if rest.is_empty() { digits } else { format!("{digits}.{rest}") }
    }

    fn magnitude(&mut self, value: &Value) {
        if matches!(value, Value::Number(_)) && matches!(self.cursor.word(0), "thousand" | "million" | "billion") {
            self.cursor.step();
        }
    }

    fn number_value(&self, kind: Kind, column: usize, text: &str, raw: &str) -> Result<Value, NotUnderstood> {
        match kind {
            Kind::Integer | Kind::Fraction | Kind::Unknown
                if text.chars().filter(char::is_ascii_digit).count() <= MAX_DIGITS =>
            {
                Ok(Value::Number(text.to_owned()))
            }
            Kind::Text => Ok(Value::Text(raw.to_owned())),
            _ => Err(self.misfit(column, raw)),
        }
    }

    fn text_value(&mut self, kind: Kind, column: usize, text: &str) -> Result<Value, NotUnderstood> {
        match (kind, text.to_lowercase().as_str()) {
            (Kind::Boolean, "true" | "yes") => Ok(Value::Boolean(true)),
            (Kind::Boolean, "false" | "no") => Ok(Value::Boolean(false)),
            (Kind::Text | Kind::Unknown, _) => {
                let seen = self.scope.value_of(column, text).map(str::to_owned);
                if let Some(seen) = seen.as_ref().filter(|seen| *seen != text) {
                    self.note(format!("took `{}` for the value `{}`", tidy(text), tidy(seen)));
                }
                Ok(Value::Text(seen.unwrap_or_else(|| text.to_owned())))
            }
            _ => Err(self.misfit(column, text)),
        }
    }

    fn word_value(&mut self, column: usize) -> Option<String> {
        let run: Vec<&str> = (0..6)
            .map_while(|ahead| match self.cursor.token(ahead) {
                Some(Token::Word(word)) => Some(word.raw.as_str()),
                _ => None,
            })
            .collect();
        let (first, _) = run.split_first()?;
        for length in (1..=run.len()).rev() {
            let text = run.iter().take(length).copied().collect::<Vec<_>>().join(" ");
            if self.scope.value_of(column, &text).is_some() {
                self.cursor.skip(length);
                return Some(text);
            }
        }
        // "which region is largest" compares nothing.
        if words::is_common(&first.to_lowercase()) {
            return None;
        }
        let capitalised = |word: &&str| word.starts_with(char::is_uppercase);
        let length = run.iter().take_while(|word| capitalised(word)).count().max(1);
        self.cursor.skip(length);
        Some(run.iter().take(length).copied().collect::<Vec<_>>().join(" "))
    }

    pub(super) fn misfit(&self, column: usize, value: &str) -> NotUnderstood {
        let kind = match self.scope.column(column).map(|column| column.kind) {
            Some(Kind::Integer | Kind::Fraction) => "numbers",
            Some(Kind::Date) => "dates",
            Some(Kind::Timestamp) => "times",
            Some(Kind::Boolean) => "true or false",
            Some(Kind::Text) => "text",
            _ => "values that cannot be compared",
        };
        NotUnderstood::Impossible(format!(
            "`{}` cannot be compared with `{}`, which holds {kind}.",
            tidy(value),
            tidy(&self.name(column))
        ))
    }
}

fn nonzero(digits: &str) -> &str {
    let trimmed = digits.trim_start_matches('0');
    if trimmed.is_empty() { "0" } else { trimmed }
}
