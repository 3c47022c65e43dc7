//! Renders a plan as a Ray program that writes each output as Parquet under `OUTPUT_PATH` and prints it.
//!
//! Sources are read, and typed rows filtered, block by block with Ray Data. What needs all rows (groups, order, joins) runs on
//! Arrow tables in a remote task: Ray Data's own operators keep no order, leave out empty results and shuffle into hundreds
//! of partitions whatever the size.

mod code;
mod filter;
mod helpers;
mod join;
mod numbers;
mod query;
mod read;

use enginehouse_sdk::Source;

use crate::{
    NotUnderstood,
    plan::{Input, Plan, Query},
    text::{comment, literal},
};
use code::{Code, Import};
use helpers::Helper;

/// The program. `sources` are those that the plan was made over.
///
/// # Errors
/// [`NotUnderstood::Impossible`] where a source is of a kind that Ray cannot read.
pub fn render(plan: &Plan, sources: &[Source]) -> Result<String, NotUnderstood> {
    let mut head = vec![
        comment(&format!("Request: {}", plan.request)),
        "ray.init()".to_owned(),
        "output = os.environ[\"OUTPUT_PATH\"]".to_owned(),
    ];
    if !matches!(plan.input, Input::Numbers(_)) {
        head.push("ray.data.DataContext.get_current().execution_options.preserve_order = True".to_owned());
    }
    let mut code = Code::new(head);
    code.import(Import::Os);
    match &plan.input {
        Input::Numbers(numbers) => numbers::render(&mut code, numbers, &plan.outputs),
        Input::Source(at) => {
            let Some(source) = sources.get(*at) else { return Ok(code.finish()) };
            let needed = read::needed(plan, source);
            let first = match plan.outputs.as_slice() {
                [only] if plan.filter.is_none() => first_rows(&only.query),
                _ => None,
            };
            let reading = read::Reading { needed: &needed, filter: plan.filter.as_ref(), first };
            read::source(&mut code, "", source, &reading)?;
            outputs(&mut code, plan, sources);
        }
        Input::Join(joined) => {
            join::render(&mut code, joined, plan.filter.as_ref(), sources)?;
            outputs(&mut code, plan, sources);
        }
    }
    Ok(code.finish())
}

/// How many rows from the start are all that is asked for.
fn first_rows(query: &Query) -> Option<u64> {
    match query {
        Query::Rows(rows) if rows.sort.is_empty() && !rows.distinct => rows.limit,
        _ => None,
    }
}

/// A task for each output over the rows, and what it makes, written and printed.
fn outputs(code: &mut Code, plan: &Plan, sources: &[Source]) {
    let doubles = read::doubles(&plan.input, sources);
    for output in &plan.outputs {
        let body = query::render(code, &output.query, &doubles);
        code.import(Import::Arrow);
        code.function(true, &format!("make_{}", output.name), "rows", &body);
    }
    code.helper(Helper::Save);
    code.blank();
    for output in &plan.outputs {
        let name = &output.name;
        code.line(format!("save({}, ray.get(make_{name}.remote(rows)))", literal(name)));
    }
}
