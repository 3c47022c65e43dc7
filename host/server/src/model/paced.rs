//! A model that is asked at a pace, and left alone while it fails.

use std::{
    fmt,
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use enginehouse_capabilities::{CallContext, CodegenReply, CodegenRequest, Error, Listener, Model, Result};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use parking_lot::Mutex;
use tokio::time::timeout;

/// A model that fails so many times in a row is left alone.
const FAILURES: u32 = 5;

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
    limiter: Option<Limiter>,
    health: Mutex<Health>,
}

/// Held by whoever waits for the next turn, so that turns are in the order of asking.
type Limiter = tokio::sync::Mutex<DefaultDirectRateLimiter>;

/// How the model did of late.
#[derive(Debug, Default)]
struct Health {
    failures: u32,
    left_alone_until: Option<Instant>,
}

impl Paced {
    pub(crate) fn new(model: Arc<dyn Model>, pace: Pace) -> Self {
        // Evenly: a minute's requests at its start and those of the next after it would be twice as many within a minute.
        let quota = pace.per_minute.map(|requests| Quota::per_minute(requests).allow_burst(NonZeroU32::MIN));
        let limiter = quota.map(|quota| Limiter::new(RateLimiter::direct(quota)));
        Self { model, pace, limiter, health: Mutex::default() }
    }

    /// Refuses while the model is left alone. When that is over, one request finds out how it is, and the others wait for what it
    /// hears, or for another pause.
    fn may_ask(&self) -> Result<()> {
        let mut health = self.health.lock();
        let Some(until) = health.left_alone_until else { return Ok(()) };
        let now = Instant::now();
        if now < until {
            return Err(Error::Unavailable(format!(
                "{} failed {FAILURES} times in a row and is left alone for {} s (`limits.codegen.pause-seconds`): try again later",
                self.model,
                self.pace.pause.as_secs()
            )));
        }
        health.left_alone_until = Some(now + self.pace.pause);
        Ok(())
    }

    fn note(&self, is_well: bool) {
        let mut health = self.health.lock();
        if is_well {
            *health = Health::default();
            return;
        }
        health.failures = health.failures.saturating_add(1);
        if health.failures >= FAILURES {
            health.left_alone_until = Some(Instant::now() + self.pace.pause);
        }
    }

    async fn turn(&self) -> Result<()> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        let turn = async { limiter.lock().await.until_ready().await };
        timeout(self.pace.patience, turn).await.map_err(|_| {
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
        self.may_ask()?;
        self.turn().await?;
        let answer = self.model.answer(cx, request, listener).await;
        self.note(!answer.as_ref().is_err_and(is_of_the_model));
        answer
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use enginehouse_capabilities::Finish;

    use super::*;

    /// Fails while it is told to, and counts.
    #[derive(Debug, Default)]
    struct Moody {
        fails: AtomicBool,
        asked: AtomicU32,
    }

    impl fmt::Display for Moody {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("moody")
        }
    }

    #[async_trait]
    impl Model for Moody {
        async fn answer(&self, _: &CallContext, _: CodegenRequest, _: &dyn Listener) -> Result<CodegenReply> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            if self.fails.load(Ordering::Relaxed) {
                return Err(Error::Unavailable("not now".into()));
            }
            let (text, model) = ("1".to_owned(), "moody".to_owned());
            Ok(CodegenReply { text, finish: Finish::Complete, model, input_tokens: 1, output_tokens: 1 })
        }
    }

    struct Deaf;

    impl Listener for Deaf {
        fn hear(&self, _: &str) {}
    }

    fn paced(per_minute: Option<u32>, patience: Duration, pause: Duration) -> (Arc<Moody>, Paced) {
        let moody = Arc::new(Moody::default());
        let pace = Pace { per_minute: per_minute.and_then(NonZeroU32::new), patience, pause };
        (Arc::clone(&moody), Paced::new(moody, pace))
    }

    async fn ask(paced: &Paced) -> Result<CodegenReply> {
        let request = CodegenRequest { system: String::new(), messages: Vec::new(), max_tokens: 1 };
        let cx = CallContext { framework: "test".into(), digest: String::new(), run: None, attempt: None };
        paced.answer(&cx, request, &Deaf).await
    }

    #[tokio::test]
    async fn a_model_that_fails_five_times_in_a_row_is_left_alone_and_then_asked_once() {
        let (moody, paced) = paced(None, Duration::ZERO, Duration::from_millis(500));
        moody.fails.store(true, Ordering::Relaxed);
        for _ in 0..FAILURES {
            assert!(ask(&paced).await.unwrap_err().to_string().contains("not now"));
        }
        assert!(ask(&paced).await.unwrap_err().to_string().contains("pause-seconds"));
        assert_eq!(moody.asked.load(Ordering::Relaxed), FAILURES);
        tokio::time::sleep(Duration::from_millis(520)).await;
        assert!(ask(&paced).await.unwrap_err().to_string().contains("not now"));
        assert!(ask(&paced).await.unwrap_err().to_string().contains("pause-seconds"), "it failed once more");
        moody.fails.store(false, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(520)).await;
        paced.may_ask().unwrap();
        assert!(ask(&paced).await.unwrap_err().to_string().contains("pause-seconds"), "one is asked already");
        tokio::time::sleep(Duration::from_millis(520)).await;
        ask(&paced).await.unwrap();
        ask(&paced).await.unwrap();
    }

    #[tokio::test]
    async fn requests_come_evenly_and_who_waits_too_long_is_told_the_setting() {
        let (moody, paced) = paced(Some(600), Duration::from_millis(150), Duration::ZERO);
        let begun = Instant::now();
        ask(&paced).await.unwrap();
        ask(&paced).await.unwrap();
        assert!(begun.elapsed() >= Duration::from_millis(90), "one in each tenth of a second: {:?}", begun.elapsed());
        let told = futures::future::join_all((0..4).map(|_| ask(&paced))).await;
        let refused: Vec<_> = told.into_iter().filter_map(std::result::Result::err).collect();
        assert!(!refused.is_empty() && refused.len() < 4, "{refused:?}");
        assert!(refused[0].to_string().contains("requests-per-minute"), "{refused:?}");
        assert_eq!(moody.asked.load(Ordering::Relaxed) as usize, 6 - refused.len());
    }
}
