//! `tools`: tools behind a gateway.

use enginehouse_capabilities::{Interface, Result};

use super::{View, at_most};
use crate::{
    bindings::enginehouse::supervisor::tools::{Host, Reply, State, Tool},
    values::limit,
};

/// The most bytes of a tool's arguments.
const MAX_ARGUMENTS: usize = 6 << 20;

impl Host for View {
    async fn list(&mut self, server: String) -> Result<Vec<Tool>> {
        self.may_look_at(Interface::Tools, "tools.list", &server)?;
        Ok(self.capabilities.tools.list(&server).await?.into_iter().map(Into::into).collect())
    }

    async fn call(&mut self, server: String, tool: String, arguments: String) -> Result<Reply> {
        self.own_target(Interface::Tools, "tools.call", &server)?;
        at_most("a tool's name", tool.len(), limit::NAME)?;
        at_most("the arguments", arguments.len(), MAX_ARGUMENTS)?;
        Ok(self.capabilities.tools.call(&self.cx, &server, &tool, &arguments).await?.into())
    }

    async fn start(&mut self, token: String, server: String, tool: String, arguments: String) -> Result<()> {
        self.own_target(Interface::Tools, "tools.start", &server)?;
        let token = self.attempt("tools.start")?.own_token(&token)?;
        at_most("a tool's name", tool.len(), limit::NAME)?;
        at_most("the arguments", arguments.len(), MAX_ARGUMENTS)?;
        self.capabilities.tools.start(&self.cx, &token, &server, &tool, &arguments).await
    }

    async fn check(&mut self, token: String) -> Result<State> {
        let token = self.own_token("tools.check", &token)?;
        Ok(self.capabilities.tools.check(&token).await?.into())
    }
}
