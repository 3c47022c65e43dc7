//! A model that is asked at a pace, and left alone while it fails.

use std::{fmt, num::NonZeroU32, sync::Arc, time::Duration};

use async_trait::async_trait;
use enginehouse_capabilities::{CallContext, CodegenReply, CodegenRequest, Error, Listener, Model, Result};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use recloser::{AsyncRecloser, Error as Refused, Recloser};
use tokio::time::timeout;

/// Of so many answers in a row the model's state is judged: one that failed all of them is left alone.
const JUDGED: usize = 5;

/// How often the model may be asked, and how it is treated while it fails.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Requests a minute, over all plugins; none: any number.
    pub(crate) per_minute: Option<NonZeroU32>,
    /// How long a request waits for its turn.
    pub(crate) patience: Duration,
    /// How long a model that failed several times in a row is left alone.
    pub(crate) pause: Duration,
}

/// [`Model`] at a pace.
pub(crate) struct Paced {
    model: Arc<dyn Model>,
    pace: Pace,
    limiter: Option<DefaultDirectRateLimiter>,
    breaker: AsyncRecloser,
}

impl Paced {
    pub(crate) fn new(model: Arc<dyn Model>, pace: Pace) -> Self {
        let limiter = pace.per_minute.map(|requests| RateLimiter::direct(Quota::per_minute(requests)));
        let breaker =
            Recloser::custom().error_rate(0.99).closed_len(JUDGED).half_open_len(1).open_wait(pace.pause).build();
        Self { model, pace, limiter, breaker: AsyncRecloser::from(breaker) }
    }

    async fn turn(&self) -> Result<()> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        timeout(self.pace.patience, limiter.until_ready()).await.map_err(|_| {
            Error::Unavailable(format!(
                "the model was asked as often as the setting `limits.codegen.requests-per-minute` allows, {}, and no turn came \
                 within {} s: try again later, or raise it",
                self.pace.per_minute.map_or(0, NonZeroU32::get),
                self.pace.patience.as_secs()
            ))
        })
    }
}

#[async_trait]
impl Model for Paced {
    async fn answer(&self, cx: &CallContext, request: CodegenRequest, listener: &dyn Listener) -> Result<CodegenReply> {
        self.turn().await?;
        let answer = self.model.answer(cx, request, listener);
        match self.breaker.call_with(is_of_the_model, answer).await {
            Ok(reply) => Ok(reply),
            Err(Refused::Inner(error)) => Err(error),
            Err(Refused::Rejected) => Err(Error::Unavailable(format!(
                "{} failed {JUDGED} times in a row and is left alone for {} s (`limits.codegen.pause-seconds`): try again later",
                self.model,
                self.pace.pause.as_secs()
            ))),
        }
    }
}

/// Whether an error says that the model is not well; others say that the request is not.
fn is_of_the_model(error: &Error) -> bool {
    matches!(error, Error::Unavailable(_) | Error::TimedOut(_) | Error::Other { .. })
}

impl fmt::Debug for Paced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Paced").field("model", &self.model).field("pace", &self.pace).finish_non_exhaustive()
    }
}

impl fmt::Display for Paced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.model.fmt(f)
    }
}
