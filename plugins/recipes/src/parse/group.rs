//! "by region and product", "per month"

use super::Parser;
use crate::{
    NotUnderstood,
    error::tidy,
    plan::{Kind, Part},
    words,
};

const GROUP: &[&str] = &[
    "grouped by each",
    "grouped by",
    "grouping by",
    "group them by",
    "group by",
    "broken down by",
    "broken out by",
    "split by",
    "by each",
    "by every",
    "by",
    "per each",
    "per",
    "for each of",
    "for each",
    "for every",
    "in each",
    "in every",
    "within each",
    "across all",
    "across",
];

impl Parser<'_> {
    /// "by region and product", "per month", "for each customer"
    pub(super) fn group(&mut self) -> Result<bool, NotUnderstood> {
        const ADJECTIVES: [(&str, Part); 6] = [
            ("yearly", Part::Year),
            ("annual", Part::Year),
            ("annually", Part::Year),
            ("quarterly", Part::Quarter),
            ("monthly", Part::YearMonth),
            ("daily", Part::Day),
        ];
        let adjective = ADJECTIVES.iter().find(|(word, _)| self.cursor.word(0) == *word);
        if let Some((word, part)) = adjective {
            self.cursor.step();
            let column = self.only_date(word)?;
            self.add_key(column, Some(*part))?;
            return Ok(true);
        }
        if self.cursor.any(GROUP).is_none() {
            return Ok(false);
        }
        let mut any = false;
        loop {
            let before = (self.cursor, self.draft.notes.len());
            if any && !(self.cursor.separator() && self.is_key_start()) {
                self.cursor = before.0;
                break;
            }
            self.cursor.articles();
            let Some((column, part)) = self.key()? else {
                self.cursor = before.0;
                break;
            };
            let measured = self.scope.column(column).is_some_and(|column| column.kind == Kind::Fraction);
            if any && (self.comparison_follows() || measured) {
                self.cursor = before.0;
                self.draft.notes.truncate(before.1);
                break;
            }
            self.add_key(column, part)?;
            any = true;
        }
        Ok(any)
    }

    fn is_key_start(&self) -> bool {
        let word = self.cursor.word(0);
        words::aggregate(word).is_none()
            && words::superlative(word).is_none()
            && (!words::FILLER.contains(&word) || self.names_column_in_words())
    }

    /// A column, or "month", "year of order date", "order date month".
    fn key(&mut self) -> Result<Option<(usize, Option<Part>)>, NotUnderstood> {
        if let Some(column) = self.exact_column(true)? {
            let part = self.scope.column(column).filter(|column| column.kind.is_temporal()).and_then(|_| self.part());
            return Ok(Some((column, part)));
        }
        let Some(part) = self.part() else { return Ok(self.column(true)?.map(|column| (column, None))) };
        let word = match part {
            Part::Year => "year",
            Part::Quarter => "quarter",
            Part::Month | Part::YearMonth => "month",
            Part::Day => "day",
        };
        if self.cursor.any(&["of the", "of", "in the", "in"]).is_some()
            && let Some(column) = self.column(true)?
        {
            let Some(found) = self.scope.column(column) else { return Ok(None) };
            if !found.kind.is_temporal() {
                return Err(NotUnderstood::Impossible(format!("`{}` is not known to hold dates.", tidy(&found.name))));
            }
            return Ok(Some((column, Some(part))));
        }
        Ok(Some((self.only_date(word)?, Some(part))))
    }

    fn part(&mut self) -> Option<Part> {
        let part = match self.cursor.word(0) {
            "year" | "years" => Part::Year,
            "quarter" | "quarters" => Part::Quarter,
            "month" | "months" => Part::YearMonth,
            "day" | "days" => Part::Day,
            _ => return None,
        };
        self.cursor.step();
        Some(part)
    }

    /// The column that "month" or "in 2024" must be about.
    pub(super) fn only_date(&mut self, word: &str) -> Result<usize, NotUnderstood> {
        let dates = self.scope.of_kind(Kind::is_temporal);
        match dates.as_slice() {
            [only] => {
                let name = self.name(*only);
                self.note(format!("took `{word}` from the column `{}`", tidy(&name)));
                Ok(*only)
            }
            [] => Err(NotUnderstood::Impossible(format!(
                "`{word}` needs a column that holds dates, and none is known to."
            ))),
            several => Err(NotUnderstood::Ambiguous {
                word: word.to_owned(),
                candidates: self.scope.names(several.iter().copied()),
            }),
        }
    }

    fn add_key(&mut self, column: usize, part: Option<Part>) -> Result<(), NotUnderstood> {
        if self.scope.column(column).is_some_and(|column| column.kind == Kind::Other) {
            return Err(NotUnderstood::Impossible(format!(
                "Rows cannot be grouped by `{}`.",
                tidy(&self.name(column))
            )));
        }
        if !self.draft.keys.contains(&(column, part)) {
            self.draft.keys.push((column, part));
        }
        Ok(())
    }
}
