//! What a call about a run may touch, and where its work goes: told by the host, never by a plugin.

use std::{collections::BTreeMap, time::Duration};

use enginehouse_capabilities::{AttemptScope, CallContext, Error, ObjectUri, Result, Token};
use enginehouse_runtime::{Attempt, Description, Place, Plugin};

use crate::{
    config::{Config, Objects},
    service::sources,
    store::RunRow,
};

/// A platform on this machine.
const LOCAL: &str = "local";

/// Where work can go.
#[derive(Debug, Clone, Default)]
pub struct Places {
    engines: Vec<String>,
    /// Targets that the operator names, by framework and platform.
    named: BTreeMap<String, BTreeMap<String, String>>,
    bucket: String,
}

impl Places {
    /// Over these engines of this machine, and what the configuration names.
    pub fn new(engines: Vec<String>, config: &Config) -> Self {
        // Programs on this machine read the files of the embedded store.
        let engines = if let Objects::Embedded { .. } = config.objects { engines } else { Vec::new() };
        let named = config.frameworks.iter().map(|(framework, settings)| (framework.clone(), settings.places.clone()));
        Self { engines, named: named.collect(), bucket: config.bucket().to_owned() }
    }

    /// Where a plugin's work can go. `local` is the engine with the framework's name; other platforms are what the operator names
    /// in `frameworks.….places`. A plugin that asks for no engine at all does
    /// its work itself: all its platforms are there, each a target of its own.
    pub fn of(&self, plugin: &Plugin) -> Vec<Place> {
        let Description { framework, platforms, .. } = plugin.describe();
        let local = |name: &str| name == LOCAL && self.engines.contains(framework);
        let named = |name: &str| self.named.get(framework).and_then(|places| places.get(name)).cloned();
        let target = |name: &str| match plugin.works_by_itself() {
            true => Some(name.to_owned()),
            false => named(name).or_else(|| local(name).then(|| framework.clone())),
        };
        let place = |name: &String| Some(Place { platform: name.clone(), target: target(name)? });
        platforms.iter().filter_map(|platform| place(&platform.name)).collect()
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
    let place = row.request.task.places.iter().find(|place| Some(place.platform.as_str()) == platform);
    let Some(place) = place else {
        return Err(Error::Unconfigured(format!(
            "the platform `{}` of run {} is not set up",
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
