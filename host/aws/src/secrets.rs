//! Secrets of the configuration.

use enginehouse_capabilities::{Error, Result};

use crate::{Account, Permission, Service, failure::Failure};

/// The text of a secret in Secrets Manager, by name or ARN. Takes `secretsmanager:GetSecretValue`.
///
/// # Errors
/// `NotFound`, `Denied` and the rest by meaning; `Invalid` for a secret that is no text.
pub async fn secret(account: &Account, id: &str) -> Result<String> {
    let client = aws_sdk_secretsmanager::Client::new(&account.config_of(Service::SecretsManager));
    let who = account.name("Secrets Manager", Service::SecretsManager);
    let found = client.get_secret_value().secret_id(id).send().await;
    let found = found.map_err(|e| Failure::from(e).told(&format!("{who} could not tell the secret `{id}`")))?;
    found.secret_string.ok_or_else(|| Error::Invalid(format!("the secret `{id}` in {who} is no text")))
}

/// Whether a secret may be read: it is, and thrown away.
pub async fn may_read_secret(account: &Account, id: &str) -> Permission {
    Permission::new("secretsmanager:GetSecretValue", id, secret(account, id).await.map(drop))
}
