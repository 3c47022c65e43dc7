//! The key pair of the store.

use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use enginehouse_capabilities::{Error, Result};
use serde::{Deserialize, Serialize};

/// Made at the first start, then kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    pub(super) access_key: String,
    pub(super) secret_key: String,
}

impl Credentials {
    /// Reads the file, or makes it with mode 0600. Blocks.
    pub(super) fn load(file: &Path) -> Result<Self> {
        let told = |e| Error::other(format!("cannot read or make the object store's key in {}", file.display()), e);
        match fs::metadata(file) {
            Err(e) if e.kind() == ErrorKind::NotFound => Self::make(file).map_err(told),
            Err(e) => Err(told(e)),
            Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => Err(Error::Invalid(format!(
                "{} can be read by other users: run `chmod 600` on it, or delete it to have a new key made",
                file.display()
            ))),
            Ok(_) => serde_json::from_slice(&fs::read(file).map_err(told)?).map_err(|e| {
                Error::Invalid(format!("{} holds no key ({e}): delete it to have a new one made", file.display()))
            }),
        }
    }

    fn make(file: &Path) -> std::io::Result<Self> {
        let made = Self {
            access_key: format!("EH{}", hex::encode_upper(rand::random::<[u8; 9]>())),
            secret_key: hex::encode(rand::random::<[u8; 32]>()),
        };
        let folder = file.parent().unwrap_or(Path::new("."));
        // A temporary file has mode 0600 from the start, so the secret is at no moment open to others.
        let mut draft = tempfile::NamedTempFile::new_in(folder)?;
        draft.write_all(&serde_json::to_vec(&made)?)?;
        draft.as_file().sync_all()?;
        draft.persist_noclobber(file)?;
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_closed_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.json");
        let made = Credentials::load(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(made.secret_key.len() >= 64);
        assert_eq!(Credentials::load(&file).unwrap().secret_key, made.secret_key);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Credentials::load(&file), Err(Error::Invalid(_))));
    }

    #[test]
    fn a_broken_key_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.json");
        Credentials::load(&file).unwrap();
        fs::write(&file, "{").unwrap();
        assert!(matches!(Credentials::load(&file), Err(Error::Invalid(_))));
    }
}
