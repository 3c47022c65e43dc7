use enginehouse_sdk::{Column, Earlier, Failure, ObjectSource, RelationKind, Source, TableSource, Task};

use super::WRITER;

fn task(prompt: &str, sample: &str) -> Task {
    let column = |name: &str, kind: &str| Column { name: name.into(), data_type: Some(kind.into()), comment: None };
    Task {
        prompt: prompt.into(),
        sources: vec![Source::Objects(ObjectSource {
            uri: "s3://raw/sales.csv".into(),
            format: Some("csv".into()),
            bytes: Some(10),
            columns: vec![column("region", "string"), column("amount", "double"), column("no\ntes", "string")],
            properties: vec![("delimiter".into(), ";".into())],
            sample: Some(sample.into()),
        })],
        output: None,
        platform: Some("local".into()),
        places: Vec::new(),
        options: Vec::new(),
    }
}

#[test]
fn recipes_write_once_and_say_who_they_are() {
    let task = task("total amount by region", "");
    let draft = WRITER.from_recipes(&task, &[]).unwrap();
    assert_eq!(draft.author, "recipes");
    assert!(draft.code.contains("s3://raw/sales.csv"), "{}", draft.code);
    let earlier = Earlier { code: draft.code, findings: Vec::new(), failure: None };
    assert!(
        matches!(WRITER.from_recipes(&task, &[earlier]), Err(Failure::Unsupported(text)) if text.contains("[codegen]"))
    );
}

#[test]
fn recipes_name_the_setting_for_what_they_do_not_understand() {
    let refused = WRITER.from_recipes(&task("predict churn with a neural net", ""), &[]);
    assert!(matches!(refused, Err(Failure::Unsupported(text)) if text.contains("[codegen]") && text.contains("churn")));
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
        "count rows where region contains 'x'",
    ] {
        let task = task(prompt, "");
        let draft = WRITER.from_recipes(&task, &[]).unwrap();
        let findings = crate::rules::validate(&task, &draft.code);
        assert_eq!(findings, Vec::new(), "{prompt}\n{}", draft.code);
    }
    let table = |name: &str, columns: &[&str]| {
        let column = |name: &&str| Column { name: (*name).into(), data_type: Some("bigint".into()), comment: None };
        Source::Table(TableSource {
            database: "db".into(),
            name: name.into(),
            kind: RelationKind::Table,
            location: None,
            format: None,
            columns: columns.iter().map(column).collect(),
            partition_keys: Vec::new(),
            properties: Vec::new(),
        })
    };
    let join = Task {
        sources: vec![
            table("customers", &["id", "country", "name"]),
            table("orders", &["id", "customer_id", "amount", "name"]),
        ],
        ..task("Join customers and orders and show total amount by country", "")
    };
    let numbers = Task { sources: Vec::new(), ..task("Calculate sum of numbers 1-100", "") };
    for task in [join, numbers] {
        let draft = WRITER.from_recipes(&task, &[]).unwrap();
        assert_eq!(crate::rules::validate(&task, &draft.code), Vec::new(), "{}", draft.code);
    }
}
