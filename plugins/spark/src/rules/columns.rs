//! Columns that a frame does not have. Rule `P021`: only where the frame comes from a given source by steps that are
//! understood, and only for names that are written out.

mod frame;
mod names;
mod source;
mod steps;

use std::{
    cell::{Cell, RefCell},
    ptr,
    rc::Rc,
};

use enginehouse_pycheck::{
    Call, Chain, Program, Ranged, TextRange,
    ast::{Expr, ExprCall, visitor::Visitor},
    report,
};
use enginehouse_sdk::{Finding, Span, Task};
use rustc_hash::FxHashMap;

use self::frame::Frame;
use super::{
    kinds::Kinds,
    reads::{Read, What},
    sql,
};

/// Frames that are made of others, within each other.
const DEPTH: usize = 40;

pub(super) fn check<'a>(task: &Task, program: &Program<'a>, kinds: &Kinds<'_, 'a>, reads: &[Read]) -> Vec<Finding> {
    let frames = Frames {
        task,
        program,
        kinds,
        views: views(program, reads),
        queries: queries(reads),
        known: RefCell::default(),
        depth: Cell::new(0),
    };
    let mut findings = Vec::new();
    for call in program.calls() {
        findings.extend(frames.of_call(call));
    }
    let mut owned = names::Owned { frames: &frames, found: Vec::new() };
    for statement in program.syntax().body() {
        owned.visit_stmt(statement);
    }
    let unknown = owned.found.into_iter().filter(|(frame, name, _)| !frame.has(name) && !frame.once_had(name));
    findings.extend(unknown.map(|(frame, name, expr)| missing(&frame, &name, program.span(expr))));
    findings
}

/// Views by their names; none where a name cannot be told.
type Views<'a> = Option<FxHashMap<String, Option<&'a Expr>>>;
/// A name and where it stands.
type Used<'a> = (String, &'a Expr);

/// What frames have, by the calls that make them: frames are made step by step, and each step would go back to the source.
struct Frames<'p, 'a> {
    task: &'p Task,
    program: &'p Program<'a>,
    kinds: &'p Kinds<'p, 'a>,
    /// The frames that the program gives a name in SQL; none for a name that is given twice or cannot be told.
    views: Views<'a>,
    /// Queries by their calls; none for a call with several.
    queries: FxHashMap<TextRange, Option<&'p sql::Query>>,
    known: RefCell<FxHashMap<*const ExprCall, Option<Rc<Frame>>>>,
    depth: Cell<usize>,
}

impl<'a> Frames<'_, 'a> {
    fn of_call(&self, call: &Call<'a>) -> Vec<Finding> {
        let [chain] = call.chains.as_ref() else { return Vec::new() };
        let Some(name) = call.called(chain) else { return Vec::new() };
        let span = |expr: &Expr| self.program.span(expr);
        if name == "sql" {
            return self.of_query(call.node).unwrap_or_default();
        }
        let Some(last) = chain.last() else { return Vec::new() };
        let Some(frame) = self.before(chain) else { return Vec::new() };
        let Some(used) = names::used(self, last) else { return Vec::new() };
        // Spark looks further up for what a filter or an order names.
        let looks_up = matches!(name, "filter" | "where" | "orderBy" | "sort" | "sortWithinPartitions")
            || steps::is_group(self, call.node);
        used.into_iter()
            .filter(|(name, _)| !(frame.has(name) || (looks_up && frame.once_had(name))))
            .map(|(name, expr)| missing(&frame, &name, span(expr)))
            .collect()
    }

    fn of_query(&self, call: &'a ExprCall) -> Option<Vec<Finding>> {
        let query = call.arguments.find_argument_value("sqlQuery", 0)?;
        let (relation, projection) = self.projected(call)?;
        let frame = self.relation(relation)?;
        let missing = projection.used.iter().filter(|name| !frame.has(name));
        Some(missing.map(|name| self::missing(&frame, name, self.program.span(query))).collect())
    }

    /// What a chain has before its last call.
    fn before(&self, chain: &Chain<'a>) -> Option<Rc<Frame>> {
        chain.last()?.call?;
        self.along(chain, 1)
    }

    /// What an expression has that stands for one frame.
    fn of_expr(&self, expr: &'a Expr) -> Option<Rc<Frame>> {
        let chains = self.program.chains(expr);
        let [chain] = chains.as_ref() else { return None };
        // It says how to join, and nothing else.
        if chain.path() == Some("pyspark.sql.functions.broadcast")
            && chain.length() == 1
            && let Some(call) = chain.last().and_then(|hop| hop.call)
            && self.depth.get() < DEPTH
        {
            self.depth.set(self.depth.get() + 1);
            let frame = call.arguments.args.first().and_then(|frame| self.of_expr(frame));
            self.depth.set(self.depth.get() - 1);
            return frame;
        }
        self.along(chain, 0)
    }

    /// What a chain has without its last `less` hops.
    fn along(&self, chain: &Chain<'a>, less: usize) -> Option<Rc<Frame>> {
        if self.depth.get() >= DEPTH {
            return None;
        }
        self.depth.set(self.depth.get() + 1);
        let frame = self.follow(chain, less);
        self.depth.set(self.depth.get() - 1);
        frame
    }

    fn follow(&self, chain: &Chain<'a>, less: usize) -> Option<Rc<Frame>> {
        let mut hops = Vec::new();
        let mut known = None;
        let mut before = "";
        for hop in chain.hops_back().skip(less) {
            known = hop.call.and_then(|call| self.known.borrow().get(&ptr::from_ref(call)).cloned());
            if known.is_some() {
                before = hop.name.as_ref();
                break;
            }
            hops.push(hop);
        }
        hops.reverse();
        let (mut frame, rest) = match known {
            Some(frame) => (frame?, hops.as_slice()),
            None => {
                let (frame, place) = source::read(self, &hops)?;
                self.remember(hops.get(place)?.call, Some(&frame));
                (frame, hops.get(place + 1..)?)
            }
        };
        for hop in rest {
            // It may come back to itself, in a loop: then it is not known.
            self.remember(hop.call, None);
            frame = steps::step(self, &frame, before, hop).map(Rc::new)?;
            before = hop.name.as_ref();
            self.remember(hop.call, Some(&frame));
        }
        Some(frame)
    }

    fn remember(&self, call: Option<&ExprCall>, frame: Option<&Rc<Frame>>) {
        if let Some(call) = call {
            self.known.borrow_mut().insert(ptr::from_ref(call), frame.cloned());
        }
    }

    /// The relation that a query reads, and what it makes of it, where it is so simple.
    fn projected(&self, call: &ExprCall) -> Option<&(String, sql::Projection)> {
        self.queries.get(&call.range())?.as_ref()?.projected.as_ref()
    }

    /// What a relation in SQL has: a view of the program's, or a selected table.
    fn relation(&self, name: &str) -> Option<Rc<Frame>> {
        match self.views.as_ref()?.get(&sql::plain(name)) {
            Some(view) => self.of_expr((*view)?),
            None => source::table(self.task, name).map(Rc::new),
        }
    }
}

fn missing(frame: &Frame, name: &str, span: Option<Span>) -> Finding {
    let message = format!("the column `{}` does not exist here", report::quote(name));
    report::error("P021", span, message, format!("the columns are {}", frame.list()))
}

fn queries(reads: &[Read]) -> FxHashMap<TextRange, Option<&sql::Query>> {
    let mut queries = FxHashMap::default();
    for read in reads {
        if let What::Query(_, query) = &read.what {
            queries.entry(read.range).and_modify(|known| *known = None).or_insert(Some(query));
        }
    }
    queries
}

fn views<'a>(program: &Program<'a>, reads: &[Read]) -> Views<'a> {
    const MAKE: &[&str] = &["createOrReplaceTempView", "createTempView", "registerTempTable"];
    let mut views: FxHashMap<String, Option<&'a Expr>> = FxHashMap::default();
    for read in reads {
        if let What::Query(_, query) = &read.what {
            views.extend(query.views.iter().map(|view| (sql::plain(view), None)));
        }
    }
    for call in program.calls() {
        let Expr::Attribute(method) = call.node.func.as_ref() else { continue };
        if !MAKE.contains(&method.attr.as_str()) {
            continue;
        }
        let Some(name) = call.argument(0, "name") else { continue };
        for text in program.texts(name).iter() {
            let view = views.entry(sql::plain(text.known()?));
            view.and_modify(|view| *view = None).or_insert(Some(method.value.as_ref()));
        }
    }
    Some(views)
}
