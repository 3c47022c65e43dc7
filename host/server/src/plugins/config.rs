//! What the configuration says about a framework's plugin.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
    time::Duration,
};

use enginehouse_capabilities::{self as capabilities, Interface, ObjectUri};
use enginehouse_runtime as runtime;
use serde::Deserialize;

/// What a plugin is granted. An interface that is named here is granted, or with `false` never; one that is not is granted where
/// the operator does so at its activation. A bundled plugin has what it asks for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Grants {
    /// The code generation agent.
    pub codegen: Option<Codegen>,
    /// The object store, within each attempt.
    pub objects: Option<Objects>,
    /// Databases of the catalog.
    pub catalog: Option<Names>,
    /// Targets of functions.
    pub functions: Option<Names>,
    /// Targets of batches.
    pub batches: Option<Names>,
    /// Servers of tools.
    pub tools: Option<Names>,
    /// Engines on this machine.
    pub processes: Option<Names>,
    /// Calls of all of these together in a minute; none: any number.
    pub calls_per_minute: Option<NonZeroU32>,
}

/// `true`, `false`, or the names that are granted.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Names {
    /// All of them, or none.
    Whole(bool),
    /// These alone.
    Named(BTreeSet<String>),
}

/// `true`, `false`, or prefixes.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Objects {
    /// All that an attempt may touch, or nothing.
    Whole(bool),
    /// Of that, what lies under these.
    Within(Prefixes),
}

/// Prefixes, as `s3://bucket/prefix/`; none: all that an attempt may touch.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Prefixes {
    /// What may be read.
    pub read: Option<Vec<String>>,
    /// What may be written.
    pub write: Option<Vec<String>>,
}

/// `true`, `false`, or a budget.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Codegen {
    /// As much as it asks for, or nothing.
    Whole(bool),
    /// With a budget.
    Within(Budget),
}

/// What a plugin may use of the model.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Budget {
    /// Tokens, read and written, over all its runs of 24 hours.
    pub tokens_per_day: u64,
}

/// What each call of a plugin may use.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// Its memory, in MiB; at most 1024.
    pub memory_mib: usize,
    /// Its own computing, in milliseconds, in steps of 10.
    pub compute_ms: u64,
    /// The whole call, in milliseconds.
    pub wall_clock_ms: u64,
    /// What it may hand over in one go, in MiB.
    pub handover_mib: usize,
    /// Calls at the same time.
    pub concurrent_calls: usize,
    /// Calls that wait for their turn.
    pub waiting_calls: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let limits = runtime::Limits::default();
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            memory_mib: limits.memory >> 20,
            compute_ms: ms(limits.compute),
            wall_clock_ms: ms(limits.wall_clock),
            handover_mib: limits.hostcall_bytes >> 20,
            concurrent_calls: limits.concurrent_calls,
            waiting_calls: limits.waiting_calls,
        }
    }
}

impl Limits {
    /// As the runtime takes them.
    pub(super) fn for_runtime(&self) -> runtime::Limits {
        runtime::Limits {
            memory: self.memory_mib << 20,
            compute: Duration::from_millis(self.compute_ms),
            wall_clock: Duration::from_millis(self.wall_clock_ms),
            hostcall_bytes: self.handover_mib << 20,
            concurrent_calls: self.concurrent_calls,
            waiting_calls: self.waiting_calls,
            ..runtime::Limits::default()
        }
    }
}

impl Grants {
    /// What it may read of what its attempts may; none: all of that.
    ///
    /// # Errors
    /// For a prefix that is none.
    pub(crate) fn readable(&self) -> Result<Option<Vec<ObjectUri>>, capabilities::Error> {
        self.prefixes().read.map(|read| read.iter().map(|uri| uri.parse()).collect()).transpose()
    }

    /// What is wrong in it: the setting below `grants`, and why.
    pub(crate) fn wrong(&self) -> Option<(&'static str, String)> {
        let prefixes = self.prefixes();
        let uris = |uris: &Option<Vec<String>>| {
            uris.iter().flatten().find_map(|uri| uri.parse::<ObjectUri>().err()).map(|error| error.to_string())
        };
        let read = uris(&prefixes.read).map(|error| ("objects.read", error));
        read.or_else(|| uris(&prefixes.write).map(|error| ("objects.write", error)))
    }

    /// The most tokens of a day, where there is a most.
    pub(crate) fn tokens_per_day(&self) -> Option<u64> {
        match &self.codegen {
            Some(Codegen::Within(budget)) => Some(budget.tokens_per_day),
            _ => None,
        }
    }

    /// The grants of a plugin to which the operator granted these interfaces at its activation.
    pub(super) fn with(&self, at_activation: &BTreeSet<Interface>) -> capabilities::Grants {
        let prefixes = self.prefixes();
        let uris = |uris: Option<Vec<String>>| {
            uris.map(|uris| uris.iter().filter_map(|uri| uri.parse().ok()).collect::<Vec<ObjectUri>>())
        };
        let interfaces = Interface::ALL
            .into_iter()
            .filter(|interface| self.says(*interface).unwrap_or_else(|| at_activation.contains(interface)));
        capabilities::Grants {
            interfaces: interfaces.collect(),
            read: uris(prefixes.read),
            write: uris(prefixes.write),
            names: self.names().collect(),
            calls_per_minute: self.calls_per_minute,
        }
    }

    /// Whether it grants an interface; none where it says nothing.
    pub(super) fn says(&self, interface: Interface) -> Option<bool> {
        let names = |names: &Option<Names>| names.as_ref().map(|names| !matches!(names, Names::Whole(false)));
        match interface {
            Interface::Codegen => self.codegen.as_ref().map(|codegen| !matches!(codegen, Codegen::Whole(false))),
            Interface::Objects => self.objects.as_ref().map(|objects| !matches!(objects, Objects::Whole(false))),
            Interface::Catalog => names(&self.catalog),
            Interface::Functions => names(&self.functions),
            Interface::Batches => names(&self.batches),
            Interface::Tools => names(&self.tools),
            Interface::Processes => names(&self.processes),
        }
    }

    fn names(&self) -> impl Iterator<Item = (Interface, BTreeSet<String>)> {
        let all = [
            (Interface::Catalog, &self.catalog),
            (Interface::Functions, &self.functions),
            (Interface::Batches, &self.batches),
            (Interface::Tools, &self.tools),
            (Interface::Processes, &self.processes),
        ];
        all.into_iter().filter_map(|(interface, names)| match names {
            // The catalog compares names in lower case.
            Some(Names::Named(names)) if interface == Interface::Catalog => {
                Some((interface, names.iter().map(|name| name.to_lowercase()).collect()))
            }
            Some(Names::Named(names)) => Some((interface, names.clone())),
            _ => None,
        })
    }

    fn prefixes(&self) -> Prefixes {
        match &self.objects {
            Some(Objects::Within(prefixes)) => prefixes.clone(),
            _ => Prefixes::default(),
        }
    }
}

/// The budgets of the model by framework, where there are any.
pub(crate) fn token_budgets(frameworks: &BTreeMap<String, crate::config::Framework>) -> BTreeMap<String, u64> {
    let budget = |(name, framework): (&String, &crate::config::Framework)| {
        Some((name.clone(), framework.grants.tokens_per_day()?))
    };
    frameworks.iter().filter_map(budget).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(toml: &str) -> Grants {
        toml::from_str(toml).unwrap()
    }

    #[test]
    fn the_configuration_grants_denies_and_narrows() {
        let asked = [Interface::Catalog, Interface::Processes].into();
        let given = grants("objects = true\nprocesses = false\ncatalog = [\"Sales\"]").with(&asked);
        assert_eq!(given.interfaces, [Interface::Objects, Interface::Catalog].into());
        assert_eq!(given.narrowed(Interface::Catalog), Some(&["sales".to_owned()].into()));
        assert_eq!(Grants::default().with(&asked).interfaces, asked);
    }

    #[test]
    fn prefixes_and_budgets_are_read() {
        let given =
            grants("objects = { read = [\"s3://lake/in/\"] }\ncodegen = { tokens-per-day = 9 }\ncalls-per-minute = 60");
        assert_eq!(given.tokens_per_day(), Some(9));
        let given = given.with(&BTreeSet::new());
        assert_eq!(given.read, Some(vec!["s3://lake/in/".parse().unwrap()]));
        assert_eq!(given.write, None);
        assert_eq!(given.interfaces, [Interface::Codegen, Interface::Objects].into());
    }

    #[test]
    fn what_is_no_grant_is_refused() {
        assert!(toml::from_str::<Grants>("network = true").is_err());
        assert!(toml::from_str::<Grants>("objects = { reed = [] }").is_err());
        assert!(toml::from_str::<Grants>("calls-per-minute = 0").is_err());
        assert_eq!(grants("objects = { write = [\"/etc\"] }").wrong().unwrap().0, "objects.write");
    }
}
