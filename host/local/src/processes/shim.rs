//! The process that looks after one sandbox, and the one that serves objects within it.
//!
//! The first lives in a session of its own and holds the program's lock, its standard input, for as long as it lives: a host that
//! comes back finds out from the lock alone whether the program still runs. The sandbox dies with it.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, Write},
    path::Path,
    process::{self, Child, ExitCode, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use enginehouse_capabilities::{ObjectUri, ProcessOutput};
use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper, setsid, wait};

use super::{
    Shim,
    collect::collect,
    folder::{End, Folder, Setup, Verdict},
    logs,
    sandbox::{GO, RUNNER, SHIM, sandbox},
    usage::{Tree, disk_exceeds},
};

const TICK: Duration = Duration::from_millis(20);
const LOOK_AT_MEMORY: Duration = Duration::from_millis(200);
const LOOK_AT_DISK: Duration = Duration::from_secs(1);

/// What the first argument says where a sandbox is to be served.
const OBJECTS: &str = "objects";

/// Does what the arguments say: with a program's folder, runs that program to its end; within a sandbox, serves the
/// objects there. To be called from the main thread of a process of its own, started by [`super::LocalProcesses`] or in
/// a sandbox: it changes the process's session, and its children are ended with that thread.
pub fn run(arguments: &[OsString]) -> ExitCode {
    match arguments {
        [folder] => watch_over(&Folder::new(folder)),
        [what, output] if what == OBJECTS => serve_objects(&output.to_string_lossy()),
        _ => ExitCode::FAILURE,
    }
}

/// The command that serves objects within a sandbox whose program writes to `output`.
pub(super) fn endpoint_command(shim: &Shim, output: &ObjectUri) -> Vec<String> {
    let own = shim.arguments.iter().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(SHIM.to_owned()).chain(own).chain([OBJECTS.to_owned(), output.to_string()]).collect()
}

fn serve_objects(output: &str) -> ExitCode {
    let served = output.parse().map_err(io::Error::other).and_then(|output| {
        crate::store::serve_sandbox(Path::new("/in"), Path::new("/out"), &output, |url| {
            let mut stdout = io::stdout();
            writeln!(stdout, "{url}").and_then(|()| stdout.flush())
        })
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "objects cannot be served: {error}");
            ExitCode::FAILURE
        }
    }
}

fn watch_over(folder: &Folder) -> ExitCode {
    let _ = setsid();
    match run_to_end(folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            logs::note(&folder.log(ProcessOutput::Stderr), &error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run_to_end(folder: &Folder) -> io::Result<()> {
    let setup = folder.setup()?;
    File::create(folder.started())?.sync_all()?;
    let end = if folder.cancel().exists() { End::Stopped("cancelled".to_owned()) } else { supervise(folder, &setup)? };
    finish(folder, &setup, end)
}

/// Writes down how the program ended, before and after what is to be kept of it has reached the store.
pub(super) fn finish(folder: &Folder, setup: &Setup, end: End) -> io::Result<()> {
    let mut verdict = Verdict { end, collected: false };
    folder.write_verdict(&verdict)?;
    match collect(folder, setup, &verdict.end) {
        Err(error) if error.kind() == io::ErrorKind::StorageFull => verdict.end = End::Stopped("disk".to_owned()),
        other => other?,
    }
    verdict.collected = true;
    folder.write_verdict(&verdict)
}

fn supervise(folder: &Folder, setup: &Setup) -> io::Result<End> {
    // What the sandbox leaves behind becomes ours, so that we see the last of it go.
    set_child_subreaper(Some(getpid()))?;
    let mut child = sandbox(folder, setup, &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let bases = [ProcessOutput::Stdout, ProcessOutput::Stderr].map(|output| folder.log(output));
    let [stdout_base, stderr_base] = bases;
    let pumps = [
        stdout.map(|from| thread::spawn(move || logs::pump(from, &stdout_base))),
        stderr.map(|from| thread::spawn(move || logs::pump(from, &stderr_base))),
    ];
    let end = watch(folder, setup, &mut child);
    let _ = child.kill();
    child.wait()?;
    end_what_is_left();
    for pump in pumps.into_iter().flatten() {
        let _ = pump.join();
    }
    end
}

/// Ends what the sandbox left to us, and sees the last of it go.
///
/// Killed while it is still being made, bubblewrap leaves its first process behind, which waits for ever for a word from the one that
/// is gone. The first process of a sandbox ends after the last of the others.
fn end_what_is_left() {
    loop {
        for left in Tree::of(process::id()).below_root() {
            let pid = i32::try_from(*left).ok().and_then(Pid::from_raw);
            // It may have ended by itself meanwhile; its number is not given again before we have waited for it.
            let _ = pid.map(|pid| kill_process(pid, Signal::KILL));
        }
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) => {}
            Ok(None) => thread::sleep(TICK),
            Err(_) => return,
        }
    }
}

fn watch(folder: &Folder, setup: &Setup, child: &mut Child) -> io::Result<End> {
    let stopped = |limit: &str| Ok(End::Stopped(limit.to_owned()));
    let limits = &setup.limits;
    let output = folder.outputs().join(setup.output_path());
    let mut stdin = child.stdin.take();
    let begun = Instant::now();
    let (mut memory_due, mut disk_due) = (begun, begun);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(End::Exited(exit_status(status)));
        }
        let now = Instant::now();
        if folder.cancel().exists() {
            return stopped("cancelled");
        }
        if now - begun >= limits.timeout {
            return stopped("time");
        }
        if now >= memory_due || stdin.is_some() {
            let tree = Tree::of(child.id());
            if tree.runs(RUNNER) {
                // Its sandbox is complete by now, and ends with us. A runner that is gone says so by its status.
                let _ = stdin.take().map(|mut stdin| stdin.write_all(GO));
            }
            if tree.exceeds(limits.memory) {
                return stopped("memory");
            }
            if tree.threads > u64::from(setup.max_processes()) {
                return stopped("processes");
            }
            if now >= disk_due {
                if disk_exceeds(&[&folder.work(), &output], tree.nameless(), limits.disk)? {
                    return stopped("disk");
                }
                // A look at very many files takes long; it never takes most of a core.
                disk_due = Instant::now() + LOOK_AT_DISK.max(now.elapsed() * 10);
            }
            memory_due = Instant::now() + LOOK_AT_MEMORY;
        }
        thread::sleep(TICK);
    }
}

/// The sandbox answers 128 and the signal where a signal ended the program, as a shell does.
fn exit_status(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code @ 129..=192), _) => 128 - code,
        (Some(code), _) => code,
        (None, Some(signal)) => -signal,
        (None, None) => -1,
    }
}
