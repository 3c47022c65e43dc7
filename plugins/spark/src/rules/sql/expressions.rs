//! Which columns an expression or a simple query names, and which it makes.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, GroupByExpr, Query as Ast, Select, SelectItem, SetExpr, Statement, TableFactor, Visit, Visitor,
    WildcardAdditionalOptions,
};

use super::{
    parse::{parsed, tokens},
    text::{FRAME, HOLE},
};

/// A column that a projection makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Item {
    /// All columns.
    Star,
    Named(String),
    /// One, under a name that Spark makes up.
    Unnamed,
}

/// What a projection names and makes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Projection {
    /// Columns that must be there.
    pub(in super::super) used: Vec<String>,
    pub(in super::super) items: Vec<Item>,
}

/// What stands without brackets and is no column.
const WORDS: &[&str] = &[
    "current_date",
    "current_timestamp",
    "current_time",
    "current_user",
    "current_catalog",
    "current_schema",
    "current_database",
    "localtimestamp",
    "localtime",
    "user",
    "session_user",
    "grouping__id",
    "_metadata",
    "year",
    "years",
    "quarter",
    "month",
    "months",
    "week",
    "weeks",
    "day",
    "days",
    "dayofyear",
    "hour",
    "hours",
    "minute",
    "minutes",
    "second",
    "seconds",
    "millisecond",
    "microsecond",
    "nanosecond",
    "true",
    "false",
    "null",
    "default",
    "all",
];

/// The columns that a condition names: `filter("a > 1")`. None where anything in it is not understood.
pub(in super::super) fn condition(text: &str) -> Option<Vec<String>> {
    let expr = parsed(text, tokens(text)?, |parser| parser.parse_expr())?;
    names(&expr, None, &[])
}

/// What one text of `selectExpr` or `expr` names and makes.
pub(in super::super) fn projection(text: &str) -> Option<Projection> {
    let item = parsed(text, tokens(text)?, |parser| parser.parse_select_item())?;
    let used = names(&item, None, &[])?;
    Some(Projection { used, items: vec![made(&item)?] })
}

/// A query over one relation alone: the relation's name, and what is named and made of it.
pub(super) fn projected(statements: &[Statement]) -> Option<(String, Projection)> {
    let [Statement::Query(query)] = statements else { return None };
    let SetExpr::Select(select) = &*query.body else { return None };
    let (relation, alias) = only_relation(query, select)?;
    let items: Vec<Item> = select.projection.iter().map(made).collect::<Option<_>>()?;
    let aliases: Vec<String> = items
        .iter()
        .filter_map(|item| if let Item::Named(name) = item { Some(name.to_lowercase()) } else { None })
        .collect();
    let mut used = names(&select.projection, Some(&alias), &[])?;
    let mut more = |used_too: Option<Vec<String>>| used_too.map(|more| used.extend(more));
    more(names(&select.selection, Some(&alias), &aliases))?;
    more(names(&select.having, Some(&alias), &aliases))?;
    more(names(&query.order_by, Some(&alias), &aliases))?;
    if let GroupByExpr::Expressions(groups, _) = &select.group_by {
        more(names(groups, Some(&alias), &aliases))?;
    }
    // A column may be named by what stands left of it.
    let explicit: Vec<String> = select.projection.iter().filter_map(renamed).collect();
    used.retain(|name| !explicit.iter().any(|alias| alias.eq_ignore_ascii_case(name)));
    Some((relation, Projection { used, items }))
}

fn only_relation(query: &Ast, select: &Select) -> Option<(String, String)> {
    let plain = query.with.is_none() && query.pipe_operators.is_empty() && select.lateral_views.is_empty();
    let [from] = select.from.as_slice() else { return None };
    let TableFactor::Table { name, alias, args: None, .. } = &from.relation else { return None };
    let aliased = alias.as_ref().is_some_and(|alias| !alias.columns.is_empty());
    if !plain || !from.joins.is_empty() || aliased {
        return None;
    }
    let parts: Vec<&str> = name.0.iter().map(|part| Some(part.as_ident()?.value.as_str())).collect::<Option<_>>()?;
    let last = alias.as_ref().map_or(*parts.last()?, |alias| alias.name.value.as_str()).to_owned();
    Some((parts.join("."), last))
}

/// The alias that an item is given.
fn renamed(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
        _ => None,
    }
}

fn made(item: &SelectItem) -> Option<Item> {
    let star = |options: &WildcardAdditionalOptions| {
        let plain = options.opt_except.is_none() && options.opt_exclude.is_none() && options.opt_replace.is_none();
        (plain && options.opt_rename.is_none() && options.opt_ilike.is_none()).then_some(Item::Star)
    };
    match item {
        SelectItem::Wildcard(options) => star(options),
        // All fields of a struct, perhaps.
        SelectItem::QualifiedWildcard(..) => Some(Item::Unnamed),
        SelectItem::ExprWithAlias { alias, .. } => Some(Item::Named(alias.value.clone())),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(Item::Named(name.value.clone())),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => Some(Item::Named(parts.last()?.value.clone())),
        SelectItem::UnnamedExpr(_) => Some(Item::Unnamed),
        _ => None,
    }
}

/// The columns that a tree names; none where anything in it is not understood.
fn names(tree: &impl Visit, alias: Option<&str>, aliases: &[String]) -> Option<Vec<String>> {
    let mut names = Names { alias, used: Vec::new(), bound: Vec::new() };
    if tree.visit(&mut names).is_break() {
        return None;
    }
    let Names { mut used, bound, .. } = names;
    used.retain(|name| {
        let lower = name.to_lowercase();
        !bound.contains(&lower) && !aliases.contains(&lower) && !WORDS.contains(&lower.as_str())
    });
    Some(used)
}

struct Names<'n> {
    /// What the relation is called in the query.
    alias: Option<&'n str>,
    used: Vec<String>,
    /// Parameters of lambda functions.
    bound: Vec<String>,
}

impl Visitor for Names<'_> {
    type Break = ();

    /// What stands within is of another relation.
    fn pre_visit_query(&mut self, _: &Ast) -> ControlFlow<()> {
        ControlFlow::Break(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(name) if !name.value.contains(HOLE) && name.value != FRAME => {
                self.used.push(name.value.clone());
            }
            Expr::CompoundIdentifier(parts) => {
                if let [first, second, ..] = parts.as_slice()
                    && self.alias.is_some_and(|alias| alias.eq_ignore_ascii_case(&first.value))
                    && !second.value.contains(HOLE)
                {
                    self.used.push(second.value.clone());
                }
            }
            Expr::Lambda(lambda) => {
                self.bound.extend(lambda.params.iter().map(|parameter| parameter.name.value.to_lowercase()));
            }
            // What stands within names fields.
            Expr::Identifier(_) | Expr::CompoundFieldAccess { .. } | Expr::JsonAccess { .. } | Expr::Dictionary(_) => {
                return ControlFlow::Break(());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
