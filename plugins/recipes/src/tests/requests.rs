//! What requests are read as.

use super::{csv, holds, refused, sales, shop, table, written};
use crate::NotUnderstood;

/// A request over `sales`, what its program must hold, and a piece of a note (empty: no note at all).
const READ: &[(&str, &str, &str)] = &[
    (
        "Calculate the sum of total_sales by region",
        r#".groupBy(F.col("region")).agg(F.sum(F.col("total_sales")).alias("sum_total_sales")).orderBy(F.col("region"))"#,
        "",
    ),
    ("sum of sales per region", r#"F.sum(F.col("total_sales"))"#, "took `sales` for the column `total_sales`"),
    ("sales by region", r#"F.sum(F.col("total_sales"))"#, "took the name of the source for its column"),
    (
        "What are the top 5 regions by total sales?",
        r#".orderBy(F.col("sum_total_sales").desc(), F.col("region").asc_nulls_last()).limit(5)"#,
        "took `regions`",
    ),
    (
        "average price and total quantity by product",
        r#".agg(F.avg(F.col("price")).alias("avg_price"), F.sum(F.col("quantity")).alias("sum_quantity"))"#,
        "",
    ),
    ("top 3 products by price", r#"F.max(F.col("price"))"#, "took the greatest value of `price`"),
    ("most expensive product", r#"df.orderBy(F.col("price").desc()).limit(1)"#, "`price`"),
    ("which region has the highest total sales", r#".limit(1)"#, "took the sum of `total_sales`"),
    ("highest price", r#"df.agg(F.max(F.col("price")).alias("max_price"))"#, ""),
    ("Count rows", r#"df.agg(F.count(F.lit(1)).alias("count"))"#, ""),
    ("count distinct customers by region", r#"F.count_distinct(F.col("customer_name"))"#, "`customers`"),
    ("number of product", r#"F.count(F.col("product"))"#, "say \"distinct\""),
    (
        "total sales for the West region",
        r#"df.filter(F.col("region") == "West")"#,
        "took `West` for a value of the column `region`",
    ),
    ("total sales in north west", r#"F.col("region") == "North West""#, "took `North West`"),
    ("average price of Pen", r#"F.col("product") == "Pen""#, "took `Pen`"),
    (
        "show customer name and price where quantity is at least 2 and region is West or East",
        r#"df.filter((F.col("quantity") >= 2) & F.col("region").isin("West", "East"))"#,
        "",
    ),
    (
        "rows where product contains 'Pe' or price between 2 and 3",
        r#"F.col("product").contains("Pe") | F.col("price").between(2, 3)"#,
        "",
    ),
    (
        "rows where region in (West, East) and price > 2.5",
        r#"F.col("region").isin("West", "East") & (F.col("price") > 2.5)"#,
        "",
    ),
    ("rows where product starts with Pe", r#".startswith("Pe")"#, ""),
    ("rows where customer_name is not null", r#"~F.col("customer_name").isNull()"#, ""),
    ("rows where region is not West", r#"~(F.col("region") == "West")"#, ""),
    ("rows where quantity is 3 or more", r#"F.col("quantity") >= 3"#, ""),
    ("rows with price over 1.5 million", r#"F.col("price") > 1500000"#, ""),
    ("rows with total sales under 10k", r#"F.col("total_sales") < 10000"#, ""),
    ("total quantity excluding West", r#"~(F.col("region") == "West")"#, "took `West`"),
    ("count rows where paid", r#"df.filter(F.col("paid"))"#, ""),
    ("count rows in 2024", r#"F.year(F.col("order_date")) == 2024"#, "took `2024` from the column `order_date`"),
    (
        "count rows in March 2024",
        r#"(F.year(F.col("order_date")) == 2024) & (F.month(F.col("order_date")) == 3)"#,
        "`March`",
    ),
    ("count rows after 2024-01-31", r#"F.col("order_date") > "2024-01-31""#, "`order_date`"),
    ("sum of quantity by year", r#".groupBy(F.year(F.col("order_date")).alias("year"))"#, "`order_date`"),
    ("monthly total quantity", r#"F.date_format(F.col("order_date"), "yyyy-MM").alias("month")"#, "`order_date`"),
    ("distinct regions", r#"df.select(F.col("region")).distinct().orderBy(F.col("region"))"#, "`regions`"),
    (
        "select product, price order by price desc limit 3",
        r#"df.select(F.col("product"), F.col("price")).orderBy(F.col("price").desc()).limit(3)"#,
        "",
    ),
    ("first 10 rows", "result = df.limit(10)", ""),
    ("show me the data", "result = df\n", ""),
    ("describe", "result = df.describe()", ""),
    ("summary statistics of price and quantity", r#"df.select(F.col("price"), F.col("quantity")).describe()"#, ""),
    ("schema", "df.dtypes", ""),
    ("list the columns", "df.dtypes", ""),
    (
        "max and min price by product sorted by max price descending",
        r#".orderBy(F.col("max_price").desc(), F.col("product"))"#,
        "",
    ),
    ("sum(price)", r#"F.sum(F.col("price"))"#, ""),
    ("count(*) by region", r#".agg(F.count(F.lit(1)).alias("count"))"#, ""),
    ("show region and total quantity", r#".groupBy(F.col("region"))"#, "grouped by `region`"),
    ("total sales in March 2024", r#"F.sum(F.col("total_sales"))"#, "took the sum of the column `total_sales`"),
];

#[test]
fn requests_become_programs() {
    let sources = [sales()];
    for (prompt, piece, note) in READ {
        let (code, notes) = written(prompt, &sources);
        assert!(holds(&code, piece), "{prompt}: {piece}\n{code}");
        let told = notes.iter().any(|found| found.contains(note));
        assert!(told || (note.is_empty() && notes.is_empty()), "{prompt}: {notes:?}");
    }
}

#[test]
fn no_word_is_passed_over() {
    let sources = [sales()];
    for (prompt, word) in [
        ("teleport everything to mars", "`mars`"),
        ("total profit by region", "`profit`"),
        ("delete all rows", "`delete`"),
        ("total quantity by region as csv", "`as`"),
        ("total quantity by region except weekends", "`weekends`"),
        ("predict quantity by region", "`predict`"),
        ("total quantity by region {not this}", "`{`"),
        ("count missing data", "`missing`"),
        ("don't count rows", "`don't`"),
    ] {
        match refused(prompt, &sources) {
            NotUnderstood::Words { words, columns } => {
                let error = NotUnderstood::Words { words, columns }.to_string();
                assert!(
                    error.contains(word) && error.contains("`total_sales`") && error.contains("[codegen]"),
                    "{prompt}: {error}"
                );
            }
            other => panic!("{prompt}: {other:?}"),
        }
    }
}

#[test]
fn what_is_ambiguous_is_asked_back() {
    let sources =
        [csv("s3://raw/data.csv", &[("gross_sales", "double"), ("net_sales", "double"), ("region", "string")], None)];
    let NotUnderstood::Ambiguous { candidates, .. } = refused("total sales by region", &sources) else {
        panic!("not ambiguous")
    };
    assert_eq!(candidates, ["gross_sales", "net_sales"]);
    let (code, _) = written("total net sales by region", &sources);
    assert!(code.contains(r#"F.sum(F.col("net_sales"))"#));
}

#[test]
fn what_cannot_be_is_told() {
    let sources = [sales()];
    for (prompt, piece) in [
        ("sum of region", "the columns with numbers are `order_id`, `total_sales`"),
        ("rows where quantity is West", "cannot be compared"),
        ("rows where region > 5", "cannot be compared"),
        ("top 3 products by price per region", "rank inside of groups"),
        ("top 5 regions", "Say what to rank"),
        ("top 5 regions by product", "Nothing can be ranked"),
        ("please show", "does not say what"),
        ("   ", "empty"),
        ("total quantity by region limit 3 limit 4", "twice"),
    ] {
        let error = refused(prompt, &sources).to_string();
        assert!(error.contains(piece), "{prompt}: {error}");
    }
}

#[test]
fn types_decide_on_casts_and_on_the_schema() {
    let (code, _) =
        written("sum of amount by region", &[csv("s3://raw/d.csv", &[("region", ""), ("amount", "")], None)]);
    assert!(code.contains(r#"F.sum(F.col("amount").cast("double"))"#) && code.contains("inferSchema"), "{code}");
    let (code, _) =
        written("sum of amount by region", &[csv("s3://raw/d.csv", &[("region", "string"), ("amount", "int")], None)]);
    assert!(
        code.contains(r#"F.sum(F.col("amount")).alias"#) && code.contains(r#".schema("region string, amount int")"#),
        "{code}"
    );
}

#[test]
fn names_match_across_scripts_and_spellings() {
    let sources = [csv(
        "s3://raw/d.csv",
        &[
            ("unitPrice", "double"),
            ("Order-Count", "int"),
            ("売上", "double"),
            ("Größe (cm)", "double"),
            ("a.b", "string"),
            ("q1 2024", "int"),
        ],
        None,
    )];
    for (prompt, column) in [
        ("average unit price", "F.col(\"unitPrice\")"),
        ("average unitprice", "F.col(\"unitPrice\")"),
        ("sum of order count", "F.col(\"Order-Count\")"),
        ("sum of 売上 by `a.b`", "F.col(\"売上\")"),
        ("max größe", "F.col(\"`Größe (cm)`\")"),
        ("sum of Q1 2024 by a.b", "F.col(\"q1 2024\")"),
        ("sum of 売上 by \"a.b\"", "F.col(\"`a.b`\")"),
    ] {
        let (code, _) = written(prompt, &sources);
        assert!(code.contains(column), "{prompt}\n{code}");
    }
}

#[test]
fn the_seed_s_requests_are_understood() {
    let (code, notes) = written(
        "Analyze sales data",
        &[csv("s3://bucket/data.csv", &[("id", "int"), ("region", "string"), ("amount", "double")], None)],
    );
    for piece in [r#"output.rstrip("/") + "/result""#, r#""/summary""#, r#""/by_region""#, r#"F.sum(F.col("amount"))"#]
    {
        assert!(code.contains(piece), "{piece}\n{code}");
    }
    assert!(!code.contains("sum_id") && notes.iter().any(|note| note.contains("took `sales data`")), "{notes:?}");
    let (code, _) = written("Join customer and orders tables", &shop());
    assert!(code.contains(r#"df = customers.join(orders, on=["customer_id"], how="inner")"#), "{code}");
    assert!(
        code.contains(r#".withColumnRenamed("id", "customer_id")"#) && code.contains(r#".enableHiveSupport()"#),
        "{code}"
    );
    let (code, _) = written("Calculate sum of numbers 1-100", &[]);
    assert!(code.contains("spark.range(1, 101)") && code.contains(r#"F.sum(F.col("number")).alias("sum")"#), "{code}");
}

#[test]
fn joins_find_their_key_or_ask() {
    let (code, notes) = written("total amount by country", &shop());
    assert!(code.contains(".join(orders") && notes.iter().any(|note| note.contains("joined")), "{code}");
    let (code, _) = written("left join customers and orders", &shop());
    assert!(code.contains(r#"how="left""#), "{code}");
    let (code, _) = written("join orders with customers on customer id and sum amount by customer name", &shop());
    assert!(holds(&code, r#".groupBy(F.col("name"))"#), "{code}");
    let (code, _) = written("how many customers", &shop());
    assert!(code.contains(r#"spark.table("db.customers")"#) && !code.contains("orders"), "{code}");
    let two = [
        table("db", "sales", &[("store_id", "int"), ("product_id", "int"), ("amount", "double")]),
        table("db", "stock", &[("store_id", "int"), ("product_id", "int"), ("pieces", "int")]),
    ];
    let error = refused("join sales and stock", &two).to_string();
    assert!(error.contains("`store_id`, `product_id`"), "{error}");
    let (code, _) = written("join sales and stock on store id", &two);
    assert!(
        code.contains(r#"on=["store_id"]"#) && code.contains(r#".withColumnRenamed("product_id", "stock_product_id")"#),
        "{code}"
    );
    let apart = [table("db", "a", &[("x", "int")]), table("db", "b", &[("y", "int")])];
    assert!(refused("join a and b", &apart).to_string().contains("shares no column"));
}

#[test]
fn numbers_need_no_source() {
    for (prompt, piece) in [
        ("sum and average of numbers from 1 to 100", r#"F.avg(F.col("number"))"#),
        ("sum of squares of the first 10 natural numbers", r#"(F.col("id") * F.col("id")).alias("number")"#),
        ("count of even numbers between 1 and 50", "spark.range(2, 51, 2)"),
        ("sum of odd numbers from 2 to 9", "spark.range(3, 10, 2)"),
        ("sum of the first 10 odd numbers", "spark.range(1, 20, 2)"),
        ("sum of multiples of 3 up to 100", "spark.range(3, 101, 3)"),
        ("list numbers from -5 to 10", "spark.range(-5, 11)"),
        ("sum of cubes of numbers up to 1000000", "decimal(38,0)"),
    ] {
        let (code, _) = written(prompt, &[]);
        assert!(code.contains(piece), "{prompt}\n{code}");
    }
    for prompt in [
        "Generate sample data",
        "sum of numbers",
        "sum of prime numbers up to 10",
        "sum of numbers 100-1",
        "sum of numbers 1-99999999999999999999",
    ] {
        assert!(refused(prompt, &[]).to_string().contains("[codegen]"), "{prompt}");
    }
}
