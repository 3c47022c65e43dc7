//! What running programs on this machine needs.

use std::path::Path;

use super::{
    EnginesRoot,
    machine::{self, Package},
};

/// One thing that running programs here needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at: `sandbox`, `java`, `python`, `disk`, `engine spark`.
    pub name: String,
    /// Whether it will do.
    pub ok: bool,
    /// What was found, in words.
    pub detail: String,
    /// The command that mends it, where there is one.
    pub mend: Option<String>,
}

/// An engine and its programs need about this much.
const ROOM: u64 = 4 << 30;

pub(super) fn examine(root: &EnginesRoot) -> Vec<Check> {
    let command = |package| Some(format!("sudo {}", machine::install_command(package).join(" ")));
    let check = |name: &str, found: Result<String, String>, mend: Option<String>| Check {
        name: name.to_owned(),
        ok: found.is_ok(),
        mend: mend.filter(|_| found.is_err()),
        detail: found.unwrap_or_else(|missing| missing),
    };
    let missing = |package: Package| format!("{} was not found", package.title());
    let java = machine::java().map(|java| format!("Java {} in {}", java.version, java.home.display()));
    let python = machine::python().map(|python| format!("Python {}, {}", python.version, python.executable.display()));
    let mut checks = vec![
        check("sandbox", machine::bubblewrap_works(), machine::bubblewrap_mend()),
        check("python", python.ok_or_else(|| missing(Package::Python)), command(Package::Python)),
        check("java", java.ok_or_else(|| missing(Package::Java)), command(Package::Java)),
        check("disk", room(root.path()), None),
    ];
    for engine in root.engines() {
        let found = root.installed(&engine.name).map(|ready| ready.version).map_err(|error| error.to_string());
        let mend = Some(format!("enginehouse engines install {}", engine.name));
        checks.push(check(&format!("engine {}", engine.name), found, mend));
    }
    checks
}

fn room(path: &Path) -> Result<String, String> {
    let existing = path.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let space = rustix::fs::statvfs(existing).map_err(|error| format!("{}: {error}", existing.display()))?;
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let said = format!("{} MiB free in {}", free >> 20, existing.display());
    if free < ROOM { Err(format!("{said}, at least {} are needed", ROOM >> 20)) } else { Ok(said) }
}
