use enginehouse_sdk::{Earlier, Failure, ObjectSource, Source, Task, testing};

use super::WRITER;

fn task(prompt: &str, sample: &str) -> Task {
    let columns = [("region", "string"), ("amount", "double"), ("no\ntes", "string")];
    let source = ObjectSource {
        properties: vec![("delimiter".into(), ";".into())],
        sample: Some(sample.into()),
        ..testing::csv("s3://raw/sales.csv", &columns)
    };
    testing::task(prompt, vec![Source::Objects(source)])
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
        let columns: Vec<_> = columns.iter().map(|column| (*column, "bigint")).collect();
        Source::Table(testing::table("db", name, &columns))
    };
    let join = testing::task(
        "Join customers and orders and show total amount by country",
        vec![table("customers", &["id", "country", "name"]), table("orders", &["id", "customer_id", "amount", "name"])],
    );
    let numbers = testing::task("Calculate sum of numbers 1-100", Vec::new());
    for task in [join, numbers] {
        let draft = WRITER.from_recipes(&task, &[]).unwrap();
        assert_eq!(crate::rules::validate(&task, &draft.code), Vec::new(), "{}", draft.code);
    }
}
