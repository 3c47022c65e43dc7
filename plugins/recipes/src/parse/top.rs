//! "top 5 regions by total sales", "the 3 cheapest products", "region with the highest sales", "highest price".

use super::{Parser, Subject, Top};
use crate::{
    NotUnderstood,
    error::quoted,
    plan::{Aggregate, Kind},
    words,
};

/// What a superlative asks for.
struct Superlative {
    great: bool,
    /// Of "top" and "bottom" alone: they rank, where "highest" may also ask for one number.
    ranks: bool,
    /// What an adjective such as "cheapest" measures.
    implied: Option<&'static [&'static str]>,
    recency: bool,
}

impl Parser<'_> {
    pub(super) fn top(&mut self) -> Result<bool, NotUnderstood> {
        self.cursor.articles();
        let mut count = self.cursor.count();
        let Some(superlative) = self.superlative() else { return Ok(false) };
        count = count.or_else(|| self.cursor.count());
        self.cursor.articles();
        let implied = self.implied(&superlative)?;
        let rows =
            words::ROWS.contains(&self.cursor.word(0)).then_some(1).or_else(|| self.cursor.table_length(self.scope));
        // A table's own noun means its rows, unless a column of that name is ranked by a calculation.
        let mut keys = Vec::new();
        let mut noun = None;
        if let Some(length) = rows {
            let before = self.cursor;
            noun = self.exact_column(true).ok().flatten();
            self.cursor = before;
            self.cursor.skip(length);
        } else {
            while let Some(column) = if keys.is_empty() { self.column(true)? } else { self.another_key()? } {
                keys.push(column);
            }
        }
        let by = match implied {
            Some(by) => Some(by),
            None => self.by()?,
        };
        if implied.is_some() && rows.is_none() && keys.is_empty() {
            return Ok(false);
        }
        match (by, keys.as_slice()) {
            (None, [column]) if self.is_measure(*column) => return self.extreme(&superlative, count, *column),
            (None, []) if rows.is_none() => return Ok(false),
            (None, []) if superlative.ranks && superlative.great && count.is_some() => {
                self.draft.limit = count;
                self.draft.all_rows = true;
                return Ok(true);
            }
            (None, keys) => {
                let names = self.scope.names(keys.iter().copied());
                let what = if names.is_empty() { "the rows".to_owned() } else { quoted(&names) };
                return Err(NotUnderstood::Impossible(format!("Say what to rank {what} by: \"top 5 … by total …\".")));
            }
            (Some(Subject::Measure(..)), []) => match noun {
                Some(column) => keys.push(column),
                None => {
                    return Err(NotUnderstood::Impossible(
                        "Single rows have no total to rank them by: name a column to group by.".to_owned(),
                    ));
                }
            },
            _ => {}
        }
        // "cheapest products" ranks rows, whatever column the noun is.
        if implied.is_some() {
            keys.clear();
        }
        let count = count.or((!superlative.ranks).then_some(1));
        self.set_top(Top { great: superlative.great, count, keys, by })
    }

    /// After a column or a table: "with the highest total sales", "has the most orders".
    pub(super) fn ranked(&mut self, mut keys: Vec<usize>) -> Result<bool, NotUnderstood> {
        let start = self.cursor;
        let rows_of_table = keys.is_empty();
        let lead = ["with", "has", "have", "having", "had", "that has", "that have", "which has", "that had"];
        if self.cursor.any(&lead).is_none() {
            return Ok(false);
        }
        self.cursor.articles();
        let Some(superlative) = self.superlative().filter(|superlative| superlative.implied.is_none()) else {
            self.cursor = start;
            return Ok(false);
        };
        let by = match self.rows_counted() {
            Some(by) => Some(by),
            None => self.subject()?,
        };
        let Some(by) = by else {
            self.cursor = start;
            return Ok(false);
        };
        if rows_of_table && matches!(by, Subject::Measure(..)) {
            self.cursor = start;
            return Ok(false);
        }
        self.check_rank(by)?;
        while let Some(column) = (!keys.is_empty()).then(|| self.another_key()).transpose()?.flatten() {
            keys.push(column);
        }
        self.set_top(Top { great: superlative.great, count: Some(1), keys, by: Some(by) })
    }

    fn set_top(&mut self, top: Top) -> Result<bool, NotUnderstood> {
        if self.draft.top.replace(top).is_some() {
            return Err(NotUnderstood::Impossible(
                "The request ranks twice: ask for one ranking at a time.".to_owned(),
            ));
        }
        Ok(true)
    }

    /// "most orders": the table's own noun, counted.
    fn rows_counted(&mut self) -> Option<Subject> {
        let length =
            self.cursor.table_length(self.scope).or_else(|| words::ROWS.contains(&self.cursor.word(0)).then_some(1))?;
        self.cursor.skip(length);
        Some(Subject::Measure(Aggregate::Count, None))
    }

    fn superlative(&mut self) -> Option<Superlative> {
        let word = self.cursor.word(0);
        let next = self.cursor.word(1);
        let great = words::superlative(word);
        let (found, length) = if let Some((great, names)) = words::adjective(word) {
            (Superlative { great, ranks: false, implied: Some(names), recency: false }, 1)
        } else if let Some(great) = great.filter(|_| words::costly(next)) {
            (
                Superlative {
                    great,
                    ranks: false,
                    implied: words::adjective("cheapest").map(|(_, names)| names),
                    recency: false,
                },
                2,
            )
        } else if word == "most" && next == "recent" {
            (Superlative { great: true, ranks: false, implied: None, recency: true }, 2)
        } else if let Some(great) = words::recency(word) {
            (Superlative { great, ranks: false, implied: None, recency: true }, 1)
        } else {
            let ranks = matches!(word, "top" | "bottom" | "best" | "worst");
            (Superlative { great: great?, ranks, implied: None, recency: false }, 1)
        };
        self.cursor.skip(length);
        Some(found)
    }

    /// The column that "cheapest" or "newest" is about.
    fn implied(&mut self, superlative: &Superlative) -> Result<Option<Subject>, NotUnderstood> {
        if superlative.recency {
            return self.only_date("newest or earliest").map(|column| Some(Subject::Column(column)));
        }
        let Some(words) = superlative.implied else { return Ok(None) };
        for word in words {
            let word = [(*word).to_owned()];
            let mut found = self.scope.exactly(&word);
            if found == crate::scope::Match::None {
                found = self.scope.loosely(&word);
            }
            match found {
                crate::scope::Match::None => continue,
                crate::scope::Match::Many(columns) => {
                    return Err(NotUnderstood::Ambiguous {
                        word: word.concat(),
                        candidates: self.scope.names(columns),
                    });
                }
                crate::scope::Match::One { column, .. } => {
                    let name = self.name(column);
                    self.note(format!(
                        "took \"cheap\" or \"expensive\" to be about the column `{}`",
                        crate::error::tidy(&name)
                    ));
                    self.check_rank(Subject::Column(column))?;
                    return Ok(Some(Subject::Column(column)));
                }
            }
        }
        Err(NotUnderstood::Impossible("No column here is called a price, a cost or an amount.".to_owned()))
    }

    /// "by total sales", "based on price"
    fn by(&mut self) -> Result<Option<Subject>, NotUnderstood> {
        let start = self.cursor;
        let lead = [
            "by the",
            "by",
            "based on the",
            "based on",
            "in terms of",
            "according to",
            "ranked by",
            "with the most",
            "with most",
        ];
        let Some(lead) = self.cursor.any(&lead) else { return Ok(None) };
        let counted = lead.ends_with("most").then(|| self.rows_counted()).flatten();
        let found = match counted {
            Some(by) => Some(by),
            None => {
                // "by highest price": the end is known already.
                if words::superlative(self.cursor.word(0)).is_some() && !self.names_column_in_words() {
                    self.cursor.step();
                }
                self.subject()?
            }
        };
        match found {
            Some(by) => self.check_rank(by)?,
            None => self.cursor = start,
        }
        Ok(found)
    }

    fn another_key(&mut self) -> Result<Option<usize>, NotUnderstood> {
        let start = self.cursor;
        if self.cursor.separator()
            && !words::is_common(self.cursor.word(0))
            && let Some(column) = self.column(false)?
            && !self.comparison_follows()
            && !self.is_measure(column)
        {
            return Ok(Some(column));
        }
        self.cursor = start;
        Ok(None)
    }

    fn is_measure(&self, column: usize) -> bool {
        self.scope
            .column(column)
            .is_some_and(|c| c.kind.is_numeric() || c.kind.is_temporal() || c.kind == Kind::Unknown)
    }

    /// "highest price" is a number, "5 highest prices" and "top price" are rows.
    fn extreme(&mut self, superlative: &Superlative, count: Option<u64>, column: usize) -> Result<bool, NotUnderstood> {
        if count.is_none() && !superlative.ranks {
            let aggregate = if superlative.great { Aggregate::Greatest } else { Aggregate::Least };
            self.check(aggregate, column)?;
            self.draft.measures.push((aggregate, Some(column)));
            return Ok(true);
        }
        let by = Some(Subject::Column(column));
        self.set_top(Top { great: superlative.great, count, keys: Vec::new(), by })
    }
}
