//! How datasets are used. Rule `R017`.

use enginehouse_pycheck::{
    Call, Chain, Hop, Program, Root,
    ast::{Expr, Operator, Stmt},
    report,
};
use enginehouse_sdk::{Finding, Severity};

use super::{
    Platform,
    methods::{READER, TRANSFORMS, is_method, is_reader},
    platform::VERSION,
    reads::BOUNDS,
    returns::Returns,
};

/// Builtins whose value is no row, no batch and no column.
const SCALARS: &[&str] = &["int", "float", "str", "len", "bool"];

pub(super) fn check(program: &Program<'_>, platform: Platform) -> Vec<Finding> {
    program.calls().iter().filter_map(|call| of_call(program, platform, call)).collect()
}

fn of_call<'a>(program: &Program<'a>, platform: Platform, call: &Call<'a>) -> Option<Finding> {
    let span = program.span(call.node);
    // A cluster may have another version.
    let severity = if platform == Platform::Cluster { Severity::Warning } else { Severity::Error };
    for chain in call.chains.iter() {
        let path = chain.path().unwrap_or_default();
        if let Some(reader) = path.strip_prefix(READER).filter(|name| !name.contains('.') && !is_reader(name)) {
            let message = format!("`ray.data.read_{}` does not exist in {VERSION}", report::quote(reader));
            let hint = "use `ray.data.read_csv`, `read_parquet` or `read_text`";
            return Some(report::finding("R017", severity, span, message, hint));
        }
        let Some(name) = call.called(chain).filter(|_| path.starts_with("ray.data.")) else { continue };
        if of_dataset(chain) && !name.starts_with('_') && !is_method(name) {
            let message = format!("a dataset has no `{}` in {VERSION}", report::quote(name));
            let hint = "use `map_batches`, `filter`, `groupby`, `sort`, `take`, `show` or `write_parquet`";
            return Some(report::finding("R017", severity, span, message, hint));
        }
        let few = BOUNDS.iter().any(|bound| chain.has(bound)) || call.argument(0, "limit").is_some();
        if matches!(name, "take_all" | "to_pandas") && !few {
            let message = format!("`{name}()` brings all rows into the program");
            return Some(report::warning("R017", span, message, "write the dataset out, or call `.limit(n)` first"));
        }
        if let Some(function) = call.argument(0, "fn").filter(|_| of_dataset(chain)) {
            let finding = match name {
                "map" => gives(program, function, is_no_row).then_some((
                    "the function of `map` returns no dict, and a row is one",
                    "return a dict of columns, `{\"name\": value}`",
                )),
                "map_batches" => gives(program, function, is_no_batch).then_some((
                    "the function of `map_batches` returns no batch",
                    "return a table, a frame, or a dict with a list or an array for each column",
                )),
                _ => None,
            };
            if let Some((message, hint)) = finding {
                return Some(report::error("R017", program.span(function), message, hint));
            }
        }
    }
    None
}

/// Whether the last hop is a method of a dataset for certain: `ray.data.read_csv(…).filter(…).map(…)`.
fn of_dataset(chain: &Chain<'_>) -> bool {
    let maker = chain.path().and_then(|path| path.strip_prefix("ray.data.")).unwrap_or_default();
    let makes = ["read_", "from_"].iter().any(|start| maker.starts_with(start)) || maker.starts_with("range");
    let mut calls = chain.hops().into_iter().skip_while(|hop| hop.call.is_none()).skip(1).collect::<Vec<_>>();
    let last = calls.pop();
    let between = |hop: &&Hop<'_>| hop.call.is_some() && TRANSFORMS.contains(&hop.name.as_ref());
    makes && !maker.contains('.') && last.is_some() && calls.iter().all(between)
}

/// Whether all that a function may return is of this kind for certain.
fn gives<'a>(program: &Program<'a>, function: &'a Expr, wrong: fn(&Program<'a>, &'a Expr) -> bool) -> bool {
    let chains = program.chains(function);
    let [chain] = chains.as_ref() else { return false };
    match chain.root() {
        Root::Value(Expr::Lambda(lambda)) if chain.is_root() => wrong(program, &lambda.body),
        Root::Function(def) if chain.is_root() && !def.is_async && def.decorator_list.is_empty() => {
            let returns = Returns::of(def);
            let stub = matches!(def.body.last(), Some(Stmt::Raise(_)));
            let all = returns.values.iter().all(|value| value.is_none_or(|value| wrong(program, value)));
            all && !returns.yields && !(stub && returns.values.is_empty())
        }
        _ => false,
    }
}

/// No dict, whatever the data is.
fn is_no_row<'a>(program: &Program<'a>, expr: &'a Expr) -> bool {
    match expr {
        Expr::List(_)
        | Expr::ListComp(_)
        | Expr::Set(_)
        | Expr::SetComp(_)
        | Expr::Tuple(_)
        | Expr::Compare(_)
        | Expr::Generator(_) => true,
        // Beside a number or a text there is no dict.
        Expr::BinOp(operation) => {
            operation.op != Operator::BitOr
                && [&operation.left, &operation.right].iter().any(|side| is_scalar(program, side))
        }
        _ => is_scalar(program, expr),
    }
}

/// No table, frame, array or dict of columns.
fn is_no_batch<'a>(program: &Program<'a>, expr: &'a Expr) -> bool {
    match expr {
        Expr::List(_) | Expr::ListComp(_) | Expr::Set(_) | Expr::SetComp(_) | Expr::Tuple(_) => true,
        Expr::Dict(dict) => dict.items.iter().any(|item| item.key.is_some() && is_scalar(program, &item.value)),
        _ => is_scalar(program, expr),
    }
}

fn is_scalar<'a>(program: &Program<'a>, expr: &'a Expr) -> bool {
    match expr {
        Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::FString(_)
        | Expr::BytesLiteral(_)
        | Expr::BooleanLiteral(_)
        | Expr::NoneLiteral(_) => true,
        Expr::Call(call) => program.chains(&call.func).iter().all(|chain| match chain.root() {
            Root::Builtin(name) => chain.is_root() && SCALARS.contains(name),
            _ => false,
        }),
        _ => false,
    }
}
