//! Which of several addresses of one cluster to ask: the one that answered last, and one that did not only now and then.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long an address that did not answer is left alone.
const PAUSE: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Health {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The one that answered last.
    first: usize,
    /// When each failed, or was let be tried again since.
    failed: Vec<Option<Instant>>,
    /// When each answered last.
    answered: Vec<Option<Instant>>,
}

impl Health {
    pub(super) fn new(addresses: usize) -> Self {
        Self { state: Mutex::new(State { first: 0, failed: vec![None; addresses], answered: vec![None; addresses] }) }
    }

    /// All of them, in the order in which they are to be tried.
    pub(super) fn order(&self) -> Vec<usize> {
        self.with(|state| {
            let mut order: Vec<usize> = (0..state.failed.len()).collect();
            order.sort_by_key(|at| (state.failed.get(*at).is_some_and(Option::is_some), *at != state.first));
            order
        })
    }

    /// Whether this one may be tried now. Of those who ask after its pause, one may: the others see what it finds out.
    pub(super) fn may_try(&self, at: usize) -> bool {
        self.with(|state| match state.failed.get_mut(at) {
            Some(Some(failed)) if failed.elapsed() < PAUSE => false,
            Some(Some(failed)) => {
                *failed = Instant::now();
                true
            }
            _ => true,
        })
    }

    pub(super) fn answered(&self, at: usize) {
        self.with(|state| {
            state.first = at;
            state.failed.iter_mut().skip(at).take(1).for_each(|failed| *failed = None);
            state.answered.iter_mut().skip(at).take(1).for_each(|answered| *answered = Some(Instant::now()));
        });
    }

    /// It did not answer what it was asked at this time. That says nothing of it where it has answered others since.
    pub(super) fn failed(&self, at: usize, asked: Instant) {
        self.with(|state| {
            if state.answered.get(at).copied().flatten().is_none_or(|answered| answered < asked) {
                state.failed.iter_mut().skip(at).take(1).for_each(|failed| *failed = Some(Instant::now()));
            }
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_answered_last_is_asked_first_and_one_that_failed_last() {
        let health = Health::new(3);
        assert_eq!(health.order(), [0, 1, 2]);
        health.failed(0, Instant::now());
        health.answered(2);
        assert_eq!(health.order(), [2, 1, 0]);
        assert!(!health.may_try(0) && health.may_try(1));
    }

    #[test]
    fn one_that_answers_others_is_no_worse_for_one_slow_answer() {
        let health = Health::new(1);
        let asked = Instant::now();
        health.answered(0);
        health.failed(0, asked);
        assert!(health.may_try(0));
        health.failed(0, Instant::now());
        assert!(!health.may_try(0));
    }

    #[test]
    fn after_the_pause_one_of_those_who_ask_may_try() {
        let health = Health::new(1);
        health.failed(0, Instant::now());
        assert!(!health.may_try(0));
        health.with(|state| state.failed[0] = Instant::now().checked_sub(PAUSE));
        assert_eq!([health.may_try(0), health.may_try(0)], [true, false]);
        health.answered(0);
        assert_eq!([health.may_try(0), health.may_try(0)], [true, true]);
    }
}
