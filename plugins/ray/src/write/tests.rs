use enginehouse_sdk::{
    ObjectSource, Source, TableSource, Task,
    testing::{self, task},
};

use super::WRITER;
use crate::rules;

fn sales(format: &str, typed: bool) -> Source {
    let all = [
        ("region", "string"),
        ("product", "string"),
        ("amount", "double"),
        ("price", "decimal(10,2)"),
        ("day", "date"),
        ("paid", "boolean"),
        ("at", "timestamp"),
        ("pieces", "int"),
    ];
    let untyped = all.map(|(name, _)| (name, ""));
    Source::Objects(ObjectSource {
        format: Some(format.into()),
        bytes: Some(10),
        properties: vec![("delimiter".into(), ";".into())],
        ..testing::csv(&format!("s3://raw/sales.{format}"), if typed { &all } else { &untyped })
    })
}

fn table(name: &str, format: &str, of: &[(&str, &str)]) -> Source {
    Source::Table(TableSource {
        location: Some(format!("s3://lake/{name}/")),
        format: Some(format.into()),
        partition_keys: testing::columns(&[("year", "int")]),
        ..testing::table("db", name, of)
    })
}

#[track_caller]
fn accepted(task: &Task) {
    let draft = WRITER.from_recipes(task, &[]).unwrap();
    let findings = rules::validate(task, &draft.code);
    assert_eq!(findings, Vec::new(), "{}\n{}", task.prompt, draft.code);
}

#[test]
fn the_rules_accept_what_the_recipes_write() {
    for prompt in [
        "total amount by region",
        "analyze the data",
        "schema",
        "top 3 regions by amount",
        "rows where region is West or amount > 5, sorted by amount descending",
        "describe",
        "distinct regions",
        "count rows where region contains 'pc.x'",
        "average price and sum of pieces by product",
        "first 10 rows",
        "select product, price order by price desc limit 3",
        "count rows",
        "highest price",
        "sum of price by region",
        "count distinct product",
    ] {
        for source in [sales("csv", true), sales("csv", false), sales("parquet", true), sales("json", true)] {
            accepted(&task(prompt, vec![source]));
        }
    }
    let orders =
        |format| table("orders", format, &[("customer_id", "bigint"), ("amount", "double"), ("at", "timestamp")]);
    for format in ["csv", "parquet", "json"] {
        accepted(&task("total amount by year", vec![orders(format)]));
        let customers = table("customers", "csv", &[("id", "bigint"), ("country", "string")]);
        accepted(&task("Join customers and orders and show total amount by country", vec![customers, orders(format)]));
    }
    for prompt in
        ["Calculate sum of numbers 1-100", "list squares of numbers 1 to 9", "average of even numbers up to 10"]
    {
        accepted(&task(prompt, Vec::new()));
    }
}

#[test]
fn what_is_not_understood_names_the_setting() {
    let refused = WRITER.from_recipes(&task("predict churn with a neural net", vec![sales("csv", true)]), &[]);
    assert!(
        matches!(refused, Err(enginehouse_sdk::Failure::Unsupported(text)) if text.contains("[codegen]") && text.contains("churn"))
    );
}
