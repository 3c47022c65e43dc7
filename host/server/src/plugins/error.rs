//! Why a plugin was not installed, activated or taken up.

use std::collections::BTreeSet;

use enginehouse_capabilities::Interface;
use enginehouse_conformance::{Check, Outcome, Report};
use enginehouse_protocols::oci;
use enginehouse_runtime::LoadError;

use crate::store;

/// What stands in the way, and what to do. The generation that serves goes on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such component, generation or framework.
    #[error("{0}")]
    NotFound(String),
    /// The request cannot be right as it stands.
    #[error("{0}")]
    Invalid(String),
    /// The host does not take the component.
    #[error(transparent)]
    Refused(#[from] LoadError),
    /// Nobody who may has signed it.
    #[error("the component has no signature that counts: {0}")]
    Unsigned(String),
    /// It could not be pulled.
    #[error(transparent)]
    Registry(#[from] oci::Error),
    /// It asks for more than it was granted.
    #[error(
        "the component asks for {}, which it is not granted{}: {}",
        Interface::listed(missing), before(serving.as_ref()), way_out(framework, missing, never)
    )]
    Widens {
        /// The framework.
        framework: String,
        /// What is missing.
        missing: BTreeSet<Interface>,
        /// What of it the configuration never grants.
        never: BTreeSet<Interface>,
        /// What the generation that serves asks for; none where none serves.
        serving: Option<BTreeSet<Interface>>,
    },
    /// The conformance kit found it wanting.
    #[error("the component does not do what the contract promises: {}", told(.0))]
    Fails(Box<Report>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The loader fell over.
    #[error("the server fell over this plugin; its log says where")]
    FellOver,
    /// The server is about to end.
    #[error("the server is about to end; try again when it is there again")]
    Ending,
}

/// The failed checks, and what to do about them.
fn told(report: &Report) -> String {
    let failed = |check: &Check| match &check.outcome {
        Outcome::Failed(reason) => format!("{} ({}): {reason}", check.name, check.suite),
        _ => check.name.to_owned(),
    };
    report.failures().map(failed).collect::<Vec<_>>().join("; ")
}

/// How it may be granted: where the configuration says never, no flag helps.
fn way_out(framework: &str, missing: &BTreeSet<Interface>, never: &BTreeSet<Interface>) -> String {
    match never.is_empty() {
        true => format!(
            "activate it with `--grant {}`, or add it to `frameworks.{framework}.grants` in the configuration",
            Interface::listed(missing)
        ),
        false => format!(
            "the configuration never grants {}: take its `false` from `frameworks.{framework}.grants`",
            Interface::listed(never)
        ),
    }
}

fn before(serving: Option<&BTreeSet<Interface>>) -> String {
    match serving {
        Some(asked) if asked.is_empty() => " (the generation that serves asks for nothing)".to_owned(),
        Some(asked) => format!(" (the generation that serves asks for {})", Interface::listed(asked)),
        None => String::new(),
    }
}
