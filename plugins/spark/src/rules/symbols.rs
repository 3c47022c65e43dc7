//! The modules and classes of the pinned PySpark and what is in them; `symbols.py` writes the list.

use std::sync::LazyLock;

use enginehouse_pycheck::Star;
use rustc_hash::FxHashMap;

const LIST: &str = include_str!("symbols.txt");
/// The version that the list is of.
pub(crate) const VERSION: &str = "PySpark 4.3.0";

/// The list, by owner and name.
#[derive(Debug, Default)]
pub(super) struct Symbols {
    /// The class of what a member is or gives back; empty where that is none of the list.
    pub(super) members: FxHashMap<(&'static str, &'static str), &'static str>,
    pub(super) owners: Vec<&'static str>,
    /// Modules, the names that a star import of them gives, and those beside.
    modules: Vec<(&'static str, Vec<&'static str>, Vec<&'static str>)>,
}

/// All that is known of PySpark. It is read once.
pub(super) fn symbols() -> &'static Symbols {
    static SYMBOLS: LazyLock<Symbols> = LazyLock::new(read);
    &SYMBOLS
}

impl Symbols {
    /// What star imports of PySpark's modules give.
    pub(super) fn stars(&self) -> Vec<Star<'_>> {
        self.modules.iter().map(|(module, names, perhaps)| Star { module, names, perhaps }).collect()
    }
}

fn read() -> Symbols {
    let mut symbols = Symbols::default();
    for line in LIST.lines().filter(|line| !line.starts_with('#')) {
        let Some((owner, listed)) = line.split_once(": ") else { continue };
        let (mut names, mut perhaps) = (Vec::new(), Vec::new());
        for member in listed.split(' ') {
            let (beside, member) = member.strip_prefix('~').map_or((false, member), |member| (true, member));
            let (name, gives) = member.split_once('=').unwrap_or((member, ""));
            symbols.members.insert((owner, name), gives);
            if beside { &mut perhaps } else { &mut names }.push(name);
        }
        symbols.owners.push(owner);
        if owner.contains('.') {
            // Before 4.0 a star gave all that the functions' module holds; the others have always told what it gives.
            perhaps.retain(|_| owner == "pyspark.sql.functions");
            symbols.modules.push((owner, names, perhaps));
        }
    }
    symbols
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `symbols.py` says what to do.
    #[test]
    fn the_list_is_of_the_pinned_version() {
        let pinned = include_str!("../../../../host/local/assets/spark/requirements.txt");
        let pin = VERSION.to_lowercase().replace(' ', "==");
        assert!(pinned.contains(&pin), "the engine is pinned to another version: write `symbols.txt` again");
        assert_eq!(LIST.lines().next(), Some(format!("# {VERSION}").as_str()));
    }
}
