//! Credentials, and the places where they lie. Rule `X105`.

use enginehouse_sdk::{Finding, Severity};
use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

use super::{
    logs::logs,
    written::{self, is_written},
};
use crate::{Call, OUTPUT_PATH, Policy, Program, report, value::Part};

/// Texts that name a credential or where one lies, in lower case.
const MARKS: &[&str] = &[
    "fs.s3a.access.key",
    "fs.s3a.secret.key",
    "fs.s3a.session.token",
    "fs.s3.awsaccesskeyid",
    "fs.s3.awssecretaccesskey",
    "fs.s3n.awsaccesskeyid",
    "fs.s3n.awssecretaccesskey",
    "fs.s3.access.key",
    "fs.s3.secret.key",
    "169.254.169.254",
    "169.254.170.2",
    "fd00:ec2::254",
    "2852039166",
    "0xa9fea9fe",
    "instance-data",
    "metadata.google.internal",
    ".aws/credentials",
    ".aws/config",
    "~/.aws",
    "~/.ssh",
    "/.ssh/",
    "/etc/shadow",
    "/etc/passwd",
    "aws_secret_access_key",
    "aws_access_key_id",
    "aws_session_token",
    "aws_container_credentials",
    "aws_container_authorization",
    "aws_web_identity_token",
    "/var/run/secrets",
    "-----begin private key",
    "-----begin rsa private key",
    "-----begin openssh private key",
];
/// Words for a secret, as an option's or an argument's name.
const SECRETS: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "secret",
    "secret_key",
    "api_key",
    "apikey",
    "access_token",
    "api_token",
    "auth_token",
    "bearer_token",
    "refresh_token",
    "private_key",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
];
/// Endings of a variable's name that tell of a secret.
const ENDINGS: &[&str] = &[
    "_password",
    "_passwd",
    "_secret",
    "_secret_key",
    "_api_key",
    "_api_token",
    "_access_key",
    "_auth_token",
    "_private_key",
];
/// What a platform that lends credentials keeps of its own, and programs for it hand on to the engine.
const LENT: &[&str] = &[
    "fs.s3a.access.key",
    "fs.s3a.secret.key",
    "fs.s3a.session.token",
    "aws_secret_access_key",
    "aws_access_key_id",
    "aws_session_token",
];
/// Services of the cloud that hand out credentials.
const SERVICES: &[&str] = &["sts", "iam", "secretsmanager", "ssm", "kms", "sso", "organizations", "cognito-identity"];
/// Functions of the cloud's clients that answer credentials.
const TAKERS: &[&str] = &[
    "get_credentials",
    "get_frozen_credentials",
    "get_session_token",
    "get_federation_token",
    "assume_role",
    "assume_role_with_web_identity",
    "create_access_key",
];
/// Those of them in which programs for the cloud keep passwords of their own.
const KEEPERS: &[&str] = &["secretsmanager", "ssm", "kms"];
/// Variables that a program may set: nothing but Python's own behaviour hangs on them.
const SETTABLE: &[&str] = &[
    "PYSPARK_PYTHON",
    "PYSPARK_DRIVER_PYTHON",
    "TZ",
    "PYTHONHASHSEED",
    "PYTHONUNBUFFERED",
    "PYTHONWARNINGS",
    "ARROW_PRE_0_15_IPC_FORMAT",
    "PYARROW_IGNORE_TIMEZONE",
    "SPARK_LOCAL_IP",
    "OMP_NUM_THREADS",
    "RAY_DEDUP_LOGS",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO",
    "RAY_COLOR_PREFIX",
    "RAY_DATA_DISABLE_PROGRESS_BARS",
    "RAY_IGNORE_UNHANDLED_ERRORS",
    "RAY_USAGE_STATS_ENABLED",
];
/// Variables, or their beginnings, that lead programs and libraries elsewhere.
const LEADING: &[&str] =
    &["OUTPUT_PATH", "AWS_", "LD_", "PYTHON", "PATH", "HOME", "PYSPARK_SUBMIT", "SPARK_CONF", "BASH_ENV", "RAY_"];

/// Whether a text has letters that every mark has, in lower case: most texts have not, and are not searched for each of them.
fn may_hold(text: &str) -> bool {
    text.as_bytes().windows(2).any(|pair| {
        let [first, second] = pair else { return false };
        let pair = [first.to_ascii_lowercase(), second.to_ascii_lowercase()];
        matches!(
            &pair,
            b"s3"
                | b"16"
                | b"d0"
                | b"28"
                | b"0x"
                | b"e-"
                | b"a."
                | b".a"
                | b"~/"
                | b"/."
                | b"/e"
                | b"aw"
                | b"/v"
                | b"--"
                | b"/p"
        )
    })
}

pub(super) const HINT: &str = "leave credentials out: the platform gives the engine its access";

pub(super) fn check(program: &Program<'_>, policy: &Policy<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let calls = program.calls().iter().filter(|call| makes_text(call));
    let made = calls.map(|call| (call.expr, program.texts(call.expr)));
    // To hand on what the platform lends is needless; to print it is worse.
    let told = |expr: &Expr| {
        let mut calls = program.calls().iter().filter(|call| call.node.range().contains_range(expr.range()));
        calls.any(|call| logs(call))
    };
    for (expr, values) in program.strings().iter().cloned().chain(made) {
        let texts = values.iter().flat_map(|value| value.parts()).filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            _ => None,
        });
        if let Some(what) = texts.filter_map(secret).take(1).next() {
            let lent = policy.lends_credentials && LENT.iter().any(|lent| what.contains(lent)) && !told(expr);
            let severity = if lent { Severity::Warning } else { Severity::Error };
            findings.push(report::finding(
                "X105",
                severity,
                program.span(expr),
                format!("the text holds {what}"),
                HINT,
            ));
        }
    }
    findings.extend(program.calls().iter().filter_map(|call| handed_over(program, policy, call)));
    findings.extend(written::check(program));
    findings.extend(program.calls().iter().filter_map(|call| {
        let sets = call.chains.iter().any(|chain| chain.path() == Some("os.environ.setdefault"));
        sets.then(|| call.argument(0, "key")).flatten().and_then(|key| changed(program, call.expr, key))
    }));
    findings.extend(program.resolver.model.items_set.iter().filter_map(|item| {
        let environment = program.chains(&item.value).iter().any(|chain| chain.path() == Some("os.environ"));
        environment.then(|| changed(program, *item, &item.slice)).flatten()
    }));
    findings
}

/// Whether a call may put a text together that stands nowhere as such.
fn makes_text(call: &Call<'_>) -> bool {
    call.chains.iter().any(|chain| {
        matches!(chain.last().map(|hop| hop.name.as_ref()), Some("join" | "format" | "replace" | "decode" | "lower"))
    })
}

/// A variable of the environment that is set.
fn changed<'a>(program: &Program<'a>, place: &impl Ranged, key: &'a Expr) -> Option<Finding> {
    let mut severity = None;
    for key in program.texts(key).iter() {
        severity = match key.known() {
            Some(key) if SETTABLE.contains(&key) => severity,
            Some("AWS_REGION" | "AWS_DEFAULT_REGION") => severity.or(Some(Severity::Warning)),
            Some(key) if !LEADING.iter().any(|start| key.starts_with(start)) => severity.or(Some(Severity::Warning)),
            _ => Some(Severity::Error),
        };
    }
    let hint = format!("leave the environment as it is; `{OUTPUT_PATH}` is set by the platform");
    Some(report::finding("X105", severity?, program.span(place), "the program changes the environment", hint))
}

/// Whether a variable, an option or an attribute is named like a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let lower = name.to_lowercase();
    // `pwd` is more often the folder that one is in.
    lower != "pwd" && SECRETS.contains(&lower.as_str()) || ENDINGS.iter().any(|end| lower.ends_with(end))
}

/// What a text holds that it must not.
fn secret(text: &str) -> Option<String> {
    if !may_hold(text) {
        return access_key(text).then(|| "an AWS access key".to_owned());
    }
    let lower = text.to_lowercase();
    if let Some(mark) = MARKS.iter().find(|mark| lower.contains(*mark)) {
        return Some(format!("`{mark}`"));
    }
    if lower.starts_with("/proc/") || lower == "/proc" || lower.contains("file:///proc") || lower.contains("file:/proc")
    {
        return Some("a path into `/proc`".to_owned());
    }
    access_key(text).then(|| "an AWS access key".to_owned())
}

/// `AKIA` or `ASIA` and sixteen capitals or digits, not within a longer word.
fn access_key(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric();
    text.len() >= 20
        && text.split(|c| !word(c)).any(|word| {
            word.len() == 20
                && (word.starts_with("AKIA") || word.starts_with("ASIA"))
                && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        })
}

fn handed_over<'a>(program: &Program<'a>, policy: &Policy<'_>, call: &Call<'a>) -> Option<Finding> {
    for keyword in &call.node.arguments.keywords {
        let Some(name) = &keyword.arg else { continue };
        if is_secret(name) && is_written(name, &keyword.value) {
            let message = format!("a secret is written down as `{}`", report::quote(name));
            return Some(report::error("X105", program.span(keyword), message, HINT));
        }
    }
    let paths: Vec<&str> = call.chains.iter().filter_map(|chain| chain.path()).collect();
    let cloud = || paths.iter().any(|path| path.starts_with("boto3.") || path.starts_with("botocore."));
    let named = call.chains.iter().filter_map(|chain| call.called(chain)).find(|name| TAKERS.contains(name));
    if let Some(named) = named.filter(|_| cloud()) {
        return Some(report::error("X105", program.span(call.node), format!("`{named}` takes credentials out"), HINT));
    }
    let service = call.argument(0, "service_name").map(|name| program.texts(name));
    let asked =
        service.iter().flat_map(|names| names.iter()).filter_map(|name| name.known()).find(|n| SERVICES.contains(n));
    if let Some(asked) = asked.filter(|_| cloud()) {
        let message = format!("the service `{asked}` hands out credentials");
        let usual = policy.lends_credentials && KEEPERS.contains(&asked);
        let severity = if usual { Severity::Warning } else { Severity::Error };
        return Some(report::finding("X105", severity, program.span(call.node), message, HINT));
    }
    let [key, value] = call.node.arguments.args.as_ref() else { return None };
    let option = call.chains.iter().any(|chain| {
        chain.last().is_some_and(|hop| {
            hop.call.is_some() && matches!(hop.name.as_ref(), "option" | "config" | "set" | "setdefault")
        })
    });
    let keys = program.texts(key);
    let named = keys.iter().any(|key| {
        key.known()
            .map(str::to_lowercase)
            .is_some_and(|key| SECRETS.contains(&key.as_str()) || LENT.iter().any(|lent| key.ends_with(lent)))
    });
    (option && named && is_written("password", value))
        .then(|| report::error("X105", program.span(call.node), "a password is written down as an option", HINT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_has_a_sign() {
        for mark in MARKS.iter().chain(&["/proc"]) {
            assert!(may_hold(mark) && may_hold(&mark.to_uppercase()), "{mark}");
            assert!(secret(&format!("x{mark}x")).is_some() || mark.starts_with("/proc"), "{mark}");
        }
        assert!(secret("/PROC/self").is_some() && secret("AKIAABCDEFGHIJKLMNOP").is_some());
    }
}
