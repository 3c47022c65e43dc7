//! Whether models can be asked.

use enginehouse_capabilities::{CallContext, CodegenRequest, Error, Message, Model, Result, Role};

use super::{AgentCoreModel, ConverseModel, converse::APPLY_GUARDRAIL};
use crate::permission::Permission;

impl ConverseModel {
    /// Whether each model answers: it is asked for one word, which costs as much. A guardrail is asked with it, and may be applied where
    /// any model answers.
    pub async fn preflight(&self) -> Vec<Permission> {
        const INVOKE: &str = "bedrock:InvokeModelWithResponseStream";
        let mut permissions = Vec::new();
        let mut applied = None;
        for model in &self.config.models {
            let mut alone = self.clone();
            alone.config.models = vec![model.clone()];
            match word_of(&alone).await {
                Err(Error::Denied(text)) if text.contains(APPLY_GUARDRAIL) => {
                    permissions.push(Permission::untried(
                        INVOKE,
                        model,
                        "the guardrail that it is asked with is refused",
                    ));
                    applied = Some(Err(Error::Denied(text)));
                }
                asked => {
                    applied = applied.or(asked.is_ok().then_some(Ok(())));
                    permissions.push(Permission::new(INVOKE, model, asked));
                }
            }
        }
        if let Some(guardrail) = &self.config.guardrail {
            permissions.push(match applied {
                Some(applied) => Permission::new(APPLY_GUARDRAIL, &guardrail.id, applied),
                None => {
                    Permission::untried(APPLY_GUARDRAIL, &guardrail.id, "no model answered that could be asked with it")
                }
            });
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
