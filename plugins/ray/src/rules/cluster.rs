//! How the program comes to its cluster, and what it must not start there. Rules `R001`, `R002`, `R004`, `R020`, `R022`.

use enginehouse_pycheck::{Call, Part, Program, ast::Expr, report};
use enginehouse_sdk::Finding;

const INIT: &str = "write `ray.init()`: the cluster is there already";
/// Parts of Ray that serve, or reach other clusters.
const SERVICES: &[&str] = &[
    "ray.serve",
    "ray.dashboard",
    "ray.job_submission",
    "ray.util.client",
    "ray.util.client_connect",
    "ray.autoscaler",
];
const SPARK: &[&str] = &["pyspark", "raydp", "ray.util.spark"];

pub(super) fn check<'a>(program: &Program<'a>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut imported, mut connected) = (false, false);
    for (path, range) in program.imports() {
        imported |= within(&path, &["ray"]);
        if within(&path, SERVICES) {
            findings.push(service(program, &path, &range));
        }
        if within(&path, SPARK) {
            let hint = "write it with Ray alone, or ask for the Spark framework";
            findings.push(report::error("R020", program.span(&range), "a Ray program uses Spark", hint));
        }
    }
    for expr in program.references() {
        let chains = program.chains(expr);
        let path = chains.iter().find_map(|chain| chain.pure_path());
        if let Some(path) = path.filter(|path| within(path, SERVICES)) {
            findings.push(service(program, path, expr));
        }
    }
    for call in program.calls() {
        let path = call.chains.iter().filter(|chain| call.own(chain).is_some()).find_map(|chain| chain.path());
        match path {
            Some("ray.init") => {
                connected = true;
                findings.extend(init(program, call));
            }
            Some("ray.client" | "ray.util.connect") => {
                let message = "the program connects to another cluster";
                findings.push(report::error("R002", program.span(call.node), message, INIT));
            }
            _ => {}
        }
    }
    if !imported {
        findings.push(report::error("R001", None, "the program does not import ray", "write `import ray`"));
    } else if !connected {
        let hint = "write `ray.init()` before the first task";
        findings.push(report::warning("R004", None, "the program does not call `ray.init()` itself", hint));
    }
    findings
}

fn init<'a>(program: &Program<'a>, call: &Call<'a>) -> Vec<Finding> {
    let span = program.span(call.node);
    let mut findings = Vec::new();
    if let Some(address) = call.argument(0, "address").filter(|address| !address.is_none_literal_expr()) {
        for value in program.texts(address).iter() {
            let own = matches!(value.parts(), [Part::Env(name)] if name == "RAY_ADDRESS");
            match value.known() {
                Some("" | "auto" | "local") => {}
                Some(other) => {
                    let message = format!("`ray.init` names the cluster `{}`", report::quote(other));
                    findings.push(report::error("R002", span, message, INIT));
                }
                None if own => {}
                None => findings.push(report::note("R002", span, "which cluster this is cannot be told", INIT)),
            }
        }
    }
    let on = |name: &str| {
        let value = call.argument(usize::MAX, name);
        value.is_some_and(|value| matches!(program.literal(value), Some(Expr::BooleanLiteral(flag)) if flag.value))
    };
    if on("local_mode") {
        let message = "`local_mode` runs nothing in parallel, and is gone from newer versions";
        findings.push(report::error("R002", span, message, INIT));
    }
    if on("include_dashboard") || call.argument(usize::MAX, "dashboard_host").is_some() {
        findings.push(report::error("R022", span, "a batch program starts a dashboard", INIT));
    }
    findings
}

fn service(program: &Program<'_>, path: &str, place: &impl enginehouse_pycheck::Ranged) -> Finding {
    let message = format!("`{}` is a service, and this is a batch program", report::quote(path));
    report::error("R022", program.span(place), message, "calculate the result, write it and end")
}

/// Whether a dotted path lies at or under one of these.
pub(super) fn within(path: &str, names: &[&str]) -> bool {
    names.iter().any(|name| path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}
