//! What a plugin is granted: told by the operator, never by the plugin.

use std::{collections::BTreeSet, fmt};

use crate::{Error, ObjectUri, Result};

/// An interface of the contract that a plugin gets only where it is granted. The settings and the journal are everybody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interface {
    /// The code generation agent.
    Codegen,
    /// The object store.
    Objects,
    /// The table catalog.
    Catalog,
    /// Functions that answer within minutes.
    Functions,
    /// Batches on a managed service.
    Batches,
    /// Tools behind a gateway.
    Tools,
    /// Engines on this machine.
    Processes,
}

impl Interface {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Codegen, Self::Objects, Self::Catalog, Self::Functions, Self::Batches, Self::Tools, Self::Processes];

    /// As the contract and the configuration name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Codegen => "codegen",
            Self::Objects => "objects",
            Self::Catalog => "catalog",
            Self::Functions => "functions",
            Self::Batches => "batches",
            Self::Tools => "tools",
            Self::Processes => "processes",
        }
    }

    /// Several, as the command line takes them: `objects,processes`.
    pub fn listed<'a>(interfaces: impl IntoIterator<Item = &'a Self>) -> String {
        interfaces.into_iter().map(|interface| interface.as_str()).collect::<Vec<_>>().join(",")
    }

    /// The one with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|interface| interface.as_str() == name)
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What one plugin may use. What is not granted it cannot even import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// Those it may import.
    pub interfaces: BTreeSet<Interface>,
    /// What it may read of the object store, within each attempt; none: all that the attempt may.
    pub read: Option<Vec<ObjectUri>>,
    /// What it may write of the object store, within each attempt; none: all that the attempt may.
    pub write: Option<Vec<ObjectUri>>,
    /// Databases of the catalog, targets of functions, batches, tools and processes, by interface; one that is not here is not
    /// narrowed. Databases are in lower case.
    pub names: Vec<(Interface, BTreeSet<String>)>,
    /// Calls of all granted interfaces together in a minute; none: any number.
    pub calls_per_minute: Option<std::num::NonZeroU32>,
}

impl Grants {
    /// Everything, not narrowed.
    pub fn all() -> Self {
        Self { interfaces: Interface::ALL.into(), ..Self::default() }
    }

    /// Refuses a database or a target that is not among those that were granted. `function` and `framework` are for the text.
    ///
    /// # Errors
    /// [`Error::Denied`] with the setting's name.
    pub fn allow_name(&self, framework: &str, function: &str, interface: Interface, name: &str) -> Result<()> {
        match self.narrowed(interface) {
            Some(names) if !names.contains(name) => Err(Error::Denied(format!(
                "`{function}` on `{name}`: it is not among the setting `frameworks.{framework}.grants.{interface}`"
            ))),
            _ => Ok(()),
        }
    }

    /// The names that an interface is narrowed to; none where it is not.
    pub fn narrowed(&self, interface: Interface) -> Option<&BTreeSet<String>> {
        self.names.iter().find(|(of, _)| *of == interface).map(|(_, names)| names)
    }

    /// Refuses an object outside the granted prefixes.
    ///
    /// # Errors
    /// [`Error::Denied`] with the setting's name.
    pub fn allow_read(&self, framework: &str, function: &str, uri: &ObjectUri) -> Result<()> {
        within(self.read.as_deref(), framework, function, "read", uri)
    }

    /// The same for writing.
    ///
    /// # Errors
    /// [`Error::Denied`] with the setting's name.
    pub fn allow_write(&self, framework: &str, function: &str, uri: &ObjectUri) -> Result<()> {
        within(self.write.as_deref(), framework, function, "write", uri)
    }
}

fn within(granted: Option<&[ObjectUri]>, framework: &str, function: &str, way: &str, uri: &ObjectUri) -> Result<()> {
    match granted {
        Some(prefixes) if !prefixes.iter().any(|prefix| prefix.covers(uri)) => Err(Error::Denied(format!(
            "`{function}` on `{uri}`: it is outside the setting `frameworks.{framework}.grants.objects.{way}`"
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_narrowed_is_denied_outside_with_the_settings_name() {
        let uri = |text: &str| text.parse::<ObjectUri>().unwrap();
        let grants = Grants {
            read: Some(vec![uri("s3://lake/in/")]),
            write: Some(Vec::new()),
            names: vec![(Interface::Catalog, ["sales".to_owned()].into())],
            ..Grants::all()
        };
        grants.allow_read("x", "objects.read", &uri("s3://lake/in/a")).unwrap();
        let denied = grants.allow_read("x", "objects.read", &uri("s3://lake/into")).unwrap_err().to_string();
        assert!(denied.contains("frameworks.x.grants.objects.read"), "{denied}");
        assert!(grants.allow_write("x", "objects.write", &uri("s3://lake/in/a")).is_err());
        grants.allow_name("x", "catalog.table", Interface::Catalog, "sales").unwrap();
        assert!(grants.allow_name("x", "catalog.table", Interface::Catalog, "hr").is_err());
        grants.allow_name("x", "tools.call", Interface::Tools, "any").unwrap();
    }

    #[test]
    fn every_interface_is_found_by_its_name() {
        assert!(Interface::ALL.into_iter().all(|interface| Interface::named(interface.as_str()) == Some(interface)));
        assert_eq!(Interface::named("wasi"), None);
    }
}
