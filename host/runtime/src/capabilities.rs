//! What the host offers to its plugins.

use std::sync::Arc;

use enginehouse_capabilities::{Batches, Catalog, Codegen, Functions, Journal, Objects, Processes, Tools};

/// One adapter a capability; all plugins of a [`Runtime`](crate::Runtime) share them.
#[derive(Debug, Clone)]
pub struct Capabilities {
    /// Writes text with a model.
    pub codegen: Arc<dyn Codegen>,
    /// The object store.
    pub objects: Arc<dyn Objects>,
    /// The table catalog.
    pub catalog: Arc<dyn Catalog>,
    /// Functions that answer within minutes.
    pub functions: Arc<dyn Functions>,
    /// Batches on a managed service.
    pub batches: Arc<dyn Batches>,
    /// Tools behind a gateway.
    pub tools: Arc<dyn Tools>,
    /// Engines on this machine.
    pub processes: Arc<dyn Processes>,
    /// Takes the lines for a run's event stream.
    pub journal: Arc<dyn Journal>,
}

impl Capabilities {
    /// One adapter for all of them, as where plugins are tried out.
    pub fn of<All>(all: &Arc<All>) -> Self
    where
        All: Codegen + Objects + Catalog + Functions + Batches + Tools + Processes + Journal + 'static,
    {
        Self {
            codegen: all.clone(),
            objects: all.clone(),
            catalog: all.clone(),
            functions: all.clone(),
            batches: all.clone(),
            tools: all.clone(),
            processes: all.clone(),
            journal: all.clone(),
        }
    }
}
