//! Names that are not defined, imports that are not used, statements out of place. Rules `C003`, `C004`, `C001`.

use enginehouse_sdk::Finding;
use ruff_text_size::Ranged;

use crate::{
    Program, report,
    scope::{Model, Origin, ScopeKind, Use, is_builtin},
};

/// How many names are told.
const FINDINGS: usize = 200;

/// Runs the rules on names.
pub(crate) fn check(program: &Program<'_>) -> Vec<Finding> {
    let model = &program.resolver.model;
    let mut findings: Vec<Finding> = model
        .misplaced
        .iter()
        .map(|(range, message)| {
            let hint = "move the statement to where Python takes it";
            report::error("C001", program.span(range), format!("syntax error: {message}"), hint)
        })
        .collect();
    if !is_dynamic(model) {
        findings.extend(model.uses.values().filter_map(|used| undefined(program, model, used)).take(FINDINGS));
    }
    findings.extend(unused(program, model));
    findings
}

/// Whether the program may make names at run time. `vars(x)` is about `x` alone.
fn is_dynamic(model: &Model<'_>) -> bool {
    let of_object = |used: &Use<'_>| {
        let calls = || model.calls.iter().filter(|(_, call, _)| !call.arguments.is_empty());
        used.name.id.as_str() == "vars" && calls().any(|(_, call, _)| call.func.range() == used.name.range)
    };
    let makes = |used: &&Use<'_>| matches!(used.name.id.as_str(), "globals" | "locals" | "exec" | "vars");
    model.uses.values().filter(makes).any(|used| !of_object(used))
}

fn undefined(program: &Program<'_>, model: &Model<'_>, used: &Use<'_>) -> Option<Finding> {
    let name = used.name.id.as_str();
    let guarded =
        model.ancestors(used.block).any(|id| model.blocks.get(id).is_some_and(|block| block.catches_name_error));
    if name.is_empty() || guarded || model.has_star(used.scope) {
        return None;
    }
    let quoted = report::quote(name);
    match model.scope_of(used.scope, name) {
        None if is_builtin(name) || model.perhaps.contains(name) => None,
        None => {
            let message = format!("the name `{quoted}` is not defined");
            Some(report::error("C003", program.span(used.name), message, hint(name)))
        }
        Some(found) => {
            let plain = model.scopes.get(found).is_some_and(|scope| {
                scope.kind == ScopeKind::Module || (scope.kind == ScopeKind::Function && !is_builtin(name))
            });
            if !plain || found != used.scope || used.annotation || is_builtin(name) {
                return None;
            }
            let reaching = model.reaching(used);
            if !reaching.iter().all(|binding| matches!(binding.origin, Origin::Deleted)) {
                return None;
            }
            let message = match reaching.is_empty() {
                true => format!("the name `{quoted}` is used before it is defined"),
                false => format!("the name `{quoted}` is used after it was deleted"),
            };
            Some(report::error("C003", program.span(used.name), message, "define the name before this line"))
        }
    }
}

/// What the name usually is, in programs for data engines.
fn hint(name: &str) -> String {
    let import = match name {
        "F" => "from pyspark.sql import functions as F",
        "T" => "from pyspark.sql import types as T",
        "Window" => "from pyspark.sql import Window",
        "SparkSession" => "from pyspark.sql import SparkSession",
        "StructType" | "StructField" | "StringType" | "IntegerType" | "LongType" | "DoubleType" | "DateType"
        | "TimestampType" | "DecimalType" | "BooleanType" | "ArrayType" => {
            return format!("add `from pyspark.sql.types import {name}`");
        }
        "col" | "lit" | "when" | "avg" | "desc" | "asc" | "udf" | "countDistinct" | "to_date" | "row_number"
        | "concat" => {
            return format!("add `from pyspark.sql.functions import {name}`");
        }
        "pd" => "import pandas as pd",
        "np" => "import numpy as np",
        "pa" => "import pyarrow as pa",
        "ray" | "os" | "sys" | "json" | "math" | "re" | "random" | "time" => return format!("add `import {name}`"),
        "datetime" | "timedelta" => return format!("add `from datetime import {name}`"),
        "spark" => "spark = SparkSession.builder.getOrCreate()",
        _ => return "define or import the name before it is used".to_owned(),
    };
    format!("add `{import}`")
}

fn unused(program: &Program<'_>, model: &Model<'_>) -> Vec<Finding> {
    let names: std::collections::BTreeSet<&str> = model.uses.values().map(|used| used.name.id.as_str()).collect();
    let mut findings = Vec::new();
    for import in &model.imports {
        let Some(bound) = import.bound else { continue };
        // Several imports may share a name (`import a.b`, `import a.c`); one in a `try` may be there for its error.
        let spared = import.kept
            || bound == "_"
            || names.contains(bound)
            || model.mentioned.contains(bound)
            || import.block != 0
            || model.scopes.get(import.scope).is_some_and(|scope| scope.kind == ScopeKind::Class);
        if !spared {
            let message = format!("`{}` is imported and not used", report::quote(bound));
            findings.push(report::warning("C004", program.span(&import.range), message, "leave the import out"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use crate::{Program, Star, Syntax};

    fn rules(code: &str) -> Vec<String> {
        let syntax = Syntax::parse(code).unwrap_or_else(|findings| panic!("{findings:?}"));
        super::check(&Program::read(&syntax)).into_iter().map(|f| format!("{} {}", f.rule, f.message)).collect()
    }

    #[test]
    fn names_that_are_nowhere_are_errors() {
        for code in [
            "print(x)\n",
            "df.show()\n",
            "def f():\n    return y\n",
            "class A:\n    z = 1\n    def f(self):\n        return z\n",
            "a = [i for i in [1]]\nprint(i)\n",
            "print(later)\nlater = 1\n",
            "def f():\n    global q\nprint(q)\n",
            "x = 1\ndel x\nprint(x)\n",
            "f = lambda a: a + b\n",
            "x += 1\n",
            "match 1:\n    case int():\n        print(bound)\n",
            "print(f'{nowhere:>{width}}')\n",
        ] {
            assert!(rules(code).iter().any(|rule| rule.starts_with("C003")), "{code}");
        }
    }

    #[test]
    fn stars_give_what_is_known_of_them() {
        let stars = [Star { module: "engine.functions", names: &["col", "sum"], perhaps: &["Column"] }];
        let told = |code: &str| {
            let syntax = Syntax::parse(code).unwrap_or_else(|findings| panic!("{findings:?}"));
            let findings = super::check(&Program::read_with(&syntax, &stars));
            findings.into_iter().map(|finding| finding.message).collect::<Vec<_>>()
        };
        let star = "from engine.functions import *\n";
        assert_eq!(told(&format!("{star}print(col(1), sum, Column, len)\n")), Vec::<String>::new());
        assert_eq!(told(&format!("{star}print(cool(1))\n")), ["the name `cool` is not defined"]);
        assert_eq!(told(&format!("print(col)\n{star}")), ["the name `col` is used before it is defined"]);
        assert_eq!(told(&format!("from other import *\n{star}print(cool)\n")), Vec::<String>::new());
        assert_eq!(
            told("class A:\n    def f(self):\n        return vars(self), cool\n"),
            ["the name `cool` is not defined"]
        );
    }

    #[test]
    fn valid_programs_are_silent() {
        for code in [
            "def f():\n    return later()\ndef later():\n    return 1\nf()\n",
            "import os.path\nprint(os.path.sep)\n",
            "try:\n    import json\nexcept ImportError:\n    json = None\nprint(json)\n",
            "try:\n    unicode\nexcept NameError:\n    unicode = str\n",
            "if (n := 10) > 5:\n    print(n)\n",
            "print([y := 1, y ** 2])\n",
            "xs = [last := v for v in [1]]\nprint(last)\n",
            "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x += 1\n    return g\n",
            "def f():\n    global made\n    made = 1\nf()\nprint(made)\n",
            "try:\n    pass\nexcept ValueError as e:\n    print(e)\n",
            "match [1, 2]:\n    case [a, *rest]:\n        print(a, rest)\n    case {'k': v, **more}:\n        print(v, more)\n    case str() as s:\n        print(s)\n",
            "from math import *\nprint(sqrt(2))\n",
            "class A:\n    def f(self):\n        return vars(self)\nprint(A())\n",
            "for i in range(3):\n    if i:\n        print(seen)\n    seen = i\n",
            "while True:\n    try:\n        x\n    except NameError:\n        x = 1\n    break\n",
            "class A:\n    n = 1\n    m = n + 1\n    xs = [k for k in range(n)]\n    def f(self):\n        return __class__\nprint(A, __name__, __file__)\n",
            "with open('a') as f, open('b') as g:\n    print(f, g)\n",
            "def f(a, /, b=1, *args, c, **kw):\n    return a, b, args, c, kw\n",
            "a, (b, *c) = 1, (2, 3)\nprint(a, b, c)\n",
            "def f(x: 'Later') -> 'Later':\n    return x\nclass Later: ...\n",
            "from __future__ import annotations\ndef f(x: Later) -> Later:\n    return x\nclass Later: ...\n",
            "print(sum(x for x in range(3) if x for y in [x] if y))\n",
            "import functools\n@functools.cache\ndef f(n):\n    return f(n - 1)\n",
            "async def f():\n    async with x() as y:\n        async for z in y:\n            yield z\ndef x(): ...\n",
            "d = {k: v for k, v in {}.items()}\nprint(d)\n",
            "lambda *a, k=1, **kw: (a, k, kw)\n",
        ] {
            assert_eq!(rules(code), Vec::<String>::new(), "{code}");
        }
    }

    #[test]
    fn unused_imports_are_warned_of() {
        assert_eq!(rules("import os\n"), ["C004 `os` is imported and not used"]);
        assert_eq!(rules("from a import b as c, d\nd()\n"), ["C004 `c` is imported and not used"]);
        assert_eq!(
            rules("import os\nfrom typing import List\ndef f(x: 'List[int]'): os.getcwd()\n"),
            Vec::<String>::new()
        );
        assert_eq!(rules("import a\n__all__ = ['a']\n"), Vec::<String>::new());
        assert_eq!(rules("from __future__ import annotations\n"), Vec::<String>::new());
    }

    #[test]
    fn statements_out_of_place() {
        for code in ["return 1\n", "break\n", "for x in []:\n    def f():\n        continue\n", "yield 1\n"] {
            assert!(rules(code).iter().any(|rule| rule.starts_with("C001")), "{code}");
        }
        assert!(
            rules("def f():\n    for x in []:\n        if x: break\n        continue\n    yield 1\n    return\n")
                .is_empty()
        );
    }
}
