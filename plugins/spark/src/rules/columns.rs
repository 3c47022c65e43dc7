//! Columns that a frame does not have. Rule `P021`: only where the frame comes from a given source by steps that are
//! understood, and only for names that are written out.

mod frame;

use std::rc::Rc;

use enginehouse_pycheck::{Program, report};
use enginehouse_sdk::{Column, Finding, Source, Task};

pub(super) use self::frame::Frame;
use super::{flow::Found, sql};

pub(super) fn check(program: &Program<'_>, found: &Found<'_>) -> Vec<Finding> {
    let missing = found.columns().map(|(name, frame, expr)| {
        let message = format!("the column `{}` does not exist here", report::quote(name));
        report::error("P021", program.span(expr), message, format!("the columns are {}", frame.list()))
    });
    missing.collect()
}

/// A selected table.
pub(super) fn table(task: &Task, name: &str) -> Option<Frame> {
    let table = task.sources.iter().find_map(|source| match source {
        Source::Table(table) if sql::is_table(name, &table.database, &table.name) => Some(table),
        _ => None,
    })?;
    of_columns(table.columns.iter().chain(&table.partition_keys))
}

/// A frame of columns that are given.
pub(super) fn of_columns<'c>(columns: impl Iterator<Item = &'c Column>) -> Option<Frame> {
    let names: Vec<Rc<str>> = columns.map(|column| column.name.as_str().into()).collect();
    (!names.is_empty()).then(|| Frame::new(names))
}

/// The name of a column that is named through a frame's alias or a struct: `o.total`. None where it may be several.
pub(super) fn last_of(name: &str) -> Option<&str> {
    let last = name.rsplit('.').next().unwrap_or(name);
    (!name.contains(['*', '`'])).then_some(last)
}
