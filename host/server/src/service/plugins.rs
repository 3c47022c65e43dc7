//! The operator's part: which plugins there are, and which of them serve.

use std::{collections::BTreeSet, sync::Arc};

use enginehouse_capabilities::Interface;
use enginehouse_runtime::Generation;

use super::{Error, Result};
use crate::{
    app::App,
    plugins::{Activation, Failure, Installed, Package, Trial},
    store::{ComponentRow, GenerationRow, Terms},
};

/// The plugin of one framework, with all that is known about it.
#[derive(Debug)]
pub struct Plugin {
    pub framework: String,
    /// None: requests are refused.
    pub serving: Option<Arc<Generation>>,
    /// Why the last activation failed; none where it did not.
    pub failure: Option<Failure>,
    /// The candidate on trial.
    pub trial: Option<Arc<Trial>>,
    /// The newest first.
    pub generations: Vec<Activated>,
    /// The newest first.
    pub components: Vec<ComponentRow>,
}

/// A generation, and what holds it.
#[derive(Debug)]
pub struct Activated {
    pub row: GenerationRow,
    /// This server has it in memory.
    pub in_memory: bool,
    /// Runs that have not ended and are pinned to it, over all servers.
    pub runs: u64,
}

/// The plugins of all frameworks, by name.
pub async fn list(app: &App) -> Result<Vec<Plugin>> {
    let statuses = app.plugins.statuses();
    let components = app.store.components().await?;
    let pinned = app.store.pinned_runs().await?;
    let mut names: BTreeSet<&str> = statuses.iter().map(|status| status.framework.as_str()).collect();
    names.extend(components.iter().map(|component| component.framework.as_str()));
    let mut plugins = Vec::new();
    for framework in names {
        let status = statuses.iter().find(|status| status.framework == framework);
        let serving = status.and_then(|status| status.serving.clone());
        let others = app.plugins.others(framework);
        let in_memory = |number| others.iter().chain(&serving).any(|generation| generation.number() == number);
        let runs = |number| {
            let same = pinned.iter().find(|(of, generation, _)| of == framework && *generation == number);
            same.map_or(0, |(.., count)| *count)
        };
        let rows = app.store.generations(framework).await?;
        let activated =
            |row: GenerationRow| Activated { in_memory: in_memory(row.number), runs: runs(row.number), row };
        plugins.push(Plugin {
            framework: framework.to_owned(),
            generations: rows.into_iter().map(activated).collect(),
            trial: app.plugins.trial(framework),
            failure: status.and_then(|status| status.failure.clone()),
            serving,
            components: components.iter().filter(|component| component.framework == framework).cloned().collect(),
        });
    }
    Ok(plugins)
}

/// Takes a component into the store; it serves nobody yet.
pub async fn install(app: &App, package: Package) -> Result<Installed> {
    Ok(app.plugins.install(package).await?)
}

/// Lets a component serve its framework. `digest` may be the beginning of one.
pub async fn activate(app: &App, framework: &str, digest: &str, grants: &[String]) -> Result<Arc<Generation>> {
    Ok(app.plugins.activate(activation(app, framework, digest, grants).await?).await?)
}

async fn activation(app: &App, framework: &str, digest: &str, grants: &[String]) -> Result<Activation> {
    let digest = component(app, framework, digest).await?.digest;
    let grants = grants.iter().map(|name| interface(name)).collect::<Result<_>>()?;
    Ok(Activation { digest, grants })
}

/// Tries a component out beside the one that serves.
pub async fn try_out(
    app: &App,
    framework: &str,
    digest: &str,
    grants: &[String],
    terms: Terms,
) -> Result<Arc<Generation>> {
    let wanted = activation(app, framework, digest, grants).await?;
    Ok(Arc::clone(&app.plugins.try_out(wanted, terms).await?.candidate))
}

/// Lets the candidate on trial serve.
pub async fn promote(app: &App, framework: &str) -> Result<Arc<Generation>> {
    Ok(app.plugins.promote(framework).await?)
}

/// Ends the trial of a candidate.
pub async fn end_trial(app: &App, framework: &str) -> Result<()> {
    Ok(app.plugins.end_trial(framework).await?)
}

/// Lets an earlier generation's component serve again.
pub async fn roll_back(app: &App, framework: &str, to: Option<u32>) -> Result<Arc<Generation>> {
    Ok(app.plugins.roll_back(framework, to).await?)
}

/// Forgets a component that nothing needs any more.
pub async fn remove(app: &App, framework: &str, digest: &str) -> Result<()> {
    let digest = component(app, framework, digest).await?.digest;
    app.store.remove_component(&digest).await?;
    Ok(())
}

async fn component(app: &App, framework: &str, digest: &str) -> Result<ComponentRow> {
    let all = app.store.components().await?;
    let digest = digest.strip_prefix("sha256:").unwrap_or(digest).to_ascii_lowercase();
    let mut fitting = all.into_iter().filter(|row| row.framework == framework && row.digest.starts_with(&digest));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) if digest.len() >= 8 => Ok(one),
        (Some(_), _) => {
            Err(Error::Invalid(format!("`{digest}` is not enough to tell which component: give more of it")))
        }
        (None, _) => Err(Error::NotFound(format!("`{framework}` has no component {digest}: install it first"))),
    }
}

fn interface(name: &str) -> Result<Interface> {
    let known = || Interface::ALL.map(Interface::as_str).join(", ");
    Interface::named(name).ok_or_else(|| Error::Invalid(format!("there is no `{name}` to grant; there is {}", known())))
}
