//! The vocabulary. Only what stands in [`FILLER`] may be passed over; it says nothing that a result could depend on.

use crate::plan::{Aggregate, JoinKind};

/// Articles, pronouns, prepositions, auxiliaries: a column of such a name is meant only where a column is expected.
pub(crate) const GRAMMAR: &[&str] = &[
    "the", "a", "an", "this", "that", "these", "those", "my", "our", "your", "their", "its", "me", "us", "i", "we",
    "you", "please", "can", "could", "would", "will", "to", "now", "just", "then", "also", "of", "all", "is", "are",
    "was", "were", "be", "it", "them", "there", "what", "which", "do", "with", "along", "together", "plus", "using",
    "each",
];

/// Verbs that ask, and names for the answer or the program as a whole: filler, unless a column is called so.
pub(crate) const FILLER: &[&str] = &[
    "want",
    "need",
    "calculate",
    "compute",
    "find",
    "get",
    "give",
    "show",
    "display",
    "list",
    "print",
    "return",
    "tell",
    "select",
    "determine",
    "see",
    "know",
    "write",
    "create",
    "generate",
    "build",
    "make",
    "run",
    "read",
    "load",
    "take",
    "save",
    "store",
    "perform",
    "use",
    "spark",
    "pyspark",
    "ray",
    "code",
    "program",
    "script",
    "query",
    "result",
    "results",
    "output",
    "answer",
    "value",
    "values",
    "row",
    "rows",
    "record",
    "records",
];

/// Names for the source as a whole.
pub(crate) const SOURCE: &[&str] =
    &["data", "dataset", "datasets", "file", "files", "csv", "parquet", "json", "table", "tables", "source", "sources"];

pub(crate) const ROWS: &[&str] =
    &["row", "rows", "record", "records", "entry", "entries", "line", "lines", "observation", "observations"];

pub(crate) const ARTICLES: &[&str] = &["the", "a", "an", "all", "my", "our", "their", "its", "this", "these", "of"];

pub(crate) const DISTINCT: &[&str] = &["distinct", "unique", "different"];

/// Words that end an unquoted value of several words.
pub(crate) const STOPS: &[&str] = &[
    "and", "or", "by", "per", "for", "where", "with", "sorted", "sort", "ordered", "order", "grouped", "group", "top",
    "limit", "in", "from", "then", "but", "only", "show", "list",
];

/// Whether a word is too common to name a column loosely.
pub(crate) fn is_common(word: &str) -> bool {
    const MORE: &[&str] = &[
        "as", "on", "at", "not", "no", "than", "more", "less", "over", "under", "between", "each", "every", "how",
        "many", "much", "is", "has", "have", "having", "who", "whose", "when", "if", "first", "last", "up", "out",
        "into", "without",
    ];
    [GRAMMAR, FILLER, STOPS, MORE, SOURCE, ROWS, DISTINCT].iter().any(|list| list.contains(&word))
        || aggregate(word).is_some()
        || superlative(word).is_some()
}

pub(crate) fn aggregate(word: &str) -> Option<Aggregate> {
    Some(match word {
        "sum" | "sums" | "total" | "totals" => Aggregate::Sum,
        "average" | "averages" | "avg" | "mean" | "means" => Aggregate::Average,
        "min" | "minimum" => Aggregate::Least,
        "max" | "maximum" => Aggregate::Greatest,
        "count" | "counts" => Aggregate::Count,
        _ => return None,
    })
}

/// Whether the word asks for the great end (true) or the small one (false).
pub(crate) fn superlative(word: &str) -> Option<bool> {
    Some(match word {
        "top" | "largest" | "biggest" | "highest" | "greatest" | "best" | "most" => true,
        "bottom" | "smallest" | "lowest" | "least" | "worst" | "fewest" => false,
        _ => return None,
    })
}

/// A superlative that names what it measures: the end it asks for, and words for the column, best first.
pub(crate) fn adjective(word: &str) -> Option<(bool, &'static [&'static str])> {
    const PRICE: &[&str] = &["price", "cost", "amount"];
    Some(match word {
        "cheapest" => (false, PRICE),
        "priciest" | "dearest" | "costliest" => (true, PRICE),
        _ => return None,
    })
}

/// After "most" or "least".
pub(crate) fn costly(word: &str) -> bool {
    matches!(word, "expensive" | "costly")
}

/// A superlative of time: the end it asks for.
pub(crate) fn recency(word: &str) -> Option<bool> {
    match word {
        "newest" | "latest" => Some(true),
        "earliest" => Some(false),
        _ => None,
    }
}

pub(crate) fn join(word: &str) -> bool {
    matches!(word, "join" | "joined" | "joining" | "merge" | "merged" | "combine" | "combined")
}

pub(crate) fn join_kind(word: &str) -> Option<JoinKind> {
    Some(match word {
        "inner" => JoinKind::Inner,
        "left" => JoinKind::Left,
        "right" => JoinKind::Right,
        "full" | "outer" => JoinKind::Full,
        _ => return None,
    })
}

/// 1 to 12.
pub(crate) fn month(word: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let found = MONTHS.iter().position(|month| *month == word || (word.len() == 3 && month.starts_with(word)))?;
    u32::try_from(found + 1).ok()
}

/// A number written as a word.
pub(crate) fn number(word: &str) -> Option<u64> {
    const NUMBERS: [&str; 10] = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let found = NUMBERS.iter().position(|number| *number == word)?;
    u64::try_from(found + 1).ok()
}
