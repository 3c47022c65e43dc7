//! What Glue's own context reads and writes: dynamic frames.

use enginehouse_pycheck::{
    Call, Chain, Program, Value,
    ast::{Expr, ExprDict},
};

use super::reads::What;

/// What a call reads, where it is one of Glue's.
pub(super) fn reads<'a>(program: &Program<'a>, call: &Call<'a>, chain: &Chain<'a>) -> Option<Vec<What>> {
    match method(call, chain, "create")? {
        "catalog" => {
            let text = |place, name| call.argument(place, name).map(|expr| program.texts(expr));
            let (database, table) = (text(0, "database")?, text(1, "table_name")?);
            let named = |database: &Value, table: &Value| match (database.known(), table.known()) {
                (Some(database), Some(table)) => Value::text(format!("{database}.{table}")),
                _ => Value::unknown(),
            };
            Some(vec![What::Table(named(database.first()?, table.first()?))])
        }
        _ => {
            let kind = call.argument(0, "connection_type").map(|kind| program.texts(kind))?;
            let options = call.argument(1, "connection_options");
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
    let method = method(call, chain, "write")?;
    let kind = call.argument(1, "connection_type").map(|kind| program.texts(kind));
    let files = kind.is_some_and(|kind| kind.iter().all(|kind| matches!(kind.known(), Some("s3" | "file"))));
    let options = || call.argument(2, "connection_options");
    Some((method == "options" && files).then(|| paths(program, options())))
}

/// `create_dynamic_frame.from_options(…)` and `create_dynamic_frame_from_options(…)`: `options`.
fn method(call: &Call<'_>, chain: &Chain<'_>, verb: &str) -> Option<&'static str> {
    let name = call.called(chain)?;
    let method = name.strip_suffix("from_catalog").map(|frame| (frame, "catalog"));
    let (frame, method) = method.or_else(|| name.strip_suffix("from_options").map(|frame| (frame, "options")))?;
    let is_frame =
        |name: &str| name.strip_prefix(verb).is_some_and(|frame| matches!(frame, "_dynamic_frame" | "_data_frame"));
    let before = || chain.hops_back().nth(1).is_some_and(|hop| hop.call.is_none() && is_frame(&hop.name));
    match frame.strip_suffix('_') {
        Some(frame) => is_frame(frame).then_some(method),
        None => before().then_some(method),
    }
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
