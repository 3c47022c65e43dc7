//! Makes the plan of what was read.

use enginehouse_sdk::Source;

use super::{Aim, Draft, Planned, Subject, Top};
use crate::{
    NotUnderstood,
    error::{quoted, tidy},
    kind, names, overview,
    plan::{Aggregate, Column, Expr, Filter, Groups, Input, Key, Kind, Measure, Output, Part, Plan, Query, Rows, Sort},
    scope::Scope,
};

pub(super) fn plan(
    mut draft: Draft,
    scope: &Scope,
    sources: &[Source],
    input: Input,
) -> Result<Planned, NotUnderstood> {
    let filter = match draft.filters.len() {
        0 => None,
        1 => draft.filters.pop(),
        _ => Some(Filter::All(std::mem::take(&mut draft.filters))),
    };
    // Alone, "total sales" asks for one number.
    let alone =
        draft.top.is_none() && draft.sort.is_empty() && !draft.distinct && draft.limit.is_none() && draft.aim.is_none();
    if alone && draft.keys.is_empty() && !draft.columns.is_empty() && draft.said.len() == draft.columns.len() {
        draft.columns.clear();
        for (aggregate, column) in std::mem::take(&mut draft.said) {
            let name = scope.column(column).map(|column| tidy(&column.name)).unwrap_or_default();
            let measure = measure_name(aggregate, None);
            draft.notes.push(format!("took the {measure} of the column `{name}`"));
            draft.measures.push((aggregate, Some(column)));
        }
    }
    // "sales by region" of a table `sales`: its rows alone say nothing of a region.
    if draft.measures.is_empty()
        && draft.columns.is_empty()
        && draft.top.is_none()
        && !draft.keys.is_empty()
        && let Some(column) = draft.noun
    {
        let name = scope.column(column).map(|column| tidy(&column.name)).unwrap_or_default();
        draft.notes.push(format!("took the name of the source for its column `{name}`"));
        draft.columns.push(column);
    }
    let mut builder = Builder { scope, draft, filtered: filter.is_some() };
    let outputs = builder.outputs(sources, &input)?;
    let plan = Plan { request: String::new(), input, filter, outputs };
    Ok(Planned { plan, notes: builder.draft.notes })
}

struct Builder<'a> {
    scope: &'a Scope,
    draft: Draft,
    filtered: bool,
}

impl Builder<'_> {
    fn outputs(&mut self, sources: &[Source], input: &Input) -> Result<Vec<Output>, NotUnderstood> {
        let draft = &self.draft;
        let grouped = !draft.measures.is_empty()
            || !draft.keys.is_empty()
            || draft.top.as_ref().is_some_and(|top| !top.keys.is_empty());
        let query = match draft.aim {
            Some(Aim::Schema) if !grouped && draft.top.is_none() && draft.columns.is_empty() => Query::Schema,
            Some(Aim::Schema) => return Err(impossible("Ask for the schema alone.")),
            Some(Aim::Analyze) if !grouped && draft.columns.is_empty() && draft.top.is_none() => {
                let (outputs, notes) = overview::outputs(self.scope, sources, input);
                self.draft.notes.extend(notes);
                self.refuse_order()?;
                return Ok(outputs);
            }
            Some(_) if !grouped && draft.top.is_none() => {
                self.refuse_order()?;
                let columns = self.columns(&self.draft.columns);
                Query::Describe(if columns.is_empty() { self.scope.described() } else { columns })
            }
            aim if grouped => self.groups(aim.is_some())?,
            _ => self.rows()?,
        };
        Ok(vec![Output { name: "result".to_owned(), query }])
    }

    fn rows(&mut self) -> Result<Query, NotUnderstood> {
        let draft = &self.draft;
        let mut sort = Vec::new();
        let mut limit = draft.limit;
        if let Some(Top { great, count, by: Some(Subject::Column(column)), .. }) = &draft.top {
            if limit.is_some() && count.is_some() {
                return Err(impossible("The request limits the number of rows twice."));
            }
            sort.push(Sort { name: self.name(*column), descending: *great });
            limit = limit.or(*count);
        }
        for (subject, descending) in &draft.sort {
            let Subject::Column(column) = subject else {
                return Err(impossible("Single rows have no total to sort by: name a column to group by."));
            };
            sort.push(Sort { name: self.name(*column), descending: *descending });
        }
        if let Some(descending) = draft.descending {
            match (sort.as_mut_slice(), draft.columns.as_slice()) {
                ([only], _) => only.descending = descending,
                ([], [column]) => sort.push(Sort { name: self.name(*column), descending }),
                _ => return Err(impossible("Say which column to sort by.")),
            }
        }
        let nothing = draft.columns.is_empty() && draft.top.is_none() && draft.limit.is_none() && sort.is_empty();
        if nothing && !draft.all_rows && !draft.distinct && !draft.joins && !self.filtered {
            return Err(impossible("The request does not say what to calculate or to show."));
        }
        if draft.distinct && sort.is_empty() {
            sort.extend(draft.columns.iter().map(|column| Sort { name: self.name(*column), descending: false }));
        }
        // What rows are ranked by is shown with them.
        let mut columns = draft.columns.clone();
        if !columns.is_empty() && !draft.distinct {
            let by = |sort: &Sort| self.scope.named(&sort.name);
            let missing: Vec<usize> = sort.iter().filter_map(by).filter(|column| !columns.contains(column)).collect();
            columns.extend(missing);
        }
        if draft.distinct
            && !columns.is_empty()
            && sort.iter().any(|sort| !self.columns(&columns).iter().any(|column| column.name == sort.name))
        {
            return Err(impossible("Distinct values can only be sorted by their own columns."));
        }
        Ok(Query::Rows(Rows { columns: self.columns(&columns), distinct: draft.distinct, sort, limit }))
    }

    fn groups(&mut self, full: bool) -> Result<Query, NotUnderstood> {
        if self.draft.distinct {
            return Err(impossible("Recipes do not mix distinct rows with totals; \"count distinct …\" they can."));
        }
        let mut keys = self.draft.keys.clone();
        if let Some(top) = &self.draft.top {
            if !keys.is_empty() && !top.keys.is_empty() {
                return Err(impossible("Recipes do not rank inside of groups: ask for one ranking over all."));
            }
            keys.extend(top.keys.iter().map(|key| (*key, None)));
        }
        let mut measures = self.draft.measures.clone();
        let columns = std::mem::take(&mut self.draft.columns);
        for column in
            columns.into_iter().filter(|column| !keys.iter().any(|(key, _)| key == column)).collect::<Vec<_>>()
        {
            self.place(column, full, &mut keys, &mut measures)?;
        }
        let ranked = match &self.draft.top {
            Some(Top { great, count, by: Some(by), .. }) => {
                let (by, great, count) = (*by, *great, *count);
                let measure = self.measure_of(by, great)?;
                if !measures.contains(&measure) {
                    measures.push(measure);
                }
                Some((measure, great, count))
            }
            Some(Top { by: None, .. }) => return Err(impossible("Say what to rank by.")),
            None => None,
        };
        if measures.is_empty() {
            let numeric = quoted(&self.scope.names(self.scope.of_kind(Kind::is_numeric)));
            return Err(NotUnderstood::Impossible(format!(
                "Say what to calculate for each group; the columns with numbers are {numeric}."
            )));
        }
        // Sorting by what is not shown yet shows it.
        let wanted = self.draft.sort.clone();
        for (subject, _) in &wanted {
            if let Subject::Measure(aggregate, column) = subject
                && !measures.contains(&(*aggregate, *column))
            {
                measures.push((*aggregate, *column));
            }
        }
        let keys = self.keys(&keys);
        let (measures, placed) = self.measures(&measures, &keys);
        let name_of = |measure: (Aggregate, Option<usize>)| {
            placed.iter().find(|(found, _)| *found == measure).map(|(_, name)| name.clone())
        };
        let mut sort = Vec::new();
        let mut limit = self.draft.limit;
        if let Some((measure, descending, count)) = ranked {
            if limit.is_some() && count.is_some() {
                return Err(impossible("The request limits the number of rows twice."));
            }
            limit = limit.or(count);
            sort.extend(name_of(measure).map(|name| Sort { name, descending }));
        }
        for (subject, descending) in wanted {
            let name = match subject {
                Subject::Measure(aggregate, column) => name_of((aggregate, column)),
                Subject::Column(column) => {
                    let key =
                        keys.iter().find(|key| key.expr.column.name == self.name(column)).map(|key| key.name.clone());
                    key.or_else(|| placed.iter().find(|((_, of), _)| *of == Some(column)).map(|(_, name)| name.clone()))
                }
            };
            let Some(name) = name else {
                return Err(impossible("Groups can only be sorted by what is shown of them."));
            };
            sort.push(Sort { name, descending });
        }
        if let Some(descending) = self.draft.descending {
            match (sort.as_mut_slice(), measures.as_slice()) {
                ([only], _) => only.descending = descending,
                ([], [measure]) => sort.push(Sort { name: measure.name.clone(), descending }),
                _ => return Err(impossible("Say what to sort by.")),
            }
        }
        for key in &keys {
            if !sort.iter().any(|sort| sort.name == key.name) {
                sort.push(Sort { name: key.name.clone(), descending: false });
            }
        }
        if keys.is_empty() {
            sort.clear();
        }
        Ok(Query::Groups(Groups { keys, measures, sort, limit }))
    }

    /// A column without a calculation among groups: numbers are added up, others are grouped by.
    fn place(
        &mut self,
        column: usize,
        full: bool,
        keys: &mut Vec<(usize, Option<Part>)>,
        measures: &mut Vec<(Aggregate, Option<usize>)>,
    ) -> Result<(), NotUnderstood> {
        let Some(found) = self.scope.column(column) else { return Ok(()) };
        let name = tidy(&found.name);
        if found.kind.is_numeric()
            && !measures.iter().any(|(_, of)| of.is_some())
            && !keys.is_empty()
            && !kind::is_label(&found.name)
        {
            if full {
                measures.extend([
                    (Aggregate::Count, None),
                    (Aggregate::Sum, Some(column)),
                    (Aggregate::Average, Some(column)),
                ]);
                return Ok(());
            }
            let measure = self.measure_of(Subject::Column(column), true)?;
            if !measures.contains(&measure) {
                measures.push(measure);
            }
            return Ok(());
        }
        if found.kind.is_numeric() && !keys.is_empty() && !kind::is_label(&found.name) {
            let measure = self.measure_of(Subject::Column(column), true)?;
            measures.push(measure);
            return Ok(());
        }
        if measures.is_empty() || found.kind == Kind::Fraction || found.kind == Kind::Other {
            return Err(NotUnderstood::Impossible(format!("Say what to calculate of `{name}` for each group.")));
        }
        self.draft.notes.push(format!("grouped by `{name}`, which is shown beside a calculation"));
        keys.push((column, None));
        Ok(())
    }

    /// What a bare column is ranked or shown by in groups: its total; of prices and the like, the mean or the end asked for.
    fn measure_of(&mut self, subject: Subject, great: bool) -> Result<(Aggregate, Option<usize>), NotUnderstood> {
        let column = match subject {
            Subject::Measure(aggregate, column) => return Ok((aggregate, column)),
            Subject::Column(column) => column,
        };
        let Some(found) = self.scope.column(column) else { return Ok((Aggregate::Count, None)) };
        let ranking = self.draft.top.is_some();
        let aggregate = match found.kind {
            kind if kind.is_temporal() => {
                if great {
                    Aggregate::Greatest
                } else {
                    Aggregate::Least
                }
            }
            _ if kind::is_rate(&found.name) && ranking => {
                if great {
                    Aggregate::Greatest
                } else {
                    Aggregate::Least
                }
            }
            _ if kind::is_rate(&found.name) => Aggregate::Average,
            _ => Aggregate::Sum,
        };
        let word = match aggregate {
            Aggregate::Sum => "the sum",
            Aggregate::Average => "the average",
            Aggregate::Greatest => "the greatest value",
            _ => "the least value",
        };
        self.draft.notes.push(format!("took {word} of `{}` for each group", tidy(&found.name)));
        Ok((aggregate, Some(column)))
    }

    fn keys(&self, keys: &[(usize, Option<Part>)]) -> Vec<Key> {
        let mut named: Vec<Key> = Vec::new();
        for (column, part) in keys {
            let Some(column) = self.scope.column(*column) else { continue };
            let base = match part {
                None => column.name.as_str(),
                Some(Part::Year) => "year",
                Some(Part::Quarter) => "quarter",
                Some(Part::Month | Part::YearMonth) => "month",
                Some(Part::Day) => "day",
            };
            let name = names::unique(base, named.iter().map(|key| key.name.as_str()));
            named.push(Key { expr: Expr { column: column.clone(), part: *part }, name });
        }
        named
    }

    /// With names that no key and no other measure has, and which measure got which name.
    #[expect(clippy::type_complexity, reason = "a list of pairs, read once just above")]
    fn measures(
        &self,
        measures: &[(Aggregate, Option<usize>)],
        keys: &[Key],
    ) -> (Vec<Measure>, Vec<((Aggregate, Option<usize>), String)>) {
        let mut named: Vec<Measure> = Vec::new();
        let mut placed: Vec<((Aggregate, Option<usize>), String)> = Vec::new();
        for measure in measures {
            if placed.iter().any(|(found, _)| found == measure) {
                continue;
            }
            let column = measure.1.and_then(|column| self.scope.column(column)).cloned();
            let taken =
                keys.iter().map(|key| key.name.as_str()).chain(named.iter().map(|measure| measure.name.as_str()));
            let name = names::unique(&measure_name(measure.0, column.as_ref()), taken);
            placed.push((*measure, name.clone()));
            named.push(Measure { aggregate: measure.0, column, name });
        }
        (named, placed)
    }

    /// An overview has an order of its own.
    fn refuse_order(&self) -> Result<(), NotUnderstood> {
        let draft = &self.draft;
        if draft.sort.is_empty() && draft.descending.is_none() && draft.limit.is_none() && !draft.distinct {
            return Ok(());
        }
        Err(impossible("A summary cannot be sorted, limited or made distinct."))
    }

    fn columns(&self, columns: &[usize]) -> Vec<Column> {
        columns.iter().filter_map(|column| self.scope.column(*column)).cloned().collect()
    }

    fn name(&self, column: usize) -> String {
        self.scope.column(column).map(|column| column.name.clone()).unwrap_or_default()
    }
}

/// `sum_amount`
pub(crate) fn measure_name(aggregate: Aggregate, column: Option<&Column>) -> String {
    let word = match aggregate {
        Aggregate::Sum => "sum",
        Aggregate::Average => "avg",
        Aggregate::Least => "min",
        Aggregate::Greatest => "max",
        Aggregate::Count => "count",
        Aggregate::CountDistinct => "count_distinct",
    };
    column.map_or_else(|| word.to_owned(), |column| format!("{word}_{}", names::plain(&column.name, "column")))
}

fn impossible(text: &str) -> NotUnderstood {
    NotUnderstood::Impossible(text.to_owned())
}
