//! The columns with which a frame begins.

use std::rc::Rc;

use enginehouse_pycheck::{
    Hop, Program, Value, argument,
    ast::Expr,
    paths::{self, Fit},
};
use enginehouse_sdk::{Column, ObjectSource, Source, Task};

use super::{Frames, frame::Frame, steps};
use crate::rules::{
    hops::{flag, method_texts, option},
    sql,
};

/// The frame that hops read, and the place of the hop that reads it.
pub(super) fn read<'a>(frames: &Frames<'_, 'a>, hops: &[&Hop<'a>]) -> Option<(Rc<Frame>, usize)> {
    let read = hops.iter().position(|hop| hop.name == "read" && hop.call.is_none());
    let from = read.map_or(0, |read| read + 1);
    let reads = |name: &str| match name {
        "table" => true,
        "sql" => read.is_none(),
        "csv" | "parquet" | "json" | "orc" | "text" | "load" | "jdbc" => read.is_some(),
        _ => false,
    };
    let place = hops.iter().skip(from).position(|hop| hop.call.is_some() && reads(&hop.name))? + from;
    let (reader, hop) = (hops.get(from..=place)?, hops.get(place)?);
    let call = hop.call?;
    let one = |expr: &'a Expr| -> Option<Value> {
        match frames.program.texts(expr).as_ref() {
            [text] => Some(text.clone()),
            _ => None,
        }
    };
    let frame = match hop.name.as_ref() {
        "table" => frames.relation(one(argument(call, 0, "tableName")?)?.known()?)?,
        "sql" => {
            let (relation, projection) = frames.projected(call)?;
            let frame = frames.relation(relation)?;
            Rc::new(steps::selected(&frame, projection.items.clone()))
        }
        name if name == "jdbc" || is_jdbc(frames.program, reader) => {
            let table = argument(call, 1, "table").filter(|_| name == "jdbc");
            let table = table.or_else(|| option(frames.program, reader, "dbtable"))?;
            Rc::new(relation(frames.task, one(table)?.known()?)?)
        }
        _ => {
            let path = argument(call, 0, "path").or_else(|| option(frames.program, reader, "path"))?;
            let objects = objects(frames.task, &one(path)?)?;
            Rc::new(files(frames.program, objects, reader, call)?)
        }
    };
    Some((frame, place))
}

fn is_jdbc<'a>(program: &Program<'a>, reader: &[&Hop<'a>]) -> bool {
    let format = method_texts(program, reader, "format", 0, "source");
    format.is_some_and(|formats| formats.iter().all(|format| format.known() == Some("jdbc")))
}

/// A relation of a database.
fn relation(task: &Task, name: &str) -> Option<Frame> {
    let plain = name.replace(['"', '`'], "");
    let relation = task.sources.iter().find_map(|source| match source {
        Source::Relation(relation) if relation.name.eq_ignore_ascii_case(&plain) => Some(relation),
        _ => None,
    })?;
    of_columns(relation.columns.iter())
}

fn objects<'t>(task: &'t Task, path: &Value) -> Option<&'t ObjectSource> {
    task.sources.iter().find_map(|source| match source {
        Source::Objects(objects) if paths::fit(path, [objects.uri.as_str()]) == Fit::Yes => Some(objects),
        _ => None,
    })
}

/// A schema of the program's own, or a CSV without its header, gives other names.
fn files<'a>(
    program: &Program<'a>,
    objects: &ObjectSource,
    reader: &[&Hop<'a>],
    call: &'a enginehouse_pycheck::ast::ExprCall,
) -> Option<Frame> {
    let place = usize::from(reader.last()?.name == "load");
    let schema = reader.iter().any(|hop| hop.name == "schema")
        || call.arguments.find_keyword("schema").is_some()
        || call.arguments.args.len() > 1 + place
        || call.arguments.keywords.iter().any(|keyword| keyword.arg.is_none());
    if schema {
        return None;
    }
    let format = method_texts(program, reader, "format", 0, "source");
    let named = format.as_ref().and_then(|formats| formats.first()?.known());
    let text = match reader.last()?.name.as_ref() {
        "load" => named == Some("text"),
        name => name == "text",
    };
    if text {
        // Each line is one column; folders may tell more.
        let lines = objects.format.as_deref() != Some("text") && !objects.uri.ends_with('/');
        let folders = objects.columns.iter().filter(|column| !lines && column.name != "value");
        let certain = lines || !objects.columns.is_empty();
        let names = std::iter::once("value").chain(folders.map(|column| column.name.as_str())).map(Rc::from);
        return certain.then(|| Frame::new(names.collect()));
    }
    let csv = match reader.last()?.name.as_ref() {
        "load" => named == Some("csv"),
        name => name == "csv",
    };
    let same = objects.format.as_deref().is_none_or(|format| (format == "csv") == csv);
    let header = !csv || flag(program, reader, call, "header");
    let stated = objects.properties.iter().any(|(name, value)| name == "header" && value == "false");
    // Spark's own names for what has none.
    let numbered = |(place, column): (usize, &Column)| column.name == format!("_c{place}");
    if csv && stated && !header && objects.columns.iter().enumerate().all(numbered) {
        return of_columns(objects.columns.iter());
    }
    (same && header && !(csv && stated)).then_some(())?;
    of_columns(objects.columns.iter())
}

/// A selected table.
pub(super) fn table(task: &Task, name: &str) -> Option<Frame> {
    let table = task.sources.iter().find_map(|source| match source {
        Source::Table(table) if sql::is_table(name, &table.database, &table.name) => Some(table),
        _ => None,
    })?;
    of_columns(table.columns.iter().chain(&table.partition_keys))
}

fn of_columns<'c>(columns: impl Iterator<Item = &'c Column>) -> Option<Frame> {
    let names: Vec<Rc<str>> = columns.map(|column| column.name.as_str().into()).collect();
    (!names.is_empty()).then(|| Frame::new(names))
}
