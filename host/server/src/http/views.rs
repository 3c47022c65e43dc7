//! The shapes of requests and answers, apart from the records inside.

use std::collections::BTreeMap;

use enginehouse_runtime::{Description, Finding, Severity, Source};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    service::{frameworks::Framework, runs::NewRun},
    store::{Approval, Cost, Pin, Problem, RunRow, RunState, SourceRef},
};

/// A name with what it means.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Named {
    pub name: String,
    pub summary: String,
}

/// A rule that code is held to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RuleView {
    pub id: String,
    /// `error`, `warning` or `note`.
    pub severity: &'static str,
    pub summary: String,
    /// Where its page is on this server.
    pub page: String,
}

/// A framework that serves.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FrameworkView {
    pub name: String,
    pub title: String,
    pub version: String,
    /// Which generation of its plugin serves.
    pub generation: u32,
    /// SHA-256 of the plugin, in hex.
    pub digest: String,
    pub platforms: Vec<Named>,
    pub rules: Vec<RuleView>,
    pub options: Vec<Named>,
}

impl From<Framework> for FrameworkView {
    fn from(framework: Framework) -> Self {
        let Framework { description, served_by: Pin { generation, digest } } = framework;
        let Description { framework: name, title, version, platforms, rules, options, .. } = description;
        let rules = rules
            .into_iter()
            .map(|rule| RuleView {
                page: super::rules::path(&name, &rule.id),
                id: rule.id,
                severity: word(rule.severity),
                summary: rule.summary,
            })
            .collect();
        Self {
            name,
            title,
            version,
            generation,
            digest,
            platforms: platforms.into_iter().map(|p| Named { name: p.name, summary: p.summary }).collect(),
            rules,
            options: options.into_iter().map(|o| Named { name: o.name, summary: o.summary }).collect(),
        }
    }
}

pub(super) fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A place in the code: 1-based, columns in Unicode characters, the end exclusive.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SpanView {
    pub start_line: u32,
    pub start_column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

/// What is wrong with code.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FindingView {
    /// A rule of the framework.
    pub rule: String,
    /// `error`, `warning` or `note`; code with an error is not run.
    pub severity: &'static str,
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
    pub span: Option<SpanView>,
}

impl From<Finding> for FindingView {
    fn from(finding: Finding) -> Self {
        let span = finding.span.map(|span| SpanView {
            start_line: span.start.line,
            start_column: span.start.column,
            end_line: span.end.line,
            end_column: span.end.column,
        });
        Self {
            rule: finding.rule,
            severity: word(finding.severity),
            message: finding.message,
            hint: finding.hint,
            span,
        }
    }
}

/// The state of what stands behind a platform.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HealthView {
    pub platform: String,
    pub ready: bool,
    pub detail: String,
}

/// What a run is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRunView {
    /// Which framework; a bare `generate` takes it from its path.
    #[serde(default)]
    pub framework: String,
    /// Whose sources are read where none are named.
    pub session_id: Option<String>,
    /// What is wanted, in plain language; at most 64 KiB.
    #[serde(default)]
    pub prompt: String,
    /// Code to run as it is; at most 1 MiB.
    pub code: Option<String>,
    /// What is read; none: the session's.
    pub sources: Option<Vec<SourceRef>>,
    /// Where it runs; `auto` or none: the framework chooses.
    pub platform: Option<String>,
    /// A prefix of the caller's own for the results.
    pub output: Option<String>,
    /// Whether objects under that prefix may be replaced.
    #[serde(default)]
    pub overwrite: bool,
    /// Stop once the code is clean; run nothing.
    #[serde(default)]
    pub generate_only: bool,
    /// How often code is written, at most 10.
    pub max_attempts: Option<u32>,
    /// Write and check the code and choose a platform, as for a run, and run nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// `before-run`: clean code waits until it is approved.
    #[serde(default)]
    pub approval: Approval,
    /// How long it may wait at its engine before the program begins, in seconds; at most a day.
    pub queue_seconds: Option<u32>,
    /// How long the program may run, in seconds; at most a day.
    #[serde(alias = "timeout_seconds")]
    pub run_seconds: Option<u32>,
    /// How long the program may print nothing before it is ended, in seconds; at most a day. None: as long as it runs.
    pub idle_seconds: Option<u32>,
    /// Options that the framework describes.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
}

impl From<NewRunView> for NewRun {
    fn from(view: NewRunView) -> Self {
        Self {
            framework: view.framework,
            session: view.session_id,
            prompt: view.prompt,
            code: view.code,
            sources: view.sources,
            platform: view.platform,
            output: view.output,
            overwrite: view.overwrite,
            generate_only: view.generate_only,
            max_attempts: view.max_attempts,
            dry_run: view.dry_run,
            approval: view.approval,
            queue_seconds: view.queue_seconds,
            run_seconds: view.run_seconds,
            idle_seconds: view.idle_seconds,
            owner: String::new(),
            options: view.options.into_iter().collect(),
            idempotency_key: None,
        }
    }
}

/// A table of results.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TableView {
    pub name: String,
    pub format: String,
    pub objects: usize,
}

/// What a run costs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CostView {
    /// What its plan says it will.
    pub expected: Option<f64>,
    /// What its engine says that its attempts did.
    pub billed: Option<f64>,
}

/// A run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunView {
    pub id: Uuid,
    pub session_id: String,
    pub framework: String,
    /// The generation of the framework's plugin that it is pinned to.
    pub generation: Option<u32>,
    /// SHA-256 of that plugin, in hex.
    pub digest: Option<String>,
    pub state: RunState,
    /// Whether it did what was asked.
    pub success: bool,
    pub prompt: String,
    /// The sources, as uris and table names.
    pub sources: Vec<String>,
    /// The prefix that its caller chose for its results; none: one of its own.
    pub output: Option<String>,
    pub platform: Option<String>,
    /// Why this platform.
    pub reason: Option<String>,
    /// How many pieces of code there are.
    pub attempts: u32,
    pub tables: Vec<TableView>,
    pub figures: Vec<String>,
    /// The JSON document among its results, where there is one.
    pub document: Option<serde_json::Value>,
    /// What it costs, by the operator's prices; none where its platform has no price.
    pub cost: Option<CostView>,
    /// Why it did not succeed.
    pub problem: Option<Problem>,
    /// Milliseconds since the Unix epoch.
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
}

impl From<RunRow> for RunView {
    fn from(row: RunRow) -> Self {
        let task = row.request.task;
        let name = |source: &Source| match source {
            Source::Objects(object) => object.uri.clone(),
            Source::Table(table) => format!("{}.{}", table.database, table.name),
            Source::Relation(relation) => format!("{}:{}", relation.connection, relation.name),
        };
        let (generation, digest) = row.pin.map(|pin| (pin.generation, pin.digest)).unzip();
        let (tables, figures, document) =
            row.outcome.map(|outcome| (outcome.tables, outcome.figures, outcome.document)).unwrap_or_default();
        Self {
            id: row.id,
            session_id: row.session,
            framework: row.framework,
            generation,
            digest,
            state: row.state,
            success: row.state == RunState::Succeeded,
            prompt: task.prompt,
            sources: task.sources.iter().map(name).collect(),
            output: task.output,
            platform: row.plan.as_ref().map(|plan| plan.platform.clone()),
            reason: row.plan.map(|plan| plan.reason),
            attempts: row.attempt,
            tables: tables
                .into_iter()
                .map(|table| TableView { name: table.name, format: table.format, objects: table.uris.len() })
                .collect(),
            figures,
            // Checked to be JSON when it came.
            document: document.and_then(|document| serde_json::from_str(&document).ok()),
            cost: (row.cost != Cost::default())
                .then_some(CostView { expected: row.cost.expected, billed: row.cost.billed }),
            problem: row.problem,
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }
}

/// What a generation gives.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Generated {
    /// The run that wrote and read it; its journal and attempts are kept.
    pub run: Uuid,
    pub session_id: String,
    pub code: String,
    pub author: String,
    pub notes: Vec<String>,
    pub findings: Vec<FindingView>,
    pub platform: Option<String>,
}

/// A column.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct ColumnView {
    pub name: String,
    /// The catalog's name for it: `bigint`, `double`, `string`, ….
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    pub data_type: Option<String>,
}
