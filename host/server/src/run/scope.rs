//! What a call about a run may touch, and where its work goes: told by the host, never by a plugin.

use std::{collections::BTreeMap, time::Duration};

use enginehouse_capabilities::{AttemptScope, CallContext, Error, ObjectUri, Result, Token};
use enginehouse_runtime::{Attempt, Place};

use crate::{service::sources, store::RunRow};

/// The places that are set up, by framework.
#[derive(Debug, Clone, Default)]
pub struct Places {
    by_framework: BTreeMap<String, Vec<Place>>,
    bucket: String,
}

impl Places {
    /// The platform `local` for each of these frameworks; their own files lie in `bucket`.
    pub fn local(frameworks: impl IntoIterator<Item = String>, bucket: &str) -> Self {
        let place = |name: String| {
            let place = Place { platform: "local".to_owned(), target: name.clone() };
            (name, vec![place])
        };
        Self { by_framework: frameworks.into_iter().map(place).collect(), bucket: bucket.to_owned() }
    }

    /// Where a framework's work can go.
    pub fn of(&self, framework: &str) -> &[Place] {
        self.by_framework.get(framework).map(Vec::as_slice).unwrap_or_default()
    }

    /// The prefix that a run's results will lie under.
    pub(super) fn output_of(&self, row: &RunRow) -> String {
        let own = || format!("s3://{}/runs/{}/", self.bucket, row.id);
        row.request.task.output.clone().unwrap_or_else(own)
    }

    /// The prefix for what one attempt leaves in the store.
    fn prefix(&self, row: &RunRow, part: &str) -> Result<ObjectUri> {
        ObjectUri::new(&self.bucket, &format!("runs/{}/{}/{part}/", row.id, row.attempt))
    }
}

/// The attempt that a run is at, as its plugin sees it.
pub(crate) fn attempt_of(places: &Places, row: &RunRow) -> Result<Attempt> {
    let platform = row.plan.as_ref().map(|plan| plan.platform.as_str());
    let place = places.of(&row.framework).iter().find(|place| Some(place.platform.as_str()) == platform);
    let Some(place) = place else {
        return Err(Error::Unconfigured(format!(
            "the platform `{}` of run {} is no longer set up",
            platform.unwrap_or_default(),
            row.id
        )));
    };
    let output = match &row.request.task.output {
        Some(declared) => declared.parse::<ObjectUri>()?.as_prefix(),
        None => places.prefix(row, "output")?,
    };
    Ok(Attempt {
        token: Token::of_attempt(row.id, row.attempt).to_string(),
        output: output.to_string(),
        scratch: places.prefix(row, "scratch")?.to_string(),
        place: place.clone(),
        timeout_seconds: row.request.run_seconds,
    })
}

/// What a call about a run carries; with an attempt, it is held to it.
pub(crate) fn context_of(row: &RunRow, digest: &str, attempt: Option<&Attempt>) -> Result<CallContext> {
    let scope = |attempt: &Attempt| -> Result<AttemptScope> {
        Ok(AttemptScope {
            token: attempt.token.parse()?,
            inputs: sources::inputs(&row.request.task.sources),
            output: attempt.output.parse()?,
            scratch: attempt.scratch.parse()?,
            target: attempt.place.target.clone(),
            timeout: Duration::from_secs(attempt.timeout_seconds.into()),
        })
    };
    Ok(CallContext {
        framework: row.framework.clone(),
        digest: digest.to_owned(),
        run: Some(row.id),
        attempt: attempt.map(scope).transpose()?,
    })
}
