//! Signatures for what is spoken to by other means than an SDK, such as tools behind a gateway.

use std::{fmt, sync::Arc, time::SystemTime};

use async_trait::async_trait;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use enginehouse_capabilities::{Error, Result, Signing, Unsigned};

use crate::{Account, credentials::Lack};

/// Signs with Signature Version 4, in the account's region and with its credentials of the moment.
#[derive(Clone)]
pub struct Signer {
    credentials: Option<SharedCredentialsProvider>,
    region: String,
    service: String,
}

impl Account {
    /// Signs requests for `service`, which is its name in signatures: `bedrock-agentcore`.
    pub fn signer(&self, service: &str) -> Arc<Signer> {
        Arc::new(Signer {
            credentials: self.credentials(),
            region: self.region().to_owned(),
            service: service.to_owned(),
        })
    }
}

#[async_trait]
impl Signing for Signer {
    async fn sign(&self, request: Unsigned<'_>) -> Result<Vec<(String, String)>> {
        let tried = format!("a request for {} could not be signed", self.service);
        let Some(provider) = &self.credentials else {
            return Err(Lack::Missing("none are set up".to_owned()).told(&tried));
        };
        let credentials = provider.provide_credentials().await.map_err(|e| Lack::from(&e).told(&tried))?;
        let identity = credentials.into();
        let invalid =
            |e: &dyn fmt::Display| Error::Invalid(format!("a request for {} cannot be signed: {e}", self.service));
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(&self.service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|e| invalid(&e))?
            .into();
        let Unsigned { method, url, body } = request;
        let signable = SignableRequest::new(method, url, std::iter::empty(), SignableBody::Bytes(body));
        let signed = sign(signable.map_err(|e| invalid(&e))?, &parameters).map_err(|e| invalid(&e))?;
        let (instructions, _) = signed.into_parts();
        Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("service", &self.service).field("region", &self.region).finish_non_exhaustive()
    }
}
