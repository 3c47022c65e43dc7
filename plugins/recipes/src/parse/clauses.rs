//! The smaller clauses: join, sort, limit, group, distinct, the aim of a request, columns, the source, filler.

use super::{Aim, Draft, Parser, Subject};
use crate::{NotUnderstood, error::tidy, plan::Kind, scope::Match, token::Token, words};

const SORT: &[&str] = &[
    "sorted by",
    "sort by",
    "sorted on",
    "sort on",
    "ordered by",
    "order by",
    "ranked by",
    "rank by",
    "arranged by",
    "arrange by",
    "sort them by",
    "order them by",
    "sort it by",
    "sort the rows by",
    "sort the result by",
    "sort the results by",
    "sort rows by",
    "sort results by",
    "order the results by",
    "order results by",
];
const DESCENDING: &[&str] = &[
    "in descending order",
    "descending order",
    "descending",
    "desc",
    "from highest to lowest",
    "from largest to smallest",
    "highest first",
    "largest first",
    "biggest first",
    "newest first",
    "latest first",
    "most recent first",
    "high to low",
];
const ASCENDING: &[&str] = &[
    "in ascending order",
    "ascending order",
    "ascending",
    "asc",
    "from lowest to highest",
    "from smallest to largest",
    "lowest first",
    "smallest first",
    "oldest first",
    "earliest first",
    "alphabetically",
    "in alphabetical order",
    "low to high",
];
impl Parser<'_> {
    /// "join customers and orders on customer id"; its key and its kind were read before.
    pub(super) fn join(&mut self) -> Result<bool, NotUnderstood> {
        if self.source.is_some() {
            return Ok(false);
        }
        if self.cursor.leads_to_join() {
            while words::join_kind(self.cursor.word(0)).is_some() {
                self.cursor.step();
            }
        }
        if words::join(self.cursor.word(0)) {
            self.draft.joins = true;
            self.cursor.step();
            return Ok(true);
        }
        if self.draft.joins && self.cursor.word(0) == "on" {
            let words = self.cursor.key_words().unwrap_or_default();
            self.cursor.step();
            self.cursor.articles();
            if let Some(Token::Quoted(_)) = self.cursor.token(0) {
                self.cursor.step();
                return Ok(true);
            }
            let mut seen = 0;
            while seen < words.len() {
                let Some(Token::Word(word)) = self.cursor.step() else { return Ok(false) };
                seen += word.parts.len();
            }
            return Ok(!words.is_empty());
        }
        Ok(false)
    }

    pub(super) fn sort(&mut self) -> Result<bool, NotUnderstood> {
        if let Some(descending) = self.direction() {
            self.draft.descending = Some(descending);
            return Ok(true);
        }
        if self.cursor.any(SORT).is_none() {
            return Ok(false);
        }
        let mut any = false;
        loop {
            let before = self.cursor;
            if any && !self.cursor.separator() {
                break;
            }
            let Some(subject) = self.subject()? else {
                self.cursor = before;
                break;
            };
            self.draft.sort.push((subject, false));
            if let Some(descending) = self.direction()
                && let Some(last) = self.draft.sort.last_mut()
            {
                last.1 = descending;
            }
            any = true;
        }
        Ok(any)
    }

    pub(super) fn direction(&mut self) -> Option<bool> {
        if self.cursor.any(DESCENDING).is_some() {
            return Some(true);
        }
        self.cursor.any(ASCENDING).map(|_| false)
    }

    /// "first 10 rows", "limit 10", "10 orders"
    pub(super) fn limit(&mut self) -> Result<bool, NotUnderstood> {
        let explicit = self.cursor.any(&["limit to", "limited to", "limit", "head"]).is_some();
        let first = !explicit && self.cursor.any(&["the first", "first", "only the first", "only"]).is_some();
        let Some(count) = self.cursor.count() else { return Ok(false) };
        let noun = if words::ROWS.contains(&self.cursor.word(0)) {
            self.cursor.step();
            true
        } else if let Some(length) = self.cursor.table_length(self.scope) {
            self.cursor.skip(length);
            true
        } else {
            first && (self.cursor.is_done() || words::STOPS.contains(&self.cursor.word(0)))
        };
        if !(explicit || noun) {
            return Ok(false);
        }
        if self.draft.limit.replace(count).is_some() {
            return Err(NotUnderstood::Impossible("The request limits the number of rows twice.".to_owned()));
        }
        self.draft.all_rows = true;
        Ok(true)
    }

    pub(super) fn schema(&mut self) -> Result<bool, NotUnderstood> {
        let found = self
            .cursor
            .any(&[
                "schema",
                "structure",
                "data types",
                "datatypes",
                "column names",
                "column types",
                "names of columns",
            ])
            .is_some();
        if found {
            self.draft.aim = Some(Aim::Schema);
            self.cursor.any(&["and data types", "and types", "and their types"]);
        }
        Ok(found)
    }
    /// "distinct regions", "unique values of region"
    pub(super) fn distinct(&mut self) -> Result<bool, NotUnderstood> {
        if !words::DISTINCT.contains(&self.cursor.word(0)) {
            return Ok(false);
        }
        self.cursor.step();
        self.cursor.any(&["values of", "values in", "values for", "value of"]);
        self.cursor.articles();
        if words::ROWS.contains(&self.cursor.word(0)) {
            self.cursor.step();
            self.draft.distinct = true;
            return Ok(true);
        }
        let Some(column) = self.column(true)? else { return Ok(false) };
        self.draft.distinct = true;
        self.draft.columns.push(column);
        Ok(true)
    }

    pub(super) fn aim(&mut self) -> Result<bool, NotUnderstood> {
        let aim = match self.cursor.word(0) {
            "analyze" | "analyse" | "analysis" | "explore" | "overview" => Aim::Analyze,
            "describe" | "description" | "summary" | "summarize" | "summarise" | "statistics" | "stats" | "profile" => {
                Aim::Describe
            }
            "basic" | "descriptive" if matches!(self.cursor.word(1), "statistics" | "stats" | "summary") => {
                Aim::Describe
            }
            _ => return Ok(false),
        };
        if !matches!(self.scope.exactly(&[self.cursor.word(0).to_owned()]), Match::None) && !self.cursor.is_first() {
            return Ok(false);
        }
        self.cursor.step();
        self.cursor.any(&["statistics", "stats", "summary"]);
        self.draft.aim = self.draft.aim.or(Some(aim));
        Ok(true)
    }

    /// "name and price"; a column with a comparison after it is a filter.
    pub(super) fn columns(&mut self) -> Result<bool, NotUnderstood> {
        let start = self.cursor;
        let expected = self.cursor.follows_separator();
        let said = words::aggregate(self.cursor.word(0));
        let exact = self.exact_column(expected)?;
        let column = match exact {
            None if self.cursor.table_length(self.scope).is_some() => None,
            None => self.loose_column()?,
            exact => exact,
        };
        let Some(column) = column else { return Ok(false) };
        if self.comparison_follows() {
            self.cursor = start;
            return self.conditions();
        }
        if self.ranked(vec![column])? {
            return Ok(true);
        }
        if !self.draft.columns.contains(&column) {
            self.draft.columns.push(column);
            self.draft.said.extend(said.filter(|_| exact.is_some()).map(|aggregate| (aggregate, column)));
        }
        Ok(true)
    }
    pub(super) fn filler(&mut self) -> Result<bool, NotUnderstood> {
        if self.cursor.separator() {
            return Ok(true);
        }
        let word = self.cursor.word(0);
        if word == "like" && self.cursor.word(1) == "to" {
            self.cursor.step();
            return Ok(true);
        }
        if self
            .cursor
            .any(&["as parquet", "as a table", "as well as", "as well", "in a table", "to s3", "for me"])
            .is_some()
        {
            return Ok(true);
        }
        if matches!(word, "columns" | "column" | "fields" | "everything") {
            if word == "columns" && self.draft.aim.is_none() && !self.draft.has_result() {
                self.draft.aim = Some(Aim::Schema);
            }
            self.cursor.step();
            return Ok(true);
        }
        if words::ROWS.contains(&word) {
            self.draft.all_rows = true;
            self.cursor.step();
            return Ok(true);
        }
        if words::GRAMMAR.contains(&word) || words::FILLER.contains(&word) {
            self.cursor.step();
            return Ok(true);
        }
        Ok(false)
    }
}

impl Draft {
    fn has_result(&self) -> bool {
        !self.measures.is_empty()
            || !self.columns.is_empty()
            || !self.keys.is_empty()
            || self.top.is_some()
            || self.all_rows
    }
}

impl Parser<'_> {
    /// Whether the subject's column can be ranked by: it has an order that means something.
    pub(super) fn check_rank(&self, subject: Subject) -> Result<(), NotUnderstood> {
        let Subject::Column(column) = subject else { return Ok(()) };
        match self.scope.column(column) {
            Some(found) if matches!(found.kind, Kind::Text | Kind::Boolean | Kind::Other) => {
                let numeric = self.scope.names(self.scope.of_kind(|kind| kind.is_numeric() || kind == Kind::Unknown));
                Err(NotUnderstood::Impossible(format!(
                    "Nothing can be ranked by `{}`: the columns with numbers are {}.",
                    tidy(&found.name),
                    crate::error::quoted(&numeric)
                )))
            }
            _ => Ok(()),
        }
    }
}
