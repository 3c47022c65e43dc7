//! Which calls this process is making.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use parking_lot::Mutex;

/// The tokens of calls that tasks of this process make, each with how many tasks there are: of those with the same token, all but one
/// only find out that there is another. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Making(Arc<Mutex<BTreeMap<String, usize>>>);

/// A task, for as long as this is held: it says so however the task ends.
#[derive(Debug)]
pub(super) struct Made {
    making: Making,
    token: String,
}

impl Making {
    pub(super) fn begin(&self, token: &str) -> Made {
        *self.0.lock().entry(token.to_owned()).or_default() += 1;
        Made { making: self.clone(), token: token.to_owned() }
    }

    pub(super) fn has(&self, token: &str) -> bool {
        self.0.lock().contains_key(token)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if let Entry::Occupied(mut tasks) = self.making.0.lock().entry(std::mem::take(&mut self.token)) {
            match tasks.get() {
                0 | 1 => drop(tasks.remove()),
                more => *tasks.get_mut() = more - 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_made_until_the_last_of_its_tasks_has_ended() {
        let making = Making::default();
        let (first, second) = (making.begin("a"), making.begin("a"));
        assert!(making.has("a") && !making.has("b"));
        drop(second);
        assert!(making.has("a"));
        let fell_over = std::thread::spawn(move || {
            let _first = first;
            panic!("as a call may");
        });
        assert!(fell_over.join().is_err());
        assert!(!making.has("a"));
    }
}
