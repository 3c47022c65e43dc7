use enginehouse_pycheck::Value;

use super::*;

fn names(query: &str) -> Vec<String> {
    let found = read(&Value::text(query));
    assert!(!found.unread, "{query}");
    found.relations.iter().map(|value| value.known().unwrap_or("?").to_owned()).collect()
}

#[test]
fn relations_are_found() {
    for (query, expected) in [
        ("SELECT * FROM sales.orders", vec!["sales.orders"]),
        ("select a from `sales`.`orders` o join x.y as z on o.a = z.a", vec!["sales.orders", "x.y"]),
        ("SELECT * FROM a, b c, d.e AS f WHERE 1 = 1", vec!["a", "b", "d.e"]),
        ("WITH t AS (SELECT * FROM a.b), u (x) AS (SELECT 1 FROM t) SELECT * FROM u JOIN t", vec!["a.b"]),
        ("WITH t AS (SELECT * FROM t) SELECT * FROM t", vec!["t"]),
        ("WITH t AS (WITH u AS (SELECT 1) SELECT * FROM u) SELECT * FROM t JOIN u", vec!["u"]),
        ("SELECT extract(year FROM ts), trim(BOTH ' ' FROM x) FROM a", vec!["a"]),
        ("SELECT * FROM a WHERE b IS NOT DISTINCT FROM c", vec!["a"]),
        ("SELECT DISTINCT x FROM a", vec!["a"]),
        ("SELECT * FROM (SELECT * FROM inner_t) q", vec!["inner_t"]),
        ("SELECT * FROM range(10)", vec![]),
        ("SELECT 'from nowhere' -- from x\n/* from y */ FROM z", vec!["z"]),
        ("SELECT 'it\\'s from x', \"a \\\" from y\" FROM z", vec!["z"]),
        ("SELECT * FROM a LATERAL VIEW OUTER explode(b) t AS c", vec!["a"]),
        ("SELECT * FROM a WHERE x IN (SELECT x FROM b) UNION ALL SELECT * FROM c", vec!["a", "b", "c"]),
        ("SELECT a FROM t DISTRIBUTE BY a SORT BY b", vec!["t"]),
        ("SELECT * FROM a PIVOT (sum(x) AS s FOR y IN ('a', 'b'))", vec!["a"]),
        ("SELECT * FROM a TABLESAMPLE (10 PERCENT)", vec!["a"]),
        ("SELECT /*+ BROADCAST(b) */ * FROM a LEFT SEMI JOIN b ON a.id <=> b.id", vec!["a", "b"]),
        ("SELECT transform(xs, x -> x + 1) FROM t", vec!["t"]),
        (
            "SELECT row_number() OVER (PARTITION BY a ORDER BY b DESC NULLS LAST ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t",
            vec!["t"],
        ),
        ("SELECT * FROM VALUES (1, 'a') AS t(id, name)", vec![]),
        ("SELECT * FROM {df} JOIN x.y ON 1 = 1", vec!["x.y"]),
        ("SELECT a DIV 2, b RLIKE 'x' FROM t VERSION AS OF 1", vec!["?"]),
    ] {
        if query.contains("VERSION") {
            // Neither dialect has both.
            assert!(read(&Value::text(query)).unread, "{query}");
            continue;
        }
        assert_eq!(names(query), expected, "{query}");
    }
}

#[test]
fn files_holes_and_changes() {
    let query = read(&Value::text("SELECT * FROM csv.`s3://b/k.csv`"));
    assert_eq!((query.paths, query.relations), (vec![Value::text("s3://b/k.csv")], vec![]));
    let hole = Value::text("SELECT * FROM ").then(&Value::unknown()).then(&Value::text(" WHERE x"));
    assert_eq!(read(&hole).relations, [Value::unknown()]);
    let hole = Value::text("SELECT * FROM a.b WHERE d > '").then(&Value::unknown()).then(&Value::text("'"));
    assert_eq!(read(&hole).relations, [Value::text("a.b")]);
    for query in [
        "DROP TABLE a",
        "insert into a select 1",
        "CREATE TABLE a AS SELECT 1",
        "CREATE OR REPLACE VIEW a AS SELECT 1",
        "WITH x AS (SELECT 1) INSERT INTO a SELECT * FROM x",
        "FROM x INSERT OVERWRITE TABLE y SELECT a",
        "INSERT OVERWRITE LOCAL DIRECTORY '/tmp/x' SELECT * FROM t",
        "SELECT 1; DELETE FROM a",
        "/* read */ -- only\n  DROP TABLE a",
        "DROP TABLE 'unclosed",
        "MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN UPDATE SET *",
        "BEGIN DROP TABLE a; END",
        "EXECUTE IMMEDIATE 'DROP TABLE a'",
        "CALL system.rollback_to_snapshot('a', 1)",
    ] {
        assert!(read(&Value::text(query)).changes.is_some(), "{query}");
    }
    for query in [
        "SELECT 'DROP TABLE a'",
        "SHOW TABLES IN db",
        "DESCRIBE TABLE EXTENDED db.t",
        "SET spark.sql.shuffle.partitions = 4",
        "REFRESH TABLE t",
        "CACHE TABLE t",
        "DROP VIEW IF EXISTS v",
        "EXPLAIN EXTENDED SELECT * FROM t",
        "SELECT replace(a, 'x', 'y') FROM t",
        "CREATE TEMPORARY FUNCTION f(x INT) RETURNS INT RETURN x + 1",
    ] {
        let found = read(&Value::text(query));
        assert!(found.changes.is_none() && !found.loads_code, "{query}: {found:?}");
    }
    assert!(read(&Value::text("ADD JAR 's3://x/y.jar'")).loads_code);
    assert!(read(&Value::text("CREATE FUNCTION f AS 'a.B' USING JAR 's3://x'")).loads_code);
}

#[test]
fn what_a_query_writes_as_files() {
    let output = Value::text("INSERT OVERWRITE DIRECTORY '").then(&Value::env("OUTPUT_PATH"));
    let found = read(&output.then(&Value::text("/a' USING parquet SELECT * FROM t")));
    assert_eq!(found.writes, [Value::env("OUTPUT_PATH").then(&Value::text("/a"))]);
    assert_eq!((found.relations, found.changes, found.unread), (vec![Value::text("t")], None, false));
    assert_eq!(read(&Value::text("EXPLAIN EXTENDED SELECT * FROM t")).relations, [Value::text("t")]);
}

#[test]
fn views_that_a_query_makes() {
    let view = read(&Value::text("CREATE OR REPLACE TEMP VIEW v AS SELECT * FROM a.b"));
    assert_eq!((view.views, view.changes), (vec!["v".to_owned()], None));
    assert_eq!(view.relations, [Value::text("a.b")]);
    let files = read(&Value::text("CREATE TEMPORARY VIEW `v` USING csv OPTIONS (path 's3://b/x', header 'true')"));
    assert_eq!((files.views, files.paths), (vec!["v".to_owned()], vec![Value::text("s3://b/x")]));
    assert_eq!(read(&Value::text("CACHE LAZY TABLE c AS SELECT 1")).views, ["c"]);
}

#[test]
fn names_of_tables() {
    assert!(is_table("`Sales`.`Orders`", "sales", "orders"));
    assert!(is_table("spark_catalog.sales.orders", "sales", "orders"));
    assert!(!is_table("sales.orders_2", "sales", "orders"));
}

#[test]
fn columns_of_expressions_and_queries() {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(condition("a > 1 AND `b c` LIKE 'x%' OR year(d) = 2020").unwrap(), owned(&["a", "b c", "d"]));
    assert_eq!(
        condition("exists(xs, x -> x > a) AND d > current_date - INTERVAL 30 DAYS").unwrap(),
        owned(&["xs", "a", "d"])
    );
    assert_eq!(condition("a IN (SELECT b FROM c)"), None);
    let found = projection("sum(a) OVER (PARTITION BY b) AS total").unwrap();
    assert_eq!((found.used, found.items), (owned(&["a", "b"]), vec![Item::Named("total".into())]));
    assert_eq!(projection("*").unwrap().items, [Item::Star]);
    let query = "SELECT o.a, sum(b) AS s, s * 2 AS t FROM db.orders o WHERE c > 1 GROUP BY a ORDER BY s DESC";
    let (relation, found) = projected(&Value::text(query)).unwrap();
    assert_eq!(relation, "db.orders");
    assert_eq!(found.used, owned(&["a", "b", "c"]));
    assert_eq!(found.items, [Item::Named("a".into()), Item::Named("s".into()), Item::Named("t".into())]);
    for query in ["SELECT a FROM t JOIN u", "SELECT a FROM (SELECT 1 AS a)", "WITH t AS (SELECT 1) SELECT a FROM t"] {
        assert_eq!(projected(&Value::text(query)), None, "{query}");
    }
}

/// A guest has 1 MiB of stack.
#[test]
fn a_hostile_query_does_not_overflow_the_stack() {
    let queries = [
        format!("SELECT {}1", "(".repeat(30_000)),
        format!("SELECT {}1", "NOT ".repeat(15_000)),
        format!("SELECT {}1", "- ".repeat(30_000)),
        format!("SELECT 1{}", " + 1".repeat(15_000)),
        format!("SELECT 1{}", " + f(1, 2)".repeat(480)),
        format!("SELECT 1{}", " + 1".repeat(495)),
        format!("SELECT 1{}", " UNION SELECT 1".repeat(4000)),
        format!("SELECT 1{}", " UNION SELECT 1".repeat(495)),
        format!("SELECT a{}", "::int".repeat(10_000)),
        format!("SELECT * FROM {}t", "(SELECT * FROM ".repeat(4000)),
        format!("SELECT * FROM {}t{}", "(SELECT * FROM ".repeat(24), ")".repeat(24)),
        format!("SELECT {}1{}", "f(".repeat(24), ")".repeat(24)),
        format!("SELECT {}1{}", "(1 + ".repeat(24), ")".repeat(24)),
        format!("SELECT * FROM t{}", " JOIN t".repeat(9000)),
        format!("SELECT {}1{}", "CASE WHEN ".repeat(23), " THEN 1 END".repeat(23)),
        format!("SELECT CAST(a AS {}INT{})", "ARRAY<".repeat(5000), ">".repeat(5000)),
        format!("SELECT a{}", "[0]".repeat(10_000)),
        format!("SELECT {}", "x -> ".repeat(5000)),
        format!("SELECT {}1", "INTERVAL ".repeat(5000)),
        format!("{}SELECT 1", "EXPLAIN ".repeat(8000)),
        format!("{}SELECT 1", "WITH a AS (".repeat(5000)),
    ];
    let all = move || {
        for query in queries {
            let value = Value::text(query.as_str());
            read(&value);
            projected(&value);
            condition(query.strip_prefix("SELECT ").unwrap_or(&query));
        }
    };
    std::thread::Builder::new().stack_size(900 << 10).spawn(all).unwrap().join().unwrap();
}
