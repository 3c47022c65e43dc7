//! The frameworks that are loaded.

use enginehouse_capabilities::CallContext;
use enginehouse_runtime::{Description, Finding, Generation, Health, Task};

use super::{Error, Result, runs, sources};
use crate::{
    app::App,
    reading,
    store::{Pin, SourceRef},
};

/// A framework that serves.
#[derive(Debug)]
pub struct Framework {
    pub description: Description,
    pub served_by: Pin,
}

impl Framework {
    fn of(generation: &Generation) -> Self {
        Self { description: generation.describe().clone(), served_by: pin(generation) }
    }
}

/// What names a generation.
pub(super) fn pin(generation: &Generation) -> Pin {
    Pin { generation: generation.number(), digest: generation.digest().to_owned() }
}

/// Those that serve, by name.
pub fn list(app: &App) -> Vec<Framework> {
    app.plugins.serving().iter().map(|generation| Framework::of(generation)).collect()
}

/// One of them.
pub fn get(app: &App, name: &str) -> Result<Framework> {
    Ok(Framework::of(&*app.plugin(name)?))
}

/// What stands behind its platforms, and who says so.
pub async fn status(app: &App, name: &str) -> Result<(Vec<Health>, Pin)> {
    let plugin = app.plugin(name)?;
    Ok((plugin.status(&outside_a_run(name, plugin.digest())).await?, pin(&plugin)))
}

/// Code to read.
#[derive(Debug, Clone, Default)]
pub struct ToValidate {
    /// Who asks.
    pub owner: String,
    pub code: String,
    pub session: Option<String>,
    pub sources: Option<Vec<SourceRef>>,
    pub platform: Option<String>,
    pub output: Option<String>,
}

/// Reads code and runs none of it; what was found, and by whom.
pub async fn validate(app: &App, name: &str, asked: ToValidate) -> Result<(Vec<Finding>, Pin)> {
    let plugin = app.plugin(name)?;
    let named = match (asked.sources, &asked.session) {
        (Some(named), _) => named,
        (None, Some(session)) => super::sessions::sources(app, &asked.owner, session).await?,
        (None, None) => Vec::new(),
    };
    let task = Task {
        prompt: String::new(),
        sources: sources::resolve(app, &asked.owner, &named).await?,
        output: asked.output,
        platform: asked.platform,
        places: app.runs.places().of(&plugin),
        options: Vec::new(),
    };
    let cx = outside_a_run(name, plugin.digest());
    let report = reading::read(&plugin, &cx, &task, &asked.code).await?;
    app.plugins.mirror(&plugin, &cx, &task, &asked.code, &report);
    Ok((report.findings, pin(&plugin)))
}

/// Writes code, reads it, and runs nothing: a run that ends there.
pub async fn generate(app: &App, asked: runs::NewRun) -> Result<crate::store::RunRow> {
    if asked.code.is_some() {
        return Err(Error::Invalid("`generate` writes code: send a `prompt`, or use `validate`".to_owned()));
    }
    runs::answered(app, runs::NewRun { generate_only: true, ..asked }).await
}

fn outside_a_run(framework: &str, digest: &str) -> CallContext {
    CallContext { framework: framework.to_owned(), digest: digest.to_owned(), run: None, attempt: None }
}
