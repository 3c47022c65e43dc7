//! Code that may run: the proof that a plugin found it clean.

use sha2::{Digest as _, Sha256};

use crate::{Finding, Severity, Task};

/// What `validate` said about one piece of code.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// In the plugin's own order, at most 1,000.
    pub findings: Vec<Finding>,
    /// The code, fit for `submit`; none where a finding is of severity error.
    pub validated: Option<ValidatedCode>,
}

/// Code in which one version of a plugin, under its settings, found no error for one task. There is no other way to make
/// one than [`Plugin::validate`](crate::Plugin::validate), and `submit` takes nothing else; `validate` is pure, so after a
/// restart the same call gives it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidatedCode {
    code: String,
    sha256: String,
    seal: Seal,
}

impl ValidatedCode {
    pub(crate) fn new(code: &str, seal: Seal) -> Self {
        Self { code: code.to_owned(), sha256: hex::encode(Sha256::digest(code)), seal }
    }

    /// The code, byte for byte as it was validated.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Its SHA-256, in hex.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    pub(crate) fn is_under(&self, seal: Seal) -> bool {
        self.seal == seal
    }
}

/// Stands for the task and for the plugin with its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Seal([u8; 32]);

impl Seal {
    /// `judge` stands for the plugin and its settings.
    pub(crate) fn new(judge: &[u8], task: &Task) -> serde_json::Result<Self> {
        let mut hash = Sha256::new();
        hash.update(Sha256::digest(judge));
        hash.update(serde_json::to_vec(task)?);
        Ok(Self(hash.finalize().into()))
    }
}

/// Whether nothing in the findings forbids the code to run.
pub(crate) fn is_clean(findings: &[Finding]) -> bool {
    !findings.iter().any(|finding| finding.severity == Severity::Error)
}
