//! A server of tools as errors speak of it.

use secrecy::SecretString;

use super::{
    failure::{Doing, Tried},
    settings::quoted,
};
use crate::secrets::Secrets;

/// The server's name in the operator's settings, and what it is shown of ours, which errors leave out.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) name: String,
    pub(super) secrets: Secrets,
}

impl Peer {
    pub(super) fn new(name: String, secrets: impl IntoIterator<Item = SecretString>) -> Self {
        Self { name, secrets: Secrets::new(secrets) }
    }

    /// What is being done with it.
    pub(super) fn tried<'a>(&'a self, doing: Doing<'a>) -> Tried<'a> {
        Tried { peer: self, doing }
    }

    /// What it wrote, short, in one line and without our secrets.
    pub(super) fn quoted(&self, text: &str) -> String {
        quoted(&self.secrets.out_of(text))
    }
}
