//! Places for downloads: so many at once, and none for somebody who takes nothing.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use bytes::Bytes;
use enginehouse_capabilities as capabilities;
use futures::{StreamExt, stream, stream::BoxStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::{Error, Result};

/// Of the process, whose memory they take: some hundred MiB each at the most.
pub(super) static DOWNLOADS: LazyLock<Places> = LazyLock::new(|| Places::new(8, Duration::from_secs(600)));

/// The bytes of a whole table.
type Body = BoxStream<'static, capabilities::Result<Bytes>>;

/// Places, taken or free.
pub(super) struct Places {
    free: Arc<Semaphore>,
    most: usize,
    patience: Duration,
}

/// One of them, free again when it is dropped.
pub(super) struct Place {
    permit: OwnedSemaphorePermit,
    patience: Duration,
}

impl Places {
    fn new(most: usize, patience: Duration) -> Self {
        Self { free: Arc::new(Semaphore::new(most)), most, patience }
    }

    /// Takes a place at once.
    ///
    /// # Errors
    /// [`Error::Busy`] where there is none.
    pub(super) fn take(&self) -> Result<Place> {
        let taken = Arc::clone(&self.free).try_acquire_owned();
        let permit = taken.map_err(|_| {
            let most = self.most;
            Error::Busy(format!(
                "{most} whole tables are being downloaded, and there are no more at once: try again when one of them has \
                 ended, or read pages with `format=json`"
            ))
        })?;
        Ok(Place { permit, patience: self.patience })
    }
}

impl Place {
    /// The same bytes, with this place held until they end, their reader is gone, or has taken nothing for too long: then they
    /// end with an error. One piece is made ahead.
    pub(super) fn hold(self, mut body: Body) -> Body {
        let Self { permit, patience } = self;
        let (to, from) = mpsc::channel(1);
        tokio::spawn(async move {
            let _held = permit;
            loop {
                let piece = tokio::select! {
                    piece = body.next() => piece,
                    () = to.closed() => return,
                };
                let ended = piece.is_none();
                if to.send_timeout(piece, patience).await.is_err() || ended {
                    return;
                }
            }
        });
        let late = move || format!("nobody took the next bytes for {} s: ask for the table again", patience.as_secs());
        let pieces = stream::unfold(from, move |mut from| async move {
            let piece = from.recv().await.unwrap_or_else(|| Some(Err(capabilities::Error::TimedOut(late()))));
            piece.map(|piece| (piece, from))
        });
        pieces.boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use futures::TryStreamExt;

    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    fn pieces(count: usize) -> Body {
        stream::iter((0..count).map(|_| Ok(Bytes::from_static(b"x")))).boxed()
    }

    async fn free(places: &Places) -> usize {
        tokio::time::sleep(Duration::from_millis(50)).await;
        places.free.available_permits()
    }

    #[tokio::test]
    async fn one_too_many_is_told_what_to_do() {
        let places = Places::new(2, LONG);
        let first = places.take().unwrap().hold(pieces(3));
        let second = places.take().unwrap().hold(pieces(1000));
        match places.take().map(drop) {
            Err(Error::Busy(text)) => assert!(text.contains("try again") && text.contains("format=json"), "{text}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(first.try_collect::<Vec<_>>().await.unwrap().len(), 3);
        assert_eq!(free(&places).await, 1, "free at its end");
        drop(second);
        assert_eq!(free(&places).await, 2, "free when its reader is gone");
    }

    #[tokio::test]
    async fn an_error_is_handed_on_and_frees_the_place() {
        let places = Places::new(1, LONG);
        let broken = stream::iter([Ok(Bytes::new()), Err(capabilities::Error::Invalid("damaged".into()))]).boxed();
        let read = places.take().unwrap().hold(broken).try_collect::<Vec<_>>().await;
        assert!(matches!(read, Err(capabilities::Error::Invalid(text)) if text == "damaged"));
        assert_eq!(free(&places).await, 1);
    }

    #[tokio::test]
    async fn who_takes_nothing_loses_the_place_and_is_not_told_an_end() {
        let places = Places::new(1, Duration::from_millis(20));
        let mut body = places.take().unwrap().hold(pieces(1000));
        assert!(body.next().await.unwrap().is_ok());
        assert_eq!(free(&places).await, 1);
        let read = body.try_collect::<Vec<_>>().await;
        assert!(matches!(read, Err(capabilities::Error::TimedOut(_))), "{read:?}");
    }

    #[tokio::test]
    async fn what_waits_for_its_store_ends_with_its_reader() {
        let places = Places::new(1, LONG);
        drop(places.take().unwrap().hold(stream::pending().boxed()));
        assert_eq!(free(&places).await, 1);
    }

    #[tokio::test]
    async fn one_piece_is_made_ahead_and_no_more() {
        let made = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&made);
        let body = pieces(1000).inspect(move |_| {
            counted.fetch_add(1, Relaxed);
        });
        let places = Places::new(1, LONG);
        let _unread = places.take().unwrap().hold(body.boxed());
        free(&places).await;
        assert!(made.load(Relaxed) <= 2, "{made:?}");
    }
}
