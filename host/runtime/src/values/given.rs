//! What the host hands to a guest: refused here, before a guest sees it, where the server let it pass.

use enginehouse_capabilities::AttemptScope;

use super::{BadValue, Checked, count, distinct, holds, limit, optional, returned, text};
use crate::{Attempt, Column, Description, Earlier, Source, Task};

/// A task, its options among those that the plugin describes.
pub(crate) fn task(task: &Task, description: &Description) -> Checked {
    text("task: prompt", &task.prompt, limit::PROMPT)?;
    optional("task: output", task.output.as_deref(), limit::URI)?;
    optional("task: platform", task.platform.as_deref(), limit::NAME)?;
    count("task: sources", task.sources.len(), limit::SOURCES)?;
    count("task: places", task.places.len(), limit::ENTRIES)?;
    count("task: options", task.options.len(), limit::ENTRIES)?;
    for (number, given) in task.sources.iter().enumerate() {
        source(number + 1, given)?;
    }
    for place in &task.places {
        text("task: place", &place.platform, limit::NAME)?;
        text("task: target", &place.target, limit::NAME)?;
    }
    distinct("task: option", task.options.iter().map(|(name, _)| name.as_str()))?;
    task.options.iter().try_for_each(|(name, value)| {
        let known = description.options.iter().any(|option| option.name == *name);
        let what = format!("task: option `{}`", super::cut(name, limit::NAME));
        holds(&what, known, "the plugin has no such option; `describe` lists them")?;
        text(what, value, limit::MESSAGE)
    })
}

fn source(number: usize, source: &Source) -> Checked {
    let what = |part: &str| format!("source {number}: {part}");
    let properties = |properties: &[(String, String)]| {
        count(what("properties"), properties.len(), limit::ENTRIES)?;
        properties.iter().try_for_each(|(name, value)| {
            text(what("property"), name, limit::NAME)?;
            text(what("property's value"), value, limit::MESSAGE)
        })
    };
    match source {
        Source::Objects(source) => {
            text(what("uri"), &source.uri, limit::URI)?;
            optional(what("format"), source.format.as_deref(), limit::NAME)?;
            optional(what("sample"), source.sample.as_deref(), limit::SAMPLE)?;
            columns(what, &[&source.columns])?;
            properties(&source.properties)
        }
        Source::Table(source) => {
            text(what("database"), &source.database, limit::NAME)?;
            text(what("name"), &source.name, limit::NAME)?;
            optional(what("location"), source.location.as_deref(), limit::URI)?;
            optional(what("format"), source.format.as_deref(), limit::NAME)?;
            columns(what, &[&source.columns, &source.partition_keys])?;
            properties(&source.properties)
        }
        Source::Relation(source) => {
            text(what("connection"), &source.connection, limit::NAME)?;
            text(what("jdbc-url"), &source.jdbc_url, limit::URI)?;
            text(what("name"), &source.name, limit::NAME)?;
            text(what("credential"), &source.credential, limit::NAME)?;
            columns(what, &[&source.columns])
        }
    }
}

fn columns(what: impl Fn(&str) -> String, columns: &[&[Column]]) -> Checked {
    count(what("columns"), columns.iter().map(|columns| columns.len()).sum(), limit::COLUMNS)?;
    columns.iter().copied().flatten().try_for_each(|column| {
        text(what("column"), &column.name, limit::NAME)?;
        optional(what("column's type"), column.data_type.as_deref(), limit::MESSAGE)?;
        optional(what("column's comment"), column.comment.as_deref(), limit::MESSAGE)
    })
}

pub(crate) fn code(code: &str) -> Checked {
    text("code", code, limit::CODE)
}

pub(crate) fn ticket(ticket: &str) -> Checked {
    text("ticket", ticket, limit::TICKET)
}

/// Earlier tries; their findings may be of an older version of the plugin.
pub(crate) fn earlier(earlier: &[Earlier]) -> Checked {
    count("earlier tries", earlier.len(), limit::ENTRIES)?;
    earlier.iter().try_for_each(|earlier| {
        code(&earlier.code)?;
        returned::each_finding(&earlier.findings)?;
        earlier.failure.as_ref().map_or(Ok(()), returned::engine_error)
    })
}

/// An attempt, which must be the one that the call is held to.
pub(crate) fn attempt(attempt: &Attempt, scope: Option<&AttemptScope>) -> Checked {
    let scope = scope.ok_or_else(|| BadValue::new("attempt", "the call's context has no attempt"))?;
    let differs = "is another than in the call's context";
    holds("attempt: token", attempt.token == scope.token.as_str(), differs)?;
    holds("attempt: output", attempt.output == scope.output.to_string(), differs)?;
    holds("attempt: scratch", attempt.scratch == scope.scratch.to_string(), differs)?;
    holds("attempt: target", attempt.place.target == scope.target, differs)?;
    text("attempt: platform", &attempt.place.platform, limit::NAME)
}
