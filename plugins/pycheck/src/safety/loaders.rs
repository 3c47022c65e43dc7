//! Readers that trust what they read. Rules `X106` and `X111`.

use enginehouse_sdk::Finding;
use ruff_python_ast::{
    Expr,
    visitor::{self, Visitor},
};

use super::secrets::is_secret;
use crate::{Call, Program, modules::within, report};

const PARSERS: &[&str] = &[
    "parse",
    "fromstring",
    "fromstringlist",
    "iterparse",
    "parseString",
    "XML",
    "XMLParser",
    "make_parser",
    "create_parser",
];
const WEAK: &[&str] = &["md5", "sha1", "md4"];

pub(super) fn check(program: &Program<'_>) -> Vec<Finding> {
    program.calls().iter().filter_map(|call| judge(program, call)).collect()
}

fn judge<'a>(program: &Program<'a>, call: &Call<'a>) -> Option<Finding> {
    let path = call.callee.iter().find_map(|chain| chain.pure_path())?;
    let last = path.rsplit('.').next().unwrap_or_default();
    let span = || program.span(call.node);
    if within(path, &["numpy"]) && matches!(last, "load" | "read_array") {
        let flag = call.argument(2, "allow_pickle")?;
        let no = matches!(program.literal(flag), Some(Expr::BooleanLiteral(flag)) if !flag.value);
        let message = "`allow_pickle` unpickles, which runs code";
        return (!no).then(|| report::error("X106", span(), message, "use Parquet, CSV or JSON"));
    }
    if matches!(path, "yaml.load" | "yaml.load_all" | "yaml.full_load" | "yaml.full_load_all") {
        let loader = call.argument(1, "Loader").map(|loader| program.chains(loader));
        let safe = |path: &str| path.ends_with("SafeLoader") || path.ends_with("BaseLoader");
        if loader.is_some_and(|chains| chains.iter().all(|chain| chain.path().is_some_and(safe))) {
            return None;
        }
        return Some(report::warning(
            "X111",
            span(),
            format!("`{path}` makes whatever objects the text asks for"),
            "use `yaml.safe_load`",
        ));
    }
    if within(path, &["xml", "lxml"]) && PARSERS.contains(&last) {
        let message =
            format!("`{}` follows what the document says, entities without end among it", report::quote(path));
        return Some(report::warning(
            "X111",
            span(),
            message,
            "read XML through the engine, or keep the data in JSON or CSV",
        ));
    }
    let weak = match path {
        "hashlib.new" => program
            .texts(call.argument(0, "name")?)
            .iter()
            .any(|name| name.known().is_some_and(|name| WEAK.contains(&name))),
        _ => path.strip_prefix("hashlib.").is_some_and(|name| WEAK.contains(&name)),
    };
    if weak {
        let mut named = Named(false);
        named.visit_arguments(&call.node.arguments);
        let message = "a secret is hashed with a function that is broken";
        return named.0.then(|| report::warning("X111", span(), message, "use `hashlib.sha256`"));
    }
    None
}

/// Whether a secret is named.
struct Named(bool);

impl<'a> Visitor<'a> for Named {
    fn visit_expr(&mut self, expr: &'a Expr) {
        self.0 |= match expr {
            Expr::Name(name) => is_secret(name.id.as_str()),
            Expr::Attribute(attribute) => is_secret(attribute.attr.as_str()),
            _ => false,
        };
        visitor::walk_expr(self, expr);
    }
}
