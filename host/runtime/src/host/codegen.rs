//! `codegen`: the code generation agent.

use enginehouse_capabilities::{Error, Result};

use super::View;
use crate::{
    Stage,
    bindings::enginehouse::supervisor::codegen::{Host, Reply, Request},
};

impl Host for View {
    async fn generate(&mut self, request: Request) -> Result<Reply> {
        if self.stage != Stage::Generate {
            return Err(self.denied("codegen.generate", "ask in `generate`"));
        }
        if std::mem::replace(&mut self.model_was_asked, true) {
            return Err(Error::Denied(
                "`codegen.generate` answers once in a call; the host calls `generate` again".into(),
            ));
        }
        self.spend("codegen.generate")?;
        Ok(self.capabilities.codegen.generate(&self.cx, request.into()).await?.into())
    }
}
