//! A name for what was asked for.

use sha2::{Digest as _, Sha256};

/// SHA-256 of all parts, in hex; lengths go first, so that no two requests read alike.
pub(crate) fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}
