//! How remote functions and actors are called. Rules `R005` and `R006`.

use enginehouse_pycheck::{
    Call, Chain, Program, Root,
    ast::{
        Comprehension, Decorator, Expr, Stmt, StmtClassDef,
        visitor::{self, Visitor},
    },
    report,
};
use enginehouse_sdk::Finding;

pub(super) fn check<'a>(program: &Program<'a>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = program.calls().iter().filter_map(|call| called(program, call)).collect();
    let mut loops = Loops { program, fed: Vec::new(), depth: 0, findings: Vec::new() };
    loops.visit_body(program.syntax().body());
    findings.extend(loops.findings);
    findings
}

/// Whether one of the decorators is `ray.remote`.
pub(super) fn is_remote<'a>(program: &Program<'a>, decorators: &'a [Decorator]) -> bool {
    let named = |decorator: &'a Decorator| {
        program.chains(&decorator.expression).iter().any(|chain| chain.path() == Some("ray.remote"))
    };
    decorators.iter().any(named)
}

/// Whether the last that is done to a definition is `ray.remote`: another decorator may give something else for what that gave.
fn ends_remote<'a>(program: &Program<'a>, decorators: &'a [Decorator]) -> bool {
    is_remote(program, decorators.get(..1).unwrap_or_default())
}

enum Fault {
    /// A remote function or actor is called like another.
    Plain(String),
    /// `.remote` of what is not remote.
    NotRemote(String),
}

/// A fault only where all that may be called has it.
fn called<'a>(program: &Program<'a>, call: &Call<'a>) -> Option<Finding> {
    let callee = program.chains(&call.node.func);
    let mut faults = callee.iter().map(|chain| fault(program, chain));
    let fault = faults.next()??;
    if !faults.all(|other| other.is_some()) {
        return None;
    }
    let (message, hint) = match fault {
        Fault::Plain(name) => (
            format!("`{name}` is remote and is called without `.remote()`"),
            format!("write `{name}.remote(…)`, and `ray.get` for the result"),
        ),
        Fault::NotRemote(name) => (
            format!("`{name}` has no `.remote()`: it is not decorated"),
            format!("write `@ray.remote` above `{name}`, or call it plainly"),
        ),
    };
    Some(report::error("R005", program.span(call.node), message, hint))
}

/// What is wrong with calling what this chain stands for.
fn fault<'a>(program: &Program<'a>, chain: &Chain<'a>) -> Option<Fault> {
    let hops = chain.hops();
    let (name, decorators, plain) = match chain.root() {
        Root::Function(def) => (def.name.as_str(), def.decorator_list.as_slice(), true),
        Root::Class(def) => (def.name.as_str(), def.decorator_list.as_slice(), def.arguments.is_none()),
        Root::Import(path) if path.as_ref() == "ray" || path.as_ref() == "ray.remote" => {
            let name = made(&hops)?;
            return Some(Fault::Plain(name));
        }
        _ => return None,
    };
    match hops.as_slice() {
        [] if ends_remote(program, decorators) => Some(Fault::Plain(name.to_owned())),
        // A class may inherit a method of that name, and a decorator may add one.
        [hop] if hop.name == "remote" && hop.call.is_none() && decorators.is_empty() && plain => {
            let own = matches!(chain.root(), Root::Class(def) if method(def, "remote"));
            (!own).then(|| Fault::NotRemote(name.to_owned()))
        }
        [made, hop] if made.name == "remote" && made.call.is_some() && hop.call.is_none() => {
            let Root::Class(def) = chain.root() else { return None };
            let method = method(def, &hop.name) && ends_remote(program, decorators);
            method.then(|| Fault::Plain(format!("{name}.{}", hop.name)))
        }
        _ => None,
    }
}

/// `ray.remote(f)`, where it is about to be called like a function.
fn made(hops: &[&enginehouse_pycheck::Hop<'_>]) -> Option<String> {
    let [hop] = hops else { return None };
    let first = hop.call?.arguments.args.first()?;
    let name = matches!(hop.name.as_ref(), "remote" | "()").then_some(first)?;
    match name {
        Expr::Name(name) => Some(name.id.to_string()),
        _ => None,
    }
}

fn method(class: &StmtClassDef, name: &str) -> bool {
    class.body.iter().any(|statement| matches!(statement, Stmt::FunctionDef(def) if def.name.as_str() == name))
}

/// `ray.get(f.remote(x))` for one `x` after the other, where no turn needs the one before.
struct Loops<'p, 'a> {
    program: &'p Program<'a>,
    /// Names that a statement of the loop assigns: what is made of them comes from the turn before.
    fed: Vec<&'a str>,
    depth: u32,
    findings: Vec<Finding>,
}

impl<'a> Visitor<'a> for Loops<'_, 'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::For(found) => {
                self.visit_expr(&found.iter);
                let before = self.fed.len();
                assigned(&found.body, &mut self.fed);
                self.depth += 1;
                self.visit_body(&found.body);
                self.depth -= 1;
                self.fed.truncate(before);
                self.visit_body(&found.orelse);
            }
            // What is defined in a loop runs at another time.
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {
                let depth = std::mem::take(&mut self.depth);
                visitor::walk_stmt(self, statement);
                self.depth = depth;
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::ListComp(found) => self.comprehension(&found.elt, &found.generators),
            Expr::SetComp(found) => self.comprehension(&found.elt, &found.generators),
            Expr::Generator(found) => self.comprehension(&found.elt, &found.generators),
            _ => {
                self.judge(expr);
                visitor::walk_expr(self, expr);
            }
        }
    }
}

impl<'a> Loops<'_, 'a> {
    fn comprehension(&mut self, element: &'a Expr, generators: &'a [Comprehension]) {
        for generator in generators {
            self.visit_expr(&generator.iter);
        }
        self.depth += 1;
        self.visit_expr(element);
        self.depth -= 1;
    }

    fn judge(&mut self, expr: &'a Expr) {
        let Expr::Call(call) = expr else { return };
        let [Expr::Call(inner)] = call.arguments.args.as_ref() else { return };
        let get = self.program.chains(&call.func).iter().any(|chain| chain.pure_path() == Some("ray.get"));
        let Expr::Attribute(method) = inner.func.as_ref() else { return };
        let Expr::Name(function) = method.value.as_ref() else { return };
        let remote = method.attr.as_str() == "remote";
        let of_function = self.program.chains(&method.value).iter().any(|c| matches!(c.root(), Root::Function(_)));
        if self.depth == 0 || !get || !remote || !of_function {
            return;
        }
        let mut names = Names(Vec::new());
        inner.arguments.args.iter().for_each(|argument| names.visit_expr(argument));
        inner.arguments.keywords.iter().for_each(|keyword| names.visit_expr(&keyword.value));
        if names.0.iter().any(|name| self.fed.contains(name)) {
            return;
        }
        let message = format!("`ray.get` waits for each `{}` before the next one starts", function.id);
        let hint = "start all first, then gather: `ray.get([f.remote(x) for x in …])`";
        self.findings.push(report::warning("R006", self.program.span(call), message, hint));
    }
}

/// Names that statements assign, those within them too.
fn assigned<'a>(body: &'a [Stmt], names: &mut Vec<&'a str>) {
    struct Targets<'n, 'a>(&'n mut Vec<&'a str>);
    impl<'a> Visitor<'a> for Targets<'_, 'a> {
        fn visit_expr(&mut self, expr: &'a Expr) {
            match expr {
                Expr::Name(name) if !name.ctx.is_load() => self.0.push(name.id.as_str()),
                // What is changed in place feeds the next turn as well.
                Expr::Call(call) => {
                    if let Expr::Attribute(method) = call.func.as_ref()
                        && let Expr::Name(name) = method.value.as_ref()
                        && method.attr.as_str() != "remote"
                    {
                        self.0.push(name.id.as_str());
                    }
                    visitor::walk_expr(self, expr);
                }
                _ => visitor::walk_expr(self, expr),
            }
        }
    }
    let mut targets = Targets(names);
    targets.visit_body(body);
}

struct Names<'a>(Vec<&'a str>);

impl<'a> Visitor<'a> for Names<'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Name(name) = expr {
            self.0.push(name.id.as_str());
        }
        visitor::walk_expr(self, expr);
    }
}
