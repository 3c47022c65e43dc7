//! What a guest returns. Hostile until checked.

use enginehouse_capabilities::{AttemptScope, ObjectUri};

use super::{BadValue, Checked, count, cut, distinct, holds, limit, optional, text};
use crate::{
    Choice, Description, Draft, EngineError, Failure, Finding, Health, HostError, LogChunk, Outcome, Position,
    Progress, Setting, Table, Task, Usage,
};

/// More would not be a bill but a mistake.
const MOST_HOURS: f64 = 1e9;
const MOST_SECONDS: u64 = 3_600_000_000_000;
/// More than any program prints.
const MOST_BYTES: u64 = 1 << 50;

pub(crate) fn description(d: &Description) -> Checked {
    let mut letters = d.framework.bytes();
    let named = letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && letters.all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && d.framework.len() <= 32;
    holds("description: framework", named, "is `[a-z][a-z0-9-]{0,31}`")?;
    text("description: title", &d.title, limit::NAME)?;
    text("description: version", &d.version, limit::NAME)?;
    holds("description: version", semver::Version::parse(&d.version).is_ok(), "is a semantic version, as 1.2.3")?;
    count("description: platforms", d.platforms.len(), limit::ENTRIES)?;
    count("description: rules", d.rules.len(), limit::ENTRIES)?;
    distinct("platform", d.platforms.iter().map(|platform| platform.name.as_str()))?;
    distinct("rule", d.rules.iter().map(|rule| rule.id.as_str()))?;
    d.platforms.iter().try_for_each(|platform| entry("platform", &platform.name, &platform.summary))?;
    d.rules.iter().try_for_each(|rule| {
        entry("rule", &rule.id, &rule.summary)?;
        text(format_args!("rule `{}`: page", rule.id), &rule.page, limit::PAGE)
    })?;
    settings("option", &d.options)?;
    settings("setting", &d.settings)
}

fn settings(what: &str, settings: &[Setting]) -> Checked {
    count(format_args!("description: {what}s"), settings.len(), limit::ENTRIES)?;
    distinct(what, settings.iter().map(|setting| setting.name.as_str()))?;
    settings.iter().try_for_each(|setting| {
        entry(what, &setting.name, &setting.summary)?;
        optional(format_args!("{what} `{}`: default", setting.name), setting.default.as_deref(), limit::MESSAGE)
    })
}

fn entry(what: &str, name: &str, summary: &str) -> Checked {
    holds(what, !name.is_empty(), "has a name")?;
    text(format_args!("{what}: name"), name, limit::NAME)?;
    text(format_args!("{what} `{name}`: summary"), summary, limit::MESSAGE)
}

pub(crate) fn choice(choice: &Choice, task: &Task) -> Checked {
    let offered = task.places.iter().any(|place| place.platform == choice.platform);
    let what = format!("choice: platform `{}`", cut(&choice.platform, 80));
    holds(what, offered, "is none of the task's places")?;
    text("choice: reason", &choice.reason, limit::MESSAGE)?;
    usage("choice: estimate", choice.estimate.as_ref())
}

fn usage(what: &str, usage: Option<&Usage>) -> Checked {
    let seconds = usage.and_then(|usage| usage.seconds).unwrap_or_default();
    holds(what, seconds <= MOST_SECONDS, "is a number of seconds, up to a billion hours")?;
    let hours = usage.into_iter().flat_map(|usage| [usage.vcpu_hours, usage.memory_gb_hours]).flatten();
    hours.into_iter().try_for_each(|hours| {
        holds(what, hours.is_finite() && (0.0..=MOST_HOURS).contains(&hours), "is a number of hours, 0 to a billion")
    })
}

pub(crate) fn draft(draft: &Draft) -> Checked {
    text("draft: code", &draft.code, limit::CODE)?;
    holds("draft", !draft.code.contains('\0') && !draft.author.contains('\0'), "holds no NUL")?;
    text("draft: author", &draft.author, limit::NAME)?;
    count("draft: notes", draft.notes.len(), limit::ENTRIES)?;
    draft.notes.iter().try_for_each(|note| text("draft: note", note, limit::MESSAGE))
}

/// Findings of rules that the plugin describes.
pub(crate) fn findings(findings: &[Finding], description: &Description) -> Checked {
    each_finding(findings)?;
    findings.iter().try_for_each(|finding| {
        let known = description.rules.iter().any(|rule| rule.id == finding.rule);
        holds(format_args!("finding: rule `{}`", finding.rule), known, "is not listed in `describe`")
    })
}

pub(super) fn each_finding(findings: &[Finding]) -> Checked {
    count("findings", findings.len(), limit::FINDINGS)?;
    for (number, finding) in findings.iter().enumerate() {
        let what = |part: &str| format!("finding {}: {part}", number + 1);
        text(what("rule"), &finding.rule, limit::NAME)?;
        text(what("message"), &finding.message, limit::MESSAGE)?;
        optional(what("hint"), finding.hint.as_deref(), limit::MESSAGE)?;
        let Some(span) = finding.span else { continue };
        let order = |at: Position| (at.line, at.column);
        let placed = [span.start, span.end].iter().all(|at| at.line > 0 && at.column > 0);
        holds(what("span"), placed && order(span.start) <= order(span.end), "counts from 1 and ends after its start")?;
    }
    Ok(())
}

/// A ticket that is kept; empty would mean that there was no answer.
pub(crate) fn new_ticket(ticket: &str) -> Checked {
    holds("ticket", !ticket.is_empty(), "is not empty")?;
    holds("ticket", !ticket.contains('\0'), "holds no NUL")?;
    text("ticket", ticket, limit::TICKET)
}

pub(crate) fn progress(progress: &Progress) -> Checked {
    optional("progress: detail", progress.detail.as_deref(), limit::DETAIL)
}

pub(crate) fn log_chunk(chunk: &LogChunk) -> Checked {
    text("log: text", &chunk.text, limit::LOG)?;
    holds("log: dropped", chunk.dropped <= MOST_BYTES, "is at most a petabyte")
}

/// Results that all lie under the attempt's output.
pub(crate) fn outcome(outcome: &Outcome, scope: &AttemptScope) -> Checked {
    count("outcome: tables", outcome.tables.len(), limit::TABLES)?;
    count("outcome: uris", outcome.tables.iter().map(|table| table.uris.len()).sum(), limit::URIS)?;
    count("outcome: figures", outcome.figures.len(), limit::FIGURES)?;
    distinct("table", outcome.tables.iter().map(|table| table.name.as_str()))?;
    outcome.tables.iter().try_for_each(|results| table(results, scope))?;
    outcome.figures.iter().try_for_each(|uri| result(uri, scope))?;
    usage("outcome: usage", outcome.usage.as_ref())?;
    if let Some(document) = &outcome.document {
        text("outcome: document", document, limit::DOCUMENT)?;
        let json = serde_json::from_str::<serde::de::IgnoredAny>(document).is_ok();
        holds("outcome: document", json, "is JSON")?;
    }
    outcome.failure.as_ref().map_or(Ok(()), engine_error)
}

fn table(table: &Table, scope: &AttemptScope) -> Checked {
    text("table: name", &table.name, limit::NAME)?;
    let known = matches!(table.format.as_str(), "csv" | "parquet" | "json");
    holds(format_args!("table `{}`: format", table.name), known, "is csv, parquet or json")?;
    table.uris.iter().try_for_each(|uri| result(uri, scope))
}

fn result(uri: &str, scope: &AttemptScope) -> Checked {
    let what = format!("result `{}`", cut(uri, 200));
    let parsed: ObjectUri = uri.parse().map_err(|_| BadValue::new(&what, "is a uri, as s3://bucket/key"))?;
    holds(what, scope.output.covers(&parsed) && !parsed.is_prefix(), "is an object under the attempt's output")
}

pub(super) fn engine_error(error: &EngineError) -> Checked {
    text("failure: kind", &error.kind, limit::NAME)?;
    text("failure: message", &error.message, limit::MESSAGE)?;
    optional("failure: hint", error.hint.as_deref(), limit::MESSAGE)
}

pub(crate) fn health(health: &[Health], description: &Description) -> Checked {
    count("health", health.len(), limit::ENTRIES)?;
    health.iter().try_for_each(|health| {
        let known = description.platforms.iter().any(|platform| platform.name == health.platform);
        let what = format!("health: platform `{}`", cut(&health.platform, 80));
        holds(what, known, "is not listed in `describe`")?;
        text("health: detail", &health.detail, limit::DETAIL)
    })
}

pub(crate) fn failure(failure: &Failure, description: &Description) -> Checked {
    match failure {
        Failure::Unsupported(message) | Failure::Lost(message) => text("failure", message, limit::MESSAGE),
        Failure::Rejected(rejected) => findings(rejected, description),
        Failure::Host(
            HostError::Denied(message)
            | HostError::Unconfigured(message)
            | HostError::NotFound(message)
            | HostError::Invalid(message)
            | HostError::Conflict(message)
            | HostError::QuotaExceeded(message)
            | HostError::Unavailable(message)
            | HostError::TimedOut(message)
            | HostError::Other(message),
        ) => text("failure", message, limit::MESSAGE),
    }
}
