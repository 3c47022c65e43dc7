//! The parts of the walk that open scopes and blocks: imports, functions, classes, `try`, comprehensions.

use ruff_python_ast::{
    self as ast, ExceptHandler, Expr, Stmt, TypeParam,
    visitor::{self, Visitor},
};
use ruff_text_size::Ranged;

use super::{
    Function, Import, Origin, ScopeKind,
    build::{Builder, is_name},
};

impl<'a> Builder<'a> {
    fn import(&mut self, import: Import<'a>, at: u32) {
        if let Some(name) = import.bound {
            self.bind(name, at, Origin::Import(self.model.imports.len()));
        }
        self.model.imports.push(import);
    }

    pub(super) fn import_statement(&mut self, statement: &'a ast::StmtImport) {
        for alias in &statement.names {
            let module = alias.name.as_str();
            let first = module.split('.').next().unwrap_or(module);
            let (path, bound) = match &alias.asname {
                Some(name) => (module, name.as_str()),
                None => (first, first),
            };
            let import = Import {
                path: path.into(),
                module,
                member: None,
                bound: Some(bound),
                relative: false,
                range: alias.range,
                block: self.block,
                scope: self.scope,
                kept: alias.asname.as_ref().is_some_and(|name| name.as_str() == module),
            };
            self.import(import, statement.end().to_u32());
        }
    }

    pub(super) fn import_from(&mut self, statement: &'a ast::StmtImportFrom) {
        let module = statement.module.as_ref().map_or("", |module| module.as_str());
        for alias in &statement.names {
            let member = alias.name.as_str();
            let star = member == "*";
            let import = Import {
                path: if module.is_empty() { member.into() } else { [module, ".", member].concat().into() },
                module,
                member: Some(member),
                bound: (!star).then(|| alias.asname.as_ref().unwrap_or(&alias.name).as_str()),
                relative: statement.level > 0,
                range: alias.range,
                block: self.block,
                scope: self.scope,
                kept: module == "__future__" || alias.asname.as_ref().is_some_and(|name| name.as_str() == member),
            };
            self.import(import, statement.end().to_u32());
        }
    }

    pub(super) fn function(&mut self, def: &'a ast::StmtFunctionDef) {
        for decorator in &def.decorator_list {
            self.visit_decorator(decorator);
        }
        let method = self.model.scopes.get(self.scope).is_some_and(|scope| scope.kind == ScopeKind::Class);
        self.bind(def.name.as_str(), def.start().to_u32(), Origin::Function(def));
        let key = def.start().to_u32();
        self.model.functions.insert(key, Function { def, returns: Vec::new(), generator: false, method });
        self.with_type_params(def.type_params.as_deref(), |builder| {
            builder.visit_parameters(&def.parameters);
            if let Some(returns) = &def.returns {
                builder.visit_annotation(returns);
            }
            builder.in_scope(ScopeKind::Function, |builder| {
                builder.in_block(false, false, |builder| {
                    builder.parameters(&def.parameters, key, &|name| Origin::Parameter(def, name));
                    if method {
                        builder.bind("__class__", key, Origin::Opaque);
                    }
                    declare(builder, &def.body);
                    let loops = std::mem::take(&mut builder.loops);
                    builder.functions.push(Some(key));
                    builder.visit_body(&def.body);
                    builder.functions.pop();
                    builder.loops = loops;
                });
            });
        });
    }

    pub(super) fn parameters(
        &mut self,
        parameters: &'a ast::Parameters,
        at: u32,
        origin: &dyn Fn(&'a str) -> Origin<'a>,
    ) {
        for parameter in parameters.iter_non_variadic_params() {
            let name = parameter.name().as_str();
            self.bind_in(self.scope, name, at, origin(name));
        }
        for parameter in [&parameters.vararg, &parameters.kwarg].into_iter().flatten() {
            self.bind_in(self.scope, parameter.name.as_str(), at, Origin::Opaque);
        }
    }

    pub(super) fn class(&mut self, def: &'a ast::StmtClassDef) {
        for decorator in &def.decorator_list {
            self.visit_decorator(decorator);
        }
        self.with_type_params(def.type_params.as_deref(), |builder| {
            if let Some(arguments) = &def.arguments {
                builder.visit_arguments(arguments);
            }
            builder.in_scope(ScopeKind::Class, |builder| {
                builder.model.classes.insert(def.start().to_u32(), builder.scope);
                for name in ["__module__", "__qualname__"] {
                    builder.bind(name, def.start().to_u32(), Origin::Opaque);
                }
                let loops = std::mem::take(&mut builder.loops);
                builder.functions.push(None);
                builder.visit_body(&def.body);
                builder.functions.pop();
                builder.loops = loops;
            });
        });
        self.bind(def.name.as_str(), def.end().to_u32(), Origin::Class(def));
    }

    pub(super) fn with_type_params(&mut self, params: Option<&'a ast::TypeParams>, inside: impl FnOnce(&mut Self)) {
        let Some(params) = params else { return inside(self) };
        self.in_scope(ScopeKind::Types, |builder| {
            for param in &params.type_params {
                let name = match param {
                    TypeParam::TypeVar(param) => &param.name,
                    TypeParam::TypeVarTuple(param) => &param.name,
                    TypeParam::ParamSpec(param) => &param.name,
                };
                builder.bind(name.as_str(), params.start().to_u32(), Origin::Opaque);
            }
            builder.visit_type_params(params);
            inside(builder);
        });
    }

    pub(super) fn try_statement(&mut self, statement: &'a ast::StmtTry) {
        let catches =
            statement.handlers.iter().any(|ExceptHandler::ExceptHandler(handler)| match handler.type_.as_deref() {
                Some(Expr::Tuple(types)) => types.elts.iter().any(|kind| is_name(kind, "NameError")),
                Some(kind) => is_name(kind, "NameError"),
                None => false,
            });
        self.in_block(false, catches, |builder| builder.visit_body(&statement.body));
        for ExceptHandler::ExceptHandler(handler) in &statement.handlers {
            if let Some(kind) = &handler.type_ {
                self.visit_expr(kind);
            }
            self.in_block(false, false, |builder| {
                if let Some(name) = &handler.name {
                    builder.bind(name.as_str(), name.end().to_u32(), Origin::Opaque);
                }
                builder.visit_body(&handler.body);
            });
        }
        self.in_block(false, false, |builder| builder.visit_body(&statement.orelse));
        self.visit_body(&statement.finalbody);
    }

    pub(super) fn comprehension(&mut self, generators: &'a [ast::Comprehension], elements: &[&'a Expr]) {
        let mut rest = generators.iter();
        let Some(first) = rest.next() else { return };
        // The first iterable is evaluated outside.
        self.visit_expr(&first.iter);
        self.in_scope(ScopeKind::Comprehension, |builder| {
            builder.in_block(true, false, |builder| {
                for generator in generators {
                    if !std::ptr::eq(generator, first) {
                        builder.visit_expr(&generator.iter);
                    }
                    builder.loop_target(&generator.target, &generator.iter);
                    for test in &generator.ifs {
                        builder.visit_expr(test);
                    }
                }
                for element in elements {
                    builder.visit_expr(element);
                }
            });
        });
    }
}

/// `global` and `nonlocal` hold for the whole function, also before the statement.
fn declare<'a>(builder: &mut Builder<'a>, body: &'a [Stmt]) {
    struct Declarations<'a>(Vec<(&'a str, bool)>);
    impl<'a> Visitor<'a> for Declarations<'a> {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            match stmt {
                Stmt::Global(statement) => self.0.extend(statement.names.iter().map(|name| (name.as_str(), true))),
                Stmt::Nonlocal(statement) => self.0.extend(statement.names.iter().map(|name| (name.as_str(), false))),
                Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                other => visitor::walk_stmt(self, other),
            }
        }
        fn visit_expr(&mut self, _: &'a Expr) {}
    }
    let mut declarations = Declarations(Vec::new());
    declarations.visit_body(body);
    if let Some(scope) = builder.model.scopes.get_mut(builder.scope) {
        scope.declared.extend(declarations.0);
    }
}
