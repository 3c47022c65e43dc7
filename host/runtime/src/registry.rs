//! The generations of each framework's plugin.

use std::{
    collections::BTreeMap,
    ops::Deref,
    sync::{Arc, Weak},
};

use arc_swap::ArcSwap;

use crate::Plugin;

/// A plugin as it was activated once. It stays in memory for as long as somebody holds it: the registry the one that serves, a
/// call the one it began with, a run the one it is pinned to.
#[derive(Debug)]
pub struct Generation {
    number: u32,
    plugin: Arc<Plugin>,
}

impl Generation {
    /// The plugin that serves its framework under this number.
    pub fn new(number: u32, plugin: Plugin) -> Self {
        Self { number, plugin: Arc::new(plugin) }
    }

    /// The same plugin, activated anew.
    pub fn again(&self, number: u32) -> Self {
        Self { number, plugin: Arc::clone(&self.plugin) }
    }

    /// Counts the activations of its framework, from 0.
    pub fn number(&self) -> u32 {
        self.number
    }
}

impl Deref for Generation {
    type Target = Plugin;

    fn deref(&self) -> &Plugin {
        &self.plugin
    }
}

/// Which generation serves each framework, and which others are still in use. A reader takes one pointer and is never in the
/// way of a change; changes are made by one task at a time.
#[derive(Debug, Default)]
pub struct Registry {
    slots: ArcSwap<BTreeMap<String, Slot>>,
}

#[derive(Debug, Clone, Default)]
struct Slot {
    serving: Option<Arc<Generation>>,
    /// Those that served before, or were taken up for a run, while anybody holds them.
    others: Vec<Weak<Generation>>,
}

impl Registry {
    /// The generation that serves a framework. Who calls keeps it to the end of what they do.
    pub fn get(&self, framework: &str) -> Option<Arc<Generation>> {
        self.slots.load().get(framework)?.serving.clone()
    }

    /// All that serve, by framework.
    pub fn serving(&self) -> Vec<Arc<Generation>> {
        self.slots.load().values().filter_map(|slot| slot.serving.clone()).collect()
    }

    /// A generation that is in memory, whether it serves or not.
    pub fn find(&self, framework: &str, number: u32) -> Option<Arc<Generation>> {
        let slots = self.slots.load();
        let slot = slots.get(framework)?;
        let serving = slot.serving.iter().find(|generation| generation.number == number).cloned();
        serving.or_else(|| slot.alive().find(|generation| generation.number == number))
    }

    /// The generations of a framework that do not serve and are in use.
    pub fn others(&self, framework: &str) -> Vec<Arc<Generation>> {
        let slots = self.slots.load();
        let Some(slot) = slots.get(framework) else { return Vec::new() };
        let serving = slot.serving.as_ref().map(|serving| serving.number);
        slot.alive().filter(|other| Some(other.number) != serving).collect()
    }

    /// Lets a generation serve its framework: whoever asks from now on gets it. The one that served before goes on for those who
    /// hold it.
    pub fn activate(&self, generation: &Arc<Generation>) {
        self.change(generation, |slot| {
            let before = slot.serving.replace(Arc::clone(generation));
            slot.others.extend(before.iter().map(Arc::downgrade));
        });
    }

    /// Makes a generation known that serves only those who hold it.
    pub fn keep(&self, generation: &Arc<Generation>) {
        self.change(generation, |slot| slot.others.push(Arc::downgrade(generation)));
    }

    fn change(&self, generation: &Generation, change: impl Fn(&mut Slot)) {
        self.slots.rcu(|slots| {
            let mut slots = BTreeMap::clone(slots);
            let slot = slots.entry(generation.describe().framework.clone()).or_default();
            slot.others.retain(|other| other.strong_count() > 0);
            change(slot);
            slots
        });
    }
}

impl Slot {
    fn alive(&self) -> impl Iterator<Item = Arc<Generation>> {
        self.others.iter().filter_map(Weak::upgrade)
    }
}
