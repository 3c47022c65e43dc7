//! What holds at one place of the program, and how the ends of branches are made one.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::value::Value;

/// Where a value is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Place<'a> {
    /// A name in an environment.
    Name(usize, &'a str),
    /// An attribute of an object.
    Attribute(usize, &'a str),
    /// What a list or a dict holds.
    Held(usize),
    /// A view in SQL.
    View(Rc<str>),
}

/// The places that one way through the program has changed, with what they hold at its end.
pub(super) type Way<'a> = FxHashMap<Place<'a>, Value<'a>>;

/// All places, and how to go back.
#[derive(Debug, Default)]
pub(super) struct State<'a> {
    places: FxHashMap<Place<'a>, Value<'a>>,
    /// What places held before.
    journal: Vec<(Place<'a>, Option<Value<'a>>)>,
    /// Names that were bound more than once.
    again: FxHashSet<(usize, &'a str)>,
    /// All that was changed, on whichever way; kept where somebody asks for it.
    pub(super) touched: Option<FxHashSet<Place<'a>>>,
}

impl<'a> State<'a> {
    pub(super) fn get(&self, place: &Place<'a>) -> Option<&Value<'a>> {
        self.places.get(place)
    }

    pub(super) fn named(&self, environment: usize, name: &'a str) -> Option<&Value<'a>> {
        self.places.get(&Place::Name(environment, name))
    }

    /// Whether a name has stood for something else before.
    pub(super) fn was_other(&self, environment: usize, name: &'a str) -> bool {
        self.again.contains(&(environment, name))
    }

    pub(super) fn set(&mut self, place: Place<'a>, value: Value<'a>) {
        if let Some(touched) = &mut self.touched {
            touched.insert(place.clone());
        }
        let before = self.places.insert(place.clone(), value);
        if let (Place::Name(environment, name), Some(_)) = (&place, &before) {
            self.again.insert((*environment, name));
        }
        self.journal.push((place, before));
    }

    /// Where the journal stands.
    pub(super) fn mark(&self) -> usize {
        self.journal.len()
    }

    /// What was changed since a mark, of the places that are wanted.
    pub(super) fn since(&self, mark: usize, wanted: impl Fn(&Place<'a>) -> bool) -> Way<'a> {
        let changed = self.journal.iter().skip(mark).filter(|(place, _)| wanted(place));
        changed.filter_map(|(place, _)| Some((place.clone(), self.places.get(place)?.clone()))).collect()
    }

    /// Goes back to a mark, and answers what was changed since.
    pub(super) fn back(&mut self, mark: usize) -> Way<'a> {
        let way = self.since(mark, |_| true);
        self.undo(mark);
        way
    }

    /// Goes back to a mark.
    pub(super) fn undo(&mut self, mark: usize) {
        while self.journal.len() > mark {
            let Some((place, before)) = self.journal.pop() else { break };
            match before {
                Some(before) => drop(self.places.insert(place, before)),
                None => drop(self.places.remove(&place)),
            }
        }
    }

    /// Goes on from the ends of several ways that began here. A place that a way did not know is as the others have it.
    /// Where it is doubtful which way was taken, what they do not agree on tells which.
    pub(super) fn merge(&mut self, ways: &[Way<'a>], doubt: bool) {
        let mut places: Vec<&Place<'a>> = Vec::new();
        let mut seen = FxHashSet::default();
        for place in ways.iter().flat_map(|way| way.keys()) {
            if seen.insert(place) {
                places.push(place);
            }
        }
        for place in places {
            let before = self.places.get(place);
            let ends = ways.iter().filter_map(|way| way.get(place).or(before).cloned());
            match ends.reduce(Value::or) {
                Some(Value::Unknown | Value::Plain) if doubt => self.set(place.clone(), Value::Doubt),
                Some(value) => self.set(place.clone(), value),
                None => {}
            }
        }
    }
}
