//! Functions on Lambda.

mod answer;
mod preflight;
mod report;
mod shape;

use std::{collections::BTreeMap, fmt, time::Duration};

use async_trait::async_trait;
use aws_sdk_lambda::{
    Client,
    config::{Builder, retry::RetryConfig, timeout::TimeoutConfig},
    primitives::Blob,
    types::{InvocationType, LogType},
};
use enginehouse_capabilities::{CallContext, Error, FunctionAnswer, Invoke, Result, Token, known};

pub use self::shape::PayloadShape;
use crate::{
    account::{Account, Service},
    failure::Failure,
    retry::OnlyThrottled,
};

/// The most bytes of a payload, and of an answer: Lambda's own limit.
const MAX_BYTES: usize = 6 << 20;

/// A function may take 15 minutes, and a connection that gives up before it loses the answer.
const PATIENCE: Duration = Duration::from_secs(16 * 60);

/// A function, as the operator sets it up.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionTarget {
    /// Its name or its ARN.
    pub function: String,
    /// A version or an alias; none: `$LATEST`.
    pub qualifier: Option<String>,
    /// What it wants to be handed.
    pub payload: PayloadShape,
}

/// [`Invoke`] over Lambda.
///
/// A function is called once and waited for, up to 16 minutes. Only what Lambda turned away for its rate is sent again, up to four
/// times in all: anything else may have run.
#[derive(Clone)]
pub struct LambdaFunctions {
    client: Client,
    targets: BTreeMap<String, FunctionTarget>,
    name: String,
}

impl LambdaFunctions {
    /// The functions by their names in the operator's settings. Speaks to nobody yet.
    pub fn new(account: &Account, targets: BTreeMap<String, FunctionTarget>) -> Self {
        Self::with_patience(account, targets, PATIENCE)
    }

    /// The same with another time to wait for an answer.
    pub fn with_patience(account: &Account, targets: BTreeMap<String, FunctionTarget>, patience: Duration) -> Self {
        let timeouts = TimeoutConfig::builder().connect_timeout(Duration::from_secs(5)).read_timeout(patience).build();
        let config = Builder::from(&account.config_of(Service::Lambda))
            .timeout_config(timeouts)
            // Rates that adapt are meant for many calls a second: with a few a minute, one that is turned away would hold up all
            // others for ten seconds each.
            .retry_config(RetryConfig::standard().with_max_attempts(4))
            .retry_classifier(OnlyThrottled)
            .build();
        Self { client: Client::from_conf(config), targets, name: account.name("Lambda", Service::Lambda) }
    }

    /// The function, and what to send to it.
    fn prepared(&self, target: &str, payload: &str) -> Result<(&FunctionTarget, String)> {
        let Some(function) = self.targets.get(target) else {
            let known = known(self.targets.keys());
            return Err(Error::Unconfigured(format!(
                "no function `{target}` is set up ({known}): the setting is `functions.targets.{target}`"
            )));
        };
        let payload = function.payload.apply(payload)?;
        if payload.len() > MAX_BYTES {
            return Err(Error::Invalid(format!(
                "the payload for the function `{target}` has {} bytes, more than the {MAX_BYTES} that Lambda takes; put what \
                 is large into the object store and hand over where it is",
                payload.len()
            )));
        }
        Ok((function, payload))
    }
}

#[async_trait]
impl Invoke for LambdaFunctions {
    fn check(&self, target: &str, payload: &str) -> Result<()> {
        self.prepared(target, payload).map(drop)
    }

    async fn invoke(&self, _: &CallContext, _: &Token, target: &str, payload: &str) -> Result<FunctionAnswer> {
        let (target, payload) = self.prepared(target, payload)?;
        let FunctionTarget { function, qualifier, .. } = target;
        let call = self
            .client
            .invoke()
            .function_name(function)
            .set_qualifier(qualifier.clone())
            .invocation_type(InvocationType::RequestResponse)
            .log_type(LogType::Tail)
            .payload(Blob::new(payload));
        match call.send().await.map_err(Failure::from) {
            Ok(output) => answer::read(&format!("the function `{function}` of {}", self.name), output),
            Err(failure) if failure.may_have_begun() => Err(failure.told(&format!(
                "{} gave no answer from the function `{function}`, which may have run; look for what it wrote before it is \
                 called again",
                self.name
            ))),
            Err(failure) => Err(failure.told(&format!("{} did not run the function `{function}`", self.name))),
        }
    }
}

impl fmt::Debug for LambdaFunctions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LambdaFunctions")
            .field("name", &self.name)
            .field("targets", &self.targets)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for LambdaFunctions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
