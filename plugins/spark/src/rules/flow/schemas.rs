//! Schemas that the program states: `StructType([…])`, `"id bigint, name string"`.

use std::rc::Rc;

use super::{
    Flow,
    value::{Args, Value},
};

/// What `pyspark.sql.types` makes.
pub(super) fn made<'a>(flow: &mut Flow<'_, 'a>, name: &str, args: &Args<'a>) -> Value<'a> {
    match name {
        "StructField" => match args.get(0, "name") {
            Some(Value::Text(name, _)) => Value::Field(Rc::clone(name)),
            _ => Value::Unknown,
        },
        "StructType" => {
            let content = match args.get(0, "fields") {
                Some(fields) => flow.elements(fields).map_or(Value::Unknown, |fields| of_fields(&fields)),
                None if !args.more => Value::Schema(Rc::default()),
                None => Value::Unknown,
            };
            flow.hold(content)
        }
        _ => Value::Plain,
    }
}

/// What `schema.add("name", …)` makes of a schema: it is the schema itself that is added to.
pub(super) fn added<'a>(schema: &[Rc<str>], args: &Args<'a>) -> Value<'a> {
    match args.get(0, "field") {
        Some(Value::Text(name, _) | Value::Field(name)) => {
            Value::Schema(schema.iter().cloned().chain([Rc::clone(name)]).collect())
        }
        _ => Value::Unknown,
    }
}

fn of_fields<'a>(fields: &[Value<'a>]) -> Value<'a> {
    let names: Option<Rc<[Rc<str>]>> =
        fields.iter().map(|field| if let Value::Field(name) = field { Some(Rc::clone(name)) } else { None }).collect();
    names.map_or(Value::Unknown, Value::Schema)
}

/// The names in a schema, in whichever form it is stated.
pub(super) fn names<'a>(flow: &Flow<'_, 'a>, schema: &Value<'a>) -> Option<Vec<Rc<str>>> {
    match flow.open(schema) {
        Value::Schema(names) => Some(names.to_vec()),
        Value::Text(ddl, _) => of_ddl(&ddl),
        _ => flow.elements(schema)?.iter().map(|name| name.text().cloned()).collect(),
    }
}

/// The names in `id bigint, tags array<string>`. None where it may be anything else.
fn of_ddl(ddl: &str) -> Option<Vec<Rc<str>>> {
    let mut depth = 0_i32;
    let parts = ddl.split(|c| {
        depth += i32::from(matches!(c, '<' | '(')) - i32::from(matches!(c, '>' | ')'));
        c == ',' && depth == 0
    });
    let name = |column: &str| -> Option<Rc<str>> {
        let column = column.trim();
        let (name, kind) = match column.strip_prefix('`') {
            Some(quoted) => quoted.split_once('`')?,
            None => column.split_once(|c: char| c.is_whitespace() || c == ':')?,
        };
        let starts = kind.trim_start_matches(|c: char| c.is_whitespace() || c == ':').starts_with(char::is_alphabetic);
        let plain = !name.is_empty() && !name.contains(['<', '(', '\'', '"']);
        (starts && plain).then(|| name.into())
    };
    parts.map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::of_ddl;

    #[test]
    fn ddl_is_read_where_it_is_plain() {
        for (ddl, expected) in [
            ("id bigint, name string", Some(vec!["id", "name"])),
            ("id: bigint, `a b` decimal(10,2) NOT NULL", Some(vec!["id", "a b"])),
            ("m map<string,int>, s struct<x:int,y:int> COMMENT 'c'", Some(vec!["m", "s"])),
            ("double", None),
            ("", None),
            ("id bigint,", None),
        ] {
            let expected = expected.map(|names| names.into_iter().map(Into::into).collect());
            assert_eq!(of_ddl(ddl), expected, "{ddl}");
        }
    }
}
