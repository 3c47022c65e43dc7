//! Reads a request, clause by clause, over the columns in play.

mod build;
mod clauses;
mod cursor;
mod filter;
mod group;
mod measure;
mod operator;
mod source;
mod time;
mod top;
mod value;

use enginehouse_sdk::Source;

use crate::{
    NotUnderstood,
    error::{quoted, tidy},
    join, numbers,
    plan::{Aggregate, Filter, Input, JoinKind, Part, Plan},
    scope::{self, Member, Scope},
    token::{self, Token},
    words,
};
pub(crate) use build::measure_name;
use cursor::Cursor;

/// A plan, and what the caller should know of how it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    pub plan: Plan,
    /// Which column a word was taken for, what was assumed.
    pub notes: Vec<String>,
}

/// Recipes are for plain requests; a longer text is none.
const MAX_WORDS: usize = 300;

/// Reads a request over these sources.
///
/// # Errors
/// [`NotUnderstood`] where a word means nothing here or several things, or the request cannot be met over these columns.
pub fn plan(request: &str, sources: &[Source]) -> Result<Planned, NotUnderstood> {
    let tokens = token::tokens(request);
    if tokens.is_empty() {
        return Err(NotUnderstood::Impossible("The request is empty: say what to calculate or to show.".to_owned()));
    }
    if tokens.len() > MAX_WORDS {
        return Err(NotUnderstood::Impossible(format!("The request has more than {MAX_WORDS} words.")));
    }
    if let Some(Source::Relation(relation)) = sources.iter().find(|source| matches!(source, Source::Relation(_))) {
        let name = tidy(&relation.name);
        return Err(NotUnderstood::Impossible(format!("Recipes do not read relations over JDBC (`{name}`).")));
    }
    for source in sources {
        if let Source::Objects(objects) = source
            && scope::format(objects).is_none()
        {
            let title = tidy(&objects.uri);
            return Err(NotUnderstood::Impossible(format!(
                "The format of `{title}` is not one of csv, parquet, json and orc."
            )));
        }
    }
    let planned = match sources {
        [] => return numbers::plan(request, &tokens),
        [_] => over_one(&tokens, sources, 0)?,
        _ => over_several(&tokens, sources)?,
    };
    Ok(Planned { plan: Plan { request: request.to_owned(), ..planned.plan }, notes: planned.notes })
}

fn over_one(tokens: &[Token], sources: &[Source], at: usize) -> Result<Planned, NotUnderstood> {
    let members = sources.get(at).map(scope::columns).unwrap_or_default();
    let members =
        members.into_iter().map(|column| Member { origins: vec![(at, column.name.clone())], column }).collect();
    let scope = Scope::new(sources, &[at], members);
    let title = sources.get(at).map(scope::title).unwrap_or_default();
    let draft = read(tokens, &scope, Some(&title))?;
    build::plan(draft, &scope, sources, Input::Source(at))
}

/// A request that says "join" is over the tables it names, else over all. Any other is over the one source that it fits; over
/// none alone, then over their join.
fn over_several(tokens: &[Token], sources: &[Source]) -> Result<Planned, NotUnderstood> {
    let named = named_sources(tokens, sources);
    let all: Vec<usize> = (0..sources.len()).collect();
    let several = if named.len() > 1 { &named } else { &all };
    let asks_to_join = tokens.iter().any(|token| matches!(token, Token::Word(word) if words::join(&word.lower)));
    if asks_to_join {
        return over_join(tokens, sources, several);
    }
    let mut fits: Vec<(usize, Planned)> = Vec::new();
    let mut refusal = None;
    for at in if named.is_empty() { &all } else { &named } {
        match over_one(tokens, sources, *at) {
            Ok(planned) => fits.push((*at, planned)),
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    if fits.len() > 1 {
        let titles: Vec<String> = fits.iter().filter_map(|(at, _)| sources.get(*at)).map(scope::title).collect();
        return Err(NotUnderstood::Impossible(format!(
            "The request fits several sources: {}. Name one of them.",
            quoted(&titles)
        )));
    }
    if let Some((_, planned)) = fits.pop() {
        return Ok(planned);
    }
    // What the join cannot do either is told in terms of the one source that was named, or of the join.
    over_join(tokens, sources, several).map_err(|error| match refusal {
        Some(refusal) if named.len() == 1 => refusal,
        _ => error,
    })
}

fn over_join(tokens: &[Token], sources: &[Source], used: &[usize]) -> Result<Planned, NotUnderstood> {
    let (on, kind) = join_words(tokens);
    let join::Join { tables, members, mut notes } =
        join::join(sources, used, on.as_deref(), kind.unwrap_or(JoinKind::Inner))?;
    let scope = Scope::new(sources, used, members);
    let draft = read(tokens, &scope, None)?;
    let mut planned = build::plan(draft, &scope, sources, Input::Join(tables))?;
    notes.append(&mut planned.notes);
    Ok(Planned { notes, ..planned })
}

/// Which sources the request names, in the sources' order.
fn named_sources(tokens: &[Token], sources: &[Source]) -> Vec<usize> {
    let scopes = sources.iter().enumerate().map(|(at, _)| (at, Scope::new(sources, &[at], Vec::new())));
    scopes
        .filter(|(_, scope)| (0..tokens.len()).any(|at| Cursor::new(tokens, at).table_length(scope).is_some()))
        .map(|(at, _)| at)
        .collect()
}

/// The words after "on" of a join, and its kind.
fn join_words(tokens: &[Token]) -> (Option<Vec<String>>, Option<JoinKind>) {
    let mut cursor = Cursor::new(tokens, 0);
    let (mut on, mut kind, mut seen) = (None, None, false);
    while !cursor.is_done() {
        seen |= words::join(cursor.word(0));
        if let Some(found) = words::join_kind(cursor.word(0)).filter(|_| cursor.leads_to_join()) {
            kind = kind.or(Some(found));
        }
        if seen && on.is_none() && cursor.word(0) == "on" {
            on = cursor.key_words();
        }
        cursor.step();
    }
    (on, kind)
}

/// What was read so far; columns are places in the scope.
#[derive(Default)]
struct Draft {
    measures: Vec<(Aggregate, Option<usize>)>,
    keys: Vec<(usize, Option<Part>)>,
    columns: Vec<usize>,
    /// Of these, the ones whose name starts with a calculation, as "total sales" does for `total_sales`.
    said: Vec<(Aggregate, usize)>,
    /// The column that the table's noun may stand for.
    noun: Option<usize>,
    filters: Vec<Filter>,
    sort: Vec<(Subject, bool)>,
    /// "in descending order", without a column.
    descending: Option<bool>,
    limit: Option<u64>,
    top: Option<Top>,
    distinct: bool,
    all_rows: bool,
    joins: bool,
    aim: Option<Aim>,
    notes: Vec<String>,
}

/// What a request is about as a whole.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aim {
    Analyze,
    Describe,
    Schema,
}

/// What rows or groups are ranked by.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Subject {
    Column(usize),
    Measure(Aggregate, Option<usize>),
}

/// "top 5 regions by total sales"
struct Top {
    great: bool,
    count: Option<u64>,
    /// The columns whose groups are ranked; none: rows are.
    keys: Vec<usize>,
    by: Option<Subject>,
}

/// Reads all tokens or says which were not understood. `source`: the only source's name.
fn read(tokens: &[Token], scope: &Scope, source: Option<&str>) -> Result<Draft, NotUnderstood> {
    let mut parser = Parser { cursor: Cursor::new(tokens, 0), scope, source, draft: Draft::default() };
    let mut unknown: Vec<String> = Vec::new();
    while !parser.cursor.is_done() {
        if !parser.clause()? {
            unknown.extend(parser.cursor.step().map(Token::raw));
        }
    }
    if unknown.is_empty() {
        return Ok(parser.draft);
    }
    unknown.dedup();
    // "total profit": it is the profit that is not known.
    if unknown.iter().any(|word| !words::is_common(&word.to_lowercase())) {
        unknown.retain(|word| !words::is_common(&word.to_lowercase()));
    }
    Err(NotUnderstood::Words { words: unknown, columns: scope.names(0..scope.columns.len()) })
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    scope: &'a Scope,
    source: Option<&'a str>,
    draft: Draft,
}

/// Takes what it reads; false where something else comes next, wherever it stopped.
type Clause<'a> = fn(&mut Parser<'a>) -> Result<bool, NotUnderstood>;

impl<'a> Parser<'a> {
    /// Takes one clause, or a filler word; false where nothing fits what comes next.
    fn clause(&mut self) -> Result<bool, NotUnderstood> {
        let start = self.cursor;
        // A name of several words is a name, whatever the words mean alone.
        let clauses: &[Clause<'a>] = if self.names_column_in_words() {
            &[Self::columns]
        } else {
            &[
                Self::join,
                Self::top,
                Self::sort,
                Self::limit,
                Self::schema,
                Self::group,
                Self::distinct,
                Self::measures,
                Self::filter,
                Self::aim,
                Self::columns,
                Self::source,
                Self::filler,
            ]
        };
        for clause in clauses {
            if clause(self)? {
                return Ok(true);
            }
            self.cursor = start;
        }
        Ok(false)
    }

    fn note(&mut self, note: String) {
        if !self.draft.notes.contains(&note) {
            self.draft.notes.push(note);
        }
    }

    fn name(&self, column: usize) -> String {
        self.scope.column(column).map(|column| column.name.clone()).unwrap_or_default()
    }
}
