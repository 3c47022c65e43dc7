//! A module as rules see it.

use std::{cell::OnceCell, rc::Rc};

use enginehouse_sdk::Span;
use ruff_python_ast::{Expr, ExprCall, ExprName};
use ruff_text_size::{Ranged, TextRange};

use crate::{
    Syntax,
    chain::{Chain, Hop, Root},
    resolve::Resolver,
    scope::{self, Origin, Reference, Role, Star},
    value::Value,
};

/// A module that was read: its calls, what expressions stand for, which strings they are.
#[derive(Debug)]
pub struct Program<'a> {
    syntax: &'a Syntax<'a>,
    pub(crate) resolver: Resolver<'a>,
    calls: OnceCell<Vec<Call<'a>>>,
    mentions: OnceCell<Vec<Mention<'a>>>,
    strings: OnceCell<Vec<Text<'a>>>,
}

/// A string that the program spells out or puts together, and what it may be: at least one value.
pub type Text<'a> = (&'a Expr, Rc<[Value]>);

/// A call, and what it may call: each chain ends with the hop of this call, except where it calls a function of the
/// program, whose returned value the chain then is.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// The call's syntax.
    pub node: &'a ExprCall,
    /// At least one.
    pub chains: Rc<[Chain<'a>]>,
    /// What is called: at least one.
    pub callee: Rc<[Chain<'a>]>,
    pub(crate) expr: &'a Expr,
    pub(crate) role: Role<'a>,
}

/// A name, an attribute, a call or an item, and what it may stand for.
#[derive(Debug)]
pub(crate) struct Mention<'a> {
    pub(crate) reference: Reference<'a>,
    pub(crate) chains: Rc<[Chain<'a>]>,
}

impl<'a> Program<'a> {
    /// Reads the scopes of a module.
    pub fn read(syntax: &'a Syntax<'a>) -> Self {
        Self::read_with(syntax, &[])
    }

    /// The same, where it is known what star imports of these modules give.
    pub fn read_with(syntax: &'a Syntax<'a>, stars: &[Star<'_>]) -> Self {
        Self {
            syntax,
            resolver: Resolver::new(scope::build(syntax.body(), stars)),
            calls: OnceCell::new(),
            mentions: OnceCell::new(),
            strings: OnceCell::new(),
        }
    }

    /// The tree.
    pub fn syntax(&self) -> &'a Syntax<'a> {
        self.syntax
    }

    /// Where a node is, for a finding.
    pub fn span(&self, node: &impl Ranged) -> Option<Span> {
        Some(self.syntax.span(node))
    }

    /// All calls, in the order of the walk.
    pub fn calls(&self) -> &[Call<'a>] {
        self.calls.get_or_init(|| {
            let calls = self.resolver.model.calls.iter();
            calls
                .map(|(expr, node, role)| Call {
                    node,
                    chains: self.chains(expr),
                    callee: self.chains(&node.func),
                    expr,
                    role: *role,
                })
                .collect()
        })
    }

    /// All references with what they may stand for, in the order of the walk.
    pub(crate) fn mentions(&self) -> &[Mention<'a>] {
        self.mentions.get_or_init(|| {
            let references = self.resolver.model.references.iter();
            references.map(|reference| Mention { reference: *reference, chains: self.chains(reference.expr) }).collect()
        })
    }

    /// What an expression may stand for: at least one chain.
    pub fn chains(&self, expr: &'a Expr) -> Rc<[Chain<'a>]> {
        self.resolver.chains(expr)
    }

    /// The strings that an expression may be: at least one, which may be unknown.
    pub fn texts(&self, expr: &'a Expr) -> Rc<[Value]> {
        self.resolver.texts(expr)
    }

    /// The strings that an expression may be, or that the list or tuple it stands for holds.
    pub fn texts_within(&self, expr: &'a Expr) -> Vec<Value> {
        if let Expr::Starred(starred) = expr {
            return self.texts_within(&starred.value);
        }
        match self.resolver.literal(expr) {
            Some(Expr::List(_) | Expr::Tuple(_) | Expr::Set(_)) => match self.resolver.elements(expr, None) {
                Some(elements) => elements.into_iter().flat_map(|element| self.texts(element).to_vec()).collect(),
                None => vec![Value::unknown()],
            },
            _ => self.texts(expr).to_vec(),
        }
    }

    /// What an expression stands for in any case, each with what it may be: the elements of a list, a loop's turns, what a
    /// parameter is in each call.
    pub fn choices(&self, expr: &'a Expr) -> Vec<Rc<[Value]>> {
        self.resolver.choices(expr)
    }

    /// Whether a class of the program has a method of this name.
    pub fn has_method(&self, name: &str) -> bool {
        self.resolver.model.functions.values().any(|function| function.method && function.def.name.as_str() == name)
    }

    /// The literal that an expression stands for, where it is one alone and nothing changes it.
    pub fn literal(&self, expr: &'a Expr) -> Option<&'a Expr> {
        self.resolver.literal(expr)
    }

    /// Whether the value under this name is changed in place anywhere: `x[k] = …`, `x.append(…)`.
    pub fn is_changed(&self, name: &str) -> bool {
        self.resolver.model.mutated.contains(name)
    }

    /// All strings that the program spells out or puts together, with their expressions.
    pub fn strings(&self) -> &[Text<'a>] {
        self.strings.get_or_init(|| {
            let strings = self.resolver.model.strings.iter();
            strings.map(|expr| (*expr, self.texts(expr))).collect()
        })
    }

    /// The dotted paths that are imported (`a.b` for `from a import b`, `a.b` for `import a.b`), with their places.
    pub fn imports(&self) -> impl Iterator<Item = (String, TextRange)> {
        self.resolver.model.imports.iter().map(|import| {
            let path = if import.member.is_some() { import.path.to_string() } else { import.module.to_owned() };
            (path, import.range)
        })
    }

    /// Where a read name was imported from, if an import is all that it can be: `pyspark.sql.functions.sum`.
    pub fn imported(&self, name: &'a ExprName) -> Option<&str> {
        let model = &self.resolver.model;
        match model.reaching(model.use_of(name)?).as_slice() {
            [binding] => match binding.origin {
                Origin::Import(place) => model.imports.get(place).map(|import| &*import.path),
                _ => None,
            },
            _ => None,
        }
    }

    /// Names, attributes and items that are read, called or passed on.
    pub fn references(&self) -> impl Iterator<Item = &'a Expr> {
        self.resolver.model.references.iter().map(|reference| reference.expr)
    }

    /// Whether the program was too intricate to be followed everywhere: then nothing is certain about it.
    pub fn exhausted(&self) -> bool {
        self.resolver.exhausted()
    }
}

impl<'a> Call<'a> {
    /// An argument by its place or its name. None where it is left out or hidden behind `*` or `**`.
    pub fn argument(&self, place: usize, name: &str) -> Option<&'a Expr> {
        self.node.arguments.find_argument_value(name, place)
    }

    /// The hops of a chain whose last is this very call.
    pub fn own<'c>(&self, chain: &'c Chain<'a>) -> Option<Vec<&'c Hop<'a>>> {
        let last = chain.last()?.call?;
        std::ptr::eq(last, self.node).then(|| chain.hops())
    }

    /// The name of the method that is called, or of the imported function or class.
    pub fn called<'c>(&self, chain: &'c Chain<'_>) -> Option<&'c str> {
        let hop = chain.last().filter(|hop| hop.call.is_some_and(|node| std::ptr::eq(node, self.node)))?;
        match chain.root() {
            Root::Import(path) if hop.name == "()" && chain.length() == 1 => path.rsplit('.').next(),
            _ => Some(hop.name.as_ref()),
        }
    }

    /// Whether `*` or `**` hide arguments.
    pub fn spreads(&self) -> bool {
        self.node.arguments.args.iter().any(Expr::is_starred_expr)
            || self.node.arguments.keywords.iter().any(|keyword| keyword.arg.is_none())
    }
}

/// The argument of a call by its place or its name.
pub fn argument<'a>(call: &'a ExprCall, place: usize, name: &str) -> Option<&'a Expr> {
    call.arguments.find_argument_value(name, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the argument of the last `probe(…)` may be.
    fn texts(code: &str) -> Vec<String> {
        let syntax = Syntax::parse(code).unwrap_or_else(|findings| panic!("{findings:?}"));
        let program = Program::read(&syntax);
        let probe = program.calls().iter().rfind(|call| syntax.text(call.node.func.as_ref()) == "probe").unwrap();
        program.texts_within(&probe.node.arguments.args[0]).iter().map(Value::display).collect()
    }

    fn paths(code: &str) -> Vec<Option<String>> {
        let syntax = Syntax::parse(code).unwrap_or_else(|findings| panic!("{findings:?}"));
        let program = Program::read(&syntax);
        let probe = program.calls().iter().rfind(|call| syntax.text(call.node.func.as_ref()) == "probe").unwrap();
        program.chains(&probe.node.arguments.args[0]).iter().map(|chain| chain.path().map(str::to_owned)).collect()
    }

    #[test]
    fn strings_are_folded() {
        for (code, expected) in [
            ("probe('a' + \"b\" 'c')", vec!["abc"]),
            ("x = 'a'\nprobe(f'{x}/{1}/{x!r}')", vec!["a/1/{…}"]),
            ("probe('%s-%d%%' % ('a', 3))", vec!["a-3%"]),
            ("probe('{}/{1}/{k}/{{}}'.format('a', 'b', k='c'))", vec!["a/b/c/{}"]),
            ("import os\nprobe(os.path.join('a/', 'b', 'c'))", vec!["a/b/c"]),
            ("import os\nprobe(os.environ['OUTPUT_PATH'].rstrip('/') + '/x')", vec!["{OUTPUT_PATH}/x"]),
            ("from os import getenv as g\nprobe(g('OUTPUT_PATH', 'other'))", vec!["{OUTPUT_PATH}"]),
            ("from os import environ\nprobe(environ.get('A') or 'b')", vec!["{A}", "b"]),
            ("x = 'a'\nx = x + 'b'\nx += 'c'\nprobe(x)", vec!["abc"]),
            ("if y:\n    x = 'a'\nelse:\n    x = 'b'\nprobe(x)", vec!["b", "a"]),
            ("x = 'a'\nfor i in y:\n    probe(x)\n    x = 'b'", vec!["a", "b"]),
            ("probe(['a', 'b'])", vec!["a", "b"]),
            ("C = {'in': 'a'}\nprobe(C['in'])", vec!["a"]),
            ("C = {'in': 'a'}\nC['in'] = 'b'\nprobe(C['in'])", vec!["{…}"]),
            ("class C:\n    P = 'a'\nprobe(C.P)", vec!["a"]),
            ("class C:\n    P = 'a'\nC.P = 'b'\nprobe(C.P)", vec!["{…}"]),
            ("def f(p, q='c'):\n    probe(p + q)\nf('a')\nf(p='b')", vec!["ac", "bc"]),
            ("def f(p):\n    probe(p)\nf('a')\ng = f", vec!["{…}"]),
            ("def f():\n    return 'a'\nprobe(f())", vec!["a"]),
            ("def f(n):\n    return f(n)\nprobe(f(1))", vec!["{…}"]),
            ("for n, p in {'x': 'a', 'y': 'b'}.items():\n    probe(p + n)", vec!["ax", "ay", "bx", "by"]),
            ("a, b = 'x', 'y'\nprobe(b)", vec!["y"]),
            ("probe(input())", vec!["{…}"]),
            ("probe('/'.join(['a', 'b']))", vec!["a/b"]),
        ] {
            assert_eq!(texts(code), expected, "{code}");
        }
    }

    #[test]
    fn names_are_followed_to_what_they_stand_for() {
        let path = |code: &str| paths(code).into_iter().map(|path| path.unwrap_or_default()).collect::<Vec<_>>();
        for (code, expected) in [
            ("import a.b as c\nprobe(c.d)", vec!["a.b.d"]),
            ("import a.b\nprobe(a.b.c)", vec!["a.b.c"]),
            ("from a import b\nx = b.c\nprobe(x.d().e)", vec!["a.b.c.d"]),
            ("probe(open)", vec!["builtins.open"]),
            ("def open(): ...\nprobe(open)", vec![""]),
            ("import a\nwith a.b() as c:\n    probe(c.d)", vec!["a.b"]),
            ("from . import a\nprobe(a)", vec![""]),
            ("import a\nx = a\nx = 1\nprobe(x)", vec![""]),
        ] {
            assert_eq!(path(code), expected, "{code}");
        }
    }
}
