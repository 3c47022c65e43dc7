//! Requests that carry a signature in the place of a password.

use std::fmt;

use async_trait::async_trait;

use crate::Result;

/// A request as it goes out, but for its signature.
#[derive(Debug, Clone, Copy)]
pub struct Unsigned<'a> {
    /// `POST`.
    pub method: &'a str,
    /// Absolute, with the query.
    pub url: &'a str,
    /// To the byte as it is sent; empty for none.
    pub body: &'a [u8],
}

/// Signs requests with credentials of its own, which it keeps to itself and renews.
#[async_trait]
pub trait Signing: Send + Sync + fmt::Debug {
    /// The headers to add, names in lower case. They hold for this request and some minutes.
    ///
    /// # Errors
    /// `Unconfigured` where there are no credentials, `Invalid` for what cannot be signed.
    async fn sign(&self, request: Unsigned<'_>) -> Result<Vec<(String, String)>>;
}
