//! What the machine has: Python, Java, bubblewrap, and a way to install what is missing.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::Error;

/// The sandbox's executable.
pub(crate) const SANDBOX: &str = "bwrap";

/// A Python that can make virtual environments.
#[derive(Debug, Clone)]
pub(crate) struct Python {
    pub(crate) executable: PathBuf,
    /// Where it is installed: mounted into sandboxes.
    pub(crate) prefix: PathBuf,
    pub(crate) version: String,
}

/// A Java runtime.
#[derive(Debug, Clone)]
pub(crate) struct Java {
    pub(crate) home: PathBuf,
    pub(crate) version: String,
}

impl Java {
    /// Folders under `/etc` that the runtime's own files link to; distributions keep its settings there.
    pub(crate) fn settings(&self) -> Vec<PathBuf> {
        let mut found = std::collections::BTreeSet::new();
        let mut folders = vec![self.home.join("conf"), self.home.join("lib")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                match std::fs::read_link(&path) {
                    Ok(target) => {
                        let own = target.components().nth(2).is_some_and(|part| {
                            target.starts_with("/etc") && part.as_os_str().to_string_lossy().starts_with("java")
                        });
                        if own {
                            found.insert(target.components().take(3).collect::<PathBuf>());
                        }
                    }
                    Err(_) if path.is_dir() => folders.push(path),
                    Err(_) => {}
                }
            }
        }
        found.into_iter().collect()
    }
}

/// The first Python of at least 3.11 that can make environments; one under `/usr` is preferred, every user can read it.
pub(crate) fn python() -> Option<Python> {
    const ASK: &str = "import sys, venv, ensurepip; assert sys.version_info >= (3, 11); \
                       print(sys.base_prefix); print('.'.join(map(str, sys.version_info[:3])))";
    let names = ["/usr/bin/python3", "/usr/local/bin/python3", "python3", "python3.13", "python3.12", "python3.11"];
    names.iter().find_map(|name| {
        let said = output(Command::new(name).args(["-I", "-c", ASK]))?;
        let mut lines = said.lines();
        let (prefix, version) = (lines.next()?.into(), lines.next()?.to_owned());
        let which = Command::new(name).args(["-I", "-c", "import sys; print(sys.executable)"]).output().ok()?;
        let executable = String::from_utf8(which.stdout).ok()?.trim().into();
        Some(Python { executable, prefix, version })
    })
}

/// The first Java of at least 17: the one on the search path, else those under `/usr/lib/jvm`.
pub(crate) fn java() -> Option<Java> {
    let installed = std::fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten();
    let mut named: Vec<PathBuf> = installed.map(|entry| entry.path().join("bin/java")).collect();
    named.sort();
    std::iter::once(PathBuf::from("java")).chain(named).find_map(|name| {
        let asked = Command::new(name).args(["-XshowSettings:properties", "-version"]).output().ok()?;
        let said = String::from_utf8_lossy(&asked.stderr).into_owned();
        let property = |name: &str| {
            said.lines().find_map(|line| line.trim().strip_prefix(name)?.trim().strip_prefix('=').map(str::trim))
        };
        let (home, version) = (property("java.home")?, property("java.version")?);
        let major: u32 = version.split(['.', '-', '+']).next()?.parse().ok()?;
        (major >= 17).then(|| Java { home: home.into(), version: version.to_owned() })
    })
}

/// Whether the sandbox starts at all: it may be missing, or the system may forbid its namespaces.
///
/// # Errors
/// What it said, in words.
pub(crate) fn bubblewrap_works() -> Result<String, String> {
    let Some(version) = output(Command::new(SANDBOX).arg("--version")) else {
        return Err("bubblewrap is not installed".into());
    };
    let tried = Command::new(SANDBOX)
        .args(crate::processes::isolation())
        .args(["--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"])
        .args(["--", "/usr/bin/true"])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if tried.status.success() {
        Ok(version.trim().to_owned())
    } else {
        Err(format!("{} cannot start a sandbox: {}", version.trim(), String::from_utf8_lossy(&tried.stderr).trim()))
    }
}

/// Whether a program answers at all.
pub(crate) fn is_installed(program: &str) -> bool {
    output(Command::new(program).arg("--version")).is_some()
}

/// The command that makes [`bubblewrap_works`] succeed, where there is one.
pub(crate) fn bubblewrap_mend() -> Option<String> {
    if !is_installed(SANDBOX) {
        return Some(format!("sudo {}", install_command(Package::Bubblewrap).join(" ")));
    }
    // Settings by which distributions forbid normal users a namespace, and the value that does.
    let switches =
        [("kernel.apparmor_restrict_unprivileged_userns", "1", "0"), ("kernel.unprivileged_userns_clone", "0", "1")];
    let mut forbidding = switches.iter().filter(|(name, forbids, _)| {
        let file = Path::new("/proc/sys").join(name.replace('.', "/"));
        std::fs::read_to_string(file).is_ok_and(|value| value.trim() == *forbids)
    });
    forbidding.next().map(|(name, _, allows)| format!("sudo sysctl -w {name}={allows}"))
}

/// What engines need from the system's own packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Package {
    Bubblewrap,
    Java,
    Python,
}

impl Package {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Bubblewrap => "bubblewrap, the sandbox,",
            Self::Java => "a Java runtime of at least 17",
            Self::Python => "a Python of at least 3.11 with the venv module",
        }
    }
}

/// The command that installs a package here, as arguments; `apt-get` where no package manager is found.
pub(crate) fn install_command(package: Package) -> Vec<&'static str> {
    let present = |name: &str| ["/usr/bin", "/sbin", "/usr/sbin"].iter().any(|dir| Path::new(dir).join(name).exists());
    let (prefix, name): (&[&str], &str) = if !present("apt-get") && present("dnf") {
        let name = match package {
            Package::Bubblewrap => "bubblewrap",
            Package::Java => "java-21-openjdk-headless",
            Package::Python => "python3",
        };
        (&["dnf", "install", "-y"], name)
    } else if !present("apt-get") && present("apk") {
        let name = match package {
            Package::Bubblewrap => "bubblewrap",
            Package::Java => "openjdk21-jre-headless",
            Package::Python => "python3",
        };
        (&["apk", "add"], name)
    } else {
        let name = match package {
            Package::Bubblewrap => "bubblewrap",
            Package::Java => "default-jre-headless",
            Package::Python => "python3-venv",
        };
        (&["apt-get", "install", "-y"], name)
    };
    prefix.iter().copied().chain([name]).collect()
}

/// Installs a package where we may; else says how.
pub(crate) fn install_package(package: Package, progress: &dyn Fn(&str)) -> Result<(), Error> {
    let command = install_command(package);
    let missing = || Error::Missing { what: package.title().to_owned(), mend: format!("sudo {}", command.join(" ")) };
    if !rustix::process::geteuid().is_root() {
        return Err(missing());
    }
    progress(&format!("installing {} ({})", package.title(), command.join(" ")));
    let tried = run(&command);
    if tried.is_err() && command.first() == Some(&"apt-get") {
        // A fresh image has no package lists.
        run(&["apt-get", "update"])?;
        return run(&command).map_err(|_| missing());
    }
    tried.map_err(|_| missing())
}

fn run(command: &[&str]) -> Result<(), Error> {
    let Some((program, arguments)) = command.split_first() else { return Ok(()) };
    checked(Command::new(program).args(arguments).env("DEBIAN_FRONTEND", "noninteractive"), program).map(drop)
}

/// Runs a command to its end; its error carries the last lines of what it said.
pub(crate) fn checked(command: &mut Command, what: &str) -> Result<String, Error> {
    let failed = |detail: String| Error::Failed { what: what.to_owned(), detail };
    let ended = command.stdin(Stdio::null()).output().map_err(|error| failed(error.to_string()))?;
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    if ended.status.success() {
        return Ok(said);
    }
    let all = format!("{said}\n{}", String::from_utf8_lossy(&ended.stderr));
    let lines: Vec<&str> = all.lines().filter(|line| !line.trim().is_empty()).collect();
    let tail = lines.iter().skip(lines.len().saturating_sub(8)).copied().collect::<Vec<_>>().join("\n");
    Err(failed(format!("{}\n{tail}", ended.status)))
}

fn output(command: &mut Command) -> Option<String> {
    let ended = command.stdin(Stdio::null()).output().ok()?;
    ended.status.success().then(|| String::from_utf8_lossy(&ended.stdout).into_owned())
}
