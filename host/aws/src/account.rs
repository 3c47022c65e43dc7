//! Whose credentials, in which region, and how every client of AWS is put together.

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use enginehouse_capabilities::{Error, Result};
use secrecy::{ExposeSecret, SecretString};

/// A service of AWS that is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Objects.
    S3,
    /// The table catalog.
    Glue,
    /// Functions.
    Lambda,
    /// Batches.
    EmrServerless,
    /// Agents.
    BedrockAgentcore,
    /// Models.
    BedrockRuntime,
    /// Secrets of the configuration.
    SecretsManager,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::S3,
        Self::Glue,
        Self::Lambda,
        Self::EmrServerless,
        Self::BedrockAgentcore,
        Self::BedrockRuntime,
        Self::SecretsManager,
    ];

    /// As the configuration has it: `emr-serverless`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Glue => "glue",
            Self::Lambda => "lambda",
            Self::EmrServerless => "emr-serverless",
            Self::BedrockAgentcore => "bedrock-agentcore",
            Self::BedrockRuntime => "bedrock-runtime",
            Self::SecretsManager => "secrets-manager",
        }
    }
}

impl FromStr for Service {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|service| service.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            Error::Invalid(format!("there is no service `{text}` here; there is {known}"))
        })
    }
}

/// What the operator says about an account. Nothing at all is enough where the usual places have a region and credentials: the
/// environment, the profile, the container or the instance.
#[derive(Debug, Clone, Default)]
pub struct AccountConfig {
    /// `us-east-1`; none: where the usual places say.
    pub region: Option<String>,
    /// A profile in the user's AWS configuration; none: the usual one.
    pub profile: Option<String>,
    /// Another address for a service, `http://127.0.0.1:4566`.
    pub endpoints: BTreeMap<Service, String>,
    /// A key pair in the place of the usual credentials.
    pub keys: Option<(String, SecretString)>,
}

/// Makes the clients of one account: they share one HTTP client, one set of credentials, and the same bounds on time.
///
/// A connection is made within 5 s, an answer begins within 60 s where a client says nothing else. What is idempotent is sent up
/// to four times, with pauses and a rate that adapt to throttling.
#[derive(Clone)]
pub struct Account {
    sdk: SdkConfig,
    endpoints: BTreeMap<Service, String>,
}

impl Account {
    /// Finds region and credentials. Speaks to no service yet, but may ask the instance that this runs on.
    ///
    /// # Errors
    /// [`Error::Unconfigured`] where nobody says which region.
    pub async fn open(config: &AccountConfig) -> Result<Self> {
        let client = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(Duration::from_secs(60))
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(client)
            .retry_config(RetryConfig::adaptive().with_max_attempts(4))
            .timeout_config(timeouts);
        if let Some(region) = &config.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &config.profile {
            loader = loader.profile_name(profile);
        }
        if let Some((id, secret)) = &config.keys {
            loader =
                loader.credentials_provider(Credentials::new(id, secret.expose_secret(), None, None, "enginehouse"));
        }
        let sdk = loader.load().await;
        if sdk.region().is_none() {
            return Err(Error::Unconfigured(
                "no AWS region is known: the setting is `aws.region`, or the variable AWS_REGION".into(),
            ));
        }
        Ok(Self { sdk, endpoints: config.endpoints.clone() })
    }

    /// What the client of a service is made of: `aws_sdk_glue::Client::new(&account.config_of(Service::Glue))`.
    pub(crate) fn config_of(&self, service: Service) -> SdkConfig {
        let mut config = self.sdk.to_builder();
        config.set_endpoint_url(self.endpoints.get(&service).cloned());
        config.build()
    }

    /// Whether a service has another address than AWS's own.
    pub(crate) fn is_elsewhere(&self, service: Service) -> bool {
        self.endpoints.contains_key(&service)
    }

    /// The region; empty nowhere.
    pub fn region(&self) -> &str {
        self.sdk.region().map(Region::as_ref).unwrap_or_default()
    }

    /// Where the credentials of the moment come from; none where nothing was found to ask.
    pub(crate) fn credentials(&self) -> Option<SharedCredentialsProvider> {
        self.sdk.credentials_provider()
    }

    /// The same with credentials from elsewhere, which are waited for up to 50 ms.
    #[cfg(test)]
    pub(crate) fn asking(self, credentials: Option<SharedCredentialsProvider>) -> Self {
        let mut sdk = self.sdk.into_builder();
        sdk.set_credentials_provider(credentials);
        let patience = Duration::from_millis(50);
        sdk.set_identity_cache(Some(aws_config::identity::IdentityCache::lazy().load_timeout(patience).build()));
        Self { sdk: sdk.build(), ..self }
    }

    /// Who is meant when something fails: `Glue in us-east-1`.
    pub(crate) fn name(&self, product: &str, service: Service) -> String {
        match self.endpoints.get(&service) {
            Some(endpoint) => format!("{product} at {endpoint}"),
            None => format!("{product} in {}", self.region()),
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("region", &self.region()).field("endpoints", &self.endpoints).finish()
    }
}
