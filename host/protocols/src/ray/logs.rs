//! Logs that were read lately, so that their pieces take one reading and not one each.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use enginehouse_capabilities::{Error, Result};
use tokio::time::timeout;

use super::{
    http::Http,
    log::{Kept, Reading},
};

/// What a job may print before nothing of it can be told. Ray holds all of it in memory, too.
const MOST_BYTES: u64 = 4 << 30;

/// How many are kept, of 10 MiB at most.
const MOST: usize = 6;
/// A log that grows is read again after so many times what reading it took, so that a long one keeps nobody busy.
const PACE: u32 = 5;
const LONGEST: Duration = Duration::from_secs(60);
/// How long one may be read: others wait for it.
const READ_WITHIN: Duration = Duration::from_secs(300);

#[derive(Debug, Default)]
pub(super) struct Logs {
    kept: Mutex<VecDeque<One>>,
    /// Held while one is read: a cluster has work enough with one.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct One {
    id: String,
    log: Arc<Kept>,
    /// Whether the job had ended before it was read.
    whole: bool,
    until: Instant,
}

impl Logs {
    /// The log of a job that has ended, or has not, where it is known well enough.
    pub(super) fn find(&self, id: &str, ended: bool) -> Option<Arc<Kept>> {
        self.find_if(id, |one| if ended { one.whole } else { Instant::now() < one.until })
    }

    fn find_if(&self, id: &str, serves: impl Fn(&One) -> bool) -> Option<Arc<Kept>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|one| one.id == id && serves(one))?;
        // Who is being read is not the one that makes room.
        let one = kept.remove(at)?;
        let log = Arc::clone(&one.log);
        kept.push_front(one);
        Some(log)
    }

    /// Reads it, unless somebody else did while this waited for its turn.
    pub(super) async fn read(&self, http: &Http, id: &str, ended: bool) -> Result<Arc<Kept>> {
        let _turn = match self.turn.try_lock() {
            Ok(turn) => turn,
            Err(_) => {
                // An older one will do for a while: a log that grows is asked for again.
                if let Some(log) = self.find_if(id, |_| !ended) {
                    return Ok(log);
                }
                self.turn.lock().await
            }
        };
        if let Some(log) = self.find(id, ended) {
            return Ok(log);
        }
        let begun = Instant::now();
        let log = timeout(READ_WITHIN, Self::read_all(http, id)).await.unwrap_or_else(|_| {
            let text = format!("the log of the job `{id}` could not be read within {} s", READ_WITHIN.as_secs());
            Err(Error::Unavailable(text))
        })?;
        Ok(self.keep(id, ended, begun, log))
    }

    async fn read_all(http: &Http, id: &str) -> Result<Kept> {
        let mut answer = http.open_slowly(&format!("api/jobs/{id}/logs")).await?;
        let (mut reading, mut bytes) = (Reading::default(), 0);
        while let Some(piece) = http.next(&mut answer).await? {
            bytes += piece.len() as u64;
            if bytes > MOST_BYTES {
                return Err(http.malformed(&format!("a log has more than {MOST_BYTES} bytes")));
            }
            reading.add(&piece);
        }
        reading.end().ok_or_else(|| http.malformed("it does not tell what a job printed"))
    }

    /// Remembers what was read since `begun`.
    fn keep(&self, id: &str, ended: bool, begun: Instant, log: Kept) -> Arc<Kept> {
        let (now, log) = (Instant::now(), Arc::new(log));
        let one = One {
            id: id.to_owned(),
            log: Arc::clone(&log),
            whole: ended,
            until: now + (now - begun).saturating_mul(PACE).min(LONGEST),
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|other| other.id != id);
        kept.push_front(one);
        kept.truncate(MOST);
        log
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_known_until_it_may_have_grown_and_for_ever_once_it_is_whole() {
        let logs = Logs::default();
        let now = Instant::now();
        logs.keep("a", false, now.checked_sub(Duration::from_secs(2)).unwrap(), Kept::default());
        assert!(logs.find("a", false).is_some());
        assert!(logs.find("a", true).is_none(), "its end may be missing");
        assert!(logs.find("b", false).is_none());
        logs.keep("a", true, now, Kept::default());
        assert!(logs.find("a", true).is_some());
        let more = |numbers: std::ops::Range<usize>| {
            numbers.for_each(|number| drop(logs.keep(&format!("other{number}"), true, now, Kept::default())));
        };
        more(1..MOST);
        assert!(logs.find("a", true).is_some(), "who is read stays");
        more(MOST..2 * MOST - 1);
        assert!(logs.find("a", true).is_some());
        more(0..MOST);
        assert!(logs.find("a", true).is_none(), "not all of them are kept");
    }
}
