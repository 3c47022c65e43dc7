//! From what the file system says to what S3 says.

use std::io::{self, ErrorKind};

use s3s::{S3Error, S3ErrorCode, s3_error};

/// The result of everything that touches files.
pub(super) type Result<T> = std::result::Result<T, Fault>;

/// An S3 error that can be made of an I/O error.
#[derive(Debug)]
pub(super) struct Fault(S3Error);

impl From<S3Error> for Fault {
    fn from(e: S3Error) -> Self {
        Self(e)
    }
}

impl From<Fault> for S3Error {
    fn from(fault: Fault) -> Self {
        fault.0
    }
}

impl From<io::Error> for Fault {
    fn from(e: io::Error) -> Self {
        Self(match e.kind() {
            ErrorKind::InvalidFilename => s3_error!(KeyTooLongError, "a part of a key has at most 255 bytes here"),
            // Refused for good: clients would ask again and again after an internal error.
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => s3_error!(AccessDenied, "{e}"),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => s3_error!(ServiceUnavailable, "the disk is full: {e}"),
            _ => S3Error::with_message(S3ErrorCode::InternalError, e.to_string()),
        })
    }
}
