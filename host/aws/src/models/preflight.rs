//! Whether models can be asked.

use enginehouse_capabilities::{CallContext, CodegenRequest, Message, Model, Result, Role};

use super::{AgentCoreModel, ConverseModel};
use crate::permission::Permission;

impl ConverseModel {
    /// Whether each model answers: it is asked for one word, which costs as much. A guardrail is asked with it.
    pub async fn preflight(&self) -> Vec<Permission> {
        let mut permissions = Vec::new();
        for model in &self.config.models {
            let mut alone = self.clone();
            alone.config.models = vec![model.clone()];
            permissions.push(Permission::new("bedrock:InvokeModelWithResponseStream", model, word_of(&alone).await));
        }
        permissions
    }
}

impl AgentCoreModel {
    /// Whether the agent answers: it is asked for one word.
    pub async fn preflight(&self) -> Vec<Permission> {
        let on = &self.config.runtime_arn;
        vec![Permission::new("bedrock-agentcore:InvokeAgentRuntime", on, word_of(self).await)]
    }
}

async fn word_of(model: &dyn Model) -> Result<()> {
    let cx = CallContext { framework: String::new(), digest: String::new(), run: None, attempt: None };
    let message = Message { role: Role::User, text: "Answer with the one word: ready".into() };
    let request = CodegenRequest { system: String::new(), messages: vec![message], max_tokens: 16 };
    model.answer(&cx, request, &()).await.map(drop)
}
