//! Bodies that must arrive at a pace: one that trickles in would hold its connection for as long as its sender likes.

use std::time::Duration;

use axum::{body::Body, extract::Request, middleware::Next, response::Response};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use crate::service::intake::Fault;

/// How long a body may take whatever it brings.
const GRACE: Duration = Duration::from_secs(20);
/// Beyond that, the bytes it has to bring in a second.
const BYTES_A_SECOND: u64 = 1024;

/// Fails the body of a request that is sent too slowly with [`Fault::TooSlow`].
pub(super) async fn paced(request: Request, next: Next) -> Response {
    next.run(request.map(|body| Body::from_stream(at_pace(body.into_data_stream(), GRACE)))).await
}

fn at_pace<E>(
    body: impl Stream<Item = Result<Bytes, E>> + Send + Unpin,
    grace: Duration,
) -> impl Stream<Item = Result<Bytes, axum::Error>>
where
    E: Into<axum::BoxError>,
{
    let begun = Instant::now();
    stream::try_unfold((body, 0_u64), move |(mut body, seen)| async move {
        let due = begun + grace + Duration::from_secs(seen / BYTES_A_SECOND);
        match timeout_at(due, body.next()).await {
            Ok(Some(Ok(piece))) => {
                let seen = seen.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
                Ok(Some((piece, (body, seen))))
            }
            Ok(Some(Err(error))) => Err(axum::Error::new(error)),
            Ok(None) => Ok(None),
            Err(_) => Err(axum::Error::new(Fault::TooSlow)),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// What becomes of a body of pieces that come 20 ms apart, with 100 ms of grace.
    async fn sent(pieces: usize, bytes: usize) -> Result<usize, Option<Fault>> {
        let body = stream::iter(0..pieces).then(move |_| async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok::<_, Infallible>(Bytes::from(vec![b'x'; bytes]))
        });
        let mut body = Box::pin(at_pace(Box::pin(body), Duration::from_millis(100)));
        let mut read = 0;
        while let Some(piece) = body.next().await {
            read += piece.map_err(|error| Fault::behind(&error))?.len();
        }
        Ok(read)
    }

    #[tokio::test]
    async fn a_trickle_is_too_slow_and_a_slow_line_is_not() {
        assert_eq!(sent(50, 1).await, Err(Some(Fault::TooSlow)));
        assert_eq!(sent(20, 1024).await, Ok(20 * 1024));
        assert_eq!(sent(2, 1).await, Ok(2));
    }
}
