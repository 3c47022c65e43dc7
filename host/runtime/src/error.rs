//! Why a call, or a load, did not end well.

use std::time::Duration;

use enginehouse_capabilities::Interface;

use crate::{BadValue, Failure, Finding, HostError, values::cut};

/// Names that an error shows, and the bytes that it shows of each.
const MAX_NAMES: usize = 20;
/// The most bytes of a name that a refusal keeps: a component chooses its own names.
pub(crate) const MAX_NAME: usize = 200;

/// Why a call of a plugin gave no value.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The guest said no, in the words of the contract.
    #[error("{}", said(.0))]
    Failed(Failure),
    /// The guest fell over: a bug in the plugin.
    #[error("the plugin trapped in `{stage}`: {reason}")]
    Trapped {
        /// The export that was called.
        stage: crate::Stage,
        /// What WebAssembly says of it.
        reason: String,
        /// The guest's stack, for its author.
        backtrace: String,
        /// The last 4 KiB that the guest printed, a panic's message among it.
        output: String,
    },
    /// The guest's stack was used up; in `validate`, code that is nested too deeply.
    #[error("the plugin used up its stack in `{0}`; nest less deeply")]
    StackOverflow(crate::Stage),
    /// The guest wanted more memory than it has.
    #[error(
        "the plugin needs more than its {limit} bytes of memory in `{stage}`; raise its `memory` limit or send less"
    )]
    OutOfMemory {
        /// The export that was called.
        stage: crate::Stage,
        /// What it has, in bytes.
        limit: usize,
    },
    /// A clock ran out.
    #[error("the plugin took longer than {limit:?} of {clock} in `{stage}`")]
    OutOfTime {
        /// The export that was called.
        stage: crate::Stage,
        /// Which clock.
        clock: Clock,
        /// What it had.
        limit: Duration,
    },
    /// All places for calls are taken. Worth trying again later.
    #[error("the plugin is busy with {0} calls; try again in some seconds")]
    Busy(usize),
    /// The guest returned what the contract forbids: a bug in the plugin.
    #[error("the plugin returned what the contract forbids: {0}")]
    Invalid(BadValue),
    /// The host was asked to hand over what the contract forbids. No guest has seen it.
    #[error("{0}")]
    Input(BadValue),
    /// The code was not found clean by this plugin, with these settings, for this task.
    #[error("this code was validated for another task or by another version of the plugin; validate it again")]
    NotValidated,
    /// The host itself failed.
    #[error("{0}")]
    Host(String),
}

/// Which clock ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The guest's own computing.
    Compute,
    /// The whole call.
    Wall,
}

impl std::fmt::Display for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Compute => "computing",
            Self::Wall => "wall clock time",
        })
    }
}

/// Why a component was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The bytes are something else.
    #[error("this is {0}")]
    NotAComponent(&'static str),
    /// More bytes than a component may have.
    #[error("the component has {bytes} bytes; at most {limit} are taken")]
    TooLarge {
        /// What it has.
        bytes: usize,
        /// What it may have.
        limit: usize,
    },
    /// It does not compile.
    #[error("the component does not compile: {0}")]
    Compile(String),
    /// It asks for what no plugin gets.
    #[error("the component imports {}, which no plugin gets; build it without", list(.0))]
    ForeignImports(Vec<String>),
    /// It asks for what the operator has not granted it.
    #[error(
        "the component imports {}, which it is not granted: activate it with `--grant {}`, or add it to the `grants` of its \
         framework in the configuration",
        Interface::listed(.0), Interface::listed(.0)
    )]
    NotGranted(Vec<Interface>),
    /// It is made for another version of the contract.
    #[error("the component uses `{}`; this host speaks enginehouse:supervisor 0.1, build it against that", cut(.0, MAX_NAME))]
    OtherContract(String),
    /// It is no supervisor.
    #[error("the component does not export `enginehouse:supervisor/supervisor@0.1.0`; it exports {}", list(.0))]
    NotASupervisor(Vec<String>),
    /// An import or export has another type than the contract says.
    #[error("the component does not fit the contract: {0}")]
    Mismatch(String),
    /// A limit that the host cannot give.
    #[error("the limit `{0}` is out of range: {1}")]
    Limit(&'static str, &'static str),
    /// `describe` failed.
    #[error("`describe` failed: {0}")]
    Describe(#[source] Box<Error>),
    /// A setting that the plugin does not know.
    #[error("the plugin knows no setting `{name}`; it knows {}", list(.known))]
    UnknownSetting {
        /// The setting.
        name: String,
        /// Those it knows.
        known: Vec<String>,
    },
    /// The host itself failed.
    #[error("{0}")]
    Host(String),
}

/// The first names, and how many more there are: a component may have thousands, and long ones.
fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let mut shown: Vec<_> = names.iter().take(MAX_NAMES).map(|name| cut(name, MAX_NAME).to_owned()).collect();
    let more = names.len() - shown.len();
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    shown.join(", ")
}

fn said(failure: &Failure) -> String {
    match failure {
        Failure::Unsupported(text) | Failure::Lost(text) => text.clone(),
        Failure::Rejected(findings) => findings.iter().map(finding).collect::<Vec<_>>().join("; "),
        Failure::Host(error) => host_error(error),
    }
}

fn finding(finding: &Finding) -> String {
    format!("{}: {}", finding.rule, finding.message)
}

fn host_error(error: &HostError) -> String {
    let (kind, text) = match error {
        HostError::Denied(text) => ("denied", text),
        HostError::Unconfigured(text) => ("unconfigured", text),
        HostError::NotFound(text) => ("not found", text),
        HostError::Invalid(text) => ("invalid", text),
        HostError::Conflict(text) => ("conflict", text),
        HostError::QuotaExceeded(text) => ("quota exceeded", text),
        HostError::Unavailable(text) => ("unavailable", text),
        HostError::TimedOut(text) => ("timed out", text),
        HostError::Other(text) => ("failed", text),
    };
    format!("{kind}: {text}")
}
