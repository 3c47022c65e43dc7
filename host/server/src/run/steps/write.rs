//! Until the code is clean: plan, generate, validate.

use std::time::Duration;

use enginehouse_runtime::{Earlier, Severity, Source};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Error, Next, Steps, error::answer, error::ended_by};
use crate::{
    reading,
    store::{Approval, AttemptRow, Problem, RunState, Step},
};

/// When a run looks again for a place to write its code.
const NO_PLACE: Duration = Duration::from_millis(500);

impl Steps<'_> {
    pub(super) async fn plan(&self) -> Result<Next, Error> {
        // What is not run needs no place; the platform that was asked for still guides how code is written and read.
        if self.row.request.generate_only {
            return self.write(self.begun(Step::default())).await;
        }
        let plan = match answer(self.plugin.plan(&self.context(None)?, &self.task).await)? {
            Ok(plan) => plan,
            Err(no) => return self.refused(no).await,
        };
        let expected = self.parts.prices.expected(&self.row.framework, &plan.platform, plan.estimate.as_ref());
        let cost_expected = match expected {
            Ok(expected) => expected,
            Err(over) => return self.end(RunState::Rejected, "over-budget", &over.to_string()).await,
        };
        let reads: Vec<&str> = self.task.sources.iter().map(name).collect();
        let entry = json!({
            "platform": plan.platform, "reason": plan.reason, "cost": cost_expected,
            "reads": reads, "writes": self.parts.places.output_of(&self.row),
        });
        let entries = vec![("planned", entry)];
        self.write(self.begun(Step { plan: Some(plan), cost_expected, entries, ..Step::default() })).await
    }

    /// The step that leaves the queue: a caller's code is read, other code is written first.
    fn begun(&self, step: Step) -> Step {
        match &self.row.request.code {
            Some(code) => Step {
                draft: Some(attempt_row(1, code.clone(), "caller", Vec::new())),
                state: Some(RunState::Validating),
                ..step
            },
            None => Step { state: Some(RunState::Generating), ..step },
        }
    }

    pub(super) async fn generate(&self) -> Result<Next, Error> {
        let Ok(_place) = self.parts.writing.try_acquire() else { return Ok(Next::After(NO_PLACE)) };
        let attempts = self.parts.store.attempts(self.row.id).await?;
        let number = attempts.last().map_or(1, |attempt| attempt.number + 1);
        let earlier: Vec<Earlier> = attempts.iter().cloned().map(earlier).collect();
        let draft = match answer(self.plugin.generate(&self.context(None)?, &self.task, &earlier).await)? {
            Ok(draft) => draft,
            Err(no) => return self.refused(no).await,
        };
        if attempts.iter().any(|attempt| attempt.code == draft.code) {
            return self.give_up_writing(attempts.last()).await;
        }
        let entry = ("attempt", json!({ "number": number, "author": draft.author, "notes": draft.notes }));
        self.write(Step {
            state: Some(RunState::Validating),
            draft: Some(attempt_row(number, draft.code, &draft.author, draft.notes)),
            entries: vec![entry],
            ..Step::default()
        })
        .await
    }

    /// Ends the run as its last attempt ended: nothing better comes.
    async fn give_up_writing(&self, last: Option<&AttemptRow>) -> Result<Next, Error> {
        let (state, problem) = match last.and_then(|last| last.failure.as_ref()) {
            Some(failure) => ended_by(failure, self.row.cancel_requested),
            None => {
                let detail = "the code was written again as it was, with findings that forbid running it".to_owned();
                (RunState::Rejected, Problem { kind: "rejected".to_owned(), detail })
            }
        };
        self.write(Step { state: Some(state), problem: Some(problem), ..Step::default() }).await
    }

    pub(super) async fn validate(&self) -> Result<Next, Error> {
        let attempts = self.parts.store.attempts(self.row.id).await?;
        let Some((last, before)) = attempts.split_last() else {
            return self.end(RunState::Failed, "host-failed", "the run has no code to validate").await;
        };
        let cx = self.context(None)?;
        let report = reading::read(&self.plugin, &cx, &self.task, &last.code).await?;
        self.parts.plugins.mirror(&self.plugin, &cx, &self.task, &last.code, &report);
        let counted = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
        let (errors, warnings) = (counted(Severity::Error), counted(Severity::Warning));
        let clean = report.validated.is_some();
        let repeated = before.iter().any(|old| old.findings.as_deref() == Some(&report.findings));
        let entry = json!({ "number": last.number, "errors": errors, "warnings": warnings, "sha256": last.sha256 });
        let mut step = Step {
            entries: vec![("validated", entry)],
            findings: Some((report.findings, self.plugin.digest().to_owned())),
            ..Step::default()
        };
        let request = &self.row.request;
        if clean && (request.generate_only || request.dry_run) {
            step.state = Some(RunState::Succeeded);
        } else if clean && request.approval == Approval::BeforeRun {
            step.state = Some(RunState::AwaitingApproval);
        } else if clean {
            return self.begin_work(step).await;
        } else if request.code.is_none() && !repeated && last.number < request.max_attempts {
            step.state = Some(RunState::Generating);
        } else {
            let detail = format!("the code has {errors} findings that forbid running it");
            let (state, kind) = match before.iter().any(|old| old.failure.is_some()) {
                true => (RunState::Failed, "program-failed"),
                false => (RunState::Rejected, "rejected"),
            };
            (step.state, step.problem) = (Some(state), Some(Problem { kind: kind.to_owned(), detail }));
        }
        self.write(step).await
    }
}

fn name(source: &Source) -> &str {
    match source {
        Source::Objects(objects) => &objects.uri,
        Source::Table(table) => &table.name,
        Source::Relation(relation) => &relation.name,
    }
}

fn attempt_row(number: u32, code: String, author: &str, notes: Vec<String>) -> AttemptRow {
    let sha256 = hex::encode(Sha256::digest(code.as_bytes()));
    let (findings, digest, failure, model) = (None, None, None, None);
    let author = author.to_owned();
    AttemptRow { number, code, sha256, author, notes, findings, digest, failure, model, created_at: 0 }
}

fn earlier(attempt: AttemptRow) -> Earlier {
    Earlier { code: attempt.code, findings: attempt.findings.unwrap_or_default(), failure: attempt.failure }
}
