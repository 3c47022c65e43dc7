//! Columns by name, and what is calculated of them.

use super::{Parser, Subject};
use crate::{
    NotUnderstood,
    plan::{Aggregate, Kind},
    scope::Match,
    token::Token,
    words,
};

impl Parser<'_> {
    /// Whether several words here are together the exact name of a column.
    pub(super) fn names_column_in_words(&self) -> bool {
        self.cursor.names().any(|(length, parts)| {
            length > 1 && matches!(self.scope.exactly(&parts), Match::One { .. }) && !self.starts_measure(length)
        })
    }

    /// "total sales" is the sum of `sales` also where it is the name of a column: that column then fits no better.
    fn starts_measure(&self, length: usize) -> bool {
        let parts: Vec<String> =
            self.cursor.names().find(|(n, _)| *n == length).map(|(_, parts)| parts).unwrap_or_default();
        words::aggregate(self.cursor.word(0)).is_some()
            && parts.get(1..).is_some_and(|rest| matches!(self.scope.exactly(rest), Match::One { .. }))
    }

    /// Takes the name of a column. Where one is `expected`, a common word may be one.
    pub(super) fn column(&mut self, expected: bool) -> Result<Option<usize>, NotUnderstood> {
        if let Some(found) = self.exact_column(expected)? {
            return Ok(Some(found));
        }
        if self.cursor.table_length(self.scope).is_some() && !expected {
            return Ok(None);
        }
        self.loose_column()
    }

    pub(super) fn exact_column(&mut self, expected: bool) -> Result<Option<usize>, NotUnderstood> {
        if let Some(Token::Quoted(text)) = self.cursor.token(0) {
            let found = match self.scope.named(text) {
                Some(column) => Match::One { column, told: false },
                None => self.scope.exactly(&crate::names::parts(text)),
            };
            return self.accept(found, 1);
        }
        for (length, parts) in self.cursor.names().collect::<Vec<_>>() {
            if length == 1 && !expected && !self.may_be_column() {
                continue;
            }
            let found = self.scope.exactly(&parts);
            if found != Match::None {
                return self.accept(found, length);
            }
        }
        Ok(None)
    }

    pub(super) fn loose_column(&mut self) -> Result<Option<usize>, NotUnderstood> {
        for (length, parts) in self.cursor.names().collect::<Vec<_>>() {
            let ends = [self.cursor.word(0), self.cursor.word(length - 1)];
            if ends.iter().any(|word| words::is_common(word)) {
                continue;
            }
            let found = self.scope.loosely(&parts);
            if found != Match::None {
                return self.accept(found, length);
            }
        }
        Ok(None)
    }

    /// Articles and the like name a column only where the sentence leaves nothing else for them to be.
    fn may_be_column(&self) -> bool {
        let word = self.cursor.word(0);
        if words::GRAMMAR.contains(&word) {
            return self.cursor.follows_separator()
                || matches!(self.cursor.token(1), None | Some(Token::Comma | Token::Sign(_)))
                || matches!(self.cursor.word(1), "and" | "by" | "per");
        }
        !(self.cursor.is_first() && words::FILLER.contains(&word))
    }

    fn accept(&mut self, found: Match, length: usize) -> Result<Option<usize>, NotUnderstood> {
        let word =
            (0..length).filter_map(|ahead| self.cursor.token(ahead)).map(Token::raw).collect::<Vec<_>>().join(" ");
        match found {
            Match::None => Ok(None),
            Match::Many(columns) => Err(NotUnderstood::Ambiguous { word, candidates: self.scope.names(columns) }),
            Match::One { column, told } => {
                self.cursor.skip(length);
                let name = self.name(column);
                if told && word.to_lowercase() != name.to_lowercase() {
                    self.note(format!(
                        "took `{}` for the column `{}`",
                        crate::error::tidy(&word),
                        crate::error::tidy(&name)
                    ));
                }
                Ok(Some(column))
            }
        }
    }

    /// "sum and average of sales and profit", "count", "how many orders"
    pub(super) fn measures(&mut self) -> Result<bool, NotUnderstood> {
        let start = self.cursor;
        let found = self.measure_list()?;
        if found.is_empty() {
            self.cursor = start;
            return Ok(false);
        }
        self.draft.measures.extend(found);
        Ok(true)
    }

    /// One measure, for ranking by: "total sales", "number of orders".
    pub(super) fn subject(&mut self) -> Result<Option<Subject>, NotUnderstood> {
        let start = self.cursor;
        self.cursor.articles();
        if !self.names_column_in_words() {
            if let Some(counted) = self.count()? {
                return Ok(Some(Subject::Measure(counted.0, counted.1)));
            }
            if let Some(aggregate) = words::aggregate(self.cursor.word(0)) {
                let before = self.cursor;
                self.cursor.step();
                self.measure_joint();
                if let Some(column) = self.column(true)? {
                    self.cursor.sign(')');
                    self.check(aggregate, column)?;
                    return Ok(Some(Subject::Measure(aggregate, Some(column))));
                }
                self.cursor = before;
            }
        }
        match self.column(true)? {
            Some(column) => Ok(Some(Subject::Column(column))),
            None => {
                self.cursor = start;
                Ok(None)
            }
        }
    }

    fn measure_list(&mut self) -> Result<Vec<(Aggregate, Option<usize>)>, NotUnderstood> {
        if let Some(counted) = self.count()? {
            return Ok(vec![counted]);
        }
        let mut aggregates = Vec::new();
        while let Some(aggregate) = words::aggregate(self.cursor.word(0)) {
            aggregates.push(aggregate);
            self.cursor.step();
            let after = self.cursor;
            if !(self.cursor.separator() && words::aggregate(self.cursor.word(0)).is_some()) {
                self.cursor = after;
                break;
            }
        }
        if aggregates.is_empty() {
            return Ok(Vec::new());
        }
        self.measure_joint();
        let Some(first) = self.column(true)? else { return Ok(Vec::new()) };
        self.cursor.sign(')');
        let mut columns = vec![first];
        while let Some(next) = self.next_column(&aggregates)? {
            columns.push(next);
        }
        if columns.len() > 1 {
            let names: Vec<String> = columns.iter().map(|column| self.name(*column)).collect();
            self.note(format!("took the calculation to be for each of {}", crate::error::quoted(&names)));
        }
        let mut found = Vec::new();
        for column in columns {
            for &aggregate in &aggregates {
                self.check(aggregate, column)?;
                found.push((aggregate, Some(column)));
            }
        }
        Ok(found)
    }

    /// Another column after "and" that the same calculation fits.
    fn next_column(&mut self, aggregates: &[Aggregate]) -> Result<Option<usize>, NotUnderstood> {
        let before = (self.cursor, self.draft.notes.len());
        if self.cursor.separator()
            && words::aggregate(self.cursor.word(0)).is_none()
            && !words::is_common(self.cursor.word(0))
        {
            let found = self.column(false)?;
            if let Some(column) = found
                && !self.comparison_follows()
                && aggregates.iter().all(|aggregate| self.check(*aggregate, column).is_ok())
                && self.scope.column(column).is_some_and(|column| column.kind != Kind::Text)
            {
                return Ok(found);
            }
        }
        self.cursor = before.0;
        self.draft.notes.truncate(before.1);
        Ok(None)
    }

    /// What may stand between a calculation and its column.
    fn measure_joint(&mut self) {
        while self.cursor.any(&["values", "value", "of", "for", "the", "all", "amount of"]).is_some()
            || self.cursor.sign('(')
        {}
    }

    /// "count", "count of distinct customers", "number of orders", "how many rows"
    fn count(&mut self) -> Result<Option<(Aggregate, Option<usize>)>, NotUnderstood> {
        let start = self.cursor;
        self.cursor.any(&["total", "overall"]);
        let opened = ["number of", "count of", "counts of", "how many", "count", "counts"];
        if self.cursor.any(&opened).is_none() {
            self.cursor = start;
            return Ok(None);
        }
        let bracket = self.cursor.sign('(');
        self.cursor.articles();
        let distinct = words::DISTINCT.contains(&self.cursor.word(0));
        if distinct {
            self.cursor.step();
            self.cursor.any(&["values of", "values in", "of", "values for"]);
            self.cursor.articles();
        }
        let rows = words::ROWS.contains(&self.cursor.word(0))
            && self.scope.exactly(&[self.cursor.word(0).to_owned()]) == Match::None;
        let found = if distinct {
            match self.column(true)? {
                Some(column) => (Aggregate::CountDistinct, Some(column)),
                None => {
                    self.cursor = start;
                    return Ok(None);
                }
            }
        } else if rows || self.cursor.sign('*') {
            if rows {
                self.cursor.step();
            }
            (Aggregate::Count, None)
        } else if let Some(length) = self.cursor.table_length(self.scope) {
            self.cursor.skip(length);
            (Aggregate::Count, None)
        } else {
            let before = self.cursor;
            match self.column(false)? {
                Some(column) if !self.comparison_follows() => {
                    let name = self.name(column);
                    self.note(format!(
                        "counted the values of `{name}` that are there; say \"distinct\" to count different ones"
                    ));
                    (Aggregate::Count, Some(column))
                }
                _ => {
                    self.cursor = before;
                    (Aggregate::Count, None)
                }
            }
        };
        if bracket && !self.cursor.sign(')') {
            self.cursor = start;
            return Ok(None);
        }
        Ok(Some(found))
    }

    /// Whether the calculation fits the column's type.
    pub(super) fn check(&self, aggregate: Aggregate, column: usize) -> Result<(), NotUnderstood> {
        let Some(found) = self.scope.column(column) else { return Ok(()) };
        let fits = match aggregate {
            Aggregate::Sum | Aggregate::Average => found.kind.is_numeric() || found.kind == Kind::Unknown,
            Aggregate::Least | Aggregate::Greatest => found.kind != Kind::Other,
            Aggregate::Count => true,
            Aggregate::CountDistinct => found.kind != Kind::Other,
        };
        if fits {
            return Ok(());
        }
        let numeric = self.scope.names(self.scope.of_kind(|kind| kind.is_numeric() || kind == Kind::Unknown));
        let rest = match numeric.as_slice() {
            [] => "no column here holds numbers".to_owned(),
            numeric => format!("the columns with numbers are {}", crate::error::quoted(numeric)),
        };
        let name = crate::error::tidy(&found.name);
        Err(NotUnderstood::Impossible(format!("`{name}` holds no numbers to calculate with: {rest}.")))
    }
}
