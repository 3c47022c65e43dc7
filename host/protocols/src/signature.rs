//! Who signed a component: detached Ed25519 signatures over its bytes, checked against keys that the operator has pinned.
//!
//! Keys and signatures are what OpenSSL 3 writes:
//!
//! ```sh
//! openssl genpkey -algorithm ed25519 -out key.pem
//! openssl pkey -in key.pem -pubout -out publisher.pem
//! openssl pkeyutl -sign -rawin -inkey key.pem -in plugin.wasm -out plugin.wasm.sig
//! ```

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey, pkcs8::DecodePublicKey};

/// More text than any signature has: 88 characters of base64, with room for line breaks.
const MOST_TEXT: usize = 256;

/// The publishers whose signatures count. Without any, no signature does.
#[derive(Debug, Clone, Default)]
pub struct Publishers(BTreeMap<String, VerifyingKey>);

/// Why a key or a signature does not count.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A pinned key cannot be used. The key itself is not repeated: it may be a private one, by mistake.
    #[error("the key of publisher `{publisher}` {reason}")]
    Key {
        /// The name it was given under.
        publisher: String,
        /// What is wrong, as the end of a sentence, with the next step.
        reason: &'static str,
    },
    /// What was given is no signature, whoever made it.
    #[error(
        "not an Ed25519 signature: it has to be the 64 bytes that `openssl pkeyutl -sign -rawin` writes, or those in base64"
    )]
    Malformed,
    /// No publisher signed these bytes: another key did, or they were changed since.
    #[error(
        "no known publisher signed these bytes: they were changed, or the signer's public key is not among the pinned ones"
    )]
    Unknown,
}

impl Publishers {
    /// Pins keys: the name of a publisher, and its public key in PEM (`-----BEGIN PUBLIC KEY-----`).
    ///
    /// A name has one key, and a key one name. Keys of small order are refused: for them one signature fits many messages.
    pub fn new(keys: impl IntoIterator<Item = (String, String)>) -> Result<Self, Error> {
        let mut pinned = BTreeMap::new();
        for (publisher, pem) in keys {
            match public_key(&pem, &pinned) {
                Ok(_) if pinned.contains_key(&publisher) => {
                    return Err(Error::Key { publisher, reason: "comes after another under the same name" });
                }
                Ok(key) => pinned.insert(publisher, key),
                Err(reason) => return Err(Error::Key { publisher, reason }),
            };
        }
        Ok(Self(pinned))
    }

    /// The name of the publisher who signed the whole of `component`.
    ///
    /// `signature` is the raw 64 bytes, or the same in standard base64, in which white space does not count. Goes through
    /// the component once for each publisher: where it is large, this belongs on a thread that may block.
    pub fn verify(&self, component: &[u8], signature: &[u8]) -> Result<&str, Error> {
        let signature = decode(signature).ok_or(Error::Malformed)?;
        let signed = |(_, key): &(&String, &VerifyingKey)| key.verify_strict(component, &signature).is_ok();
        self.0.iter().find(signed).map(|(publisher, _)| publisher.as_str()).ok_or(Error::Unknown)
    }
}

fn public_key(pem: &str, pinned: &BTreeMap<String, VerifyingKey>) -> Result<VerifyingKey, &'static str> {
    let key = VerifyingKey::from_public_key_pem(pem.trim()).map_err(
        |_| "is not an Ed25519 public key in PEM: `openssl pkey -in key.pem -pubout` writes it from the private one",
    )?;
    if key.is_weak() {
        return Err("is of small order, so that anybody could sign for it: make another");
    }
    if pinned.values().any(|other| *other == key) {
        return Err("is that of another publisher too: nobody could say who signed");
    }
    Ok(key)
}

fn decode(signature: &[u8]) -> Option<Signature> {
    if let Ok(raw) = Signature::from_slice(signature) {
        return Some(raw);
    }
    if signature.len() > MOST_TEXT {
        return None;
    }
    let text: Vec<u8> = signature.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    Signature::from_slice(&STANDARD.decode(text).ok()?).ok()
}
