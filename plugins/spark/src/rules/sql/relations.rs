//! The relations of parsed statements.

use std::ops::ControlFlow;

use enginehouse_pycheck::Value;
use sqlparser::ast::{
    Ident, ObjectName, ObjectNamePart, Query as Ast, SetExpr, Statement, TableFactor, Visit, Visitor,
};

use super::{
    Query,
    text::{FRAME, HOLE, value},
};

const FORMATS: &[&str] =
    &["csv", "parquet", "json", "orc", "text", "avro", "xml", "delta", "binaryfile", "iceberg", "hudi"];

/// Adds the tables and files that statements read.
pub(super) fn collect(statements: &[Statement], found: &mut Query) {
    let mut relations = Relations { found, withs: Vec::new() };
    // It never breaks off.
    let _ = statements.iter().try_for_each(|statement| statement.visit(&mut relations));
}

struct Relations<'q> {
    found: &'q mut Query,
    /// The `WITH` of each query around, and how many of its parts can be seen: a part sees those before it.
    withs: Vec<With>,
}

#[derive(Default)]
struct With {
    /// The name and the address of each part.
    parts: Vec<(String, *const Ast)>,
    seen: usize,
    recursive: bool,
}

impl Visitor for Relations<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Ast) -> ControlFlow<()> {
        let with = query.with.as_ref().map(|with| With {
            parts: with.cte_tables.iter().map(|cte| (name(&cte.alias.name), std::ptr::from_ref(&*cte.query))).collect(),
            seen: 0,
            recursive: with.recursive,
        });
        self.withs.push(with.unwrap_or_default());
        if let SetExpr::Table(table) = &*query.body
            && let Some(table_name) = &table.table_name
        {
            let parts = table.schema_name.iter().chain([table_name]);
            self.push(&parts.map(|part| (part.to_string(), false)).collect::<Vec<_>>());
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Ast) -> ControlFlow<()> {
        self.withs.pop();
        if let Some(with) = self.withs.last_mut()
            && with.parts.get(with.seen).is_some_and(|(_, part)| std::ptr::eq(*part, query))
        {
            with.seen += 1;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            // With arguments it is a function: `range(10)`.
            TableFactor::Table { name, args: None, .. } => self.relation(name),
            TableFactor::Table { name, args: Some(_), .. } if name.to_string().eq_ignore_ascii_case("identifier") => {
                self.found.relations.push(Value::unknown());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Relations<'_> {
    fn relation(&mut self, written: &ObjectName) {
        let parts: Option<Vec<(String, bool)>> = written
            .0
            .iter()
            .map(|part| match part {
                ObjectNamePart::Identifier(part) => Some((part.value.clone(), part.quote_style.is_some())),
                ObjectNamePart::Function(_) => None,
            })
            .collect();
        match parts {
            Some(parts) => self.push(&parts),
            None => self.found.relations.push(Value::unknown()),
        }
    }

    fn push(&mut self, parts: &[(String, bool)]) {
        match parts {
            [(format, false), (path, true)]
                if FORMATS.contains(&format.to_lowercase().as_str())
                    && (path.contains(['/', ':']) || path.contains("__")) =>
            {
                self.found.paths.push(value(path));
            }
            [(name, _)] if self.is_own(&name.to_lowercase()) => {}
            parts => {
                let name = parts.iter().map(|(part, _)| part.as_str()).collect::<Vec<_>>().join(".");
                self.found.relations.push(if name.contains("__") { value(&name) } else { Value::text(name) });
            }
        }
    }

    /// Whether a name is the query's own: a part of a `WITH` around, a view made before, a frame put in.
    fn is_own(&self, name: &str) -> bool {
        let part = |with: &With| {
            let seen = if with.recursive { with.parts.len() } else { with.seen };
            with.parts.iter().take(seen).any(|(part, _)| part == name || part.contains(HOLE))
        };
        name == FRAME || self.withs.iter().any(part) || self.found.views.iter().any(|view| view == name)
    }
}

fn name(name: &Ident) -> String {
    name.value.to_lowercase()
}
