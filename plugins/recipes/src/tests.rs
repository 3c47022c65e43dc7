//! Requests as people write them, over small sources.

use enginehouse_sdk::{ObjectSource, Source, testing};

use crate::{NotUnderstood, plan, pyspark};

mod hostile;
mod ray;
mod requests;

pub(crate) fn csv(uri: &str, of: &[(&str, &str)], sample: Option<&str>) -> Source {
    Source::Objects(ObjectSource { sample: sample.map(str::to_owned), ..testing::csv(uri, of) })
}

pub(crate) fn table(database: &str, name: &str, of: &[(&str, &str)]) -> Source {
    Source::Table(testing::table(database, name, of))
}

pub(crate) fn sales() -> Source {
    csv(
        "s3://raw/sales.csv",
        &[
            ("order_id", "bigint"),
            ("region", "string"),
            ("product", "string"),
            ("customer_name", "string"),
            ("total_sales", "double"),
            ("quantity", "int"),
            ("price", "decimal(10,2)"),
            ("order_date", "date"),
            ("paid", "boolean"),
        ],
        Some(
            "order_id,region,product,customer_name,total_sales,quantity,price,order_date,paid\n1,West,Pen,Ann Lee,10.5,1,2.50,2024-01-05,true\n2,East,Ink,Bo,20,2,3.00,2024-02-05,false\n3,West,Pen,Cy,5,1,2.50,2023-02-05,true\n4,North West,Ink,Di,5,1,2.50,2023-02-05,true\n",
        ),
    )
}

pub(crate) fn shop() -> Vec<Source> {
    vec![
        table("db", "customers", &[("id", "bigint"), ("name", "string"), ("country", "string")]),
        table(
            "db",
            "orders",
            &[
                ("id", "bigint"),
                ("customer_id", "bigint"),
                ("amount", "double"),
                ("order_date", "timestamp"),
                ("name", "string"),
            ],
        ),
    ]
}

/// The lines that make the results, and the notes.
pub(crate) fn written(prompt: &str, sources: &[Source]) -> (String, Vec<String>) {
    let planned = plan(prompt, sources).unwrap_or_else(|error| panic!("{prompt}: {error}"));
    (pyspark::render(&planned.plan, sources), planned.notes)
}

pub(crate) fn refused(prompt: &str, sources: &[Source]) -> NotUnderstood {
    match plan(prompt, sources) {
        Ok(planned) => panic!("{prompt}: {}", pyspark::render(&planned.plan, sources)),
        Err(error) => error,
    }
}

/// Whether the program holds this piece, however it is broken into lines.
pub(crate) fn holds(code: &str, piece: &str) -> bool {
    let squeeze = |text: &str| text.replace("\n    ", "").replace("(\n", "(").replace("\n)", ")");
    squeeze(code).contains(piece)
}
