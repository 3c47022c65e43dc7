//! Which S3, and how to reach it.

use std::{fmt, time::Duration};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_s3::Client;

/// Which S3, and how to reach it.
#[derive(Clone)]
pub struct S3Config {
    /// `http://127.0.0.1:9000`; without one, AWS itself.
    pub endpoint: Option<String>,
    /// `us-east-1`.
    pub region: String,
    /// Names the key pair.
    pub access_key: String,
    /// Never shown by `Debug`.
    pub secret_key: String,
    /// Whether the bucket is part of the path and not of the host name.
    pub path_style: bool,
    /// What to do about a bucket that is missing when something is written.
    pub buckets: Buckets,
    /// Whether callers of the HTTP API may write here.
    pub open_to_callers: bool,
    /// Whether it goes by this machine's clock. Then no difference of clocks is made up for: what looks like one is a `Date` that
    /// was kept from before the clock was set back, and requests signed by it are refused until the clock is there again.
    pub same_clock: bool,
}

/// What to do about a bucket that is missing when something is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Buckets {
    /// Make it: the store is ours alone.
    Make,
    /// Answer `NotFound`: buckets are others' business.
    #[default]
    Keep,
}

/// What is done in buckets that an [`Account`](crate::Account) reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct S3Access {
    /// What to do about a bucket that is missing when something is written.
    pub buckets: Buckets,
    /// Whether callers of the HTTP API may write here.
    pub open_to_callers: bool,
}

/// The one place where a client is put together.
pub(super) fn client(config: &SdkConfig, path_style: bool) -> Client {
    Client::from_conf(aws_sdk_s3::config::Builder::from(config).force_path_style(path_style).build())
}

impl S3Config {
    /// An endpoint of our own on this machine: buckets are made as they are needed, and callers may write there.
    pub fn own(endpoint: String, region: String, access_key: String, secret_key: String) -> Self {
        Self {
            endpoint: Some(endpoint),
            region,
            access_key,
            secret_key,
            path_style: true,
            buckets: Buckets::Make,
            open_to_callers: true,
            same_clock: true,
        }
    }

    pub(super) fn client(&self) -> Client {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(Duration::from_secs(60))
            .build();
        let credentials = Credentials::new(&self.access_key, &self.secret_key, None, None, "enginehouse");
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::standard())
            .disable_clock_skew_correction(self.same_clock)
            .timeout_config(timeouts)
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        config.set_endpoint_url(self.endpoint.clone());
        client(&config.build(), self.path_style)
    }

    /// Who is meant when something fails.
    pub(super) fn name(&self) -> String {
        match &self.endpoint {
            Some(endpoint) => format!("S3 at {endpoint}"),
            None => format!("S3 in {}", self.region),
        }
    }
}

impl fmt::Debug for S3Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Config")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("access_key", &self.access_key)
            .field("path_style", &self.path_style)
            .field("buckets", &self.buckets)
            .field("open_to_callers", &self.open_to_callers)
            .finish_non_exhaustive()
    }
}
