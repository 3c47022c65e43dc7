//! Deletes all objects under a prefix.

use enginehouse_capabilities::{Error, ObjectUri, Objects, Result};

/// Deletes what lies under a prefix. One without anything, or in a bucket that was never made, is no error.
pub(crate) async fn clear(objects: &dyn Objects, prefix: &ObjectUri) -> Result<()> {
    loop {
        let page = match objects.list(prefix, None).await {
            Ok(page) => page,
            Err(Error::NotFound(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in &page.entries {
            objects.delete(&entry.uri).await?;
        }
        if page.next.is_none() || page.entries.is_empty() {
            return Ok(());
        }
    }
}
