//! Ways out that Ray and its packages have. Rules `R015`, `X104`, `X106`, `X107`, `X109`, `X110`.

use enginehouse_pycheck::{
    Call, Program,
    ast::{Expr, Identifier},
    report,
};
use enginehouse_sdk::{Finding, Span};

use super::cluster::within;

/// What starts processes; the common rules refuse it as well, with a hint for any engine.
const PROCESSES: &[&str] =
    &["multiprocessing", "concurrent.futures.ProcessPoolExecutor", "subprocess", "os.fork", "os.forkpty"];
/// Native code within the packages.
const NATIVE: &[&str] = &["numpy.ctypeslib", "numpy.distutils", "numpy.f2py", "ray.cross_language", "pyarrow.cffi"];
const FILES: &[&str] = &["delete_dir", "delete_dir_contents", "delete_root_dir_contents", "delete_file"];

pub(super) fn check(program: &Program<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, range) in program.imports() {
        let span = program.span(&range);
        if within(&path, PROCESSES) {
            findings.push(processes(&path, span));
        }
        if within(&path, NATIVE) {
            let message = format!("`{}` calls native code", report::quote(&path));
            findings.push(report::error("X110", span, message, "use NumPy's and Arrow's own functions"));
        }
        if is_private(&path) {
            findings.push(report::error("X107", span, private(&path), "use Ray's public functions"));
        }
    }
    for expr in program.references() {
        let chains = program.chains(expr);
        let path = chains.iter().find_map(|chain| chain.pure_path());
        let Some(path) = path else { continue };
        let span = program.span(expr);
        if is_private(path) {
            findings.push(report::error("X107", span, private(path), "use Ray's public functions"));
        } else if NATIVE.iter().any(|native| path.starts_with(native)) {
            let message = format!("`{}` calls native code", report::quote(path));
            findings.push(report::error("X110", span, message, "use NumPy's and Arrow's own functions"));
        } else if within(path, PROCESSES) {
            findings.push(processes(path, span));
        }
    }
    findings.extend(program.calls().iter().flat_map(|call| of_call(program, call)));
    findings
}

fn processes(path: &str, span: Option<Span>) -> Finding {
    let message = format!("`{}` starts processes beside Ray's own", report::quote(path));
    report::error("R015", span, message, "call remote functions: Ray runs them in processes")
}

/// What is said of processes stands only where the common rules object as well: counting cores is harmless.
pub(super) fn spare_harmless(findings: &mut Vec<Finding>) {
    let common = findings.iter().filter(|finding| ["X101", "X110"].contains(&finding.rule.as_str()));
    let common: Vec<Span> = common.filter_map(|finding| finding.span).collect();
    findings.retain(|finding| finding.rule != "R015" || finding.span.is_some_and(|span| common.contains(&span)));
}

/// Ray's internals: `ray._private`, `ray._raylet`.
fn is_private(path: &str) -> bool {
    path.strip_prefix("ray.")
        .is_some_and(|rest| rest.split('.').any(|part| part.starts_with('_') && !part.starts_with("__")))
}

fn private(path: &str) -> String {
    format!("`{}` reaches into Ray's internals", report::quote(path))
}

fn of_call<'a>(program: &Program<'a>, call: &Call<'a>) -> Vec<Finding> {
    let span = program.span(call.node);
    let mut findings = Vec::new();
    let named = |name: &str| call.chains.iter().any(|chain| call.called(chain) == Some(name));
    let path = |wanted: &str| call.chains.iter().any(|chain| chain.path() == Some(wanted));
    let environment = call.argument(usize::MAX, "runtime_env");
    if let Some(environment) = environment.filter(|environment| !only_variables(program, environment)) {
        let hint = "leave `runtime_env` out: Ray, PyArrow, pandas and NumPy are there";
        let message = "`runtime_env` loads packages or files";
        findings.push(report::error("X109", program.span(environment), message, hint));
    }
    let unpickles = call
        .argument(usize::MAX, "allow_pickle")
        .is_some_and(|flag| !matches!(program.literal(flag), Some(Expr::BooleanLiteral(flag)) if !flag.value));
    if unpickles && (named("load") || named("read_numpy")) {
        findings.push(report::error(
            "X106",
            span,
            "`allow_pickle` unpickles, which runs code",
            "use Parquet, CSV or JSON",
        ));
    }
    if FILES.iter().any(|name| named(name)) {
        let hint = "write below `os.environ[\"OUTPUT_PATH\"]`; nothing needs to be deleted";
        findings.push(report::error("X104", span, "the program deletes files", hint));
    }
    if path("ray.util.pdb.set_trace") || path("ray.util.rpdb.set_trace") {
        findings.push(report::error("X102", span, "the program starts a debugger", "leave it out"));
    }
    findings
}

/// Fields of an environment that load nothing.
const FIELDS: &[&str] = &["env_vars", "config"];

/// `{"env_vars": …}`, `RuntimeEnv(env_vars=…)`, `{}` or `None`.
fn only_variables<'a>(program: &Program<'a>, environment: &'a Expr) -> bool {
    let made = |path: Option<&str>| matches!(path, Some("ray.runtime_env.RuntimeEnv" | "builtins.dict"));
    match program.literal(environment) {
        Some(Expr::NoneLiteral(_)) => true,
        Some(Expr::Dict(dict)) => dict
            .items
            .iter()
            .all(|item| matches!(&item.key, Some(Expr::StringLiteral(key)) if FIELDS.contains(&key.value.to_str()))),
        Some(Expr::Call(call)) => {
            let named = |name: &Identifier| FIELDS.contains(&name.as_str());
            program.chains(&call.func).iter().all(|chain| made(chain.pure_path()))
                && call.arguments.args.is_empty()
                && call.arguments.keywords.iter().all(|keyword| keyword.arg.as_ref().is_some_and(named))
        }
        _ => false,
    }
}
