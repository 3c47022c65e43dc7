mod deep;

use enginehouse_sdk::{Finding, RelationSource, Severity, Source, TableSource, Task, testing};

use super::{rules, validate};

mod columns;
mod contract;
mod language;
mod platform;
mod safety;

const HEAD: &str = "import os\nfrom pyspark.sql import SparkSession\nfrom pyspark.sql import functions as F\n\n\
    spark = SparkSession.builder.appName(\"enginehouse\").getOrCreate()\noutput = os.environ[\"OUTPUT_PATH\"]\n";
const READ: &str =
    "df = spark.read.option(\"header\", True).option(\"inferSchema\", True).csv(\"s3://data/sales.csv\")\n";
const WRITE: &str = "df.write.mode(\"overwrite\").parquet(output)\ndf.show()\nspark.stop()\n";

fn objects(uri: &str) -> Source {
    Source::Objects(testing::csv(uri, &[("region", ""), ("amount", ""), ("day", "")]))
}

fn table(database: &str, name: &str) -> Source {
    Source::Table(TableSource {
        location: Some(format!("s3://lake/{name}/")),
        partition_keys: testing::columns(&[("year", "")]),
        ..testing::table(database, name, &[("id", ""), ("total", "")])
    })
}

fn task(sources: Vec<Source>) -> Task {
    testing::task("", sources)
}

fn csv() -> Task {
    task(vec![objects("s3://data/sales.csv")])
}

fn on(platform: &str) -> Task {
    Task { platform: Some(platform.to_owned()), ..csv() }
}

fn found(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| format!("{} {:?} {}", finding.rule, finding.severity, finding.message)).collect()
}

/// The program between the usual head and end.
fn with(body: &str) -> String {
    format!("{HEAD}{READ}{body}{WRITE}")
}

#[track_caller]
fn clean(task: &Task, code: &str) {
    let mut findings = validate(task, code);
    // Most of these programs have no use for `F`.
    findings.retain(|finding| finding.rule != "C004");
    assert_eq!(found(&findings), Vec::<String>::new(), "\n{code}");
}

#[track_caller]
fn caught(rule: &str, severity: Severity, task: &Task, code: &str) {
    let findings = validate(task, code);
    let hit = findings.iter().find(|finding| finding.rule == rule && finding.severity == severity);
    assert!(
        hit.is_some_and(|finding| finding.hint.is_some()),
        "{rule} {severity:?} is not in {:#?}\n{code}",
        found(&findings)
    );
}

#[track_caller]
fn spared(rule: &str, task: &Task, code: &str) {
    let findings = validate(task, code);
    assert!(findings.iter().all(|finding| finding.rule != rule), "{rule} is in {:#?}\n{code}", found(&findings));
}

use Severity::{Error, Note, Warning};

#[test]
fn what_recipes_write_is_clean() {
    clean(
        &csv(),
        &with("df = df.filter(F.col(\"amount\") > 3).groupBy(\"region\").agg(F.sum(\"amount\").alias(\"total\"))\n"),
    );
    let code = format!(
        "{HEAD}{READ}result = df.groupBy(\"region\").count()\nresult.write.mode(\"overwrite\").parquet(output.rstrip(\"/\") + \"/name\")\nresult.show()\nspark.stop()\n"
    );
    clean(&csv(), &code);
    let hive = HEAD.replace(".getOrCreate", ".enableHiveSupport().getOrCreate");
    let code =
        format!("{hive}df = spark.table(\"sales.orders\").filter(F.col(\"year\") == 2024)\ndf = df.limit(5)\n{WRITE}");
    clean(&task(vec![table("sales", "orders")]), &code);
}

#[test]
fn functions_parameters_and_constants_are_followed() {
    let code = "import os\nfrom pyspark.sql import SparkSession, DataFrame\n\nBUCKET = \"data\"\nPATHS = {\"in\": f\"s3a://{BUCKET}/sales.csv\"}\n\n\
        def session() -> SparkSession:\n    return SparkSession.builder.getOrCreate()\n\n\
        def load(spark: SparkSession, path: str) -> DataFrame:\n    return spark.read.csv(path, header=True)\n\n\
        def main():\n    spark = session()\n    try:\n        df = load(spark, PATHS[\"in\"])\n        save(df, os.path.join(os.environ.get(\"OUTPUT_PATH\", \"out\"), \"x\"))\n    finally:\n        spark.stop()\n\n\
        def save(df: DataFrame, path: str) -> None:\n    df.write.mode(\"overwrite\").csv(path, header=True)\n\n\
        if __name__ == \"__main__\":\n    main()\n";
    clean(&csv(), code);
    let other = code.replace("sales.csv", "other.csv");
    caught("P003", Error, &csv(), &other);
    caught("P002", Error, &csv(), &other);
    caught("P026", Error, &csv(), &code.replace("os.environ.get(\"OUTPUT_PATH\", \"out\")", "\"s3://elsewhere\""));
}

/// What a model typically writes: classes, logging, a default for the output.
const TYPICAL: &str = r#"import os
import sys
import logging
from datetime import datetime
from pyspark.sql import SparkSession
from pyspark.sql.functions import col, sum as _sum, to_date, desc

logging.basicConfig(level=logging.INFO)
logger = logging.getLogger(__name__)

INPUT_PATH = "s3://data/sales.csv"
OUTPUT_PATH = os.environ.get("OUTPUT_PATH", "s3://my-out/result")

class Job:
    def __init__(self, spark):
        self.spark = spark
        self.input = INPUT_PATH

    def run(self):
        df = self.spark.read.option("header", "true").csv(self.input)
        result = df.withColumn("d", to_date(col("day"))).groupBy("region").agg(_sum("amount").alias("t"))
        result = result.orderBy(desc("t")).limit(10)
        for row in result.collect():
            logger.info("%s %s", row["region"], row["t"])
        result.coalesce(1).write.mode("overwrite").option("header", True).csv(OUTPUT_PATH)
        return result

def main():
    spark = (SparkSession.builder
        .appName("x " + datetime.now().strftime("%Y"))
        .config("spark.sql.adaptive.enabled", "true")
        .getOrCreate())
    spark.sparkContext.setLogLevel("WARN")
    try:
        Job(spark).run()
    except Exception as e:
        logger.error(f"failed {e}")
        sys.exit(1)
    finally:
        spark.stop()

if __name__ == "__main__":
    main()
"#;

#[test]
fn a_typical_program_has_no_errors() {
    let findings = validate(&csv(), TYPICAL);
    let told: Vec<_> = findings.iter().map(|finding| (finding.rule.as_str(), finding.severity)).collect();
    assert_eq!(told, [("P003", Note)], "{:#?}", found(&findings));
}

#[test]
fn names_that_are_imported_one_by_one() {
    let head = "from pyspark.sql.functions import reflect, lit\nfrom pandas import read_csv\nfrom pyarrow.parquet import read_table, write_table\n";
    let program = |body: &str| format!("{head}{}", with(body));
    caught("X108", Error, &csv(), &program("df.select(reflect(lit('a'), lit('b'))).show()\n"));
    caught("P003", Error, &csv(), &program("print(read_csv('s3://other/x'))\n"));
    caught("P003", Error, &csv(), &program("print(read_table('s3://other/x'))\n"));
    caught("P026", Error, &csv(), &program("write_table(1, 's3://other/x')\n"));
    let glue = Task { platform: Some("emr".to_owned()), ..csv() };
    let code = "from awsglue.context import GlueContext\nfrom pyspark import SparkContext\nspark = GlueContext(SparkContext.getOrCreate()).spark_session\n";
    spared("P001", &glue, code);
    caught("P001", Error, &glue, "from pyspark import SparkContext\nsc = SparkContext.getOrCreate()\n");
}

#[test]
fn many_optional_steps_stay_clear() {
    let steps: String =
        (0..12).map(|i| format!("if count > {i}:\n    df = df.filter(F.col(\"amount\") > {i})\n")).collect();
    clean(&csv(), &with(&format!("count = df.count()\n{steps}for i in range(3):\n    df = df.union(df.limit(i))\n")));
}

/// The task for which a rule's page is written.
fn sample(rule: &str) -> Task {
    let mut sales = testing::csv("s3://data/sales.csv", &[("region", ""), ("amount", ""), ("day", "")]);
    sales.properties = vec![("header".to_owned(), "true".to_owned())];
    let sources = match rule {
        "P004" | "P005" | "P008" | "X112" | "X113" => vec![table("sales", "orders")],
        _ => vec![Source::Objects(sales)],
    };
    let platform = match rule {
        "P005" | "P008" => "emr",
        "P023" => "lambda",
        _ => "local",
    };
    // What lies under a declared output may be written, and be read by the same program.
    let output = (rule == "P007").then(|| "s3://data/".to_owned());
    Task { platform: Some(platform.to_owned()), output, ..task(sources) }
}

#[test]
fn pages_hold() {
    let faults: Vec<String> = rules()
        .into_iter()
        .filter(|rule| rule.id.starts_with('P') || ["X108", "X109", "X112", "X113"].contains(&rule.id.as_str()))
        .flat_map(|rule| {
            let task = sample(&rule.id);
            enginehouse_pycheck::pages::faults(&[rule], |code| validate(&task, code))
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_rule_that_is_found_is_described() {
    let rules = rules();
    let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), ids.len());
    for finding in validate(&csv(), "import ray, os\nos.system(x)\nspark._jvm\n") {
        assert!(ids.contains(&finding.rule.as_str()), "{}", finding.rule);
    }
}

#[test]
fn hostile_text_is_answered() {
    for code in
        ["", "\u{0}", "(((((", "x = '", &"a.b".repeat(100_000), &"(".repeat(1 << 20), &"spark.read.csv(".repeat(5000)]
    {
        assert!(!validate(&csv(), code).is_empty());
    }
}
