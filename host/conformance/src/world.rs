//! What stands behind the host functions while a plugin is tried out: all made up, and the same every time.
//!
//! Work begins queued, runs, and ends well or ill as the world was told; it goes on when it is looked at, never by a clock.
//! In bad weather every function refuses in one way.

mod data;
mod model;
mod places;
mod work;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use enginehouse_capabilities::{Error, ObjectUri, Result, Token};
use enginehouse_runtime::Capabilities;

use self::work::Work;

/// All capabilities in one.
pub(crate) struct World(Mutex<State>);

struct State {
    weather: Weather,
    /// What the model says; none: no model is set up.
    model: Option<String>,
    /// Whether work that starts from here on ends well.
    ends_well: bool,
    works: BTreeMap<String, Work>,
    objects: BTreeMap<ObjectUri, Bytes>,
    /// What was handed in so far, in bytes: a plugin that is tried out may be hostile.
    taken: usize,
    /// What was asked for last that a real host may have and this world has not.
    missed: Option<String>,
}

/// The most bytes that this world takes, over all that a plugin hands in.
const MOST_TAKEN: usize = 64 << 20;

impl State {
    /// Counts what is handed in.
    fn take(&mut self, bytes: usize) -> Result<()> {
        self.taken = self.taken.saturating_add(bytes);
        if self.taken <= MOST_TAKEN {
            return Ok(());
        }
        let most = MOST_TAKEN >> 20;
        Err(Error::QuotaExceeded(format!("a plugin that is tried out may hand in {most} MiB in all: write less")))
    }
}

/// How the host functions answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weather {
    Fair,
    Denied,
    Unconfigured,
    Unavailable,
    QuotaExceeded,
    TimedOut,
    Other,
}

impl World {
    /// Fair weather, no model, and the one object that tasks read.
    pub(crate) fn new() -> Result<Arc<Self>> {
        let source: ObjectUri = crate::tasks::SOURCE.parse()?;
        let objects = [(source, Bytes::from_static(crate::tasks::ROWS.as_bytes()))].into();
        let (weather, works) = (Weather::Fair, BTreeMap::new());
        let state = State { weather, model: None, ends_well: true, works, objects, taken: 0, missed: None };
        Ok(Arc::new(Self(Mutex::new(state))))
    }

    pub(crate) fn capabilities(self: &Arc<Self>) -> Capabilities {
        Capabilities::of(self)
    }

    pub(crate) fn set_weather(&self, weather: Weather) {
        self.state().weather = weather;
    }

    pub(crate) fn set_model(&self, says: Option<String>) {
        self.state().model = says;
    }

    pub(crate) fn set_ending(&self, well: bool) {
        self.state().ends_well = well;
    }

    /// What was started for an attempt: function and token.
    pub(crate) fn started(&self, attempt: &str) -> BTreeSet<String> {
        let state = self.state();
        let own = state.works.iter().filter(|(key, work)| work.is_started() && key.contains(attempt));
        own.map(|(key, _)| key.clone()).collect()
    }

    /// Forgets what it was asked for and did not have.
    pub(crate) fn forget_missed(&self) {
        self.state().missed = None;
    }

    /// What it was asked for last and did not have, since that was forgotten.
    pub(crate) fn missed(&self) -> Option<String> {
        self.state().missed.clone()
    }

    pub(crate) fn has_object(&self, uri: &str) -> bool {
        uri.parse().is_ok_and(|uri: ObjectUri| self.state().objects.contains_key(&uri))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The world, where the weather is fair.
    fn fair(&self) -> Result<MutexGuard<'_, State>> {
        let state = self.state();
        state.weather.refusal().map_or(Ok(state), Err)
    }
}

impl State {
    /// There is no such thing in this world, though there may be in a real one.
    fn miss(&mut self, what: String) -> Error {
        self.missed = Some(what.clone());
        Error::NotFound(format!("{what} is not among what the conformance kit makes up"))
    }
}

impl Weather {
    pub(crate) const BAD: [Self; 6] =
        [Self::Denied, Self::Unconfigured, Self::Unavailable, Self::QuotaExceeded, Self::TimedOut, Self::Other];

    fn refusal(self) -> Option<Error> {
        let text = "the conformance kit refuses everything in this round".to_owned();
        Some(match self {
            Self::Fair => return None,
            Self::Denied => Error::Denied(text),
            Self::Unconfigured => Error::Unconfigured(text),
            Self::Unavailable => Error::Unavailable(text),
            Self::QuotaExceeded => Error::QuotaExceeded(text),
            Self::TimedOut => Error::TimedOut(text),
            Self::Other => Error::Other { message: text, source: None },
        })
    }
}

impl fmt::Display for Weather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fair => "fair",
            Self::Denied => "denied",
            Self::Unconfigured => "unconfigured",
            Self::Unavailable => "unavailable",
            Self::QuotaExceeded => "quota-exceeded",
            Self::TimedOut => "timed-out",
            Self::Other => "other",
        })
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("World")
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the conformance kit")
    }
}

/// The key of a piece of work.
fn key(function: &str, token: &Token) -> String {
    format!("{function} {token}")
}
