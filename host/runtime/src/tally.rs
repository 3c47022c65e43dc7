//! How the calls of one plugin went.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::{Error, Stage};

/// How the calls of a plugin went, since it was loaded. Answers that were remembered are no calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Calls {
    /// All that were begun and ended.
    pub all: u64,
    /// Those in which the guest fell over: trapped, or used up its time, memory or stack.
    pub fell: u64,
    /// Those of `validate` that gave an answer.
    pub validated: u64,
    /// How long these took together.
    pub validating: Duration,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    all: AtomicU64,
    fell: AtomicU64,
    validated: AtomicU64,
    validating_us: AtomicU64,
}

impl Tally {
    pub(crate) fn ended<T>(&self, stage: Stage, took: Duration, result: &Result<T, Error>) {
        self.all.fetch_add(1, Ordering::Relaxed);
        match result {
            Ok(_) if stage == Stage::Validate => {
                self.validated.fetch_add(1, Ordering::Relaxed);
                let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
                self.validating_us.fetch_add(took, Ordering::Relaxed);
            }
            Err(
                Error::Trapped { .. } | Error::StackOverflow(_) | Error::OutOfMemory { .. } | Error::OutOfTime { .. },
            ) => {
                self.fell.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
    }

    pub(crate) fn calls(&self) -> Calls {
        Calls {
            all: self.all.load(Ordering::Relaxed),
            fell: self.fell.load(Ordering::Relaxed),
            validated: self.validated.load(Ordering::Relaxed),
            validating: Duration::from_micros(self.validating_us.load(Ordering::Relaxed)),
        }
    }
}
