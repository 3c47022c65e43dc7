//! The walk itself: what each statement and expression does to names.

use ruff_python_ast::{
    self as ast, ElifElseClause, Expr, ExprContext, Identifier, Pattern, Stmt,
    visitor::{self, Visitor},
};
use ruff_text_size::Ranged;

use super::{
    Origin, Reference, Role, ScopeKind,
    build::{Builder, MUTATORS, is_name},
};

/// The name that a pattern of `match` binds by itself.
pub fn bound_by(pattern: &Pattern) -> Option<&Identifier> {
    match pattern {
        Pattern::MatchAs(pattern) => pattern.name.as_ref(),
        Pattern::MatchStar(pattern) => pattern.name.as_ref(),
        Pattern::MatchMapping(pattern) => pattern.rest.as_ref(),
        _ => None,
    }
}

impl<'a> Visitor<'a> for Builder<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        self.role = Role::Other;
        match stmt {
            Stmt::FunctionDef(def) => self.function(def),
            Stmt::ClassDef(def) => self.class(def),
            Stmt::Import(statement) => self.import_statement(statement),
            Stmt::ImportFrom(statement) => self.import_from(statement),
            Stmt::Assign(statement) => {
                let alias = statement.targets.iter().all(Expr::is_name_expr);
                self.visit_as(&statement.value, if alias { Role::Alias } else { Role::Other });
                if statement.targets.iter().any(|target| is_name(target, "__all__"))
                    && let Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. }) =
                        statement.value.as_ref()
                {
                    elts.iter().for_each(|element| self.mention(element));
                }
                for target in &statement.targets {
                    self.assign(target, &statement.value, statement.end().to_u32());
                }
            }
            Stmt::AnnAssign(statement) => {
                self.visit_annotation(&statement.annotation);
                let at = statement.end().to_u32();
                match &statement.value {
                    Some(value) => {
                        self.visit_as(value, Role::Alias);
                        self.assign(&statement.target, value, at);
                    }
                    None => self.bind_target(&statement.target, at, &|_| Origin::Opaque),
                }
            }
            Stmt::AugAssign(statement) => {
                self.visit_expr(&statement.value);
                match statement.target.as_ref() {
                    Expr::Name(name) => {
                        self.read(name, Role::Target, &statement.target);
                        self.bind(name.id.as_str(), statement.end().to_u32(), Origin::Augmented(statement));
                    }
                    other => self.bind_target(other, statement.end().to_u32(), &|_| Origin::Opaque),
                }
            }
            Stmt::TypeAlias(statement) => {
                if let Expr::Name(name) = statement.name.as_ref() {
                    self.bind(name.id.as_str(), statement.end().to_u32(), Origin::Opaque);
                }
                self.with_type_params(statement.type_params.as_deref(), |builder| {
                    builder.visit_annotation(&statement.value)
                });
            }
            Stmt::Delete(statement) => {
                for target in &statement.targets {
                    match target {
                        Expr::Name(name) => {
                            self.read(name, Role::Target, target);
                            self.bind(name.id.as_str(), statement.end().to_u32(), Origin::Deleted);
                        }
                        other => self.bind_target(other, statement.end().to_u32(), &|_| Origin::Opaque),
                    }
                }
            }
            Stmt::For(statement) => {
                self.visit_expr(&statement.iter);
                self.in_block(true, false, |builder| {
                    builder.loops += 1;
                    builder.loop_target(&statement.target, &statement.iter);
                    builder.visit_body(&statement.body);
                    builder.loops -= 1;
                });
                self.in_block(false, false, |builder| builder.visit_body(&statement.orelse));
            }
            Stmt::While(statement) => {
                self.in_block(true, false, |builder| {
                    builder.loops += 1;
                    builder.visit_expr(&statement.test);
                    builder.visit_body(&statement.body);
                    builder.loops -= 1;
                });
                self.in_block(false, false, |builder| builder.visit_body(&statement.orelse));
            }
            Stmt::If(statement) => {
                self.visit_expr(&statement.test);
                self.in_block(false, false, |builder| builder.visit_body(&statement.body));
                for clause in &statement.elif_else_clauses {
                    self.visit_elif_else_clause(clause);
                }
            }
            Stmt::With(statement) => {
                for item in &statement.items {
                    self.visit_expr(&item.context_expr);
                    if let Some(target) = &item.optional_vars {
                        self.assign(target, &item.context_expr, item.context_expr.end().to_u32());
                    }
                }
                self.visit_body(&statement.body);
            }
            Stmt::Match(statement) => {
                self.visit_expr(&statement.subject);
                for case in &statement.cases {
                    self.in_block(false, false, |builder| builder.visit_match_case(case));
                }
            }
            Stmt::Try(statement) => self.try_statement(statement),
            Stmt::Return(statement) => {
                match self.function_around() {
                    Some(function) => function.returns.push(statement.value.as_deref()),
                    None => self.misplaced(statement.range, "`return` outside a function"),
                }
                if let Some(value) = &statement.value {
                    self.visit_expr(value);
                }
            }
            Stmt::Break(statement) if self.loops == 0 => self.misplaced(statement.range, "`break` outside a loop"),
            Stmt::Continue(statement) if self.loops == 0 => {
                self.misplaced(statement.range, "`continue` outside a loop")
            }
            other => visitor::walk_stmt(self, other),
        }
    }

    fn visit_elif_else_clause(&mut self, clause: &'a ElifElseClause) {
        if let Some(test) = &clause.test {
            self.visit_expr(test);
        }
        self.in_block(false, false, |builder| builder.visit_body(&clause.body));
    }

    fn visit_annotation(&mut self, expr: &'a Expr) {
        let outer = std::mem::replace(&mut self.annotation, true);
        self.role = Role::Other;
        self.visit_expr(expr);
        self.annotation = outer;
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        if let Some(name) = bound_by(pattern) {
            self.bind(name.as_str(), name.end().to_u32(), Origin::Opaque);
        }
        visitor::walk_pattern(self, pattern);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        let role = std::mem::replace(&mut self.role, Role::Other);
        match expr {
            Expr::Name(name) => {
                if name.ctx == ExprContext::Load {
                    self.read(name, role, expr);
                }
            }
            Expr::Attribute(attribute) => {
                let role = if attribute.ctx == ExprContext::Load { role } else { Role::Target };
                self.model.references.push(Reference { expr, role });
                self.visit_as(&attribute.value, Role::Attribute(attribute.attr.as_str()));
            }
            Expr::Subscript(subscript) => {
                self.model.references.push(Reference { expr, role });
                self.visit_as(&subscript.value, Role::Item(&subscript.slice));
                self.visit_expr(&subscript.slice);
            }
            Expr::Call(call) => {
                self.model.calls.push((expr, call, role));
                if let Expr::Attribute(attribute) = call.func.as_ref()
                    && let Expr::Name(name) = attribute.value.as_ref()
                    && MUTATORS.contains(&attribute.attr.as_str())
                {
                    self.model.mutated.insert(name.id.as_str());
                }
                self.visit_as(&call.func, Role::Callee);
                self.visit_arguments(&call.arguments);
            }
            Expr::Named(named) => {
                // What holds the whole expression holds the value, too.
                self.visit_as(&named.value, if matches!(role, Role::Other) { role } else { Role::Alias });
                // It may stand behind an `and`: nothing says that it is reached.
                self.in_block(false, false, |builder| {
                    builder.assign(&named.target, &named.value, named.end().to_u32())
                });
            }
            Expr::Compare(compare) => {
                self.visit_expr(&compare.left);
                for (op, right) in compare.ops.iter().zip(&compare.comparators) {
                    let contains = matches!(op, ast::CmpOp::In | ast::CmpOp::NotIn);
                    self.visit_as(right, if contains { Role::Contains } else { Role::Other });
                }
            }
            Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    self.visit_parameters(parameters);
                }
                self.in_scope(ScopeKind::Lambda, |builder| {
                    builder.in_block(false, false, |builder| {
                        if let Some(parameters) = &lambda.parameters {
                            builder.parameters(parameters, lambda.start().to_u32(), &|_| Origin::Opaque);
                        }
                        let loops = std::mem::take(&mut builder.loops);
                        builder.functions.push(None);
                        builder.visit_expr(&lambda.body);
                        builder.functions.pop();
                        builder.loops = loops;
                    });
                });
            }
            Expr::ListComp(ast::ExprListComp { elt, generators, .. })
            | Expr::SetComp(ast::ExprSetComp { elt, generators, .. })
            | Expr::Generator(ast::ExprGenerator { elt, generators, .. }) => self.comprehension(generators, &[elt]),
            Expr::DictComp(ast::ExprDictComp { key, value, generators, .. }) => {
                let elements: Vec<&'a Expr> = key.as_deref().into_iter().chain([value.as_ref()]).collect();
                self.comprehension(generators, &elements);
            }
            Expr::Yield(_) | Expr::YieldFrom(_) => {
                let module = self.functions.is_empty();
                match self.function_around() {
                    Some(function) => function.generator = true,
                    None if module => self.misplaced(expr.range(), "`yield` outside a function"),
                    None => {}
                }
                visitor::walk_expr(self, expr);
            }
            Expr::StringLiteral(_) | Expr::FString(_) => {
                if !matches!(role, Role::Operand) {
                    self.model.strings.push(expr);
                }
                if self.annotation {
                    self.mention(expr);
                }
                visitor::walk_expr(self, expr);
            }
            Expr::BinOp(operation) => {
                if !matches!(role, Role::Operand) {
                    self.model.strings.push(expr);
                }
                self.visit_as(&operation.left, Role::Operand);
                self.visit_as(&operation.right, Role::Operand);
            }
            other => visitor::walk_expr(self, other),
        }
    }
}
