//! Secrets are named in the configuration, never written there.

use std::path::PathBuf;

use anyhow::Context as _;
use enginehouse_aws::{Account, secret};
use secrecy::SecretString;
use serde::Deserialize;

/// Where a secret is: `{ env = "NAME" }`, `{ file = "/run/secrets/name" }` or `{ secrets-manager = "name or ARN" }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Secret {
    /// A variable of the environment.
    Env(String),
    /// A file; white space at its end does not count.
    File(PathBuf),
    /// A secret's text in AWS Secrets Manager.
    SecretsManager(String),
}

impl Secret {
    /// The secret itself. `setting` says what it is for.
    ///
    /// # Errors
    /// Where it is not there, or empty.
    pub(crate) async fn find(&self, setting: &str, account: Option<&Account>) -> anyhow::Result<SecretString> {
        let text = match self {
            Self::Env(name) => std::env::var(name)
                .with_context(|| format!("the variable {name}, which `{setting}` names, is not set"))?,
            Self::File(path) => {
                let read = tokio::fs::read_to_string(path).await;
                read.with_context(|| format!("cannot read {}, which `{setting}` names", path.display()))?
            }
            Self::SecretsManager(id) => {
                let account = account.with_context(|| format!("`{setting}` takes an AWS account: set `aws.region`"))?;
                secret(account, id).await.with_context(|| format!("cannot find what `{setting}` names"))?
            }
        };
        let text = text.trim_end();
        anyhow::ensure!(!text.is_empty(), "the secret that `{setting}` names is empty");
        Ok(text.into())
    }
}
