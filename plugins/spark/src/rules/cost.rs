//! What costs more than it must. Rules `P009` to `P012` and `P018` to `P020`.

use std::{collections::BTreeSet, ptr};

use enginehouse_pycheck::{
    Call, Chain, Program, Ranged,
    ast::{Expr, ExprCall, Stmt},
    report,
};
use enginehouse_sdk::{Finding, Source, Task};

use super::{hops::may_be_spark, kinds::Kinds, walk::Walk};

/// What keeps the rows few.
const BOUNDS: &[&str] = &[
    "limit", "agg", "count", "describe", "summary", "head", "take", "tail", "groupBy", "groupby", "distinct", "first",
];
/// What runs a job.
const ACTIONS: &[&str] = &[
    "count",
    "show",
    "collect",
    "toPandas",
    "first",
    "head",
    "take",
    "tail",
    "isEmpty",
    "foreach",
    "csv",
    "parquet",
    "json",
    "orc",
    "save",
    "saveAsTable",
    "toLocalIterator",
    "describe",
    "summary",
];
/// Up to here one file is none too large, in bytes.
const SMALL: u64 = 256 << 20;

pub(super) fn check<'a>(task: &Task, program: &Program<'a>, kinds: &Kinds<'_, 'a>, walk: &Walk<'a>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut counted = BTreeSet::new();
    for call in program.calls() {
        findings.extend(collected(program, call));
        findings.extend(in_loop(program, walk, call));
        findings.extend(joined(program, kinds, call));
        findings.extend(repeated(program, kinds, call, &mut counted));
        findings.extend(one_file(task, program, call));
        findings.extend(cached(program, kinds, walk, call));
    }
    findings.extend(functions(program, walk));
    findings
}

fn collected(program: &Program<'_>, call: &Call<'_>) -> Option<Finding> {
    let unbounded = call.chains.iter().filter(|chain| may_be_spark(chain)).find_map(|chain| {
        let name = call.called(chain).filter(|name| matches!(*name, "collect" | "toPandas" | "toLocalIterator"))?;
        let frame = chain.has("read") || chain.has("table") || chain.has("sql") || name != "collect";
        (frame && !BOUNDS.iter().any(|bound| chain.has(bound))).then(|| name.to_owned())
    })?;
    let message = format!("`{unbounded}()` brings all rows to the driver");
    Some(report::warning("P009", program.span(call.node), message, "write the frame out, or call `.limit(n)` first"))
}

fn in_loop<'a>(program: &Program<'a>, walk: &Walk<'a>, call: &Call<'a>) -> Option<Finding> {
    let added = call.chains.iter().any(|chain| may_be_spark(chain) && call.called(chain) == Some("withColumn"));
    (added && walk.in_loop(call.node.range())).then(|| {
        let message = "each turn of the loop adds a step to the plan";
        let hint = "put the columns into a dict, and write `df.withColumns(columns)` once";
        report::warning("P010", program.span(call.node), message, hint)
    })
}

fn joined<'a>(program: &Program<'a>, kinds: &Kinds<'_, 'a>, call: &Call<'a>) -> Option<Finding> {
    let name = call.called(call.chains.first()?)?;
    let frame = || kinds.receiver(call) == Some("DataFrame");
    let message = match name {
        "crossJoin" if frame() => "every row is paired with every row of the other frame",
        "join" if call.node.arguments.len() == 1 && !call.spreads() && frame() => {
            "the join has no condition, and pairs every row with every row"
        }
        _ => return None,
    };
    Some(report::warning("P011", program.span(call.node), message, "write `df.join(other, \"key\")`"))
}

/// The call that made what a chain's last method is called on.
fn made_by<'a>(chain: &Chain<'a>) -> Option<*const ExprCall> {
    chain.hops_back().skip(1).find_map(|hop| hop.call).map(ptr::from_ref)
}

fn repeated<'a>(
    program: &Program<'a>,
    kinds: &Kinds<'_, 'a>,
    call: &Call<'a>,
    seen: &mut BTreeSet<(*const ExprCall, &'static str)>,
) -> Option<Finding> {
    let [chain] = call.chains.as_ref() else { return None };
    let name = ["count", "show"].into_iter().find(|name| call.called(chain) == Some(name))?;
    let frame = kinds.receiver(call) == Some("DataFrame") && !chain.has("cache") && !chain.has("persist");
    let again = frame && !seen.insert((made_by(chain)?, name));
    let message = format!("`{name}()` computes the same frame again");
    let hint = "keep the first answer in a variable, or call `.cache()` on the frame before";
    again.then(|| report::warning("P018", program.span(call.node), message, hint))
}

fn one_file(task: &Task, program: &Program<'_>, call: &Call<'_>) -> Option<Finding> {
    let bytes = task.sources.iter().map(|source| match source {
        Source::Objects(objects) => objects.bytes,
        Source::Table(_) | Source::Relation(_) => None,
    });
    if bytes.sum::<Option<u64>>().is_some_and(|bytes| bytes <= SMALL) {
        return None;
    }
    call.chains.iter().filter(|chain| may_be_spark(chain)).find_map(|chain| {
        let written = chain.latest().any(|hop| hop.name == "write") || chain.has("write");
        let name =
            call.called(chain).filter(|name| matches!(*name, "csv" | "parquet" | "json" | "orc" | "save" | "text"))?;
        if !written || BOUNDS.iter().any(|bound| chain.has(bound)) {
            return None;
        }
        let single = |hop: &&enginehouse_pycheck::Hop<'_>| {
            matches!(hop.name.as_ref(), "repartition" | "coalesce")
                && hop.call.is_some_and(
                    |call| matches!(call.arguments.args.as_ref(), [only] if program.syntax().text(only) == "1"),
                )
        };
        let hop = chain.hops_back().find(single)?;
        let message = format!("`{}(1)` before `{name}` lets one task write everything", hop.name);
        Some(report::warning("P019", program.span(hop.call?), message, "leave it out: results are read from all parts"))
    })
}

fn cached<'a>(program: &Program<'a>, kinds: &Kinds<'_, 'a>, walk: &Walk<'a>, call: &Call<'a>) -> Option<Finding> {
    let [chain] = call.chains.as_ref() else { return None };
    let name = call.called(chain).filter(|name| matches!(*name, "cache" | "persist"))?;
    let range = call.node.range();
    if kinds.receiver(call) != Some("DataFrame") || walk.in_loop(range) || walk.in_function(range) {
        return None;
    }
    let frame = made_by(chain)?;
    let holds = |chain: &Chain<'a>| chain.hops_back().any(|hop| hop.call.is_some_and(|call| ptr::eq(call, frame)));
    let mut uses = 0;
    for other in program.calls().iter().filter(|other| !ptr::eq(other.node, call.node)) {
        let handed_on = other.node.arguments.args.iter().chain(other.node.arguments.keywords.iter().map(|k| &k.value));
        let frames = handed_on.filter(|value| matches!(value, Expr::Name(_) | Expr::Call(_) | Expr::Attribute(_)));
        let named =
            |chain: &Chain<'a>| other.called(chain).is_some_and(|name| name.contains("TempView")) && holds(chain);
        // Wherever the frame goes, it may be used again.
        if other.chains.iter().any(named) {
            return None;
        }
        if frames
            .flat_map(|value| program.chains(value).to_vec())
            .any(|chain| holds(&chain) && kinds.class(&chain) == Some("DataFrame"))
        {
            return None;
        }
        let used = other
            .chains
            .iter()
            .any(|chain| other.called(chain).is_some_and(|name| ACTIONS.contains(&name)) && holds(chain));
        let again = walk.in_loop(other.node.range()) || walk.in_function(other.node.range());
        uses += usize::from(used) * if again { 2 } else { 1 };
    }
    let message = format!("`{name}()` keeps a frame that is used once");
    (uses < 2).then(|| report::warning("P020", program.span(call.node), message, "leave it out"))
}

/// Python functions for rows that do what Spark's own do. Rule `P012`.
fn functions<'a>(program: &Program<'a>, walk: &Walk<'a>) -> Vec<Finding> {
    let is_udf = |expr: &'a Expr| {
        let callee = if let Expr::Call(call) = expr { call.func.as_ref() } else { expr };
        let chains = program.chains(callee);
        chains
            .iter()
            .all(|chain| matches!(chain.pure_path(), Some("pyspark.sql.functions.udf" | "pyspark.sql.udf.udf")))
    };
    let told = |node: &dyn Ranged, builtin: &str| {
        let message = format!("a Python function does row by row what `F.{builtin}` does");
        report::warning("P012", program.span(&node.range()), message, format!("write `F.{builtin}(column)`"))
    };
    let mut findings = Vec::new();
    for function in &walk.functions {
        let decorated = function.decorator_list.iter().any(|decorator| is_udf(&decorator.expression));
        let body = function
            .body
            .iter()
            .filter(|statement| !statement.as_expr_stmt().is_some_and(|s| s.value.is_string_literal_expr()));
        if let [Stmt::Return(returned)] = body.collect::<Vec<_>>().as_slice()
            && let Some(builtin) = returned.value.as_deref().and_then(builtin)
            && decorated
        {
            findings.push(told(&function.name, builtin));
        }
    }
    for call in program.calls() {
        if let Some(Expr::Lambda(lambda)) = call.node.arguments.args.first()
            && let Some(builtin) = builtin(&lambda.body)
            && is_udf(&call.node.func)
        {
            findings.push(told(call.node, builtin));
        }
    }
    findings
}

/// The Spark function that does what an expression of one value does.
fn builtin(expr: &Expr) -> Option<&'static str> {
    match expr {
        // `x.upper() if x else None`.
        Expr::If(choice) if choice.orelse.is_none_literal_expr() => builtin(&choice.body),
        Expr::Call(call) => match call.func.as_ref() {
            Expr::Attribute(method) if method.value.is_name_expr() && call.arguments.is_empty() => {
                Some(match method.attr.as_str() {
                    "upper" => "upper",
                    "lower" => "lower",
                    "strip" => "trim",
                    "lstrip" => "ltrim",
                    "rstrip" => "rtrim",
                    "title" => "initcap",
                    _ => return None,
                })
            }
            Expr::Name(name) if matches!(call.arguments.args.as_ref(), [Expr::Name(_)]) => {
                Some(match name.id.as_str() {
                    "len" => "length",
                    "abs" => "abs",
                    _ => return None,
                })
            }
            _ => None,
        },
        _ => None,
    }
}
