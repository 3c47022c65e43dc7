//! After the end: what is to be kept of a program goes to the store.
//!
//! Runs once no process of the sandbox is left. May be run again after a crash at any point: what has been moved is not
//! there to be moved again.

use std::{
    fs::{self, File, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use enginehouse_capabilities::{ObjectUri, ProcessOutput};
use rustix::fs::OFlags;

use super::{
    folder::{End, Folder, Task},
    logs,
};

/// The largest report of a failure that is kept.
const MAX_REPORT: u64 = 64 << 10;
const REPORT: &str = "failure.json";
const SUCCESS: &str = "_SUCCESS";

/// Moves the results of a success, or the report of a failure.
pub(super) fn collect(folder: &Folder, task: &Task, end: &End) -> io::Result<()> {
    match end {
        End::Exited(0) => results(folder, task),
        End::Exited(_) => report(folder, task),
        End::Stopped(_) | End::Lost => Ok(()),
    }
}

fn results(folder: &Folder, task: &Task) -> io::Result<()> {
    let Some(from) = written(&folder.outputs(), &task.output_path())? else { return Ok(()) };
    let output = task.output_uri().map_err(io::Error::other)?;
    let mut tidy = Tidy { root: &from, output: &output, files: Vec::new(), left_out: Vec::new() };
    tidy.folder(&from)?;
    for name in tidy.left_out.iter().take(20) {
        let name: String = name.chars().take(200).collect();
        logs::note(&folder.log(ProcessOutput::Stderr), &format!("left out of the results: {name:?}"));
    }
    let files = tidy.files;
    if files.is_empty() {
        return Ok(());
    }
    let to = task.stored(&task.output.0, &task.output.1);
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    match fs::rename(&from, &to) {
        Ok(()) => Ok(()),
        Err(error) if is_occupied(&error) => move_files(&from, &to, files),
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            // A name that is no bucket, so that nobody is shown half of it.
            let staging = task.store.join(format!(".staging-{}", task.digest));
            if staging.exists() {
                fs::remove_dir_all(&staging)?;
            }
            for file in &files {
                let copy = staging.join(file);
                copy.parent().map_or(Ok(()), fs::create_dir_all)?;
                fs::copy(from.join(file), copy)?;
            }
            match fs::rename(&staging, &to) {
                Err(error) if is_occupied(&error) => move_files(&staging, &to, files)?,
                other => other?,
            }
            fs::remove_dir_all(&from)
        }
        Err(error) => Err(error),
    }
}

/// The folder of the results. A program that runs as us could change the way to it: what is no folder there is none.
fn written(outputs: &Path, output: &Path) -> io::Result<Option<PathBuf>> {
    let mut below = outputs.to_owned();
    for part in output.components() {
        below.push(part);
        match fs::symlink_metadata(&below) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(below))
}

fn is_occupied(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists)
}

/// Where something else is there already: one by one, what says that all is there last.
fn move_files(from: &Path, to: &Path, mut files: Vec<PathBuf>) -> io::Result<()> {
    files.sort_by_key(|file| file.file_name().is_some_and(|name| name == SUCCESS));
    for file in files {
        let target = to.join(&file);
        target.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::rename(from.join(&file), target)?;
    }
    fs::remove_dir_all(from)
}

/// Leaves in a program's output only what can be an object.
struct Tidy<'a> {
    root: &'a Path,
    output: &'a ObjectUri,
    /// Below the root.
    files: Vec<PathBuf>,
    left_out: Vec<String>,
}

impl Tidy<'_> {
    /// The program may have closed its own folders to us. A key's length bounds how deep this goes.
    fn folder(&mut self, folder: &Path) -> io::Result<()> {
        own(folder, 0o755)?;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            let key = path.strip_prefix(self.root).map(Path::to_path_buf).map_err(io::Error::other)?;
            let name = entry.file_name();
            let is_key = key.to_str().is_some_and(|key| self.output.join(key).is_ok());
            if is_left_over(&name.to_string_lossy()) {
                remove_tree(&path)?;
            } else if kind.is_dir() && is_key {
                self.folder(&path)?;
                // An object store has no empty folders.
                let _ = fs::remove_dir(&path);
            } else if kind.is_file() && is_key {
                own(&path, 0o644)?;
                self.files.push(key);
            } else {
                self.left_out.push(key.display().to_string());
                remove_tree(&path)?;
            }
        }
        Ok(())
    }
}

/// What engines leave behind and nobody asked for.
fn is_left_over(name: &str) -> bool {
    name == crate::store::DRAFTS
        || name == "_temporary"
        || name.starts_with(".spark-staging-")
        || (name.starts_with('.') && name.ends_with(".crc"))
}

fn own(path: &Path, mode: u32) -> io::Result<()> {
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::lchown(path, Some(0), Some(0))?;
    }
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// What the program's runner said about its failure, for the plugin to read.
fn report(folder: &Folder, task: &Task) -> io::Result<()> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    let opened = File::options().read(true).custom_flags(flags.cast_signed()).open(folder.work().join(REPORT));
    let Ok(file) = opened else { return Ok(()) };
    if !file.metadata()?.is_file() {
        return Ok(());
    }
    let mut text = Vec::new();
    file.take(MAX_REPORT + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_REPORT {
        return Ok(());
    }
    let making = task.store.join(format!(".staging-{}.json", task.digest));
    File::create(&making)?.write_all(&text)?;
    let to = task.stored(&task.scratch.0, &task.scratch.1);
    fs::create_dir_all(&to)?;
    fs::rename(making, to.join(REPORT))
}

/// Removes a tree that a program made, however it is closed or nested. Walking it by recursion would cost the host's
/// stack, so that is left to `rm`.
pub(super) fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        let ended = command.args(arguments).arg("--").arg(path).stdin(Stdio::null()).output()?;
        if ended.status.success() { Ok(()) } else { Err(io::Error::other(String::from_utf8_lossy(&ended.stderr))) }
    };
    run("rm", &["-rf"]).or_else(|_| {
        // Not root, and the program has closed some of its folders.
        let _ = run("chmod", &["-R", "u+rwX"]);
        run("rm", &["-rf"])
    })
}
