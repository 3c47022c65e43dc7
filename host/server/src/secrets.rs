//! Secrets that the server makes for itself.

use std::path::Path;

use anyhow::Context;
use rand::{TryRngCore, rngs::OsRng};
use tokio::io::AsyncWriteExt;

/// The operator's token, in the data folder.
pub(crate) const OPERATOR_TOKEN: &str = "operator.token";

/// The secret in a file of mode 0600; made, of 32 random bytes in hex, where the file is missing.
pub(crate) async fn keep(file: &Path) -> anyhow::Result<String> {
    let mut bytes = [0_u8; 32];
    OsRng.try_fill_bytes(&mut bytes).context("the system gives no random bytes")?;
    let fresh = hex::encode(bytes);
    let made = tokio::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).await;
    match made {
        Ok(mut made) => {
            made.write_all(fresh.as_bytes()).await?;
            made.sync_all().await?;
            Ok(fresh)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let kept =
                tokio::fs::read_to_string(file).await.with_context(|| format!("cannot read {}", file.display()))?;
            let kept = kept.trim().to_owned();
            anyhow::ensure!(kept.len() >= 32, "{} holds no secret: delete it, and a new one is made", file.display());
            Ok(kept)
        }
        Err(error) => Err(error).with_context(|| format!("cannot make {}", file.display())),
    }
}
