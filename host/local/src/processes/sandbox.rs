//! The sandbox: what a program sees, as arguments for bubblewrap.
//!
//! A program sees the system's programs and libraries, its engine, its inputs, its output, and a folder of its own. No
//! network, no other processes, no host environment, no other file.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use super::{Folder, Setup};
use crate::engines::{Access, Needs, SANDBOX};

/// Which user a program runs as.
pub(super) mod sandbox_uid {
    use sha2::{Digest, Sha256};

    /// The user that a program believes to be where only its namespace has it.
    pub(crate) const INSIDE: u32 = 65534;

    /// A user of its own for each program where we are root, so that no other process on the machine shares it; none
    /// where we are not: a user namespace does the same then.
    pub(crate) fn of(name: &str) -> Option<u32> {
        rustix::process::geteuid().is_root().then(|| {
            let hash = Sha256::digest(name.as_bytes());
            let low = hash.iter().take(3).fold(0, |low, byte| (low << 8) | u32::from(*byte));
            // Above every range that distributions, containers and user namespaces hand out.
            let own = 0x7000_0000 | low;
            if is_mapped(own) { own } else { INSIDE }
        })
    }

    fn is_mapped(uid: u32) -> bool {
        let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        map.lines().any(|line| {
            let numbers: Vec<u32> = line.split_whitespace().filter_map(|part| part.parse().ok()).collect();
            matches!(numbers.as_slice(), [first, _, count] if uid >= *first && uid - first < *count)
        })
    }
}

/// How a sandbox is cut off from the machine, before anything is mounted.
///
/// As root, bubblewrap keeps just what it takes to become another user: dropping to that user first would lose it the
/// right to mount an engine below a private home folder. A normal user gets a user namespace.
pub(crate) fn isolation() -> Vec<&'static str> {
    let mut arguments = vec!["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "sandbox"];
    if rustix::process::geteuid().is_root() {
        arguments.extend(["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]);
        arguments.extend(["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"]);
    } else {
        arguments.extend(["--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534"]);
        arguments.extend(closes_namespaces().then_some("--disable-userns"));
    }
    arguments
}

/// Whether bubblewrap, from 0.8 on, can keep a program from making namespaces of its own: in one it could mount memory
/// that nobody counts, and reach more of the kernel than it needs.
fn closes_namespaces() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| {
        let help = Command::new(SANDBOX).arg("--help").stdin(Stdio::null()).output();
        help.is_ok_and(|help| String::from_utf8_lossy(&help.stdout).contains("--disable-userns"))
    })
}

/// What the runner is started as.
pub(super) const RUNNER: &str = "/opt/engine/venv/bin/python3";

/// Where a sandbox has our own executable, if it needs that.
pub(super) const SHIM: &str = "/opt/shim";

/// Written to a sandbox's standard input once it is up; without it nothing in there runs. A supervisor that ends before
/// bubblewrap is bound to its life would else leave a program behind that nobody watches.
pub(crate) const GO: &[u8] = b"\n";

/// The command that runs a program: its parent's end is its own. On its standard input it waits for [`GO`], and then for
/// a line with [`super::Task::hand_over`]; where it is started ahead, it answers with a line in between, once it could begin.
pub(crate) fn sandbox(folder: &Folder, setup: &Setup, environment: &[(&str, &str)]) -> Command {
    let mut arguments = Arguments::default();
    arguments.add(["--clearenv"]);
    system(&mut arguments, &setup.needs);
    let etc = folder.runner().join("etc");
    for name in ["passwd", "group", "hosts", "nsswitch.conf"] {
        arguments.mount("--ro-bind", &etc.join(name), &Path::new("/etc").join(name));
    }
    for settings in &setup.engine.java_settings {
        arguments.mount("--ro-bind", settings, settings);
    }
    for prefix in std::iter::once(&setup.engine.python).chain(&setup.engine.java) {
        if !prefix.starts_with("/usr") {
            arguments.mount("--ro-bind", prefix, prefix);
        }
    }
    arguments.mount("--ro-bind", &setup.engine.folder, Path::new("/opt/engine"));
    arguments.mount("--ro-bind", &folder.runner(), Path::new("/opt/runner"));
    if setup.needs.objects == Access::Endpoint {
        arguments.mount("--ro-bind", &setup.shim.program, Path::new(SHIM));
    }
    arguments.mount("--ro-bind", &folder.inputs(), Path::new("/in"));
    arguments.mount("--bind", &folder.outputs(), Path::new("/out"));
    arguments.mount("--bind", &folder.work(), Path::new("/work"));
    arguments.add(["--chdir", "/work"]);
    let own = [
        ("PATH", "/opt/engine/venv/bin:/usr/bin:/bin"),
        ("HOME", "/work"),
        ("TMPDIR", "/work"),
        ("LANG", "C.UTF-8"),
        ("TZ", "UTC"),
        ("PYTHONUNBUFFERED", "1"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
    ];
    for (name, value) in own.iter().chain(environment) {
        arguments.add(["--setenv", name, value]);
    }
    arguments.add(["--"]);
    if let Some(uid) = setup.uid {
        let id = uid.to_string();
        arguments.add(["setpriv", "--reuid", &id, "--regid", &id, "--clear-groups", "--no-new-privs"]);
        arguments.add(["--bounding-set=-all", "--inh-caps=-all"]);
        if closes_namespaces() {
            arguments.add([SANDBOX, "--unshare-user", "--disable-userns", "--uid", &id, "--gid", &id]);
            arguments.add(["--cap-drop", "ALL", "--dev-bind", "/", "/", "--"]);
        }
    }
    let limits = &setup.limits;
    arguments.add([
        "prlimit",
        "--core=0",
        "--nofile=8192",
        // A little above ours, which names the limit that ended the program.
        &format!("--nproc={}", setup.max_processes().saturating_add(64)),
        &format!("--fsize={}", limits.disk.saturating_add(1 << 20)),
        // One process alone, between two looks at the whole tree.
        &format!("--data={}", limits.memory.saturating_mul(2)),
    ]);
    arguments.add([RUNNER, "/opt/runner/run.py"]);

    let mut command = Command::new(SANDBOX);
    command.args(isolation()).args(arguments.0);
    // The first process of a sandbox can be asked for the environment it was started with.
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command
}

fn system(arguments: &mut Arguments, needs: &Needs) {
    arguments.add(["--perms", "0755", "--dir", "/etc", "--perms", "0755", "--dir", "/opt"]);
    arguments.add(["--ro-bind", "/usr", "/usr"]);
    for name in ["bin", "sbin", "lib", "lib32", "lib64"] {
        let path = Path::new("/").join(name);
        match std::fs::read_link(&path) {
            Ok(target) => {
                arguments.add([OsStr::new("--symlink"), target.as_os_str(), path.as_os_str()]);
            }
            Err(_) if path.is_dir() => arguments.mount("--ro-bind", &path, &path),
            Err(_) => {}
        }
    }
    arguments.add(["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--proc", "/proc", "--dev", "/dev"]);
    // Their pages belong to no process, so they are bounded by themselves.
    arguments.add(["--perms", "1777", "--size", &needs.shared_memory.to_string(), "--tmpfs", "/dev/shm"]);
    arguments.add(["--perms", "1777", "--size", "268435456", "--tmpfs", "/tmp"]);
}

#[derive(Default)]
struct Arguments(Vec<OsString>);

impl Arguments {
    fn add<T: AsRef<OsStr>>(&mut self, arguments: impl IntoIterator<Item = T>) {
        self.0.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
    }

    /// Mounts `from` at `to`. Folders on the way are made by bubblewrap for root alone, unless made before.
    fn mount(&mut self, how: &str, from: &Path, to: &Path) {
        let mut way: Vec<PathBuf> = to.ancestors().skip(1).map(Path::to_path_buf).collect();
        way.reverse();
        let fixed = ["/", "/etc", "/opt", "/usr"];
        for folder in way.iter().filter(|folder| !fixed.iter().any(|one| *folder == Path::new(one))) {
            self.add([OsStr::new("--perms"), "0755".as_ref(), "--dir".as_ref(), folder.as_os_str()]);
        }
        self.add([OsStr::new(how), from.as_os_str(), to.as_os_str()]);
    }
}
