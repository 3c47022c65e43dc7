//! Columns that a frame does not have. Rule `P021`: only where the frame comes from a given source by steps that are
//! understood, and only for names that are written out.

mod frame;
mod names;
mod source;
mod steps;

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    ptr,
    rc::Rc,
};

use enginehouse_pycheck::{
    Call, Chain, Program,
    ast::{Expr, ExprCall, visitor::Visitor},
    report,
};
use enginehouse_sdk::{Finding, Span, Task};

use self::frame::Frame;
use super::{
    kinds::Kinds,
    reads::{Read, What},
    sql,
};

/// Frames that are made of others, within each other.
const DEPTH: usize = 40;

pub(super) fn check<'a>(task: &Task, program: &Program<'a>, kinds: &Kinds<'_, 'a>, reads: &[Read]) -> Vec<Finding> {
    let frames =
        Frames { task, program, kinds, views: views(program, reads), known: RefCell::default(), depth: Cell::new(0) };
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
type Views<'a> = Option<HashMap<String, Option<&'a Expr>>>;
/// A name and where it stands.
type Used<'a> = (String, &'a Expr);

/// What frames have, by the calls that make them: frames are made step by step, and each step would go back to the source.
struct Frames<'p, 'a> {
    task: &'p Task,
    program: &'p Program<'a>,
    kinds: &'p Kinds<'p, 'a>,
    /// The frames that the program gives a name in SQL; none for a name that is given twice or cannot be told.
    views: Views<'a>,
    known: RefCell<HashMap<*const ExprCall, Option<Rc<Frame>>>>,
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
        let texts = self.program.texts(query);
        let [text] = texts.as_ref() else { return None };
        let (relation, projection) = sql::projected(text)?;
        let frame = self.relation(&relation)?;
        let missing = projection.used.iter().filter(|name| !frame.has(name));
        Some(missing.map(|name| self::missing(&frame, name, self.program.span(query))).collect())
    }

    /// What a chain has before its last call.
    fn before(&self, chain: &Chain<'a>) -> Option<Rc<Frame>> {
        let hops = chain.hops();
        let (last, before) = hops.split_last()?;
        self.along(before).filter(|_| last.call.is_some())
    }

    /// What an expression has that stands for one frame.
    fn of_expr(&self, expr: &'a Expr) -> Option<Rc<Frame>> {
        let chains = self.program.chains(expr);
        let [chain] = chains.as_ref() else { return None };
        self.along(&chain.hops())
    }

    fn along(&self, hops: &[&enginehouse_pycheck::Hop<'a>]) -> Option<Rc<Frame>> {
        if self.depth.get() >= DEPTH {
            return None;
        }
        self.depth.set(self.depth.get() + 1);
        let frame = self.follow(hops);
        self.depth.set(self.depth.get() - 1);
        frame
    }

    fn follow(&self, hops: &[&enginehouse_pycheck::Hop<'a>]) -> Option<Rc<Frame>> {
        let known = hops.iter().enumerate().rev().find_map(|(place, hop)| {
            let key = ptr::from_ref(hop.call?);
            self.known.borrow().get(&key).cloned().map(|frame| (place, frame))
        });
        let (mut frame, rest) = match known {
            Some((place, frame)) => (frame?, hops.get(place + 1..)?),
            None => {
                let (frame, place) = source::read(self, hops)?;
                self.remember(hops.get(place)?.call, Some(&frame));
                (frame, hops.get(place + 1..)?)
            }
        };
        for hop in rest {
            // It may come back to itself, in a loop: then it is not known.
            self.remember(hop.call, None);
            frame = steps::step(self, &frame, hop).map(Rc::new)?;
            self.remember(hop.call, Some(&frame));
        }
        Some(frame)
    }

    fn remember(&self, call: Option<&ExprCall>, frame: Option<&Rc<Frame>>) {
        if let Some(call) = call {
            self.known.borrow_mut().insert(ptr::from_ref(call), frame.cloned());
        }
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

fn views<'a>(program: &Program<'a>, reads: &[Read]) -> Views<'a> {
    const MAKE: &[&str] = &["createOrReplaceTempView", "createTempView", "registerTempTable"];
    let mut views: HashMap<String, Option<&'a Expr>> = HashMap::new();
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
