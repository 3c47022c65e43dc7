//! What was asked for, as data: the seam between reading a request and writing code for an engine.

/// A request that was understood in full.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The request, as it was asked.
    pub request: String,
    pub input: Input,
    /// Applied to the input's rows before any output.
    pub filter: Option<Filter>,
    /// At least one, under names that differ.
    pub outputs: Vec<Output>,
}

/// Where the rows come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Whole numbers in one column, [`Numbers::COLUMN`].
    Numbers(Numbers),
    /// The source of this index.
    Source(usize),
    /// At least two sources, joined from left to right.
    Join(Vec<Joined>),
}

impl Input {
    /// The sources that it reads.
    pub(crate) fn used(&self) -> Vec<usize> {
        match self {
            Self::Numbers(_) => Vec::new(),
            Self::Source(at) => vec![*at],
            Self::Join(joined) => joined.iter().map(|table| table.source).collect(),
        }
    }
}

/// The whole numbers from `first` to `last`, both included.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers {
    pub first: i64,
    pub last: i64,
    /// The distance between two of them, at least 1.
    pub step: i64,
    /// Each raised to this power, 1 to 3.
    pub power: u32,
    /// Sums may not fit 64 bits.
    pub wide: bool,
}

impl Numbers {
    /// The name of the only column.
    pub const COLUMN: &str = "number";
}

/// One side of a join.
#[derive(Clone, Debug, PartialEq)]
pub struct Joined {
    pub source: usize,
    /// A Python-safe name for the table, unique in the join.
    pub name: String,
    /// Old name and new name of columns that are renamed before the join, so that all names are unique after it.
    pub renames: Vec<(String, String)>,
    /// The columns joined on, under the names they have after the renames; empty for the first.
    pub keys: Vec<String>,
    pub kind: JoinKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
}

/// What is known of a column's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Integer,
    Fraction,
    Text,
    Date,
    Timestamp,
    Boolean,
    /// Arrays, maps, structs, binary.
    Other,
    Unknown,
}

/// A column of the input, under the name it has there.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
}

/// A column, or a part of the date in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub column: Column,
    pub part: Option<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Year,
    /// The first day of the quarter.
    Quarter,
    /// 1 to 12.
    Month,
    /// Text, `2024-03`.
    YearMonth,
    /// The date without its time.
    Day,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Test(Expr, Test),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Compare(Comparison, Value),
    /// Both ends included.
    Between(Value, Value),
    In(Vec<Value>),
    Contains(String),
    StartsWith(String),
    EndsWith(String),
    Null,
    /// The column is a boolean and true.
    True,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `[-]digits[.digits]`, no leading zeros.
    Number(String),
    Text(String),
    /// `2024-01-31`, or with a time after it.
    Date(String),
    Boolean(bool),
}

/// One table of results.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// `[a-z0-9_]+`
    pub name: String,
    pub query: Query,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Query {
    Rows(Rows),
    Groups(Groups),
    /// Count, mean, deviation, least and greatest of these columns; of all when empty.
    Describe(Vec<Column>),
    /// Names and types of the columns.
    Schema,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// All when empty.
    pub columns: Vec<Column>,
    pub distinct: bool,
    pub sort: Vec<Sort>,
    pub limit: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Groups {
    /// None: one row over all.
    pub keys: Vec<Key>,
    pub measures: Vec<Measure>,
    /// By names of the result.
    pub sort: Vec<Sort>,
    pub limit: Option<u64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub expr: Expr,
    /// Its name in the result.
    pub name: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    pub aggregate: Aggregate,
    /// None: the rows themselves, for a count.
    pub column: Option<Column>,
    /// Its name in the result.
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    Sum,
    Average,
    Least,
    Greatest,
    Count,
    CountDistinct,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Sort {
    /// A column of the rows, or a name of the groups' result.
    pub name: String,
    pub descending: bool,
}
