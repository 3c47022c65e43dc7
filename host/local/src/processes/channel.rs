//! What a host and the shim of a sandbox that is started ahead say to each other, line by line.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::Shutdown,
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
    time::Duration,
};

use enginehouse_capabilities::ProcessOutput;

use super::{
    folder::{End, Folder},
    logs,
};

const READY: &str = "ready";
const BEGUN: &str = "begun";
/// The most of what a sandbox printed before it failed that is told.
const TOLD: usize = 300;
/// A shim answers within milliseconds, or not at all.
const ANSWER: Duration = Duration::from_secs(10);

/// What is heard within a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Nothing,
    Word,
    /// The other side is gone.
    End,
}

pub(super) fn hear(stream: &mut UnixStream, within: Duration) -> io::Result<Heard> {
    stream.set_read_timeout(Some(within))?;
    match stream.read(&mut [0]) {
        Ok(0) => Ok(Heard::End),
        Ok(_) => Ok(Heard::Word),
        Err(error) => match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted => Ok(Heard::Nothing),
            io::ErrorKind::ConnectionReset => Ok(Heard::End),
            _ => Err(error),
        },
    }
}

/// The host, as its shim sees it: what it says is one word, that there is a program.
pub(super) struct Host(UnixStream);

impl Host {
    /// The host gave its end as the standard output.
    pub(super) fn of_parent() -> io::Result<Self> {
        Ok(Self(io::stdout().as_fd().try_clone_to_owned()?.into()))
    }

    pub(super) fn hear(&mut self, within: Duration) -> io::Result<Heard> {
        hear(&mut self.0, within)
    }

    pub(super) fn ready(&mut self) {
        self.say(READY);
    }

    pub(super) fn begun(&mut self) {
        self.say(BEGUN);
    }

    /// Says why there is no sandbox any more.
    pub(super) fn failed(&mut self, folder: &Folder, end: &End) -> io::Result<Option<End>> {
        let why = match end {
            End::Exited(status) => format!("it ended with status {status}"),
            End::Stopped(limit) => format!("it was stopped at its limit: {limit}"),
            End::Lost => "it is gone".to_owned(),
        };
        let said = logs::read(&folder.log(ProcessOutput::Stderr), 0, true).map(|said| said.text).unwrap_or_default();
        let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        let last: String = last.chars().filter(|c| !c.is_control()).take(TOLD).collect();
        self.say(if last.is_empty() { why } else { format!("{why}: {last}") }.as_str());
        Ok(None)
    }

    /// A host that is gone is found out when it is listened to.
    fn say(&mut self, line: &str) {
        let _ = writeln!(self.0, "{line}");
    }
}

/// A shim, as its host sees it. Its sandbox ends with the value, unless it was given a program.
#[derive(Debug)]
pub(super) struct Channel(UnixStream);

impl Channel {
    /// Both ends: ours, and what the shim gets as its standard output.
    pub(super) fn pair() -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) = UnixStream::pair()?;
        Ok((Self(ours), theirs.into()))
    }

    /// To wait for what the shim says first. Blocks nobody: the value's end ends it.
    pub(super) fn listener(&self) -> io::Result<tokio::net::UnixStream> {
        self.0.set_nonblocking(true)?;
        tokio::net::UnixStream::from_std(self.0.try_clone()?)
    }

    /// Whether the first line of a shim says that it could begin.
    pub(super) fn is_ready(line: &str) -> bool {
        line == READY
    }

    /// What a shim that is gone said last.
    pub(super) fn last_words(&self) -> Option<String> {
        let mut said = String::new();
        BufReader::new(&self.0).read_line(&mut said).ok()?;
        let said = said.trim_end();
        (!said.is_empty()).then(|| said.to_owned())
    }

    /// Has the shim run the program that is in its folder by now.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        self.0.set_nonblocking(false)?;
        self.0.set_read_timeout(Some(ANSWER))?;
        self.0.write_all(b"\n")?;
        let mut answer = String::new();
        BufReader::new(&self.0).read_line(&mut answer)?;
        if answer.trim_end() == BEGUN { Ok(()) } else { Err(io::Error::other(answer)) }
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        // The listener has a copy, which must not keep the shim waiting.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}
