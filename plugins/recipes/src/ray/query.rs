//! Outputs as the lines of a task over the Arrow table `rows`.

use std::collections::BTreeSet;

use super::{
    code::{Code, Import},
    filter::part,
    helpers::Helper,
};
use crate::{
    plan::{Aggregate, Column, Groups, Kind, Measure, Query, Rows, Sort},
    text::literal,
};

/// `doubles` are the columns that are known to be no decimals.
pub(super) fn render(code: &mut Code, query: &Query, doubles: &BTreeSet<String>) -> Vec<String> {
    match query {
        Query::Rows(rows) => of_rows(rows),
        Query::Groups(groups) => of_groups(code, groups, doubles),
        Query::Describe(columns) => describe(code, columns),
        Query::Schema => {
            code.helper(Helper::TypeName);
            vec![
                "types = [type_name(kind) for kind in rows.schema.types]".to_owned(),
                "return pa.table({\"column\": rows.column_names, \"type\": pa.array(types, pa.string())})".to_owned(),
            ]
        }
    }
}

fn of_rows(rows: &Rows) -> Vec<String> {
    let mut lines = Vec::new();
    if !rows.columns.is_empty() {
        lines.push(format!("rows = rows.select([{}])", names(&rows.columns)));
    }
    if rows.distinct {
        lines.push("rows = rows.group_by(rows.column_names, use_threads=False).aggregate([])".to_owned());
    }
    lines.extend(order("rows", &rows.sort, rows.limit));
    lines.push("return rows".to_owned());
    lines
}

/// Keys are `k0`, `k1`, … and what is measured `m0`, `m1`, … until the end: names may be anything.
fn of_groups(code: &mut Code, groups: &Groups, doubles: &BTreeSet<String>) -> Vec<String> {
    let mut inputs = Vec::new();
    let mut results = Vec::new();
    let mut aggregations: Vec<String> = Vec::new();
    for (at, key) in groups.keys.iter().enumerate() {
        let column = format!("rows[{}]", literal(&key.expr.column.name));
        inputs.push(format!("\"k{at}\": {},", part(code, column, key.expr.part)));
        results.push(format!("{}: groups[\"k{at}\"],", literal(&key.name)));
    }
    for (at, measure) in groups.measures.iter().enumerate() {
        let measured = measured(code, at, measure, doubles);
        inputs.extend(measured.input);
        for aggregation in measured.aggregations {
            if !aggregations.contains(&aggregation) {
                aggregations.push(aggregation);
            }
        }
        results.push(format!("{}: {},", literal(&measure.name), measured.result));
    }
    let keys: Vec<String> = (0..groups.keys.len()).map(|at| format!("\"k{at}\"")).collect();
    let mut lines = Vec::new();
    let from = if inputs.is_empty() {
        "rows"
    } else {
        lines.extend(table("groups = pa.table(", &inputs));
        "groups"
    };
    lines.push(format!(
        "groups = {from}.group_by([{}], use_threads=False).aggregate([{}])",
        keys.join(", "),
        aggregations.join(", ")
    ));
    lines.extend(table("table = pa.table(", &results));
    lines.extend(order("table", &groups.sort, groups.limit));
    lines.push("return table".to_owned());
    lines
}

struct Measured {
    input: Option<String>,
    aggregations: Vec<String>,
    result: String,
}

fn measured(code: &mut Code, at: usize, measure: &Measure, doubles: &BTreeSet<String>) -> Measured {
    let Some(column) = &measure.column else {
        return Measured {
            input: None,
            aggregations: vec!["([], \"count_all\")".to_owned()],
            result: "groups[\"count_all\"]".to_owned(),
        };
    };
    let plain = format!("rows[{}]", literal(&column.name));
    let calculates = matches!(measure.aggregate, Aggregate::Sum | Aggregate::Average);
    let input = match column.kind {
        Kind::Unknown if calculates => format!("{plain}.cast(pa.float64())"),
        Kind::Integer if measure.aggregate == Aggregate::Sum => {
            code.helper(Helper::Checked);
            format!("checked({plain})")
        }
        _ => plain,
    };
    let exact = column.kind == Kind::Fraction && !doubles.contains(&column.name);
    let functions: &[&str] = match measure.aggregate {
        Aggregate::Sum => &["sum"],
        Aggregate::Average if exact => &["sum", "count"],
        Aggregate::Average => &["mean"],
        Aggregate::Least => &["min"],
        Aggregate::Greatest => &["max"],
        Aggregate::Count => &["count"],
        Aggregate::CountDistinct => &["count_distinct"],
    };
    let results: Vec<String> = functions.iter().map(|function| format!("groups[\"m{at}_{function}\"]")).collect();
    let result = if exact && measure.aggregate == Aggregate::Average {
        code.helper(Helper::Average);
        format!("average({})", results.join(", "))
    } else {
        results.concat()
    };
    Measured {
        input: Some(format!("\"m{at}\": {input},")),
        aggregations: functions.iter().map(|function| format!("(\"m{at}\", \"{function}\")")).collect(),
        result,
    }
}

/// `pa.table({…})`, a line for each column where they are several.
fn table(head: &str, columns: &[String]) -> Vec<String> {
    match columns {
        [only] => vec![format!("{head}{{{}}})", only.trim_end_matches(','))],
        columns => {
            let columns = columns.iter().map(|column| format!("    {column}"));
            std::iter::once(format!("{head}{{")).chain(columns).chain(["})".to_owned()]).collect()
        }
    }
}

/// Empty values come first in rising order and last in falling order; with a limit, always last: they are neither the first
/// nor the best.
fn order(table: &str, sort: &[Sort], limit: Option<u64>) -> Vec<String> {
    let terms: Vec<String> = sort
        .iter()
        .map(|sort| {
            let (direction, empty) = match (sort.descending, limit) {
                (true, _) => ("descending", "at_end"),
                (false, Some(_)) => ("ascending", "at_end"),
                (false, None) => ("ascending", "at_start"),
            };
            format!("({}, \"{direction}\", \"{empty}\")", literal(&sort.name))
        })
        .collect();
    let order = (!terms.is_empty()).then(|| format!("{table} = {table}.sort_by([{}])", terms.join(", ")));
    order.into_iter().chain(limit.map(|limit| format!("{table} = {table}.slice(0, {limit})"))).collect()
}

fn describe(code: &mut Code, columns: &[Column]) -> Vec<String> {
    code.helper(Helper::Described);
    code.import(Import::Arrow);
    if columns.is_empty() {
        return vec!["return described(rows)".to_owned()];
    }
    // As in the Spark programs: the summary has a column of its own by that name.
    let shown: Vec<String> = columns
        .iter()
        .map(|column| match column.name.to_lowercase().as_str() {
            "summary" => literal("summary_"),
            _ => literal(&column.name.replace(['`', '.'], "_")),
        })
        .collect();
    let columns = names(columns);
    if columns == shown.join(", ") {
        return vec![format!("return described(rows.select([{columns}]))")];
    }
    vec![format!("return described(rows.select([{columns}]).rename_columns([{}]))", shown.join(", "))]
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|column| literal(&column.name)).collect::<Vec<_>>().join(", ")
}
