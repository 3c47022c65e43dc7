//! "in 2024", "since 2024-01-31": conditions that name no column.

use super::{
    Parser,
    filter::one_of,
    operator::{Operator, TEMPORAL},
};
use crate::{
    NotUnderstood,
    plan::{Comparison::Equal, Filter, Kind, Part, Test, Value},
    scope::Match,
    token::Token,
    words,
};

impl Parser<'_> {
    /// "in 2024", "in March 2024", "since 2024-01-31": about the column that must be meant.
    pub(super) fn time(&mut self) -> Result<Option<Filter>, NotUnderstood> {
        let start = self.cursor;
        let operator = match self.cursor.any(&["in the year", "in year", "for the year", "for year", "in", "for"]) {
            Some(_) => Some(Operator::Compare(Equal)),
            None => TEMPORAL.iter().find(|(phrase, _)| self.cursor.phrase(phrase)).map(|(_, operator)| *operator),
        };
        let Some(operator) = operator else { return Ok(None) };
        let found = self.time_after(operator)?;
        if found.is_none() {
            self.cursor = start;
        }
        Ok(found)
    }

    fn time_after(&mut self, operator: Operator) -> Result<Option<Filter>, NotUnderstood> {
        let word = self.cursor.token(0).map(Token::raw).unwrap_or_default();
        if let Some(month) = words::month(self.cursor.word(0)) {
            if operator != Operator::Compare(Equal) {
                return Ok(None);
            }
            self.cursor.step();
            let year = self.year();
            let column = self.only_date(&word)?;
            let equal =
                |part, value| self.expr(column, Some(part)).map(|expr| Filter::Test(expr, Test::Compare(Equal, value)));
            let tests =
                [year.and_then(|year| equal(Part::Year, year)), equal(Part::Month, Value::Number(month.to_string()))];
            return Ok(Some(one_of(tests.into_iter().flatten().collect(), Filter::All)));
        }
        let ahead = self.cursor;
        let is_year = self.year().is_some();
        self.cursor = ahead;
        if !is_year && !matches!(self.cursor.token(0), Some(Token::Date(_))) {
            return Ok(None);
        }
        let named_year = match self.scope.exactly(&["year".to_owned()]) {
            Match::One { column, .. } if is_year => Some(column),
            _ => None,
        };
        let column = match named_year {
            Some(column) => {
                self.note("took the year from the column `year`".to_owned());
                column
            }
            None => self.only_date(&word)?,
        };
        let kind = self.scope.column(column).map_or(Kind::Unknown, |column| column.kind);
        self.test(column, kind, operator)
    }
}
