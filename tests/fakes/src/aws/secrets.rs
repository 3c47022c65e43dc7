//! Secrets Manager, as far as secrets are read.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::json;

use super::{Answer, Call, Service};

/// Secrets Manager with these secrets.
#[derive(Debug)]
pub struct Secrets(BTreeMap<String, String>);

impl Secrets {
    /// Names with texts.
    pub fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(secrets.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect())
    }
}

#[async_trait]
impl Service for Secrets {
    fn name(&self) -> &'static str {
        "secretsmanager"
    }

    async fn answer(&self, call: Call) -> Answer {
        assert_eq!(call.operation, "GetSecretValue", "the fake of Secrets Manager is read, and no more");
        let id = call.input["SecretId"].as_str().unwrap();
        match self.0.get(id) {
            Some(text) => Answer::Output(json!({
                "ARN": format!("arn:aws:secretsmanager:eu-west-1:000000000000:secret:{id}-AbCdEf"),
                "Name": id,
                "SecretString": text,
                "VersionStages": ["AWSCURRENT"],
            })),
            None => Answer::error("ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
        }
    }
}
