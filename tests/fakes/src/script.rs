//! What a fake is to say.

use std::collections::VecDeque;

/// Answers in their order. Where none is left, the last is said once more.
#[derive(Debug, Clone)]
pub struct Script<T> {
    queue: VecDeque<T>,
    last: Option<T>,
}

impl<T: Clone> Script<T> {
    /// One more at the end.
    pub fn push(&mut self, answer: T) {
        self.queue.push_back(answer);
    }

    /// This one alone from now on.
    pub fn set(&mut self, answer: T) {
        self.queue = VecDeque::from([answer]);
    }

    pub(crate) fn next(&mut self) -> T {
        self.last = self.queue.pop_front().or(self.last.take());
        self.last.clone().expect("the fake has something to say")
    }
}

impl<T> Default for Script<T> {
    fn default() -> Self {
        Self { queue: VecDeque::new(), last: None }
    }
}

impl<T> FromIterator<T> for Script<T> {
    fn from_iter<I: IntoIterator<Item = T>>(answers: I) -> Self {
        Self { queue: answers.into_iter().collect(), last: None }
    }
}
