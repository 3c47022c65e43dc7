//! Columns that the source does not have. Rule `P021`: only where the frame comes from a given source by steps that are
//! understood, and only for names that are written out.

use std::{collections::HashMap, ptr, rc::Rc};

use enginehouse_pycheck::{
    Call, Hop, Program, argument,
    ast::{
        Expr, ExprCall,
        visitor::{self, Visitor},
    },
    paths::{self, Fit},
    report,
};
use enginehouse_sdk::{Column, Finding, Source, Task};

use super::{hops::option, sql};

const FUNCTIONS: &str = "pyspark.sql.functions.";
/// Methods that keep the columns as they are.
const KEEPS: &[&str] = &[
    "filter",
    "where",
    "limit",
    "distinct",
    "orderBy",
    "sort",
    "cache",
    "persist",
    "unpersist",
    "repartition",
    "coalesce",
    "dropDuplicates",
    "drop_duplicates",
    "dropna",
    "fillna",
    "sample",
    "checkpoint",
    "localCheckpoint",
    "sortWithinPartitions",
    "hint",
];
/// Functions whose first argument is a column, by name or as such.
const TAKES_NAME: &[&str] = &[
    "col",
    "column",
    "sum",
    "avg",
    "mean",
    "min",
    "max",
    "count",
    "countDistinct",
    "count_distinct",
    "stddev",
    "variance",
    "first",
    "last",
    "collect_list",
    "collect_set",
    "approx_count_distinct",
    "upper",
    "lower",
    "year",
    "month",
    "to_date",
    "desc",
    "asc",
    "sum_distinct",
];
/// Methods of a frame whose string arguments are columns.
const NAMES: &[&str] =
    &["select", "groupBy", "groupby", "orderBy", "sort", "dropDuplicates", "drop_duplicates", "rollup", "cube"];

pub(super) fn check(task: &Task, program: &Program<'_>) -> Vec<Finding> {
    let mut known = Known::default();
    program.calls().iter().flat_map(|call| of_call(task, program, call, &mut known).unwrap_or_default()).collect()
}

/// The columns after a call that stands for one thing alone, where they are understood, by the call's address: frames are
/// made step by step, and each step would go back to the source.
type Known = HashMap<*const ExprCall, Option<Vec<Rc<str>>>>;

fn of_call<'a>(task: &Task, program: &Program<'a>, call: &Call<'a>, known: &mut Known) -> Option<Vec<Finding>> {
    let [chain] = call.chains.as_ref() else { return None };
    call.called(chain)?;
    let mut back = chain.hops_back();
    let last = back.next()?;
    let before = back.next().and_then(|hop| hop.call);
    let columns = match before.and_then(|before| known.get(&ptr::from_ref(before))) {
        Some(columns) => columns.clone(),
        None => {
            let hops = chain.hops();
            let (mut columns, steps) = source(task, program, hops.split_last()?.1)?;
            for hop in steps {
                columns = step(program, columns, hop)?;
            }
            Some(columns)
        }
    };
    let after = columns.as_ref().and_then(|columns| step(program, columns.clone(), last));
    known.insert(ptr::from_ref(call.node), after);
    let columns = columns?;
    let missing = used(program, last)?.into_iter().filter(|(name, _)| !has(&columns, name));
    let make = |(name, expr): (String, &'a Expr)| {
        let message = format!("the column `{}` does not exist here", report::quote(&name));
        let known = columns.iter().take(30).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        report::error("P021", program.span(expr), message, format!("the columns are {known}"))
    };
    Some(missing.map(make).collect())
}

fn has(columns: &[Rc<str>], name: &str) -> bool {
    let plain = name.trim_matches('`');
    // A dotted name may lead into a struct, and a star is all of them.
    name == "*"
        || name.contains(['.', '*', '(', ' ', ',']) && !columns.iter().any(|c| **c == *plain)
        || columns.iter().any(|column| column.eq_ignore_ascii_case(plain))
}

/// The columns of the source that a chain reads, and the hops after the read.
fn source<'c, 'a>(
    task: &Task,
    program: &Program<'a>,
    hops: &'c [&'c Hop<'a>],
) -> Option<(Vec<Rc<str>>, &'c [&'c Hop<'a>])> {
    let read = hops.iter().position(|hop| hop.name == "read" && hop.call.is_none());
    let from = read.map_or(0, |read| read + 1);
    let place = hops.iter().skip(from).position(|hop| {
        matches!(hop.name.as_ref(), "csv" | "parquet" | "json" | "orc" | "load" | "table") && hop.call.is_some()
    })? + from;
    let (reader, steps) = (hops.get(from..=place)?, hops.get(place + 1..)?);
    let call = hops.get(place)?.call?;
    if hops.get(place)?.name == "table" {
        let name = program.texts(argument(call, 0, "tableName")?);
        let [name] = name.as_ref() else { return None };
        let table = task.sources.iter().find_map(|source| match source {
            Source::Table(table) if sql::is_table(name.known()?, &table.database, &table.name) => Some(table),
            _ => None,
        })?;
        return Some((names(table.columns.iter().chain(&table.partition_keys))?, steps));
    }
    // A schema of the program's own, or a CSV without its header, gives other names.
    let schema = reader.iter().any(|hop| hop.name == "schema")
        || call.arguments.find_keyword("schema").is_some()
        || call.arguments.args.len() > 1;
    if schema || read.is_none() {
        return None;
    }
    let header = call
        .arguments
        .find_keyword("header")
        .map(|keyword| &keyword.value)
        .or_else(|| option(program, reader, "header"));
    let header = header.is_some_and(|header| match header {
        Expr::BooleanLiteral(literal) => literal.value,
        other => {
            program.texts(other).iter().all(|text| text.known().is_some_and(|text| text.eq_ignore_ascii_case("true")))
        }
    });
    let path = program.texts(argument(call, 0, "path")?);
    let [path] = path.as_ref() else { return None };
    let objects = task.sources.iter().find_map(|source| match source {
        Source::Objects(objects) if paths::fit(path, [objects.uri.as_str()]) == Fit::Yes => Some(objects),
        _ => None,
    })?;
    let csv = hops.get(place)?.name == "csv" || objects.format.as_deref() == Some("csv");
    (header || !csv).then_some(())?;
    Some((names(objects.columns.iter())?, steps))
}

fn names<'c>(columns: impl Iterator<Item = &'c Column>) -> Option<Vec<Rc<str>>> {
    let names: Vec<Rc<str>> = columns.map(|column| column.name.as_str().into()).collect();
    (!names.is_empty()).then_some(names)
}

/// The columns after a step; none where the step is not understood.
fn step<'a>(program: &Program<'a>, mut columns: Vec<Rc<str>>, hop: &Hop<'a>) -> Option<Vec<Rc<str>>> {
    let call = hop.call?;
    let text = |place: usize| -> Option<String> {
        let texts = program.texts(call.arguments.args.get(place)?);
        match texts.as_ref() {
            [text] => text.known().map(str::to_owned),
            _ => None,
        }
    };
    match hop.name.as_ref() {
        name if KEEPS.contains(&name) => {}
        "withColumn" => columns.push(text(0)?.into()),
        "withColumnRenamed" => {
            let (from, to) = (text(0)?, text(1)?);
            columns.retain(|column| !column.eq_ignore_ascii_case(&from));
            columns.push(to.into());
        }
        "drop" => {
            for place in 0..call.arguments.args.len() {
                let name = text(place)?;
                columns.retain(|column| !column.eq_ignore_ascii_case(&name));
            }
        }
        "select" => {
            let mut chosen = Vec::new();
            for argument in &call.arguments.args {
                match selected(program, argument)?.as_str() {
                    "*" => chosen.extend(columns.iter().cloned()),
                    name => chosen.push(name.into()),
                }
            }
            columns = chosen;
        }
        _ => return None,
    }
    Some(columns)
}

/// The name of a selected column.
fn selected<'a>(program: &Program<'a>, expr: &'a Expr) -> Option<String> {
    if let Expr::StringLiteral(text) = expr {
        return Some(text.value.to_str().to_owned());
    }
    let chains = program.chains(expr);
    let [chain] = chains.as_ref() else { return None };
    let last = chain.last()?;
    let place = last.call?.arguments.args.first()?;
    let named = matches!(last.name.as_ref(), "alias" | "name")
        || chain.path()?.strip_prefix(FUNCTIONS).is_some_and(|f| f == "col" || f == "column") && chain.length() <= 1;
    let texts = program.texts(place);
    match texts.as_ref() {
        [text] if named => text.known().map(str::to_owned),
        _ => None,
    }
}

/// The columns that a call names, with where; none where its arguments hold anything that is not understood.
fn used<'a>(program: &Program<'a>, hop: &Hop<'a>) -> Option<Vec<(String, &'a Expr)>> {
    let call = hop.call?;
    let name = hop.name.as_ref();
    let checked = KEEPS.contains(&name) || NAMES.contains(&name) || matches!(name, "withColumn" | "agg");
    if !checked || matches!(name, "hint" | "fillna" | "dropna" | "sample" | "repartition" | "coalesce" | "agg") {
        return None;
    }
    let mut found = Vec::new();
    if NAMES.contains(&name) {
        for argument in &call.arguments.args {
            match argument {
                Expr::StringLiteral(text) => found.push((text.value.to_str().to_owned(), argument)),
                Expr::List(list) => {
                    let texts = list.elts.iter().filter_map(|e| {
                        if let Expr::StringLiteral(text) = e { Some((text.value.to_str().to_owned(), e)) } else { None }
                    });
                    found.extend(texts);
                }
                _ => {}
            }
        }
    }
    let mut columns = Columns { program, found, sure: true };
    for argument in &call.arguments.args {
        columns.visit_expr(argument);
    }
    columns.sure.then_some(columns.found)
}

struct Columns<'p, 'a> {
    program: &'p Program<'a>,
    found: Vec<(String, &'a Expr)>,
    /// False where another frame, or anything that may be one, stands in the arguments.
    sure: bool,
}

impl<'a> Visitor<'a> for Columns<'_, 'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Call(call) => self.call(expr, call),
            Expr::Lambda(_) => return,
            _ => {}
        }
        if self.sure {
            visitor::walk_expr(self, expr);
        }
    }
}

impl<'a> Columns<'_, 'a> {
    fn call(&mut self, expr: &'a Expr, call: &'a ExprCall) {
        let chains = self.program.chains(expr);
        let function = match chains.as_ref() {
            [chain] => chain
                .path()
                .filter(|path| path.starts_with(FUNCTIONS))
                .map(|path| (path, chain.hops().iter().filter(|hop| hop.call.is_some()).count())),
            _ => None,
        };
        let Some((path, calls)) = function else {
            self.sure = false;
            return;
        };
        let takes = path.strip_prefix(FUNCTIONS).is_some_and(|function| TAKES_NAME.contains(&function));
        if calls == 1 && takes {
            for argument in call.arguments.args.iter().take(1) {
                let texts = self.program.texts(argument);
                if let [text] = texts.as_ref()
                    && let Some(name) = text.known()
                {
                    self.found.push((name.to_owned(), argument));
                }
            }
        }
    }
}
