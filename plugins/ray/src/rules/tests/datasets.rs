//! Rule `R017`.

use super::*;

fn on(platform: &str) -> Task {
    Task { platform: Some(platform.to_owned()), ..csv() }
}

#[test]
fn readers_exist_and_rows_are_few() {
    for reader in ["read_excel", "read_parquet_bulk"] {
        let code = format!("{HEAD}data = ray.data.{reader}(\"s3://data/sales.csv\")\n{WRITE}");
        caught("R017", Error, &csv(), &code);
        caught("R017", Warning, &on("cluster"), &code);
    }
    for call in ["take_all()", "filter(expr=\"amount > 1\").to_pandas()"] {
        caught("R017", Warning, &csv(), &format!("{HEAD}{READ}print(data.{call})\n{WRITE}"));
    }
    for call in ["limit(5).take_all()", "take_all(limit=10)", "groupby(\"region\").count().take_all()", "take(5)"] {
        spared("R017", &csv(), &format!("{HEAD}{READ}print(data.{call})\n{WRITE}"));
    }
}

#[test]
fn a_dataset_has_the_methods_of_its_version() {
    for call in ["to_torch()", "head(5)", "filter(lambda row: row[\"amount\"] > 1).repeat(2)", "limit(3).collect()"] {
        caught("R017", Error, &csv(), &format!("{HEAD}{READ}print(data.{call})\n{WRITE}"));
    }
    for call in [
        "limit(5).to_pandas().head(2)",
        "take(5).copy()",
        "schema().names",
        "groupby(\"region\").map_groups(lambda rows: rows)",
        "sort(\"amount\").train_test_split(0.5)[0].anything()",
        "materialize().stats()",
    ] {
        spared("R017", &csv(), &format!("{HEAD}{READ}print(data.{call})\n{WRITE}"));
    }
}

#[test]
fn functions_give_rows_and_batches() {
    for call in [
        "map(lambda row: row[\"amount\"] * 2)",
        "map(lambda row: [row])",
        "map(lambda row: (row[\"region\"], 1))",
        "map(lambda row: f\"{row['region']}\")",
        "map(lambda row: float(row[\"amount\"]))",
        "limit(5).map(lambda row: row[\"amount\"] > 1)",
        "map(keep)",
        "map_batches(lambda batch: [1, 2])",
        "map_batches(lambda batch: len(batch))",
        "map_batches(lambda batch: {\"n\": len(batch[\"amount\"])})",
    ] {
        let keep = "def keep(row):\n    row[\"x\"] = 1\n\n";
        caught("R017", Error, &csv(), &format!("{HEAD}{keep}{READ}data = data.{call}\n{WRITE}"));
    }
    for call in [
        "map(lambda row: {**row, \"x\": 1})",
        "map(lambda row: row | {\"x\": 1})",
        "map(lambda row: dict(row, x=1))",
        "map(lambda row: row[\"struct\"])",
        "map(keep)",
        "map(Keep)",
        "map(gone)",
        "flat_map(lambda row: [row, row])",
        "map_batches(lambda batch: {\"n\": [len(batch[\"amount\"])]})",
        "map_batches(lambda batch: {\"n\": batch[\"amount\"] * 2})",
        "map_batches(lambda batch: batch * 2, batch_format=\"pandas\")",
        "map_batches(each)",
        "take(3)\nprint(list(map(lambda row: row[\"amount\"] * 2, data)))\ndata = ray.data.range(3)",
    ] {
        let functions = "def keep(row):\n    if not row:\n        return row\n    row[\"x\"] = 1\n    return row\n\n\
            class Keep:\n    def __call__(self, row):\n        return row\n\n\
            def gone(row):\n    raise ValueError(row)\n\n\
            def each(batch):\n    yield batch\n\n";
        spared("R017", &csv(), &format!("{HEAD}{functions}{READ}data = data.{call}\n{WRITE}"));
    }
}
