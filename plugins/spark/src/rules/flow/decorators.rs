//! What decorators make of functions.

use enginehouse_pycheck::ast::Expr;

use super::{
    Flow, failures,
    value::{Args, Code, Function, Kind, Value},
};

/// Decorators that leave a function as it is.
const SAME: &[&str] =
    &["abc.abstractmethod", "functools.wraps", "typing.final", "typing.no_type_check", "typing.override"];

impl<'a> Flow<'_, 'a> {
    pub(super) fn decorate(&mut self, decorator: &'a Expr, value: Value<'a>) -> Value<'a> {
        let called = if let Expr::Call(call) = decorator { self.eval(&call.func) } else { Value::Unknown };
        if matches!(&called, Value::Path(path) if SAME.contains(&&**path)) {
            return value;
        }
        let made = self.eval(decorator);
        let kind = |kind: Kind| match &value {
            Value::Function(function) => Value::function(Function { kind, ..Function::clone(function) }),
            _ => Value::Unknown,
        };
        match &made {
            Value::Path(path) => match &**path {
                "builtins.staticmethod" => kind(Kind::Static),
                "builtins.classmethod" => kind(Kind::OfClass),
                "builtins.property" => kind(Kind::Property),
                "functools.cached_property" => kind(Kind::Cached),
                "contextlib.contextmanager" => match &value {
                    Value::Function(function) if let Code::Def(def) = function.code => {
                        if failures::passes_over(&def.body) { Value::Doubt } else { Value::Unknown }
                    }
                    _ => Value::Unknown,
                },
                path if SAME.contains(&path) => value,
                "pyspark.sql.functions.udf" | "pyspark.sql.functions.pandas_udf" => Value::PerRow,
                _ => Value::Unknown,
            },
            Value::Method(..) | Value::Unknown => Value::Unknown,
            Value::PerRow => Value::PerRow,
            _ => self.apply(&made, Args::of([value]), None),
        }
    }
}
