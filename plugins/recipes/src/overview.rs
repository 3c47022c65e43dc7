//! What "analyze this data" means here: a documented rule, not a guess.
//!
//! - `result`: the number of rows.
//! - `summary`: count, mean, deviation, least and greatest of the columns with numbers, without those that only name things
//!   (`id`, `zip_code`, `year`); of all columns where no types are known. Left out where no column is left.
//! - `by_<column>`: count, and totals (of prices, rates and ages: means) of these columns by the text column that suits best.
//!   Where a sample shows its values, that is the one with the fewest different values, at least two and at most half as many
//!   as rows; otherwise the first whose name speaks of a class (`region`, `category`, `status`). Left out where none suits.

use enginehouse_sdk::Source;

use crate::{
    error::tidy,
    kind, names,
    parse::measure_name,
    plan::{Aggregate, Column, Expr, Groups, Input, Key, Kind, Measure, Output, Query, Sort},
    sample,
    scope::Scope,
};

/// At most this many columns get a total.
const MAX_TOTALS: usize = 20;

pub(crate) fn outputs(scope: &Scope, sources: &[Source], input: &Input) -> (Vec<Output>, Vec<String>) {
    let rows = Measure { aggregate: Aggregate::Count, column: None, name: "count".to_owned() };
    let count = Groups { measures: vec![rows.clone()], ..Groups::default() };
    let mut outputs = vec![Output { name: "result".to_owned(), query: Query::Groups(count) }];
    let mut notes = vec![
        "analyzed as: number of rows, summary of the columns with numbers, totals by the best text column".to_owned(),
    ];
    let numeric: Vec<Column> = scope
        .columns
        .iter()
        .filter(|column| column.kind.is_numeric() && !kind::is_label(&column.name))
        .cloned()
        .collect();
    let untyped = scope.columns.iter().all(|column| column.kind == Kind::Unknown);
    if untyped || !numeric.is_empty() {
        outputs.push(Output {
            name: "summary".to_owned(),
            query: Query::Describe(if numeric.is_empty() { scope.described() } else { numeric.clone() }),
        });
    }
    if let Some(by) = (!numeric.is_empty()).then(|| group(scope, sources, input)).flatten() {
        notes.push(format!("took `{}` for the column to group by", tidy(&by.name)));
        let key = Key { name: by.name.clone(), expr: Expr { column: by.clone(), part: None } };
        let sort = vec![Sort { name: by.name.clone(), descending: false }];
        let mut measures: Vec<Measure> = Vec::new();
        for (aggregate, column) in std::iter::once((Aggregate::Count, None))
            .chain(numeric.iter().take(MAX_TOTALS).map(|c| (total(c), Some(c))))
        {
            let taken = [by.name.as_str()].into_iter().chain(measures.iter().map(|measure| measure.name.as_str()));
            let name = names::unique(&measure_name(aggregate, column), taken);
            measures.push(Measure { aggregate, column: column.cloned(), name });
        }
        let name = format!("by_{}", names::plain(&by.name, "group"));
        outputs.push(Output { name, query: Query::Groups(Groups { keys: vec![key], measures, sort, limit: None }) });
    }
    (outputs, notes)
}

fn total(column: &Column) -> Aggregate {
    if kind::is_rate(&column.name) { Aggregate::Average } else { Aggregate::Sum }
}

fn group<'a>(scope: &'a Scope, sources: &[Source], input: &Input) -> Option<&'a Column> {
    const CLASSES: [&str; 22] = [
        "region",
        "category",
        "type",
        "status",
        "segment",
        "department",
        "country",
        "state",
        "city",
        "channel",
        "store",
        "product",
        "brand",
        "market",
        "gender",
        "class",
        "group",
        "team",
        "area",
        "branch",
        "kind",
        "sector",
    ];
    let texts: Vec<usize> = scope.of_kind(|kind| matches!(kind, Kind::Text | Kind::Boolean));
    let rows = match input {
        Input::Source(at) => match sources.get(*at) {
            Some(Source::Objects(source)) => sample::rows(source),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    let seen = texts.iter().filter_map(|at| {
        let (different, all) = variety(&rows, *at)?;
        (different >= 2 && different * 2 <= all).then_some((different, *at))
    });
    let by_sample = seen.min().map(|(_, at)| at);
    let by_name = || {
        let suits = |at: &&usize| {
            let name = scope.column(**at).map(|column| column.name.as_str()).unwrap_or_default();
            let stems = names::stems(&names::parts(name));
            !kind::is_particular(name) && CLASSES.iter().any(|class| stems.contains(&names::stem(class)))
        };
        texts.iter().find(suits).copied()
    };
    by_sample.or_else(by_name).and_then(|at| scope.column(at))
}

/// How many different values a column has in these rows, and how many in all.
fn variety(rows: &[Vec<String>], column: usize) -> Option<(usize, usize)> {
    let values: Vec<&str> = rows.iter().filter_map(|row| row.get(column)).map(String::as_str).collect();
    let different: std::collections::BTreeSet<&str> = values.iter().copied().collect();
    (!values.is_empty()).then_some((different.len(), values.len()))
}
