//! A piece of work, whatever runs it.

use bytes::Bytes;
use enginehouse_capabilities::{CallContext, Error, LogChunk, ObjectUri, Result};

use super::{State, World};

/// What every piece of work prints.
const PRINTED: &str = "first line\nzweite Zeile: äöü\nlast line\n";
/// What lies under its output when it ended well.
const RESULT: &str = "region,amount\nnorth,3\nsouth,4\n";
/// Looks at it until it has ended.
const LOOKS: u32 = 3;

/// Started, or called off before it was.
pub(super) struct Work {
    /// What was asked for; none where a cancel came first.
    request: Option<String>,
    output: Option<ObjectUri>,
    ends_well: bool,
    looks: u32,
    cancelled: bool,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    Queued,
    Running,
    Well,
    Ill,
    Cancelled,
}

impl Work {
    pub(super) fn is_started(&self) -> bool {
        self.request.is_some()
    }

    fn stand(&self) -> Stand {
        match (self.cancelled, self.looks, self.ends_well) {
            (true, _, _) => Stand::Cancelled,
            (false, 0 | 1, _) => Stand::Queued,
            (false, looks, _) if looks < LOOKS => Stand::Running,
            (false, _, true) => Stand::Well,
            (false, _, false) => Stand::Ill,
        }
    }
}

impl World {
    /// Starts a piece of work. The same again starts nothing; with another request it is a conflict.
    pub(super) fn start(&self, cx: &CallContext, key: String, request: String) -> Result<()> {
        let mut state = self.fair()?;
        let output = cx.attempt.as_ref().map(|attempt| attempt.output.clone());
        state.take(request.len())?;
        let ends_well = state.ends_well;
        let new = Work { request: Some(request.clone()), output, ends_well, looks: 0, cancelled: false };
        let work = state.works.entry(key).or_insert(new);
        match &work.request {
            Some(known) if *known != request => {
                Err(Error::Conflict("this token started another piece of work before; start the same again".into()))
            }
            _ => Ok(()),
        }
    }

    /// How far it is; a look takes it further, and its end leaves its results.
    pub(super) fn look(&self, key: &str) -> Result<Stand> {
        let mut state = self.fair()?;
        let work = work(&mut state, key)?;
        work.looks = work.looks.saturating_add(1);
        let (stand, output) = (work.stand(), work.output.clone());
        if let (Stand::Well, Some(output)) = (stand, output) {
            for (name, body) in [("result/part-00000.csv", RESULT), ("result/_SUCCESS", "")] {
                state.objects.insert(output.join(name)?, Bytes::from_static(body.as_bytes()));
            }
        }
        Ok(stand)
    }

    /// A line of what it printed, once it runs.
    pub(super) fn line(&self, key: &str, after: u64) -> Result<LogChunk> {
        let mut state = self.fair()?;
        let stand = work(&mut state, key)?.stand();
        let printed = if stand == Stand::Queued { "" } else { PRINTED };
        let at = usize::try_from(after).unwrap_or(usize::MAX).min(printed.len());
        let rest = printed.get(at..).unwrap_or_default();
        let text = rest.split_inclusive('\n').next().unwrap_or_default().to_owned();
        let next = at + text.len();
        let ended = !matches!(stand, Stand::Queued | Stand::Running);
        Ok(LogChunk { end: ended && next == printed.len(), text, next: next as u64, dropped: 0 })
    }

    /// Ends it. What was never started, never will be; what has ended stays as it is.
    pub(super) fn call_off(&self, key: String) -> Result<()> {
        let mut state = self.fair()?;
        let never = Work { request: None, output: None, ends_well: false, looks: 0, cancelled: false };
        let work = state.works.entry(key).or_insert(never);
        work.cancelled |= !matches!(work.stand(), Stand::Well | Stand::Ill);
        Ok(())
    }
}

fn work<'a>(state: &'a mut State, key: &str) -> Result<&'a mut Work> {
    state.works.get_mut(key).ok_or_else(|| Error::NotFound(format!("nothing was started as `{key}`")))
}
