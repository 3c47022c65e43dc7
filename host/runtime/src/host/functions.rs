//! `functions`: functions that answer within minutes.

use enginehouse_capabilities::{Interface, Result};

use super::{View, at_most};
use crate::bindings::enginehouse::supervisor::functions::{Host, State};

/// The most bytes of a payload.
const MAX_PAYLOAD: usize = 6 << 20;

impl Host for View {
    async fn start(&mut self, token: String, target: String, payload: String) -> Result<()> {
        self.own_target(Interface::Functions, "functions.start", &target)?;
        let token = self.attempt("functions.start")?.own_token(&token)?;
        at_most("the payload", payload.len(), MAX_PAYLOAD)?;
        self.capabilities.functions.start(&self.cx, &token, &target, &payload).await
    }

    async fn check(&mut self, token: String) -> Result<State> {
        let token = self.own_token("functions.check", &token)?;
        Ok(self.capabilities.functions.check(&token).await?.into())
    }
}
