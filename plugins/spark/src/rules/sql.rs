//! A careful scan of Spark SQL: relations after FROM and JOIN, files named as relations, what a statement changes.

use enginehouse_pycheck::{Part, Value};

/// Stands for what is not known of a query; a name that holds it is not known either.
const HOLE: char = '\u{1}';

/// What a query touches.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Query {
    /// Tables, as `database.table` without quotes; CTEs and views that the query itself makes are left out.
    pub(super) relations: Vec<Value>,
    /// Files read as ``csv.`s3://…` ``, and written by `INSERT OVERWRITE DIRECTORY`: see `changes`.
    pub(super) paths: Vec<Value>,
    /// Temporary views that it makes.
    pub(super) views: Vec<String>,
    /// What it does beside reading: `DROP TABLE`.
    pub(super) changes: Option<String>,
    /// `ADD JAR`, `CREATE FUNCTION`.
    pub(super) loads_code: bool,
    /// `USE database`.
    pub(super) uses: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// A word or a dotted name, each part without quotes; true where the part was quoted.
    Name(Vec<(String, bool)>),
    Open,
    Close,
    Comma,
    End,
    Other,
}

/// Scans a query; what is not known in it makes names unknown, nothing else.
pub(super) fn read(query: &Value) -> Query {
    let text: String = query
        .parts()
        .iter()
        .map(|part| match part {
            Part::Text(text) => text.replace(HOLE, " "),
            Part::Env(_) | Part::Unknown => HOLE.to_string(),
        })
        .collect();
    let mut found = Query::default();
    let tokens = tokens(&text);
    for statement in tokens.split(|token| *token == Token::End) {
        scan(statement, &mut found);
    }
    found
}

/// Whether a name in a query is a table, whatever its case, its quotes and its catalog.
pub(super) fn is_table(written: &str, database: &str, name: &str) -> bool {
    let written = plain(written);
    written == format!("{database}.{name}").to_lowercase() || written == name.to_lowercase()
}

/// A table's name in lower case, without quotes and without the session's own catalog.
pub(super) fn plain(written: &str) -> String {
    let name = written.replace('`', "").trim().to_lowercase();
    let catalogs = ["spark_catalog.", "glue_catalog.", "awsdatacatalog.", "hive_metastore."];
    catalogs.iter().find_map(|catalog| name.strip_prefix(catalog)).unwrap_or(&name).to_owned()
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        rest = match first {
            '-' if after.starts_with('-') => after.split_once('\n').map_or("", |(_, rest)| rest),
            '/' if after.starts_with('*') => after.split_once("*/").map_or("", |(_, rest)| rest),
            '\'' | '"' => {
                tokens.push(Token::Other);
                quoted(after, first).1
            }
            '(' | ')' | ',' | ';' => {
                tokens.push(match first {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    ',' => Token::Comma,
                    _ => Token::End,
                });
                after
            }
            c if c.is_whitespace() => after,
            c if is_word(c) || c == '`' => {
                let (name, rest) = name(rest);
                tokens.push(Token::Name(name));
                rest
            }
            _ => {
                tokens.push(Token::Other);
                after
            }
        };
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$' || c == HOLE
}

/// Text up to a quote, where a doubled one or one after a backslash does not count; and what follows.
fn quoted(text: &str, quote: char) -> (String, &str) {
    let mut inside = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        let after = text.get(at + c.len_utf8()..).unwrap_or_default();
        if c == '\\' && quote != '`' {
            inside.extend(chars.next().map(|(_, c)| c));
        } else if c == quote && after.starts_with(quote) {
            inside.push(quote);
            chars.next();
        } else if c == quote {
            return (inside, after);
        } else {
            inside.push(c);
        }
    }
    (inside, "")
}

/// A dotted name at the start of a text, and what follows.
fn name(text: &str) -> (Vec<(String, bool)>, &str) {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        if let Some(after) = rest.strip_prefix('`') {
            let (part, after) = quoted(after, '`');
            parts.push((part, true));
            rest = after;
        } else {
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            let (part, after) = rest.split_at(end);
            parts.push((part.to_owned(), false));
            rest = after;
        }
        match rest.strip_prefix('.') {
            Some(after) if after.starts_with(|c| is_word(c) || c == '`') => rest = after,
            _ => return (parts, rest),
        }
    }
}

fn word(token: Option<&Token>) -> String {
    match token {
        Some(Token::Name(parts)) => match parts.as_slice() {
            [(word, false)] => word.to_lowercase(),
            _ => String::new(),
        },
        _ => String::new(),
    }
}

fn scan(tokens: &[Token], found: &mut Query) {
    let at = |place: usize| tokens.get(place);
    statement(tokens, found);
    // Names that the query gives to parts of itself: `name AS (`, `name (columns) AS (`.
    let mut own: Vec<String> = Vec::new();
    for (place, token) in tokens.iter().enumerate() {
        if let Token::Name(parts) = token
            && let [(name, _)] = parts.as_slice()
        {
            let mut next = place + 1;
            if at(next) == Some(&Token::Open) {
                next += tokens.iter().skip(next).position(|token| *token == Token::Close).map_or(0, |close| close + 1);
            }
            if word(at(next)) == "as" && at(next + 1) == Some(&Token::Open) {
                own.push(name.to_lowercase());
            }
        }
    }
    // For each open bracket, whether a FROM in it is an argument's: `extract(year FROM t)`.
    let mut brackets: Vec<bool> = Vec::new();
    let mut place = 0;
    while let Some(token) = at(place) {
        let before = word(place.checked_sub(1).and_then(at));
        match token {
            Token::Open => {
                brackets.push(matches!(
                    before.as_str(),
                    "extract" | "trim" | "substring" | "substr" | "overlay" | "position"
                ));
            }
            Token::Close => drop(brackets.pop()),
            Token::Name(_) => {
                let this = word(Some(token));
                let argument = brackets.last().copied().unwrap_or(false)
                    || (this == "from" && before == "distinct" && is_distinct(tokens, place));
                if !argument && matches!(this.as_str(), "from" | "join") {
                    place = relations(tokens, place + 1, &own, found);
                    continue;
                }
            }
            _ => {}
        }
        place += 1;
    }
}

/// `a IS [NOT] DISTINCT FROM b`, where the FROM is at `place`.
fn is_distinct(tokens: &[Token], place: usize) -> bool {
    let back = |steps: usize| word(place.checked_sub(steps).and_then(|at| tokens.get(at)));
    back(2) == "is" || (back(2) == "not" && back(3) == "is")
}

/// Reads the list of relations from `place`; the place after it.
fn relations(tokens: &[Token], mut place: usize, own: &[String], found: &mut Query) -> usize {
    loop {
        while matches!(word(tokens.get(place)).as_str(), "lateral" | "only") {
            place += 1;
        }
        let Some(Token::Name(parts)) = tokens.get(place) else { return place };
        let first = word(tokens.get(place));
        if matches!(first.as_str(), "select" | "values" | "view" | "explode" | "unnest" | "stack") {
            return place;
        }
        place += 1;
        // A name before a bracket is a function: `range(10)`.
        if tokens.get(place) != Some(&Token::Open) {
            push(parts, own, found);
        }
        // An alias, then perhaps a comma and the next relation.
        if word(tokens.get(place)) == "as" {
            place += 1;
        }
        let alias = word(tokens.get(place));
        let clause = matches!(
            alias.as_str(),
            "where"
                | "group"
                | "order"
                | "join"
                | "inner"
                | "left"
                | "right"
                | "full"
                | "cross"
                | "natural"
                | "on"
                | "using"
                | "having"
                | "limit"
                | "union"
                | "lateral"
                | "window"
                | "sort"
                | "cluster"
                | "distribute"
                | "tablesample"
                | "pivot"
                | "except"
                | "intersect"
                | "minus"
                | "semi"
                | "anti"
                | "select"
                | "insert"
                | "from"
        );
        if !alias.is_empty() && !clause {
            place += 1;
        }
        if tokens.get(place) != Some(&Token::Comma) {
            return place;
        }
        place += 1;
    }
}

fn push(parts: &[(String, bool)], own: &[String], found: &mut Query) {
    const FORMATS: &[&str] =
        &["csv", "parquet", "json", "orc", "text", "avro", "xml", "delta", "binaryfile", "iceberg", "hudi"];
    let value = |text: &str| match text.contains(HOLE) {
        true => match text.split_once(HOLE) {
            Some((start, _)) if !start.is_empty() => Value::text(start).then(&Value::unknown()),
            _ => Value::unknown(),
        },
        false => Value::text(text),
    };
    match parts {
        [(format, false), (path, true)]
            if FORMATS.contains(&format.to_lowercase().as_str()) && (path.contains(['/', ':', HOLE])) =>
        {
            found.paths.push(value(path));
        }
        [(name, _)] if own.contains(&name.to_lowercase()) || found.views.contains(&name.to_lowercase()) => {}
        parts => {
            let name = parts.iter().map(|(part, _)| part.as_str()).collect::<Vec<_>>().join(".");
            found.relations.push(if name.contains(HOLE) { Value::unknown() } else { Value::text(name) });
        }
    }
}

/// What the statement's first words say.
fn statement(tokens: &[Token], found: &mut Query) {
    let words: Vec<String> = tokens.iter().take(6).map(|token| word(Some(token))).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["use", ..] => found.uses = true,
        ["create", rest @ ..] if rest.contains(&"function") => found.loads_code = true,
        ["add", "jar" | "jars" | "file" | "files" | "archive" | "archives", ..] => found.loads_code = true,
        ["create", rest @ ..]
            if rest.contains(&"view") && rest.iter().any(|word| matches!(*word, "temp" | "temporary")) =>
        {
            let view = tokens.iter().position(|token| word(Some(token)) == "view");
            let mut names = tokens.iter().skip(view.map_or(usize::MAX, |view| view.saturating_add(1)));
            let name = names.find(|token| !matches!(word(Some(token)).as_str(), "if" | "not" | "exists"));
            if let Some(Token::Name(parts)) = name {
                found.views.extend(parts.last().map(|(name, _)| name.to_lowercase()));
            }
        }
        ["drop", "view", ..] => {}
        [
            first @ ("create" | "drop" | "alter" | "insert" | "delete" | "truncate" | "update" | "merge" | "replace"
            | "load" | "msck" | "repair" | "grant" | "revoke" | "optimize" | "vacuum" | "export" | "import"),
            second,
            ..,
        ] => {
            found.changes = Some(format!("{first} {second}").trim().to_uppercase());
        }
        // `WITH … INSERT INTO`, `FROM … INSERT INTO`.
        _ => {
            let insert = tokens.windows(2).any(|pair| {
                word(pair.first()) == "insert" && matches!(word(pair.get(1)).as_str(), "into" | "overwrite")
            });
            if insert {
                found.changes = Some("INSERT".to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(query: &str) -> Vec<String> {
        read(&Value::text(query)).relations.iter().map(|value| value.known().unwrap_or("?").to_owned()).collect()
    }

    #[test]
    fn relations_are_found() {
        for (query, expected) in [
            ("SELECT * FROM sales.orders", vec!["sales.orders"]),
            ("select a from `sales`.`orders` o join x.y as z on o.a = z.a", vec!["sales.orders", "x.y"]),
            ("SELECT * FROM a, b c, d.e AS f WHERE 1 = 1", vec!["a", "b", "d.e"]),
            ("WITH t AS (SELECT * FROM a.b), u (x) AS (SELECT 1 FROM t) SELECT * FROM u JOIN t", vec!["a.b"]),
            ("SELECT extract(year FROM ts), trim(BOTH ' ' FROM x) FROM a", vec!["a"]),
            ("SELECT * FROM a WHERE b IS NOT DISTINCT FROM c", vec!["a"]),
            ("SELECT DISTINCT x FROM a", vec!["a"]),
            ("SELECT * FROM (SELECT * FROM inner_t) q", vec!["inner_t"]),
            ("SELECT * FROM range(10)", vec![]),
            ("SELECT 'from nowhere' -- from x\n/* from y */ FROM z", vec!["z"]),
            ("SELECT * FROM a LATERAL VIEW explode(b) t AS c", vec!["a"]),
            ("SELECT * FROM a WHERE x IN (SELECT x FROM b) UNION ALL SELECT * FROM c", vec!["a", "b", "c"]),
        ] {
            assert_eq!(names(query), expected, "{query}");
        }
    }

    #[test]
    fn files_holes_and_changes() {
        let query = read(&Value::text("SELECT * FROM csv.`s3://b/k.csv`"));
        assert_eq!((query.paths, query.relations), (vec![Value::text("s3://b/k.csv")], vec![]));
        let hole = Value::text("SELECT * FROM ").then(&Value::unknown()).then(&Value::text(" WHERE x"));
        assert_eq!(read(&hole).relations, [Value::unknown()]);
        for query in [
            "DROP TABLE a",
            "insert into a select 1",
            "CREATE TABLE a AS SELECT 1",
            "WITH x AS (SELECT 1) INSERT INTO a SELECT * FROM x",
            "SELECT 1; DELETE FROM a",
        ] {
            assert!(read(&Value::text(query)).changes.is_some(), "{query}");
        }
        assert!(read(&Value::text("ADD JAR 's3://x/y.jar'")).loads_code);
        let view = read(&Value::text("CREATE OR REPLACE TEMP VIEW v AS SELECT * FROM a.b"));
        assert_eq!((view.views, view.changes), (vec!["v".to_owned()], None));
    }

    #[test]
    fn names_of_tables() {
        assert!(is_table("`Sales`.`Orders`", "sales", "orders"));
        assert!(is_table("spark_catalog.sales.orders", "sales", "orders"));
        assert!(!is_table("sales.orders_2", "sales", "orders"));
    }
}
