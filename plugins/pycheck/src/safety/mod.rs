//! What a program must not do, whatever its engine. Rules `X101` to `X107`, `X110`, `X111`, `X114`, `X115` and `C010`.
//!
//! These rules look at every mention of a thing, not only at calls, and at every possibility: what may be `os.system` is.

mod decoded;
mod files;
mod imports;
mod interpreter;
mod loaders;
mod logs;
mod references;
mod secrets;
mod servers;

use enginehouse_sdk::Finding;

use crate::{Policy, Program};

/// Runs the safety rules.
pub(crate) fn check(program: &Program<'_>, policy: &Policy<'_>) -> Vec<Finding> {
    let mut findings = imports::check(program, policy);
    findings.extend(references::check(program, policy));
    findings.extend(interpreter::check(program, policy));
    findings.extend(files::check(program));
    findings.extend(secrets::check(program, policy));
    findings.extend(loaders::check(program));
    findings.extend(logs::check(program));
    findings.extend(servers::check(program));
    findings
}

#[cfg(test)]
mod tests;
