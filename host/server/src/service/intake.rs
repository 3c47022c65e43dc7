//! Bodies that callers stream in: bounded, and what went wrong with one told by its meaning.

use std::{error::Error as StdError, io};

use bytes::Bytes;
use enginehouse_capabilities::ByteStream;
use futures::{Stream, StreamExt, TryStreamExt};

use super::Error;
use crate::app::App;

/// The fault of a body, as it travels inside the errors of those who read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Larger than the setting `limits.upload-mib`.
    #[error("an upload has at most {mib} MiB here (the setting `limits.upload-mib`)")]
    TooLarge {
        /// The limit.
        mib: u64,
    },
    /// It arrives so slowly that it only holds a connection.
    #[error("the body arrives too slowly: send at least 1 KiB a second")]
    TooSlow,
    /// A text that is in no encoding that it was told or taken for.
    #[error(
        "the file is no {encoding} text at byte {at}: send another, or name its `encoding`; what is no CSV needs its `format`"
    )]
    NotText {
        /// Where, from its start.
        at: u64,
        /// The encoding that it does not fit.
        encoding: &'static str,
    },
}

impl Fault {
    /// The fault that an error was caused by, if any.
    pub fn behind(error: &(dyn StdError + 'static)) -> Option<Self> {
        let mut cause = Some(error);
        while let Some(inner) = cause {
            // An `io::Error` does not name what it holds among its sources, only what that was caused by.
            let held = inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            let own = inner.downcast_ref::<Self>().copied();
            if let Some(fault) = own.or_else(|| held.and_then(|held| Self::behind(held))) {
                return Some(fault);
            }
            cause = inner.source();
        }
        None
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::TooLarge { .. } => Self::TooLarge(fault.to_string()),
            Fault::TooSlow => Self::TooSlow(fault.to_string()),
            Fault::NotText { .. } => Self::Invalid(fault.to_string()),
        }
    }
}

/// Refuses a body that says itself that it is too large, before any of it is read.
///
/// # Errors
/// [`Error::TooLarge`].
pub fn check_length(app: &App, declared: Option<u64>) -> Result<(), Error> {
    let fault = Fault::TooLarge { mib: app.config.limits.upload_mib };
    // The form around a file takes some bytes as well.
    match declared {
        Some(bytes) if bytes > limit(app).saturating_add(1 << 20) => Err(fault.into()),
        _ => Ok(()),
    }
}

/// The same body, which fails where it goes over the operator's limit.
pub fn bounded(app: &App, body: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> ByteStream {
    let (limit, mib) = (limit(app), app.config.limits.upload_mib);
    let mut seen = 0_u64;
    body.and_then(move |piece| {
        seen = seen.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        let over = seen > limit;
        std::future::ready(if over { Err(io::Error::other(Fault::TooLarge { mib })) } else { Ok(piece) })
    })
    .boxed()
}

/// What became of writing such a body to the store.
pub fn explain(error: enginehouse_capabilities::Error) -> Error {
    Fault::behind(&error).map_or_else(|| error.into(), Error::from)
}

fn limit(app: &App) -> u64 {
    app.config.limits.upload_mib.saturating_mul(1024 * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_found_however_deep_it_lies() {
        let fault = Fault::TooSlow;
        let wrapped = io::Error::other(io::Error::other(fault));
        let capability = enginehouse_capabilities::Error::other("writing", wrapped);
        assert_eq!(Fault::behind(&capability), Some(fault));
        assert_eq!(Fault::behind(&io::Error::other("else")), None);
    }
}
