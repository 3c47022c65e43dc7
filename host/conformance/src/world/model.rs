//! The model, and the journal.

use async_trait::async_trait;
use enginehouse_capabilities::{
    CallContext, Codegen, CodegenReply, CodegenRequest, Error, Finish, Journal, Level, Result,
};

use super::World;

#[async_trait]
impl Codegen for World {
    async fn generate(&self, _: &CallContext, _: CodegenRequest) -> Result<CodegenReply> {
        let says = self.fair()?.model.clone();
        let text = says.ok_or_else(|| Error::Unconfigured("the kit has set up no model in this round".into()))?;
        let model = "made up".to_owned();
        Ok(CodegenReply { text, finish: Finish::Complete, model, input_tokens: 10, output_tokens: 10 })
    }
}

#[async_trait]
impl Journal for World {
    async fn note(&self, _: &CallContext, _: Level, _: &str) {}
}
