//! Compiled components on disk, believed only where we wrote them.

use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use tempfile::NamedTempFile;

use super::prune;

const KEY_BYTES: usize = 32;
const MAC_BYTES: usize = 32;

/// A folder of mode 0700 with a random key of mode 0600, and a file for each component and engine: an HMAC under the
/// key, then the compiled code. A file that is not ours, or not whole, is as good as none. When it was last changed says when
/// it was last used.
pub(super) struct Cache {
    folder: PathBuf,
    key: [u8; KEY_BYTES],
    engine: String,
}

/// Compiled code that is our own.
pub(super) struct Authentic {
    bytes: Vec<u8>,
    /// Where the code begins.
    start: usize,
}

impl Authentic {
    /// What the compiler gave, before anybody else could touch it.
    pub(super) fn just_compiled(bytes: Vec<u8>) -> Self {
        Self { bytes, start: 0 }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }
}

impl Cache {
    /// `engine` is the fingerprint of the engine that compiles.
    pub(super) fn open(folder: &Path, engine: &str) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        Ok(Self { folder: folder.to_owned(), key: key(folder)?, engine: engine.to_owned() })
    }

    pub(super) fn get(&self, digest: &str) -> Option<Authentic> {
        let file = fs::read(self.path(digest)).ok()?;
        let (mac, code) = file.split_at_checked(MAC_BYTES)?;
        let authentic = self.mac(digest, code).is_some_and(|ours| ours.verify_slice(mac).is_ok());
        if !authentic {
            tracing::warn!(digest, "a kept compiled plugin was damaged or is not ours; compiling it anew");
        }
        authentic.then_some(Authentic { bytes: file, start: MAC_BYTES })
    }

    pub(super) fn put(&self, digest: &str, code: &[u8]) -> io::Result<()> {
        let mac = self.mac(digest, code).ok_or_else(|| io::Error::other("no HMAC under this key"))?;
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(&mac.finalize().into_bytes())?;
        file.write_all(code)?;
        file.persist(self.path(digest))?;
        Ok(())
    }

    /// Notes that a component was loaded, so that it is kept, and what was not for long goes.
    pub(super) fn used(&self, digest: &str) {
        prune::used(&self.path(digest));
    }

    fn path(&self, digest: &str) -> PathBuf {
        let engine = self.engine.get(..16).unwrap_or_default();
        self.folder.join(format!("{digest}-{engine}.{}", prune::ENDING))
    }

    fn mac(&self, digest: &str, code: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        // The lengths of both are fixed, so that no two triples give the same text.
        mac.update(digest.as_bytes());
        mac.update(self.engine.as_bytes());
        mac.update(code);
        Some(mac)
    }
}

/// The key beside the cache; made where it is missing, damaged, or readable by others.
fn key(folder: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let path = folder.join("key");
    if let Some(key) = read_key(&path) {
        return Ok(key);
    }
    let _ = fs::remove_file(&path);
    let key: [u8; KEY_BYTES] = rand::random();
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(&key)?;
    match file.persist_noclobber(&path) {
        Ok(_) => Ok(key),
        // Another process was first: its key is as good.
        Err(error) => read_key(&path).ok_or(error.error),
    }
}

fn read_key(path: &Path) -> Option<[u8; KEY_BYTES]> {
    let private = fs::metadata(path).ok()?.permissions().mode() & 0o077 == 0;
    let key = fs::read(path).ok()?;
    if private { key.try_into().ok() } else { None }
}
