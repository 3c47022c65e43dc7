//! Whether a bucket can be used.

use enginehouse_capabilities::{Error, ObjectUri, Objects, Result};
use uuid::Uuid;

use super::S3Objects;
use crate::permission::Permission;

impl S3Objects {
    /// Whether what this adapter does is allowed in a bucket: one name is listed, and an object that never was is looked for, begun and
    /// given up, and deleted. Nothing stays behind, but for the mark of a deletion in a bucket that keeps versions.
    ///
    /// # Errors
    /// `Invalid` for what is no bucket's name.
    pub async fn preflight(&self, bucket: &str) -> Result<Vec<Permission>> {
        let nothing = ObjectUri::new(bucket, &format!("enginehouse-preflight/{}", Uuid::now_v7()))?;
        let on = format!("s3://{bucket}");
        let list = self.may_list(&nothing).await;
        if let Err(Error::NotFound(_) | Error::Unavailable(_) | Error::Unconfigured(_)) = list {
            return Ok(vec![Permission::new("s3:ListBucket", on, list)]);
        }
        let read = match list {
            Ok(()) => Permission::on_nothing("s3:GetObject", &on, self.head(&nothing).await.map(drop)),
            Err(_) => Permission::untried(
                "s3:GetObject",
                &on,
                "without s3:ListBucket S3 does not tell what is missing from what is refused",
            ),
        };
        let (write, give_up) = self.may_write(&nothing).await;
        let write = Permission::new("s3:PutObject", &on, write);
        let give_up = match give_up {
            Some(given_up) => Permission::new("s3:AbortMultipartUpload", &on, given_up),
            None => {
                Permission::untried("s3:AbortMultipartUpload", &on, "nothing could be begun that could be given up")
            }
        };
        let delete = Permission::new("s3:DeleteObject", &on, self.delete(&nothing).await);
        Ok(vec![Permission::new("s3:ListBucket", on, list), read, write, give_up, delete])
    }

    async fn may_list(&self, nothing: &ObjectUri) -> Result<()> {
        let request = self.client.list_objects_v2().bucket(nothing.bucket()).prefix(nothing.key()).max_keys(1);
        request.send().await.map(drop).map_err(self.failed("list", nothing))
    }

    /// Whether an upload can be begun, and then, whether it can be given up.
    async fn may_write(&self, nothing: &ObjectUri) -> (Result<()>, Option<Result<()>>) {
        let begun = self.client.create_multipart_upload().bucket(nothing.bucket()).key(nothing.key()).send().await;
        let begun = match begun {
            Ok(begun) => begun,
            Err(error) => return (Err(self.failed("write", nothing)(error)), None),
        };
        let abort = self.client.abort_multipart_upload().bucket(nothing.bucket()).key(nothing.key());
        let given_up = abort.set_upload_id(begun.upload_id).send().await;
        (Ok(()), Some(given_up.map(drop).map_err(self.failed("give up writing", nothing))))
    }
}
