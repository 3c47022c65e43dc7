//! What a program must not do, whatever its engine. Rules `X101` to `X107`, `X110` and `C010`.
//!
//! These rules look at every mention of a thing, not only at calls, and at every possibility: what may be `os.system` is.

mod files;
mod imports;
mod interpreter;
mod references;
mod secrets;

use enginehouse_sdk::Finding;

use crate::{Policy, Program};

/// Runs the safety rules.
pub(crate) fn check(program: &Program<'_>, policy: &Policy<'_>) -> Vec<Finding> {
    let mut findings = imports::check(program, policy);
    findings.extend(references::check(program, policy));
    findings.extend(interpreter::check(program));
    findings.extend(files::check(program));
    findings.extend(secrets::check(program));
    findings
}

#[cfg(test)]
mod tests;
