//! What Ray programs are made of.

use enginehouse_sdk::{RelationKind, Source};

use super::{csv, sales, shop, table};
use crate::{plan, ray};

fn written(prompt: &str, sources: &[Source]) -> String {
    let planned = plan(prompt, sources).unwrap_or_else(|error| panic!("{prompt}: {error}"));
    ray::render(&planned.plan, sources).unwrap_or_else(|error| panic!("{prompt}: {error}"))
}

/// A table of the catalog over files.
fn lake(name: &str, format: &str, of: &[(&str, &str)]) -> Source {
    match table("db", name, of) {
        Source::Table(mut table) => {
            table.location = Some(format!("s3a://lake/{name}"));
            table.format = Some(format.to_owned());
            Source::Table(table)
        }
        other => other,
    }
}

#[test]
fn requests_become_ray_programs() {
    for (prompt, piece) in [
        ("sum of sales per region", "groups.group_by([\"k0\"], use_threads=False).aggregate([(\"m0\", \"sum\")])"),
        ("sum of sales per region", "table = table.sort_by([(\"region\", \"ascending\", \"at_start\")])"),
        ("top 5 regions by total sales", "(\"sum_total_sales\", \"descending\", \"at_end\")"),
        ("average price by product", "average(groups[\"m0_sum\"], groups[\"m0_count\"])"),
        ("average total sales by product", "groups[\"m0_mean\"]"),
        ("total quantity by product", "checked(rows[\"quantity\"])"),
        ("count rows", "groups = rows.group_by([], use_threads=False).aggregate([([], \"count_all\")])"),
        ("rows where region is not West", "rows.filter(~(pc.field(\"region\") == \"West\"))"),
        (
            "rows where region in (West, East)",
            "(pc.field(\"region\") == \"West\") | (pc.field(\"region\") == \"East\")",
        ),
        ("rows where price > 2", "pc.field(\"price\") > 2.0"),
        ("rows where quantity > 2", "pc.field(\"quantity\") > 2)"),
        ("count rows after 2024-01-31", "pa.scalar(\"2024-01-31\").cast(rows[\"order_date\"].type)"),
        ("sum of quantity by year", "pc.year(rows[\"order_date\"])"),
        ("first 10 rows", "data.limit(10).to_arrow_refs()"),
        ("distinct regions", "rows.group_by(rows.column_names, use_threads=False).aggregate([])"),
        ("describe", "described(rows)"),
        ("schema", "type_name(kind)"),
        ("total sales by region", "include_columns=[\"region\", \"total_sales\"]"),
    ] {
        let code = written(prompt, &[sales()]);
        assert!(code.contains(piece), "{prompt}: {piece}\n{code}");
    }
}

#[test]
fn properties_of_the_files_are_honoured() {
    let Source::Objects(mut objects) = csv("s3://raw/d.csv", &[("region", "string"), ("amount", "double")], None)
    else {
        panic!("no objects")
    };
    for (name, value) in [("header", "false"), ("delimiter", ";"), ("encoding", "ISO-8859-1"), ("quote", "'")] {
        objects.properties.push((name.to_owned(), value.to_owned()));
    }
    let code = written("sum of amount by region", &[Source::Objects(objects.clone())]);
    for piece in ["encoding=\"ISO-8859-1\"", "delimiter=\";\"", "quote_char=\"'\""] {
        assert!(code.contains(piece), "{piece}\n{code}");
    }
    assert!(!code.contains("skip_rows_after_names"), "{code}");
    objects.properties = vec![("delimiter".to_owned(), "||".to_owned())];
    let sources = [Source::Objects(objects)];
    let planned = plan("sum of amount by region", &sources).unwrap();
    assert!(ray::render(&planned.plan, &sources).unwrap_err().to_string().contains("delimiter"));
}

#[test]
fn types_that_are_not_known_are_found_from_all_cells() {
    let code = written("sum of amount by region", &[csv("s3://raw/d.csv", &[("region", ""), ("amount", "")], None)]);
    assert!(code.contains("typed(column)") && code.contains("rows[\"amount\"].cast(pa.float64())"), "{code}");
}

#[test]
fn tables_are_read_by_their_files_and_others_refused() {
    let orders = &[("customer_id", "bigint"), ("amount", "double")];
    let code = written("total amount", &[lake("orders", "parquet", orders)]);
    assert!(code.contains("ray.data.read_parquet(\n    \"s3://lake/orders\""), "{code}");
    let both =
        [lake("customers", "csv", &[("id", "bigint"), ("country", "string")]), lake("orders", "parquet", orders)];
    let code = written("total amount by country", &both);
    assert!(code.contains("rows.join(orders_rows, keys=[\"customer_id\"], join_type=\"inner\")"), "{code}");
    assert!(code.contains("customers_rows.rename_columns({\"id\": \"customer_id\"})"), "{code}");
    let view = match lake("orders", "parquet", orders) {
        Source::Table(mut table) => {
            table.kind = RelationKind::View;
            Source::Table(table)
        }
        other => other,
    };
    for sources in [vec![view], vec![lake("orders", "orc", orders)], vec![shop().remove(1)]] {
        let planned = plan("total amount", &sources).unwrap();
        assert!(ray::render(&planned.plan, &sources).unwrap_err().to_string().contains("use Spark"));
    }
}

#[test]
fn numbers_are_tasks_over_chunks() {
    for (prompt, piece) in [
        ("Calculate sum of numbers 1-100", "numbers = range(1, 101)"),
        ("Calculate sum of numbers 1-100", "parts = ray.get([measured.remote(chunk) for chunk in chunks])"),
        ("sum of squares of the first 10 natural numbers", "sum(number * number for number in chunk)"),
        ("average of even numbers up to 10", "pa.array([total / count], pa.float64())"),
        ("sum of cubes of numbers up to 1000000", "pa.decimal128(38, 0)"),
        ("list numbers from -5 to 10", "listed.remote(chunk)"),
    ] {
        let code = written(prompt, &[]);
        assert!(code.contains(piece), "{prompt}: {piece}\n{code}");
    }
}
