//! Text parts as blocking readers.

use std::{
    fmt::Display,
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use enginehouse_capabilities::{Error, ObjectUri, Objects, Result};
use tokio_util::io::{StreamReader, SyncIoBridge};

use super::MAX_PAGE_BYTES;

/// The most bytes of one row, as it is written.
pub(super) const MAX_ROW_BYTES: usize = 2 * MAX_PAGE_BYTES;

/// Opens a part as a reader that may block, of what comes over the wire.
pub(super) async fn open(objects: &dyn Objects, part: &ObjectUri) -> Result<Metered> {
    let body = SyncIoBridge::new(StreamReader::new(objects.stream(part).await?));
    Ok(Metered { body: Box::new(body), since: Arc::default() })
}

/// Runs a decoder of `part` where it may block. One that panics has met what it was not made for.
pub(super) async fn blocking<T: Send + 'static>(
    part: impl Display,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(e) => match e.try_into_panic() {
            Ok(_) => Err(Error::Invalid(format!("`{part}` is damaged: its decoder gave up"))),
            Err(e) => Err(Error::other(format!("reading `{part}` was interrupted"), e)),
        },
    }
}

/// A reader that fails when a row has no end.
pub(super) struct Metered {
    body: Box<dyn Read + Send>,
    since: Arc<AtomicUsize>,
}

/// Tells the reader that a row ended.
pub(super) struct RowEnd(Arc<AtomicUsize>);

impl Metered {
    pub(super) fn row_end(&self) -> RowEnd {
        RowEnd(Arc::clone(&self.since))
    }
}

impl RowEnd {
    pub(super) fn tell(&self) {
        self.0.store(0, Relaxed);
    }
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since.load(Relaxed) > MAX_ROW_BYTES {
            let text = format!("a row is larger than {} MiB", MAX_ROW_BYTES >> 20);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
        }
        let read = self.body.read(buffer)?;
        self.since.fetch_add(read, Relaxed);
        Ok(read)
    }
}

/// What a reader of a text part failed with.
pub(super) fn failed(part: &ObjectUri, e: io::Error) -> Error {
    match e.kind() {
        io::ErrorKind::FileTooLarge | io::ErrorKind::InvalidData => {
            Error::Invalid(format!("`{part}` cannot be read as text rows: {e}"))
        }
        _ => Error::Unavailable(format!("`{part}` broke off while it was read ({e}); try again")),
    }
}
