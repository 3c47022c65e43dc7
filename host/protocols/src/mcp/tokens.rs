//! The tokens for one server: each is fetched once, for all who need it.

use std::sync::Arc;

use enginehouse_capabilities::Result;
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::oauth::{AuthorizationServer, NoToken, Token};

/// Kept until shortly before they expire, or until the server refuses them.
#[derive(Debug)]
pub(super) struct Tokens {
    source: Arc<AuthorizationServer>,
    /// The last one, which may still go on.
    fetch: Mutex<Option<Fetch>>,
}

type Fetch = Shared<BoxFuture<'static, Result<Token, NoToken>>>;

impl Tokens {
    pub(super) fn new(source: AuthorizationServer) -> Self {
        Self { source: Arc::new(source), fetch: Mutex::default() }
    }

    /// The token to use now.
    pub(super) async fn current(&self) -> Result<SecretString> {
        let fetch = self.fetch();
        Ok(fetch.await?.value)
    }

    /// Gives up the token that the server refused. What has come in its place meanwhile, or is on its way, stays.
    pub(super) fn give_up(&self, refused: &str) {
        let mut last = self.fetch.lock();
        let has_it = |fetch: &Fetch| matches!(fetch.peek(), Some(Ok(token)) if token.value.expose_secret() == refused);
        if last.as_ref().is_some_and(has_it) {
            *last = None;
        }
    }

    /// The last fetch where it does, else another. Whoever comes while it goes on gets what comes of it.
    fn fetch(&self) -> Fetch {
        let mut last = self.fetch.lock();
        let does = |fetch: &&Fetch| match fetch.peek() {
            None => true,
            Some(Ok(token)) => Instant::now() < token.until,
            Some(Err(_)) => false,
        };
        if let Some(fetch) = last.as_ref().filter(does) {
            return fetch.clone();
        }
        let source = Arc::clone(&self.source);
        let fetch = async move { source.token().await }.boxed().shared();
        // By itself: who began it may have no patience left, and others wait for it.
        tokio::spawn(fetch.clone());
        last.insert(fetch).clone()
    }
}
