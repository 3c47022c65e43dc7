//! What Glue's own context reads and writes: dynamic frames.

use enginehouse_pycheck::{
    Call, Chain, Program, Value,
    ast::{Expr, ExprDict},
};

use super::reads::What;

/// What a call reads, where it is one of Glue's.
pub(super) fn reads<'a>(program: &Program<'a>, call: &Call<'a>, chain: &Chain<'a>) -> Option<Vec<What>> {
    let (method, first) = method(call, chain, "create")?;
    match method {
        "catalog" => {
            let text = |place, name| call.argument(place, name).map(|expr| program.texts(expr));
            let (database, table) = (text(first, "database")?, text(first + 1, "table_name")?);
            let named = |database: &Value, table: &Value| match (database.known(), table.known()) {
                (Some(database), Some(table)) => Value::text(format!("{database}.{table}")),
                _ => Value::unknown(),
            };
            Some(vec![What::Table(named(database.first()?, table.first()?))])
        }
        _ => {
            let kind = call.argument(first, "connection_type").map(|kind| program.texts(kind))?;
            let options = call.argument(first + 1, "connection_options");
            if kind.iter().all(|kind| matches!(kind.known(), Some("s3" | "file"))) {
                return Some(paths(program, options).into_iter().map(What::Path).collect());
            }
            let one =
                |key: &str| options.and_then(|options| entry(program, options, key)).map(|value| program.texts(value));
            let first = |values: Option<std::rc::Rc<[Value]>>| values.and_then(|values| values.first().cloned());
            Some(vec![What::Relation(first(one("url")), first(one("dbtable")))])
        }
    }
}

/// Where a call writes, where it is one of Glue's; none for a table or a database.
pub(super) fn writes<'a>(program: &Program<'a>, call: &Call<'a>, chain: &Chain<'a>) -> Option<Option<Vec<Value>>> {
    let (method, first) = method(call, chain, "write")?;
    let kind = call.argument(first + 1, "connection_type").map(|kind| program.texts(kind));
    let files = kind.is_some_and(|kind| kind.iter().all(|kind| matches!(kind.known(), Some("s3" | "file"))));
    let options = || call.argument(first + 2, "connection_options");
    Some((method == "options" && files).then(|| paths(program, options())))
}

/// `create_dynamic_frame.from_options(…)` and `create_dynamic_frame_from_options(…)`: `options`, and the place of its first argument.
fn method<'c>(call: &Call<'_>, chain: &'c Chain<'_>, verb: &str) -> Option<(&'c str, usize)> {
    let name = call.called(chain)?;
    let starts = |text: &str| {
        let frame = text.strip_prefix(verb)?;
        frame.strip_prefix("_dynamic_frame").or_else(|| frame.strip_prefix("_data_frame")).map(str::to_owned)
    };
    if let Some(method) = starts(name).and(name.rsplit_once("_from_")).map(|(_, method)| method) {
        return Some((method, 0)).filter(|(method, _)| matches!(*method, "catalog" | "options"));
    }
    let method = name.strip_prefix("from_").filter(|method| matches!(*method, "catalog" | "options"))?;
    let before = chain.hops_back().nth(1).filter(|hop| hop.call.is_none())?;
    (starts(&before.name)?.is_empty()).then_some((method, 0))
}

/// The paths among a connection's options.
fn paths<'a>(program: &Program<'a>, options: Option<&'a Expr>) -> Vec<Value> {
    let found =
        options.and_then(|options| entry(program, options, "paths").or_else(|| entry(program, options, "path")));
    found.map_or_else(|| vec![Value::unknown()], |paths| program.texts_within(paths))
}

/// A value of a dict that is written out.
fn entry<'a>(program: &Program<'a>, dict: &'a Expr, key: &str) -> Option<&'a Expr> {
    let Expr::Dict(ExprDict { items, .. }) = program.literal(dict)? else { return None };
    let same = |expr: &Expr| expr.as_string_literal_expr().is_some_and(|text| text.value.to_str() == key);
    items.iter().find(|item| item.key.as_ref().is_some_and(same)).map(|item| &item.value)
}
