//! "where amount is over 100 and region is West or East", "in 2024", "for the West region"

use super::{Parser, operator::Operator};
use crate::{
    NotUnderstood,
    plan::{
        Comparison::{Equal, GreaterOrEqual, LessOrEqual, NotEqual},
        Expr, Filter, Kind, Part, Test, Value,
    },
    token::Token,
    words,
};

const INTRODUCTIONS: &[&str] = &[
    "where the",
    "where",
    "whose",
    "with a",
    "with an",
    "with the",
    "with",
    "having a",
    "having",
    "that have",
    "which have",
    "that has",
    "which has",
    "that are",
    "which are",
    "who are",
    "that is",
    "which is",
    "who is",
    "that were",
    "when",
    "if",
    "only for",
    "only where",
    "only",
    "for which",
    "but only",
    "for",
    "in",
    "from",
    "of",
    "filter by",
    "filter on",
    "filter for",
    "filtered by",
    "filter",
    "keep",
];

const EXCLUSIONS: &[&str] = &[
    "excluding",
    "exclude",
    "except for",
    "except",
    "without",
    "but not",
    "that are not",
    "which are not",
    "not in",
    "not from",
    "not for",
    "ignoring",
    "ignore",
];

impl Parser<'_> {
    /// A filter with the word that leads to it.
    pub(super) fn filter(&mut self) -> Result<bool, NotUnderstood> {
        if let Some(found) = self.time()? {
            self.draft.filters.push(found);
            return Ok(true);
        }
        if self.cursor.any(EXCLUSIONS).is_some() {
            let before = self.draft.filters.len();
            if !self.conditions()? {
                return Ok(false);
            }
            let excluded = self.draft.filters.split_off(before);
            self.draft.filters.extend(excluded.into_iter().map(|filter| Filter::Not(Box::new(filter))));
            return Ok(true);
        }
        if self.cursor.any(INTRODUCTIONS).is_none() {
            return Ok(false);
        }
        // "only rows where", "for orders with": the noun says nothing more.
        let before = self.cursor;
        self.cursor.articles();
        let noun =
            if words::ROWS.contains(&self.cursor.word(0)) { Some(1) } else { self.cursor.table_length(self.scope) };
        if let Some(length) = noun {
            self.cursor.skip(length);
            if self.cursor.any(INTRODUCTIONS).is_some() && self.conditions()? {
                return Ok(true);
            }
        }
        self.cursor = before;
        self.conditions()
    }

    /// Conditions with "and" and "or" between them; "and" binds first.
    pub(super) fn conditions(&mut self) -> Result<bool, NotUnderstood> {
        let Some(first) = self.condition()? else { return Ok(false) };
        let mut any = Vec::new();
        let mut all = vec![first];
        loop {
            let before = (self.cursor, self.draft.notes.len());
            let or = self.cursor.phrase("or");
            if !(or || self.cursor.separator() || self.cursor.phrase("but")) {
                break;
            }
            self.cursor.any(&["where", "whose", "with"]);
            let Some(next) = self.condition()? else {
                self.cursor = before.0;
                self.draft.notes.truncate(before.1);
                break;
            };
            if or {
                any.push(one_of(std::mem::take(&mut all), Filter::All));
            }
            all.push(next);
        }
        any.push(one_of(all, Filter::All));
        self.draft.filters.push(one_of(any, Filter::Any));
        Ok(true)
    }

    fn condition(&mut self) -> Result<Option<Filter>, NotUnderstood> {
        if let Some(found) = self.time()? {
            return Ok(Some(found));
        }
        let start = self.cursor;
        self.cursor.articles();
        let negated = self.cursor.phrase("not");
        let found = match self.about_column()? {
            Some(found) => Some(found),
            None => self.about_value()?,
        };
        if found.is_none() {
            self.cursor = start;
        }
        Ok(found.map(|filter| if negated { Filter::Not(Box::new(filter)) } else { filter }))
    }

    /// "amount is over 100", "active"
    fn about_column(&mut self) -> Result<Option<Filter>, NotUnderstood> {
        let start = (self.cursor, self.draft.notes.len());
        if let Some(column) = self.column(true)? {
            let kind = self.scope.column(column).map_or(Kind::Unknown, |column| column.kind);
            let before = self.cursor;
            if let Some((operator, negated)) = self.operator(kind, true)
                && let Some(test) = self.test(column, kind, operator)?
            {
                return Ok(Some(if negated { Filter::Not(Box::new(test)) } else { test }));
            }
            self.cursor = before;
            let bare_value = match self.cursor.token(0) {
                Some(Token::Quoted(_)) => true,
                Some(Token::Number { .. }) => kind.is_numeric(),
                Some(Token::Word(word)) => self.scope.value_of(column, &word.raw).is_some(),
                _ => false,
            };
            if bare_value && let Some(test) = self.test(column, kind, Operator::Is)? {
                return Ok(Some(test));
            }
            if kind == Kind::Boolean {
                self.cursor = before;
                return Ok(self.expr(column, None).map(|expr| Filter::Test(expr, Test::True)));
            }
        }
        self.cursor = start.0;
        self.draft.notes.truncate(start.1);
        Ok(None)
    }

    /// "West region", or "West" alone where exactly one column's sample holds it.
    fn about_value(&mut self) -> Result<Option<Filter>, NotUnderstood> {
        let start = self.cursor;
        for length in (1..=4).rev() {
            let Some(text) = self.text(length) else { continue };
            let holders = self.scope.holders(&text);
            let evident = !holders.is_empty()
                || matches!(self.cursor.token(0), Some(Token::Quoted(_)))
                || (length == 1 && text.starts_with(char::is_uppercase) && !words::is_common(&text.to_lowercase()));
            if !evident {
                continue;
            }
            self.cursor.skip(length);
            let column = self.exact_column(true)?.filter(|column| {
                matches!(self.scope.column(*column).map(|column| column.kind), Some(Kind::Text | Kind::Unknown))
            });
            let column = match (column, holders.as_slice()) {
                (Some(column), _) => column,
                (None, [only]) => *only,
                (None, []) => {
                    self.cursor = start;
                    continue;
                }
                (None, several) => {
                    return Err(NotUnderstood::Ambiguous {
                        word: text,
                        candidates: self.scope.names(several.iter().copied()),
                    });
                }
            };
            if !holders.is_empty() && !holders.contains(&column) {
                self.cursor = start;
                continue;
            }
            self.cursor = start;
            self.cursor.skip(length);
            self.exact_column(true)?;
            let seen = self.scope.value_of(column, &text).unwrap_or(&text).to_owned();
            let name = self.name(column);
            self.note(format!(
                "took `{}` for a value of the column `{}`",
                crate::error::tidy(&seen),
                crate::error::tidy(&name)
            ));
            let more = self.more_values(column)?;
            let test = match more {
                more if more.is_empty() => Test::Compare(Equal, Value::Text(seen)),
                more => Test::In([vec![Value::Text(seen)], more].concat()),
            };
            return Ok(self.expr(column, None).map(|expr| Filter::Test(expr, test)));
        }
        Ok(None)
    }

    /// "or East", ", North" after a value: only what the sample holds too.
    fn more_values(&mut self, column: usize) -> Result<Vec<Value>, NotUnderstood> {
        let mut values = Vec::new();
        loop {
            let before = self.cursor;
            if !(self.cursor.phrase("or") || self.cursor.separator()) {
                break;
            }
            let known = (1..=4).rev().find_map(|length| {
                let seen = self.scope.value_of(column, &self.text(length)?)?;
                Some((length, seen.to_owned()))
            });
            let Some((length, seen)) = known else {
                self.cursor = before;
                break;
            };
            self.cursor.skip(length);
            values.push(Value::Text(seen));
        }
        Ok(values)
    }

    fn text(&self, length: usize) -> Option<String> {
        if let Some(Token::Quoted(text)) = self.cursor.token(0) {
            return (length == 1).then(|| text.clone());
        }
        let words: Option<Vec<&str>> = (0..length)
            .map(|ahead| match self.cursor.token(ahead)? {
                Token::Word(word) => Some(word.raw.as_str()),
                _ => None,
            })
            .collect();
        words.map(|words| words.join(" "))
    }
    /// The rest of a comparison; None where no value follows.
    pub(super) fn test(
        &mut self,
        column: usize,
        kind: Kind,
        operator: Operator,
    ) -> Result<Option<Filter>, NotUnderstood> {
        let test = |parser: &Self, part, test| parser.expr(column, part).map(|expr| Filter::Test(expr, test));
        match operator {
            Operator::Null => Ok(test(self, None, Test::Null)),
            Operator::Empty => {
                let null = test(self, None, Test::Null);
                let blank = (kind == Kind::Text)
                    .then(|| test(self, None, Test::Compare(Equal, Value::Text(String::new()))))
                    .flatten();
                Ok(null.map(|null| one_of([Some(null), blank].into_iter().flatten().collect(), Filter::Any)))
            }
            Operator::Contains | Operator::StartsWith | Operator::EndsWith => {
                if !matches!(kind, Kind::Text | Kind::Unknown) {
                    return Err(self.misfit(column, "text"));
                }
                let Some(Value::Text(text)) = self.plain_text(column)? else { return Ok(None) };
                let found = match operator {
                    Operator::Contains => Test::Contains(text),
                    Operator::StartsWith => Test::StartsWith(text),
                    _ => Test::EndsWith(text),
                };
                Ok(test(self, None, found))
            }
            Operator::Between | Operator::From => {
                let Some((part, low)) = self.operand(column, kind)? else { return Ok(None) };
                let joint: &[&str] =
                    if operator == Operator::Between { &["and", "to"] } else { &["to", "until", "through"] };
                if self.cursor.any(joint).is_none() && !self.cursor.sign('-') {
                    // "from 2024-01-01" alone is "since".
                    let open = operator == Operator::From && kind.is_temporal();
                    return Ok(open.then(|| test(self, part, Test::Compare(GreaterOrEqual, low))).flatten());
                }
                let Some((other, high)) = self.operand(column, kind)? else { return Ok(None) };
                self.check_order(column, kind)?;
                Ok((part == other).then(|| test(self, part, Test::Between(low, high))).flatten())
            }
            Operator::Compare(comparison) => {
                let Some((part, value)) = self.operand(column, kind)? else { return Ok(None) };
                let comparison = self.widened(comparison);
                if !matches!(comparison, Equal | NotEqual) {
                    self.check_order(column, kind)?;
                }
                Ok(test(self, part, Test::Compare(comparison, value)))
            }
            Operator::Is | Operator::In => {
                self.cursor.any(&["either", "one of", "any of"]);
                let bracket = self.cursor.sign('(') || self.cursor.sign('[');
                let Some((part, first)) = self.operand(column, kind)? else { return Ok(None) };
                if operator == Operator::Is
                    && let wider @ (GreaterOrEqual | LessOrEqual) = self.widened(Equal)
                {
                    self.check_order(column, kind)?;
                    return Ok(test(self, part, Test::Compare(wider, first)));
                }
                let mut values = vec![first];
                while let Some(value) = self.next_value(column, kind, operator == Operator::In || bracket)? {
                    values.push(value);
                }
                if bracket && !(self.cursor.sign(')') || self.cursor.sign(']')) {
                    return Ok(None);
                }
                let found = if values.len() > 1 {
                    Test::In(values)
                } else {
                    values.pop().map_or(Test::Null, |value| Test::Compare(Equal, value))
                };
                Ok(test(self, part, found))
            }
        }
    }

    /// Another value of a list: after "or"; after "and" and commas only in a list that began as one.
    fn next_value(&mut self, column: usize, kind: Kind, list: bool) -> Result<Option<Value>, NotUnderstood> {
        let before = (self.cursor, self.draft.notes.len());
        let or = self.cursor.phrase("or")
            || (list && self.cursor.separator() && {
                self.cursor.phrase("or");
                true
            });
        if or {
            let ahead = (self.cursor, self.draft.notes.len());
            // "or amount over 5" is a condition of its own.
            let condition = self.column(false).ok().flatten().is_some()
                && (self.comparison_follows() || self.cursor.word(0) == "in" || self.cursor.word(0) == "between");
            self.cursor = ahead.0;
            self.draft.notes.truncate(ahead.1);
            if !condition && let Ok(Some((_, value))) = self.operand(column, kind) {
                return Ok(Some(value));
            }
        }
        self.cursor = before.0;
        self.draft.notes.truncate(before.1);
        Ok(None)
    }
    pub(super) fn expr(&self, column: usize, part: Option<Part>) -> Option<Expr> {
        self.scope.column(column).map(|column| Expr { column: column.clone(), part })
    }
}

/// The only filter, or all of them together.
pub(super) fn one_of(mut filters: Vec<Filter>, together: fn(Vec<Filter>) -> Filter) -> Filter {
    match (filters.pop(), filters.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            filters.extend(last);
            together(filters)
        }
    }
}
