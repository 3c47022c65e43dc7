//! The source by its name: "in the sales table", "sales data".

use super::Parser;
use crate::{NotUnderstood, error::tidy, kind::is_label, scope::Match, token::Token, words};

impl Parser<'_> {
    /// "in the sales table", "from orders", "the sales data"
    pub(super) fn source(&mut self) -> Result<bool, NotUnderstood> {
        let led = self.cursor.any(&["in", "from", "on", "of", "for", "within", "with", "to"]).is_some();
        self.cursor.articles();
        if words::SOURCE.contains(&self.cursor.word(0)) {
            self.cursor.step();
            self.draft.all_rows = true;
            return Ok(true);
        }
        if led && words::ROWS.contains(&self.cursor.word(0)) {
            self.cursor.step();
            self.draft.all_rows = true;
            return Ok(true);
        }
        if let Some(length) = self.cursor.table_length(self.scope) {
            self.draft.noun = if led { None } else { self.numeric_noun(length) };
            self.cursor.skip(length);
            while words::SOURCE.contains(&self.cursor.word(0)) {
                self.cursor.step();
                self.draft.noun = None;
            }
            self.draft.all_rows = true;
            self.ranked(Vec::new())?;
            return Ok(true);
        }
        self.loosely_named_source(led)
    }

    /// The only column with numbers that the table's noun may be as well: "sales by region" of a table `sales`.
    fn numeric_noun(&self, length: usize) -> Option<usize> {
        let (_, parts) = self.cursor.names().find(|(found, _)| *found == length)?;
        match self.scope.loosely(&parts) {
            Match::One { column, .. }
                if self
                    .scope
                    .column(column)
                    .is_some_and(|column| column.kind.is_numeric() && !is_label(&column.name)) =>
            {
                Some(column)
            }
            _ => None,
        }
    }

    /// "sales data" for `fact_sales.csv`; with only one source, and where a source is evidently meant, for any.
    fn loosely_named_source(&mut self, led: bool) -> Result<bool, NotUnderstood> {
        const QUALIFIERS: &[&str] = &[
            "missing",
            "null",
            "empty",
            "duplicate",
            "duplicated",
            "clean",
            "raw",
            "invalid",
            "valid",
            "dirty",
            "bad",
            "good",
            "new",
            "old",
            "recent",
            "historical",
            "training",
            "test",
            "last",
            "first",
            "random",
            "unknown",
            "sample",
            "outlier",
            "other",
            "no",
            "not",
            "without",
            "some",
            "half",
            "daily",
            "today",
            "yesterday",
            "weekly",
            "next",
            "previous",
        ];
        let (Some(Token::Word(word)), Some(source)) = (self.cursor.token(0), self.source) else { return Ok(false) };
        if !words::SOURCE.contains(&self.cursor.word(1))
            || words::is_common(&word.lower)
            || QUALIFIERS.contains(&word.lower.as_str())
            || !self.scope.holders(&word.raw).is_empty()
        {
            return Ok(false);
        }
        if !(self.scope.is_in_table(&word.parts) || led || self.draft.aim.is_some()) {
            return Ok(false);
        }
        self.cursor.skip(2);
        let taken = format!("took `{} {}` for the source `{source}`", tidy(&word.raw), "data");
        self.note(taken);
        self.draft.all_rows = true;
        Ok(true)
    }
}
