//! Trials: begun, judged, ended.

use std::{collections::BTreeMap, sync::Arc};

use enginehouse_runtime::Generation;

use super::{
    Activation, Error, Result, Trial,
    loader::{Loader, Tried},
};
use crate::store::{GenerationRow, Origin, Terms, TrialRow};

impl Loader {
    pub(super) async fn try_out(&self, wanted: Activation, terms: Terms) -> Result<Arc<Trial>> {
        check(&terms)?;
        let wanted = self.granted(wanted).await?;
        let (framework, digest, grants) = (&wanted.framework, &wanted.digest, &wanted.grants);
        if self.registry.get(framework).is_none() {
            return Err(Error::Invalid(format!(
                "nothing serves `{framework}` that it could be held against: activate it"
            )));
        }
        let tried = async {
            let wasm = self.trusted(digest).await?;
            let plugin = self.load(framework, digest, wasm.clone(), grants, Tried::Anew).await?;
            self.hold_to_contract(framework, wasm, grants).await?;
            Ok(plugin)
        };
        let plugin = tried.await.inspect_err(|error| self.failed(framework, digest, error))?;
        let number = self.store.add_generation(framework, digest, grants, Origin::Trial(&terms)).await?;
        self.end_trial_of(framework, "another component is tried out").await?;
        let candidate = Arc::new(Generation::new(number, plugin));
        self.succeeded(framework);
        Ok(self.begin_trial(candidate, terms))
    }

    pub(super) async fn promote(&self, framework: &str) -> Result<Arc<Generation>> {
        let trial = self.trial(framework)?;
        let candidate = &trial.candidate;
        let row = self.store.generation(framework, candidate.number()).await?;
        let grants = row.map(|row| row.grants).unwrap_or_default();
        // A number of its own: who serves by it is told apart from who was tried out.
        let number = self.store.add_generation(framework, candidate.digest(), &grants, Origin::Operator).await?;
        let serving = Arc::new(candidate.again(number));
        self.registry.activate(&serving);
        self.succeeded(framework);
        tracing::info!(framework, generation = number, "a candidate serves");
        if let Err(error) = self.end_trial_of(framework, &format!("it serves as generation {number}")).await {
            tracing::warn!(%error, framework, "why a trial ended could not be written");
        }
        Ok(serving)
    }

    pub(super) async fn end_trial(&self, framework: &str, reason: &str) -> Result<()> {
        self.trial(framework)?;
        self.end_trial_of(framework, reason).await
    }

    /// The same where there may be none.
    pub(super) async fn end_trial_of(&self, framework: &str, reason: &str) -> Result<()> {
        let Ok(trial) = self.trial(framework) else { return Ok(()) };
        let row = TrialRow { terms: trial.terms.clone(), ended: Some(reason.to_owned()) };
        self.forget_trial(framework);
        self.store.end_trial(framework, trial.candidate.number(), &row).await?;
        tracing::info!(framework, generation = trial.candidate.number(), reason, "the trial of a candidate ended");
        Ok(())
    }

    /// Ends the trials of those that do not do as well as they have to.
    pub(super) async fn judge(&self) -> Result<()> {
        for (framework, trial) in self.trials.load().iter() {
            if let Some(fault) = trial.fault(self.registry.get(framework).as_deref()) {
                self.end_trial_of(framework, &fault).await?;
            }
        }
        Ok(())
    }

    /// Takes up the trials that go on by the store, and drops those that do not.
    pub(super) async fn follow_trials(&self) -> Result<()> {
        let open = self.store.open_trials().await?;
        for (framework, trial) in self.trials.load().iter() {
            let same = |row: &GenerationRow| row.framework == *framework && row.number == trial.candidate.number();
            if !open.iter().any(same) {
                self.forget_trial(framework);
            }
        }
        for row in open {
            let known = self.trial(&row.framework).is_ok_and(|trial| trial.candidate.number() == row.number);
            let Some(TrialRow { terms, .. }) = row.trial.clone().filter(|_| !known) else { continue };
            if !self.is_worth_a_try(&row.framework, row.number) {
                continue;
            }
            match self.load_again(&row).await {
                Ok(plugin) => drop(self.begin_trial(Arc::new(Generation::new(row.number, plugin)), terms)),
                // On this server alone.
                Err(error) => self.failed(&row.framework, &row.digest, &error),
            }
        }
        Ok(())
    }

    fn begin_trial(&self, candidate: Arc<Generation>, terms: Terms) -> Arc<Trial> {
        let framework = candidate.describe().framework.clone();
        self.registry.keep(&candidate);
        let trial = Arc::new(Trial::new(candidate, terms, self.registry.get(&framework).as_deref()));
        let mut trials = BTreeMap::clone(&self.trials.load());
        trials.insert(framework, Arc::clone(&trial));
        self.trials.store(Arc::new(trials));
        trial
    }

    fn forget_trial(&self, framework: &str) {
        let mut trials = BTreeMap::clone(&self.trials.load());
        trials.remove(framework);
        self.trials.store(Arc::new(trials));
    }

    fn trial(&self, framework: &str) -> Result<Arc<Trial>> {
        let none = || Error::NotFound(format!("no candidate is on trial for `{framework}`"));
        self.trials.load().get(framework).cloned().ok_or_else(none)
    }
}

fn check(terms: &Terms) -> Result<()> {
    let share = |name: &str, value: f64| match (0.0..=1.0).contains(&value) {
        true => Ok(()),
        false => Err(Error::Invalid(format!("`{name}` is 0 to 1, not {value}"))),
    };
    share("max_failures", terms.max_failures)?;
    share("max_changed", terms.max_changed)?;
    if terms.share > 100 {
        return Err(Error::Invalid(format!("`share` is 0 to 100 percent, not {}", terms.share)));
    }
    if terms.max_slowdown.is_nan() || terms.max_slowdown < 1.0 {
        return Err(Error::Invalid(format!("`max_slowdown` is at least 1, not {}", terms.max_slowdown)));
    }
    Ok(())
}
