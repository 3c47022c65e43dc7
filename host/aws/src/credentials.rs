//! Credentials that were not to be had, so that nothing was sent.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use enginehouse_capabilities::Error;

/// Where credentials come from, for who has to provide them.
const SOURCES: &str = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile in `aws.profile`, or give the container or the \
                       instance a role";

/// How the SDK begins what it says where it knows nobody to ask for credentials, or nobody answers: its types for it are private.
const NOBODY_TO_ASK: &str = "failed to select an auth scheme";
const NO_ANSWER: &str = "identity resolver timed out";

/// Why there was nothing to sign a request with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lack {
    /// Nothing is set up that could be used; the reasons, from the first to the last cause.
    Missing(String),
    /// Whoever gives them out gave none: a session that has expired, a role that may not be taken, a service that does not answer.
    Withheld(String),
}

impl Lack {
    /// Whether a call failed for its credentials.
    pub(crate) fn of(error: &(dyn StdError + 'static)) -> Option<Self> {
        causes(error).find_map(|cause| match (cause.downcast_ref::<CredentialsError>(), cause.to_string()) {
            (Some(error), _) => Some(Self::from(error)),
            (None, text) if text.starts_with(NOBODY_TO_ASK) => Some(Self::Missing("none are set up".to_owned())),
            (None, text) if text.starts_with(NO_ANSWER) => Some(Self::Withheld(text)),
            (None, _) => None,
        })
    }

    /// The error to hand on. `tried` is who could not do what. What is withheld may be given the next time: it is `Unavailable`.
    pub(crate) fn told(self, tried: &str) -> Error {
        match self {
            Self::Missing(reason) => Error::Unconfigured(format!(
                "{tried}: nothing was sent, since there are no usable AWS credentials ({reason}); {SOURCES}"
            )),
            Self::Withheld(reason) => Error::Unavailable(format!(
                "{tried}: nothing was sent, since no AWS credentials were to be had ({reason}); where a session has expired, \
                 renew it (`aws sso login`), else {SOURCES}"
            )),
        }
    }
}

impl From<&CredentialsError> for Lack {
    fn from(error: &CredentialsError) -> Self {
        let reason = causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ");
        match error {
            CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_) => {
                Self::Missing(reason)
            }
            _ => Self::Withheld(reason),
        }
    }
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

#[cfg(test)]
mod tests {
    use std::{future::pending, sync::Arc, time::Duration};

    use aws_credential_types::{
        Credentials,
        provider::{ProvideCredentials, SharedCredentialsProvider, future},
    };
    use enginehouse_capabilities::{
        AttemptScope, BatchRequest, Batches, CallContext, Catalog, Invoke, ObjectUri, Objects, Signing, Token, Unsigned,
    };
    use tokio::net::TcpListener;
    use uuid::Uuid;

    use super::*;
    use crate::{
        Account, AccountConfig, BatchTarget, EmrBatches, FunctionTarget, GlueCatalog, GlueConfig, LambdaFunctions,
        PayloadShape, S3Access, S3Objects, Service,
    };

    /// Gives nothing, in several ways.
    #[derive(Debug, Clone, Copy)]
    enum Nothing {
        SetUp,
        Expired,
        Answered,
    }

    impl ProvideCredentials for Nothing {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::new(async {
                match self {
                    Self::SetUp => Err(CredentialsError::not_loaded("no providers in chain")),
                    Self::Expired => Err(CredentialsError::provider_error("the SSO session has expired")),
                    Self::Answered => pending::<Result<Credentials, _>>().await,
                }
            })
        }
    }

    /// An account whose services all listen at one address, and to whom nobody ever speaks.
    async fn account(provider: Option<Nothing>) -> (TcpListener, Account) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let endpoints = Service::ALL.map(|service| (service, url.clone())).into();
        let config = AccountConfig {
            region: Some("eu-west-1".into()),
            keys: Some(("AKIDEXAMPLE".into(), "secret".into())),
            endpoints,
            ..AccountConfig::default()
        };
        let account = Account::open(&config).await.unwrap();
        let account = account.asking(provider.map(SharedCredentialsProvider::new));
        (listener, account)
    }

    fn uri(text: &str) -> ObjectUri {
        text.parse().unwrap()
    }

    fn context() -> CallContext {
        CallContext {
            framework: "spark".into(),
            digest: "0".repeat(64),
            run: None,
            attempt: Some(AttemptScope {
                token: Token::of_attempt(Uuid::from_u128(7), 1),
                inputs: vec![],
                output: uri("s3://runs/out/"),
                scratch: uri("s3://runs/scratch/"),
                target: "spark".into(),
                timeout: Duration::from_secs(60),
            }),
        }
    }

    /// What each adapter says.
    async fn told(account: &Account) -> Vec<Error> {
        let cx = context();
        let token = cx.attempt.as_ref().unwrap().token.clone();
        let objects = S3Objects::of_account(account, S3Access::default());
        let function = FunctionTarget { function: "f".into(), qualifier: None, payload: PayloadShape::default() };
        let functions = LambdaFunctions::new(account, [("spark".to_owned(), function)].into());
        let target = BatchTarget {
            application_id: "00f1".into(),
            execution_role_arn: "arn:aws:iam::000000000000:role/r".into(),
            logs: uri("s3://logs/"),
            properties: vec![],
        };
        let batches = EmrBatches::new(account, Arc::new(objects.clone()), [("spark".to_owned(), target)].into());
        let request = BatchRequest {
            token: token.clone(),
            target: "spark".into(),
            name: String::new(),
            entry_point: uri("s3://runs/scratch/main.py"),
            arguments: vec![],
            properties: vec![],
            jars: vec![],
            timeout_minutes: 1,
        };
        let mut told = vec![
            functions.invoke(&cx, &token, "spark", "{}").await.unwrap_err(),
            batches.start(&cx, request).await.unwrap_err(),
            GlueCatalog::new(account, GlueConfig::default()).databases(None).await.unwrap_err(),
        ];
        // Where nobody is to be asked, S3 is spoken to without a signature.
        if account.credentials().is_some() {
            told.push(objects.head(&uri("s3://lake/a")).await.unwrap_err());
        }
        told
    }

    #[tokio::test]
    async fn without_credentials_nothing_is_sent_and_the_next_step_is_told() {
        for provider in [None, Some(Nothing::SetUp), Some(Nothing::Expired), Some(Nothing::Answered)] {
            let (listener, account) = account(provider).await;
            for (n, error) in told(&account).await.into_iter().enumerate() {
                let text = error.to_string();
                assert!(
                    text.contains("nothing was sent") && text.contains("`aws.profile`"),
                    "{n} {provider:?}: {text}"
                );
                assert!(!text.contains("may have run") && !text.contains("cannot be reached"), "{provider:?}: {text}");
                match provider {
                    None | Some(Nothing::SetUp) => assert!(matches!(error, Error::Unconfigured(_)), "{error:?}"),
                    Some(_) => {
                        assert!(matches!(error, Error::Unavailable(_)) && text.contains("aws sso login"), "{error:?}");
                    }
                }
                if let Some(Nothing::Expired) = provider {
                    assert!(text.contains("the SSO session has expired"), "{text}");
                }
            }
            let spoken = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
            assert!(spoken.is_err(), "{provider:?}");
        }
    }

    #[tokio::test]
    async fn what_is_signed_by_itself_tells_the_same() {
        for (provider, told) in [(Nothing::SetUp, "no providers in chain"), (Nothing::Expired, "has expired")] {
            let signer = account(Some(provider)).await.1.signer("bedrock-agentcore");
            let unsigned = Unsigned { method: "POST", url: "https://gateway.example.com/mcp", body: b"" };
            let text = signer.sign(unsigned).await.unwrap_err().to_string();
            assert!(
                text.contains("nothing was sent") && text.contains(told) && text.contains("`aws.profile`"),
                "{text}"
            );
        }
    }

    #[test]
    fn other_errors_are_of_other_things() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert_eq!(Lack::of(&refused), None);
    }
}
