//! Who is next: sessions take turns, so that one with a thousand runs does not keep another waiting.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use uuid::Uuid;

/// Runs that are ready for a step. Within a session the first is served first.
#[derive(Debug, Default)]
pub(super) struct Fair {
    /// Sessions with runs, the next one first. Each stands here once.
    turns: VecDeque<Arc<str>>,
    runs: HashMap<Arc<str>, VecDeque<(Uuid, Instant)>>,
    waiting: usize,
}

impl Fair {
    pub(super) fn push(&mut self, session: &Arc<str>, run: Uuid) {
        self.waiting += 1;
        let run = (run, Instant::now());
        match self.runs.get_mut(session) {
            Some(runs) => runs.push_back(run),
            None => {
                self.turns.push_back(Arc::clone(session));
                self.runs.insert(Arc::clone(session), VecDeque::from([run]));
            }
        }
    }

    /// The next run, and how long it has waited.
    pub(super) fn pop(&mut self) -> Option<(Uuid, Duration)> {
        let session = self.turns.pop_front()?;
        let runs = self.runs.get_mut(&session)?;
        let (run, since) = runs.pop_front()?;
        self.waiting -= 1;
        if runs.is_empty() {
            self.runs.remove(&session);
        } else {
            self.turns.push_back(session);
        }
        Some((run, since.elapsed()))
    }

    /// How many are ready.
    pub(super) fn len(&self) -> usize {
        self.waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_take_turns_and_runs_keep_their_order() {
        let mut fair = Fair::default();
        let (a, b): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
        for number in 0..3 {
            fair.push(&a, Uuid::from_u128(number));
        }
        fair.push(&b, Uuid::from_u128(10));
        let order: Vec<u128> = std::iter::from_fn(|| fair.pop()).map(|(run, _)| run.as_u128()).collect();
        assert_eq!(order, [0, 10, 1, 2]);
        fair.push(&b, Uuid::from_u128(11));
        assert_eq!(fair.len(), 1);
        assert_eq!(fair.pop().map(|(run, _)| run), Some(Uuid::from_u128(11)));
        assert_eq!((fair.pop(), fair.len()), (None, 0));
    }
}
