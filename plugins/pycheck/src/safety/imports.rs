//! Which modules are imported.

use enginehouse_sdk::Finding;

use super::references::through_another;
use crate::{
    Policy, Program,
    modules::{self, Verdict, is_harmless_part, verdict, within},
    report,
};

pub(super) fn check(program: &Program<'_>, policy: &Policy<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for import in &program.resolver.model.imports {
        let path = if import.member.is_some() { &*import.path } else { import.module };
        let span = program.span(&import.range);
        if import.relative {
            let message = format!("`{}` is imported from the program's own package", report::quote(path));
            findings.push(report::error("C010", span, message, "a program is one file: write all of it here"));
        } else if let Verdict::Denied(rule, what) = verdict(path, policy.modules) {
            // Each other mention of the module is told where it stands.
            let harmless = |path: Option<&str>| path.is_some_and(|part| is_harmless_part(part, import.module));
            if import.member.is_none()
                && program.mentions().iter().any(|mention| mention.chains.iter().any(|chain| harmless(chain.path())))
            {
                continue;
            }
            let message = format!("`{}` {what}", report::quote(path));
            findings.push(report::error(rule, span, message, "use the engine's own functions instead"));
        } else if import.member.is_some_and(|_| !import.module.is_empty() && through_another(path)) {
            let message = format!("`{}` reaches a module through another", report::quote(path));
            findings.push(report::error("X107", span, message, "import the module by its own name"));
        } else if import.bound.is_none() && matches!(import.module, "os" | "sys" | "io" | "builtins" | "pathlib") {
            let message = format!("everything is imported from `{}`", import.module);
            findings.push(report::error("C010", span, message, "import the names that are needed"));
        } else if !within(path, modules::SAFE)
            && !within(path, policy.modules)
            && verdict(path, policy.modules) != Verdict::Allowed
        {
            let message = format!("the module `{}` is not available to programs", report::quote(import.module));
            findings.push(report::error(
                "C010",
                span,
                message,
                "use the engine's packages and the safe standard modules",
            ));
        }
    }
    findings
}
