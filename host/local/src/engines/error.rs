//! Why an engine could not be installed or used.

use std::{io, path::PathBuf};

/// An error by meaning; the text says the next step.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing by that name is known.
    #[error("there is no engine `{0}`; known are: {1}")]
    Unknown(String, String),
    /// Not installed yet.
    #[error("the engine `{0}` is not installed: run `enginehouse engines install {0}`")]
    NotInstalled(String),
    /// The machine lacks something that we may not or cannot install.
    #[error("{what} is missing: run `{mend}`")]
    Missing {
        /// What is not there, in words.
        what: String,
        /// The command that installs it.
        mend: String,
    },
    /// A command that we ran failed.
    #[error("{what} failed: {detail}")]
    Failed {
        /// What was tried.
        what: String,
        /// The last lines of what the command said.
        detail: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Error {
    /// Names the file that `source` is about.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
