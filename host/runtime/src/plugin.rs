//! A loaded plugin: one method an export.

mod load;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use enginehouse_capabilities::{CallContext, Grants, Interface};
use wasmtime::component::{ComponentNamedList, Lift, Lower};

use crate::{
    Attempt, BadValue, Calls, Choice, Description, Draft, Earlier, Error, Failure, Finding, Health, Limits, LogChunk,
    Outcome, Progress, Report, Stage, Task, ValidatedCode,
    call::Callee,
    reports::Reports,
    validated::{Seal, is_clean},
    values,
};

/// What the operator says about a plugin.
#[derive(Debug, Clone)]
pub struct PluginConfig {
    /// What the plugin gets from `settings`. No secrets.
    pub settings: BTreeMap<String, String>,
    /// The targets that the operator named, by platform; `status` gets them from `settings` as `places.<platform>`.
    pub places: BTreeMap<String, String>,
    /// Settings that it does not describe are left out, with a warning; else they are refused at load.
    pub lenient: bool,
    /// What each of its calls may use.
    pub limits: Limits,
    /// What it may import, and how far that reaches.
    pub grants: Grants,
}

impl Default for PluginConfig {
    /// No settings, the usual limits, and everything granted.
    fn default() -> Self {
        Self {
            settings: BTreeMap::new(),
            places: BTreeMap::new(),
            lenient: false,
            limits: Limits::default(),
            grants: Grants::all(),
        }
    }
}

/// A component that fits the contract and has described itself. Every method calls one export in a fresh instance, and
/// checks both what goes in and what comes out against the contract's limits.
///
/// The context says who calls; the plugin's name and digest in it are filled in here. Dropping a call's future ends it.
pub struct Plugin {
    digest: String,
    description: Description,
    imports: BTreeSet<Interface>,
    /// Stands for the component and its settings, for seals.
    judge: Vec<u8>,
    reports: Reports,
    callee: Callee,
}

impl Plugin {
    /// SHA-256 of the component, in hex.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What the plugin says of itself, asked for once, at load.
    pub fn describe(&self) -> &Description {
        &self.description
    }

    /// What it asks for: the interfaces that its component imports, but for those that are everybody's.
    pub fn imports(&self) -> &BTreeSet<Interface> {
        &self.imports
    }

    /// Whether it asks for nothing behind which an engine is: then it does its work itself.
    pub fn works_by_itself(&self) -> bool {
        use Interface::{Batches, Functions, Processes, Tools};
        self.imports.is_disjoint(&[Functions, Batches, Tools, Processes].into())
    }

    /// How its calls went, since it was loaded.
    pub fn calls(&self) -> Calls {
        self.callee.tally.calls()
    }

    /// The limits of each call.
    pub fn limits(&self) -> &Limits {
        &self.callee.limits
    }

    /// Chooses the platform. Pure.
    ///
    /// # Errors
    /// Every [`Error`] but `NotValidated`.
    pub async fn plan(&self, cx: &CallContext, task: &Task) -> Result<Choice, Error> {
        self.check(values::task(task, &self.description))?;
        let choice: Choice = self.call(Stage::Plan, cx, (task,)).await?;
        returned(choice, |choice| values::choice(choice, task))
    }

    /// Writes code for the task: one try.
    ///
    /// # Errors
    /// As for [`Plugin::plan`].
    pub async fn generate(&self, cx: &CallContext, task: &Task, earlier: &[Earlier]) -> Result<Draft, Error> {
        self.check(values::task(task, &self.description).and_then(|()| values::earlier(earlier)))?;
        returned(self.call(Stage::Generate, cx, (task, earlier)).await?, values::draft)
    }

    /// Reads the code and runs none of it. Pure: the same code, task, settings and plugin give the same report, so one that
    /// was made lately is given again without a call.
    ///
    /// # Errors
    /// As for [`Plugin::plan`]; [`Error::StackOverflow`] for code that is nested too deeply.
    pub async fn validate(&self, cx: &CallContext, task: &Task, code: &str) -> Result<Report, Error> {
        self.check(values::task(task, &self.description).and_then(|()| values::code(code)))?;
        let seal = self.seal(task)?;
        let key = Reports::key(seal, code);
        if let Some(report) = self.reports.get(key) {
            return Ok(report);
        }
        let findings: Vec<Finding> = self.callee.call(Stage::Validate, self.context(cx), (task, code)).await?;
        let findings = returned(findings, |findings| {
            values::findings(findings, &self.description).and_then(|()| values::within(code, findings))
        })?;
        let validated = is_clean(&findings).then(|| ValidatedCode::new(code, seal));
        let report = Report { findings, validated };
        self.reports.keep(key, &report);
        Ok(report)
    }

    /// Starts the work and gives its ticket, which is never empty. Again with the same attempt: an equal ticket.
    ///
    /// # Errors
    /// As for [`Plugin::plan`]; [`Error::NotValidated`] for code that was validated for another task, by another version
    /// of the plugin or under other settings.
    pub async fn submit(
        &self,
        cx: &CallContext,
        task: &Task,
        code: &ValidatedCode,
        attempt: &Attempt,
    ) -> Result<String, Error> {
        self.check(values::task(task, &self.description).and_then(|()| values::attempt(attempt, cx.attempt.as_ref())))?;
        if !code.is_under(self.seal(task)?) {
            return Err(Error::NotValidated);
        }
        let code = code.code();
        let ticket: Result<String, Error> = self.call(Stage::Submit, cx, (task, code, attempt)).await;
        if let Err(Error::Failed(Failure::Rejected(findings))) = &ticket {
            values::within(code, findings).map_err(Error::Invalid)?;
        }
        returned(ticket?, |ticket| values::new_ticket(ticket))
    }

    /// How far the work is.
    ///
    /// # Errors
    /// As for [`Plugin::plan`].
    pub async fn poll(&self, cx: &CallContext, attempt: &Attempt, ticket: &str) -> Result<Progress, Error> {
        self.check_work(cx, attempt, ticket)?;
        returned(self.call(Stage::Poll, cx, (attempt, ticket)).await?, values::progress)
    }

    /// What the code printed, from `after` on, at most 256 KiB.
    ///
    /// # Errors
    /// As for [`Plugin::plan`].
    pub async fn log(&self, cx: &CallContext, attempt: &Attempt, ticket: &str, after: u64) -> Result<LogChunk, Error> {
        self.check_work(cx, attempt, ticket)?;
        returned(self.call(Stage::Log, cx, (attempt, ticket, after)).await?, values::log_chunk)
    }

    /// Asks the engine to stop. An empty ticket where the answer of `submit` was lost.
    ///
    /// # Errors
    /// As for [`Plugin::plan`].
    pub async fn cancel(&self, cx: &CallContext, attempt: &Attempt, ticket: &str) -> Result<(), Error> {
        self.check_work(cx, attempt, ticket)?;
        self.call(Stage::Cancel, cx, (attempt, ticket)).await
    }

    /// The results, after a terminal phase; all of them lie under the attempt's output.
    ///
    /// # Errors
    /// As for [`Plugin::plan`].
    pub async fn fetch(&self, cx: &CallContext, attempt: &Attempt, ticket: &str) -> Result<Outcome, Error> {
        self.check_work(cx, attempt, ticket)?;
        let outcome: Outcome = self.call(Stage::Fetch, cx, (attempt, ticket)).await?;
        returned(outcome, |outcome| cx.attempt.as_ref().map_or(Ok(()), |scope| values::outcome(outcome, scope)))
    }

    /// Looks at what stands behind the platforms; starts nothing.
    ///
    /// # Errors
    /// As for [`Plugin::plan`].
    pub async fn status(&self, cx: &CallContext) -> Result<Vec<Health>, Error> {
        let health: Vec<Health> = self.call(Stage::Status, cx, ()).await?;
        returned(health, |health| values::health(health, &self.description))
    }

    fn context(&self, cx: &CallContext) -> CallContext {
        CallContext {
            framework: self.description.framework.clone(),
            digest: self.digest.clone(),
            run: cx.run,
            attempt: cx.attempt.clone(),
        }
    }

    async fn call<P, R>(&self, stage: Stage, cx: &CallContext, parameters: P) -> Result<R, Error>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        Result<R, Failure>: Lift,
        R: Send + Sync + 'static,
    {
        match self.callee.call::<P, Result<R, Failure>>(stage, self.context(cx), parameters).await? {
            Ok(value) => Ok(value),
            Err(failure) => {
                Err(Error::Failed(returned(failure, |failure| values::failure(failure, &self.description))?))
            }
        }
    }

    fn check_work(&self, cx: &CallContext, attempt: &Attempt, ticket: &str) -> Result<(), Error> {
        self.check(values::attempt(attempt, cx.attempt.as_ref()).and_then(|()| values::ticket(ticket)))
    }

    fn check(&self, given: Result<(), BadValue>) -> Result<(), Error> {
        given.map_err(Error::Input)
    }

    fn seal(&self, task: &Task) -> Result<Seal, Error> {
        Seal::new(&self.judge, task).map_err(|error| Error::Host(format!("the task cannot be hashed: {error}")))
    }
}

/// A value of the guest's, once it is checked.
fn returned<T>(value: T, check: impl FnOnce(&T) -> Result<(), BadValue>) -> Result<T, Error> {
    check(&value).map_err(Error::Invalid)?;
    Ok(value)
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Description { framework, version, .. } = &self.description;
        f.debug_struct("Plugin")
            .field("framework", framework)
            .field("version", version)
            .field("digest", &self.digest)
            .finish()
    }
}
