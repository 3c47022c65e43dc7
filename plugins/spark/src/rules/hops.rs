//! Patterns in chains of calls.

use std::rc::Rc;

use enginehouse_pycheck::{
    Chain, Hop, Program, Root, Value, argument,
    ast::{Expr, ExprCall},
};

/// The methods from an attribute (`read`, `write`) to the last call, whose name `ends` them; all between are among `between`.
pub(super) fn after<'c, 'a>(
    chain: &'c Chain<'a>,
    attribute: &str,
    between: &[&str],
    ends: impl Fn(&str) -> bool,
) -> Option<Vec<&'c Hop<'a>>> {
    let mut hops = chain.hops_back();
    let mut methods = vec![hops.next().filter(|last| ends(&last.name))?];
    for hop in hops {
        if hop.call.is_none() && hop.name == attribute {
            methods.reverse();
            return Some(methods);
        }
        methods.push(Some(hop).filter(|hop| between.contains(&hop.name.as_ref()))?);
    }
    None
}

/// The strings given to a method among hops: `format("csv")`.
pub(super) fn method_texts<'a>(
    program: &Program<'a>,
    hops: &[&Hop<'a>],
    method: &str,
    place: usize,
    name: &str,
) -> Option<Rc<[Value]>> {
    let call = hops.iter().rev().find(|hop| hop.name == method).and_then(|hop| hop.call)?;
    Some(program.texts(argument(call, place, name)?))
}

/// The value of an option set by `option(key, value)` or `options(key=value)`.
pub(super) fn option<'a>(program: &Program<'a>, hops: &[&Hop<'a>], key: &str) -> Option<&'a Expr> {
    hops.iter().rev().filter_map(|hop| Some((hop.name.as_ref(), hop.call?))).find_map(|(name, call)| match name {
        "option" => {
            let found = program.texts(argument(call, 0, "key")?);
            let same = found.iter().any(|text| text.known().is_some_and(|text| text.eq_ignore_ascii_case(key)));
            if same { argument(call, 1, "value") } else { None }
        }
        "options" => {
            let named = |arg: &str| arg.eq_ignore_ascii_case(key);
            let keywords = || call.arguments.keywords.iter();
            let spread = |dict: &'a Expr| match program.literal(dict) {
                Some(Expr::Dict(dict)) => dict.items.iter().find_map(|item| match &item.key {
                    Some(Expr::StringLiteral(key)) if named(key.value.to_str()) => Some(&item.value),
                    _ => None,
                }),
                _ => None,
            };
            let stated = keywords().find(|k| k.arg.as_ref().is_some_and(|arg| named(arg))).map(|k| &k.value);
            stated.or_else(|| keywords().filter(|k| k.arg.is_none()).find_map(|k| spread(&k.value)))
        }
        _ => None,
    })
}

/// Whether an option is switched on, by the method that reads or before it: `csv(path, header=True)`.
pub(super) fn flag<'a>(program: &Program<'a>, hops: &[&Hop<'a>], call: &'a ExprCall, key: &str) -> bool {
    let value = call.arguments.find_keyword(key).map(|keyword| &keyword.value);
    value.or_else(|| option(program, hops, key)).is_some_and(|value| match value {
        Expr::BooleanLiteral(literal) => literal.value,
        other => {
            program.texts(other).iter().all(|text| text.known().is_some_and(|text| text.eq_ignore_ascii_case("true")))
        }
    })
}

/// Whether what is called may belong to Spark: it does not come from another module, and is no text or list of Python's own.
pub(super) fn may_be_spark(chain: &Chain<'_>) -> bool {
    match chain.root() {
        Root::Unknown => true,
        // What these give back may be anything that was put in.
        Root::Import(path) if ["functools.", "itertools.", "copy."].iter().any(|module| path.starts_with(module)) => {
            chain.length() > 1
        }
        Root::Import(_) => chain.may_come_from(&["pyspark", "awsglue", "databricks"]),
        Root::Builtin(_) | Root::Function(_) | Root::Class(_) => chain.length() > 1,
        Root::Value(value) => match value {
            Expr::List(_) | Expr::Tuple(_) | Expr::Set(_) | Expr::Dict(_) => chain.has("[]"),
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => chain.has("[]"),
            Expr::Lambda(_) => chain.has("()"),
            Expr::BinOp(_) | Expr::Compare(_) | Expr::UnaryOp(_) => true,
            _ => false,
        },
    }
}
