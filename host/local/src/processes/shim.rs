//! The process that looks after one sandbox, and the one that serves objects within it.
//!
//! The first lives in a session of its own and holds the program's lock, its standard input, for as long as it lives: a host that
//! comes back finds out from the lock alone whether the program still runs. The sandbox dies with it.

use std::{
    env,
    ffi::OsString,
    io::{self, BufRead, Write},
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::Path,
    process::{self, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use enginehouse_capabilities::ProcessOutput;
use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper, setsid, wait};

use super::{
    Shim,
    channel::{Heard, Host, hear},
    collect::collect,
    folder::{End, Folder, Setup, Task, Verdict},
    logs,
    sandbox::{GO, SHIM, sandbox},
    usage::Tree,
    watch::Watch,
};

const TICK: Duration = Duration::from_millis(20);
/// Between two looks at a sandbox that only waits.
const WAITING: Duration = Duration::from_secs(1);
/// From when on a sandbox that is started ahead counts as one that cannot be started.
const START: Duration = Duration::from_secs(120);

/// What the first argument says where a sandbox is to be served.
const OBJECTS: &str = "objects";

/// Does what the arguments say: with a program's folder, runs that program to its end; within a sandbox, serves the
/// objects there. To be called from the main thread of a process of its own, started by [`super::LocalProcesses`] or in
/// a sandbox: it changes the process's session and folder, and its children are ended with that thread.
pub fn run(arguments: &[OsString]) -> ExitCode {
    match arguments {
        [what] if what == OBJECTS => serve_objects(),
        [folder] => watch_over(Path::new(folder)),
        _ => ExitCode::FAILURE,
    }
}

/// The command that serves objects within a sandbox: it says where, and serves once it is told below which prefix the
/// program writes.
pub(super) fn endpoint_command(shim: &Shim) -> Vec<String> {
    let own = shim.arguments.iter().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(SHIM.to_owned()).chain(own).chain([OBJECTS.to_owned()]).collect()
}

fn serve_objects() -> ExitCode {
    let output = |url: &str| {
        let mut stdout = io::stdout();
        writeln!(stdout, "{url}").and_then(|()| stdout.flush())?;
        let mut output = String::new();
        io::stdin().lock().read_line(&mut output)?;
        output.trim_end().parse().map_err(io::Error::other)
    };
    match crate::store::serve_sandbox(Path::new("/in"), Path::new("/out"), output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "objects cannot be served: {error}");
            ExitCode::FAILURE
        }
    }
}

fn watch_over(path: &Path) -> ExitCode {
    let _ = setsid();
    // Named by where we are: while it waits for a program, the folder has another name.
    let folder = Folder::new(".");
    match env::set_current_dir(path).and_then(|()| run_to_end(path, &folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            logs::note(&folder.log(ProcessOutput::Stderr), &error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run_to_end(path: &Path, folder: &Folder) -> io::Result<()> {
    let setup = folder.setup()?;
    let host = match setup.ahead {
        Some(_) => Some(Host::of_parent()?),
        None => None,
    };
    if host.is_none() {
        folder.begin()?;
        if folder.cancel().exists() {
            return finish(folder, &folder.task()?, End::Stopped("cancelled".to_owned()));
        }
    }
    match supervise(path, folder, &setup, host)? {
        Some(end) => finish(folder, &folder.task()?, end),
        None => Ok(()),
    }
}

/// Writes down how the program ended, before and after what is to be kept of it has reached the store.
pub(super) fn finish(folder: &Folder, task: &Task, end: End) -> io::Result<()> {
    let mut verdict = Verdict { end, collected: false };
    folder.write_verdict(&verdict)?;
    match collect(folder, task, &verdict.end) {
        Err(error) if error.kind() == io::ErrorKind::StorageFull => verdict.end = End::Stopped("disk".to_owned()),
        other => other?,
    }
    verdict.collected = true;
    folder.write_verdict(&verdict)
}

/// How the program of the sandbox ended; none where there was none.
fn supervise(path: &Path, folder: &Folder, setup: &Setup, host: Option<Host>) -> io::Result<Option<End>> {
    // What the sandbox leaves behind becomes ours, so that we see the last of it go.
    set_child_subreaper(Some(getpid()))?;
    let (mut runner, theirs) = UnixStream::pair()?;
    let mut command = sandbox(&Folder::new(path), setup, &[]);
    command.stdin(OwnedFd::from(theirs)).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    // Our copy of the runner's end: without it the runner's own end is seen.
    drop(command);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let bases = [ProcessOutput::Stdout, ProcessOutput::Stderr].map(|output| folder.log(output));
    let [stdout_base, stderr_base] = bases;
    let pumps = [
        stdout.map(|from| thread::spawn(move || logs::pump(from, &stdout_base))),
        stderr.map(|from| thread::spawn(move || logs::pump(from, &stderr_base))),
    ];
    let mut watch = Watch::new(folder, setup, child);
    let end = match host {
        None => run_program(folder, &mut watch, &mut runner, true).map(Some),
        Some(mut host) => wait_for_program(folder, setup, &mut watch, &mut runner, &mut host),
    };
    let _ = watch.child.kill();
    watch.child.wait()?;
    end_what_is_left();
    for pump in pumps.into_iter().flatten() {
        let _ = pump.join();
    }
    end
}

/// Lets the runner start; how the sandbox ended, where it did so before that.
fn complete(watch: &mut Watch<'_>, runner: &mut UnixStream) -> io::Result<Option<End>> {
    while !watch.is_complete() {
        if let Some(end) = watch.look()? {
            return Ok(Some(end));
        }
        thread::sleep(TICK);
    }
    // A runner that is gone says so by its status.
    let _ = runner.write_all(GO);
    Ok(None)
}

/// Hands the program of the folder over, and watches it to its end.
fn run_program(folder: &Folder, watch: &mut Watch<'_>, runner: &mut UnixStream, is_new: bool) -> io::Result<End> {
    let task = folder.task()?;
    watch.deadline = Some(Instant::now() + task.timeout);
    if is_new && let Some(end) = complete(watch, runner)? {
        return Ok(end);
    }
    // Looked at once more before it begins: the host may have taken it back.
    let mut told = Some(task.hand_over()?);
    loop {
        if let Some(end) = watch.look()? {
            return Ok(end);
        }
        if let Some(told) = told.take() {
            let _ = runner.write_all(told.as_bytes());
        }
        thread::sleep(TICK);
    }
}

/// Starts the engine, waits for a program and runs it. None where the host is gone, or where the sandbox did not last
/// until then, which the host is told.
fn wait_for_program(
    folder: &Folder,
    setup: &Setup,
    watch: &mut Watch<'_>,
    runner: &mut UnixStream,
    host: &mut Host,
) -> io::Result<Option<End>> {
    watch.memory = setup.ahead.unwrap_or_default().min(setup.limits.memory);
    watch.deadline = Some(Instant::now() + START);
    if let Some(end) = complete(watch, runner)? {
        return host.failed(folder, &end);
    }
    let mut is_ready = false;
    loop {
        if let Some(end) = watch.look()? {
            return host.failed(folder, &end);
        }
        if !is_ready && hear(runner, TICK)? == Heard::Word {
            is_ready = true;
            watch.deadline = None;
            host.ready();
        }
        match host.hear(if is_ready { WAITING } else { TICK })? {
            Heard::Nothing => continue,
            Heard::Word => {}
            // A host that is gone may have given the folder to a program and not come to say so.
            Heard::End if is_ready && has_program() => {}
            Heard::End => return Ok(None),
        }
        watch.memory = setup.limits.memory;
        folder.begin()?;
        host.begun();
        return run_program(folder, watch, runner, false).map(Some);
    }
}

/// Whether our folder has the name of a program by now.
fn has_program() -> bool {
    let here = env::current_dir().unwrap_or_default();
    here.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.'))
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
