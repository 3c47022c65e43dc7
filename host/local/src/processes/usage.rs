//! What a running program uses.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    os::unix::fs::MetadataExt,
    path::Path,
};

/// Files that one program may have; more are as good as a full disk.
const MAX_FILES: u64 = 200_000;
/// Folders within folders; deeper ones are made to trouble whoever looks.
const MAX_DEPTH: usize = 64;

/// The processes below one.
#[derive(Debug, Default)]
pub(super) struct Tree {
    processes: Vec<u32>,
    /// Processes and threads together.
    pub(super) threads: u64,
}

impl Tree {
    /// All that descend from `root`, itself included.
    pub(super) fn of(root: u32) -> Self {
        let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
        let mut threads: HashMap<u32, u64> = HashMap::new();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
            let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
            // A process names itself, so only what follows the last bracket is the kernel's.
            let Some((_, stat)) = stat.rsplit_once(')') else { continue };
            let mut fields = stat.split_whitespace();
            let parent = fields.nth(1).and_then(|field| field.parse().ok());
            let count = fields.nth(15).and_then(|field| field.parse().ok());
            if let (Some(parent), Some(count)) = (parent, count) {
                children.entry(parent).or_default().push(pid);
                threads.insert(pid, count);
            }
        }
        let mut tree = Self::default();
        let mut next = vec![root];
        while let Some(pid) = next.pop() {
            tree.threads += threads.get(&pid).copied().unwrap_or_default();
            tree.processes.push(pid);
            next.extend(children.remove(&pid).unwrap_or_default());
        }
        tree
    }

    /// All but the root itself.
    pub(super) fn below_root(&self) -> &[u32] {
        self.processes.get(1..).unwrap_or_default()
    }

    /// Whether a process of it was started as `executable`.
    pub(super) fn runs(&self, executable: &str) -> bool {
        let line = |pid: &u32| fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        self.processes.iter().any(|pid| line(pid).split(|byte| *byte == 0).next() == Some(executable.as_bytes()))
    }

    /// Whether it uses more memory than `limit`. Shared pages are counted once, but only where the cheaper count, in which
    /// every process has them all, is above the limit.
    pub(super) fn exceeds(&self, limit: u64) -> bool {
        let sum = |of: fn(u32) -> u64| self.processes.iter().map(|pid| of(*pid)).sum::<u64>();
        sum(resident) > limit && sum(proportional) > limit
    }

    /// Bytes of files that have no name any more but are still open: they are on no list of a folder.
    pub(super) fn nameless(&self) -> u64 {
        let mut seen = HashSet::new();
        let mut bytes = 0;
        for pid in &self.processes {
            for entry in fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten() {
                let Ok(file) = fs::metadata(entry.path()) else { continue };
                if file.is_file() && file.nlink() == 0 && seen.insert((file.dev(), file.ino())) {
                    bytes += file.blocks() * 512;
                }
            }
        }
        bytes
    }
}

fn resident(pid: u32) -> u64 {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    let pages: u64 = statm.split_whitespace().nth(1).and_then(|field| field.parse().ok()).unwrap_or_default();
    pages * rustix::param::page_size() as u64
}

fn proportional(pid: u32) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.map_or_else(|| resident(pid), |kilobytes| kilobytes * 1024)
}

/// Whether what lies below `folders` takes more than `limit` bytes, or more files or folders than any program needs.
pub(super) fn disk_exceeds(folders: &[&Path], nameless: u64, limit: u64) -> io::Result<bool> {
    let (mut bytes, mut files) = (nameless, 0);
    let mut next: Vec<_> = folders.iter().map(|folder| (folder.to_path_buf(), 0)).collect();
    while let Some((folder, depth)) = next.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            // Gone meanwhile, or closed by the program, in which case it counts once it is opened again.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => continue,
            Err(error) => return Err(error),
        };
        for entry in entries.flatten() {
            files += 1;
            let Ok(file) = entry.metadata() else { continue };
            bytes += file.blocks() * 512;
            if file.is_dir() {
                next.push((entry.path(), depth + 1));
            }
            if bytes > limit || files > MAX_FILES || depth >= MAX_DEPTH {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
