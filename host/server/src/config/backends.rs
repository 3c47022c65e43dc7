//! Which backend stands behind each capability. Each choice is closed: a word that is not here is an error.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::Secret;

/// Which database.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "backend", rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Store {
    /// SQLite in the data folder.
    Embedded,
    /// PostgreSQL, from version 13 on; servers that name the same database share the runs.
    Postgres {
        /// `postgres://user@host:5432/database?sslmode=verify-full`. The password is better left to `PGPASSWORD` or a
        /// password file.
        url: SecretString,
    },
}

/// The account at AWS, for the backends that are there. Credentials come from the usual places: the environment, the profile, the
/// container or the instance.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Aws {
    /// `us-east-1`; none: where the usual places say.
    pub region: Option<String>,
    /// A profile in the user's AWS configuration.
    pub profile: Option<String>,
    /// Another address for a service, by its name: `s3`, `glue`, `lambda`, `emr-serverless`, `bedrock-agentcore`, `bedrock-runtime`,
    /// `secrets-manager`.
    pub endpoints: BTreeMap<String, Url>,
}

/// Which object store.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "backend", rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Objects {
    /// Our own S3 endpoint over files in the data folder.
    Embedded {
        /// The bucket for uploads and results.
        #[serde(default = "default_bucket")]
        bucket: String,
    },
    /// S3.
    S3 {
        /// The bucket for uploads and results; it is there already.
        bucket: String,
    },
}

/// Which catalog.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "backend", rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Catalog {
    /// SQLite in the data folder.
    Embedded,
    /// The AWS Glue Data Catalog.
    Glue {
        /// Another account's catalog, or a federated one; none: the account's own.
        catalog_id: Option<String>,
    },
}

/// Which model.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "backend", rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Codegen {
    /// None: plain requests over known columns are answered by recipes.
    Unconfigured,
    /// An agent on Bedrock AgentCore.
    Agentcore {
        /// `arn:aws:bedrock-agentcore:…:runtime/…`.
        runtime: String,
        /// An endpoint of the runtime; none: `DEFAULT`.
        qualifier: Option<String>,
        /// The model that the agent is to use; none: its own choice.
        model: Option<String>,
    },
    /// Models on Bedrock.
    Bedrock {
        /// Ids of models or inference profiles: the first is asked, the others where it cannot answer.
        models: Vec<String>,
        /// What watches over questions and answers.
        guardrail: Option<Guardrail>,
        /// 0 to 1; none: the model's own.
        temperature: Option<f32>,
    },
    /// Whatever speaks like OpenAI's chat completions: Ollama, vLLM, llama.cpp, hosted models.
    Openai {
        /// `http://127.0.0.1:11434/v1`.
        url: Url,
        /// As the endpoint calls it.
        model: String,
        /// None: the endpoint wants no key.
        api_key: Option<Secret>,
        /// None: the model's own.
        temperature: Option<f32>,
    },
}

/// A guardrail on Bedrock.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guardrail {
    /// Its id or ARN.
    pub id: String,
    /// `1`, or `DRAFT`.
    pub version: String,
}

/// Which functions.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "backend", rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Functions {
    /// None.
    Unconfigured,
    /// AWS Lambda.
    Lambda {
        /// By the names that `frameworks.….places` use.
        targets: BTreeMap<String, Function>,
    },
}

/// One function.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Function {
    /// Its name or ARN.
    pub function: String,
    /// A version or an alias.
    pub qualifier: Option<String>,
    /// What it is handed; none: the code and the output path, as the seed's function takes them.
    pub payload: Option<Payload>,
}

/// What a function is handed: `"as-is"`, or `{ names = { code = "script", output = "target" }, constants = { version = 2 } }`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Payload {
    /// What the plugin says, as it says it.
    Word(AsIs),
    /// An object of its own.
    Members {
        /// What the function calls the members, by what plugins call them; others are left out.
        names: BTreeMap<String, String>,
        /// Members that are always there.
        #[serde(default)]
        constants: serde_json::Map<String, serde_json::Value>,
    },
}

/// A word.
#[derive(Debug, Clone, Copy, Deserialize)]
pub enum AsIs {
    /// As it is.
    #[serde(rename = "as-is")]
    AsIs,
}

/// Which batches.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "backend", rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Batches {
    /// None.
    Unconfigured,
    /// EMR Serverless.
    EmrServerless {
        /// By the names that `frameworks.….places` use.
        targets: BTreeMap<String, Batch>,
    },
}

/// One application for batches.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Batch {
    /// The application's id.
    pub application: String,
    /// The role that batches run as. Each has a policy of its own on top, which narrows it to what its run may touch.
    pub role: String,
    /// The prefix for logs, `s3://bucket/logs/`.
    pub logs: String,
    /// Properties of the engine; they win over a plugin's.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
}

impl Default for Objects {
    fn default() -> Self {
        Self::Embedded { bucket: default_bucket() }
    }
}

fn default_bucket() -> String {
    "enginehouse".to_owned()
}
