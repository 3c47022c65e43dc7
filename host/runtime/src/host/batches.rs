//! `batches`: batches on a managed service.

use enginehouse_capabilities::{BatchRequest, Error, Interface, ObjectUri, Result};

use super::{View, at_most};
use crate::{
    bindings::enginehouse::supervisor::{
        batches::{Batch, Host, Output, Request},
        types::LogChunk,
    },
    values::limit,
};

impl Host for View {
    async fn start(&mut self, request: Request) -> Result<String> {
        let request = self.batch(request)?;
        self.capabilities.batches.start(&self.cx, request).await
    }

    async fn get(&mut self, target: String, id: String) -> Result<Batch> {
        self.own_target(Interface::Batches, "batches.get", &target)?;
        at_most("a batch's id", id.len(), limit::NAME)?;
        Ok(self.capabilities.batches.get(&target, &id).await?.into())
    }

    async fn log(&mut self, target: String, id: String, output: Output, after: u64) -> Result<LogChunk> {
        self.own_target(Interface::Batches, "batches.log", &target)?;
        at_most("a batch's id", id.len(), limit::NAME)?;
        Ok(self.capabilities.batches.log(&target, &id, output.into(), after).await?.into())
    }

    async fn cancel(&mut self, target: String, id: String) -> Result<()> {
        self.own_target(Interface::Batches, "batches.cancel", &target)?;
        at_most("a batch's id", id.len(), limit::NAME)?;
        self.capabilities.batches.cancel(&target, &id).await
    }
}

impl View {
    /// The script and the classes are the plugin's own files; the time is at most the attempt's.
    fn batch(&self, request: Request) -> Result<BatchRequest> {
        const START: &str = "batches.start";
        self.own_target(Interface::Batches, START, &request.target)?;
        let own = |uri: &String| self.uri(START, uri, |scope, uri: &ObjectUri| scope.scratch.covers(uri));
        let entries = request.arguments.len() + request.properties.len() + request.jars.len();
        if entries > limit::ENTRIES {
            return Err(Error::Invalid(format!(
                "a batch takes at most {} arguments, properties and jars",
                limit::ENTRIES
            )));
        }
        at_most("a batch's name", request.name.len(), limit::NAME)?;
        let minutes = self.attempt(START)?.timeout.as_secs().div_ceil(60);
        Ok(BatchRequest {
            token: self.attempt(START)?.own_token(&request.token)?,
            entry_point: own(&request.entry_point)?,
            jars: request.jars.iter().map(own).collect::<Result<_>>()?,
            timeout_minutes: request.timeout_minutes.min(u32::try_from(minutes).unwrap_or(u32::MAX)).max(1),
            target: request.target,
            name: request.name,
            arguments: request.arguments,
            properties: request.properties,
        })
    }
}
