use enginehouse_sdk::{Finding, RelationSource, Severity, Source, TableSource, Task, testing};

use super::{rules, validate};

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

#[test]
fn p001_session() {
    caught("P001", Error, &csv(), "spark.read.csv('s3://data/sales.csv').show()\n");
    spared("P001", &csv(), "from pyspark.sql import SparkSession\nspark = SparkSession.getActiveSession()\n");
    spared("P001", &csv(), "from pyspark.sql import *\nspark = SparkSession.builder.getOrCreate()\n");
    spared("P001", &csv(), "import pyspark\nspark = pyspark.sql.SparkSession.builder.getOrCreate()\n");
}

#[test]
fn p002_p003_sources() {
    for path in ["s3://data/sales.csv", "s3a://data/sales.csv", "s3n://data/sales.csv/"] {
        let code = with("").replace("s3://data/sales.csv", path);
        spared("P002", &csv(), &code);
        spared("P003", &csv(), &code);
    }
    let prefix = task(vec![objects("s3://data/year/")]);
    for path in ["s3://data/year", "s3://data/year/*.csv", "s3://data/year/m=1/"] {
        spared("P003", &prefix, &with("").replace("s3://data/sales.csv", path));
        spared("P002", &prefix, &with("").replace("s3://data/sales.csv", path));
    }
    for read in [
        "spark.read.csv('s3://other/x.csv')",
        "spark.read.load('s3://other/x')",
        "spark.read.format('csv').load('s3://other/x')",
        "spark.read.format('csv').option('path', 's3://other/x').load()",
        "spark.read.parquet('s3://data/sales.csv', 's3://other/x')",
        "spark.read.csv(['s3://data/sales.csv', 's3://other/x'])",
        "spark.read.csv('s3://data/*.csv')",
        "spark.sparkContext.textFile('s3://other/x')",
        "open('/etc/hosts').read()",
        "spark.sql('SELECT * FROM csv.`s3://other/x`')",
        "spark.read.csv('data.csv')",
        "spark.read.csv('s3://data/sales.csv/../secret')",
        "spark.read.csv(path='s3://other/' + name)",
    ] {
        caught("P003", Error, &csv(), &with(&format!("name = input()\nx = {read}\nprint(x)\n")));
    }
    caught("P003", Error, &csv(), &format!("import pandas as pd\npd.read_csv('s3://other/x.csv')\n{}", with("")));
    caught("P003", Note, &csv(), &with("x = spark.read.csv(input())\nx.show()\n"));
    caught("P003", Error, &task(vec![table("sales", "orders")]), &with(""));
    caught("P002", Error, &csv(), &format!("{HEAD}df = spark.createDataFrame([(1,)], ['a'])\n{WRITE}"));
    caught("P002", Warning, &task(vec![objects("s3://data/sales.csv"), objects("s3://data/more.csv")]), &with(""));
    caught("P002", Error, &task(vec![table("sales", "orders")]), &format!("{HEAD}df = spark.range(3)\n{WRITE}"));
}

#[test]
fn p004_p005_tables() {
    let orders = task(vec![table("sales", "orders")]);
    let hive = HEAD.replace(".getOrCreate", ".enableHiveSupport().getOrCreate");
    let program = |read: &str| format!("{hive}df = {read}\n{WRITE}");
    for read in [
        "spark.table('sales.orders')",
        "spark.read.table('`Sales`.`ORDERS`')",
        "spark.sql('SELECT o.id FROM sales.orders o')",
        "spark.sql('WITH t AS (SELECT * FROM sales.orders) SELECT * FROM t')",
        "spark.sql(f\"SELECT * FROM {'sales'}.orders\")",
    ] {
        clean(&orders, &program(read));
    }
    clean(
        &orders,
        &program(
            "spark.table('sales.orders')\ndf.createOrReplaceTempView('v')\ndf = spark.sql('SELECT * FROM v JOIN V AS w ON v.id = w.id')",
        ),
    );
    for read in [
        "spark.table('sales.customers')",
        "spark.read.table('hr.orders')",
        "spark.sql('SELECT * FROM sales.orders JOIN hr.people ON 1 = 1')",
        "spark.sql('SELECT * FROM v')",
    ] {
        caught("P004", Error, &orders, &program(read));
    }
    caught("P004", Warning, &orders, &program("spark.table('orders')"));
    caught("P004", Note, &orders, &program("spark.table(input())"));
    caught("P005", Error, &orders, &format!("{HEAD}df = spark.table('sales.orders')\n{WRITE}"));
    spared("P005", &csv(), &with(""));
}

#[test]
fn relations() {
    let relation = RelationSource {
        connection: "shop".to_owned(),
        jdbc_url: "jdbc:postgresql://db/shop".to_owned(),
        name: "public.orders".to_owned(),
        credential: "shop".to_owned(),
        columns: vec![],
    };
    let task = task(vec![Source::Relation(relation)]);
    let read = |url: &str, name: &str| {
        format!(
            "{HEAD}df = spark.read.format('jdbc').option('url', '{url}').option('dbtable', '{name}').load()\n{WRITE}"
        )
    };
    clean(&task, &read("jdbc:postgresql://db/shop", "public.orders"));
    caught("P003", Error, &task, &read("jdbc:postgresql://db/other", "public.orders"));
    caught("P004", Error, &task, &read("jdbc:postgresql://db/shop", "public.people"));
    caught("P003", Error, &csv(), &read("jdbc:postgresql://db/shop", "public.orders"));
}

#[test]
fn p006_p026_output() {
    caught("P006", Warning, &csv(), &format!("{HEAD}{READ}df.show()\nprint(output)\n"));
    caught("P006", Error, &csv(), &format!("{HEAD}{READ}x = df.count()\n"));
    spared("P006", &csv(), &with(""));
    for write in [
        "df.write.mode('overwrite').parquet('s3://elsewhere/x')",
        "df.write.mode('overwrite').format('csv').save('/tmp/x')",
        "df.write.mode('overwrite').option('path', 's3://elsewhere/x').save()",
        "df.write.mode('overwrite').saveAsTable('a.b')",
        "df.write.insertInto('a.b')",
        "df.writeTo('a.b').append()",
        "df.rdd.saveAsTextFile('s3://elsewhere/x')",
        "df.limit(3).toPandas().to_csv('/tmp/x.csv')",
        "df.write.mode('overwrite').parquet(output + '/../x')",
        "spark.sql('DROP TABLE a.b')",
        "spark.sql('INSERT INTO a.b SELECT 1')",
        "df.write.jdbc('jdbc:x', 't')",
        "df.write.mode('overwrite').parquet(os.environ.get('OTHER', 's3://elsewhere/x'))",
    ] {
        caught("P026", Error, &csv(), &with(&format!("{write}\n")));
    }
    caught("P026", Note, &csv(), &with("df.write.mode('overwrite').parquet(input())\n"));
    for write in [
        "df.write.mode('overwrite').csv(f'{output}/a')",
        "df.write.mode('overwrite').json(os.path.join(os.getenv('OUTPUT_PATH'), 'a'))",
        "df.write.mode('append').format('orc').save(output.rstrip('/') + '/b')",
        "[df.write.mode('overwrite').csv(f'{output}/{name}') for name in ['a', 'b']]",
        "df.select(F.to_json(F.struct('region'))).write.mode('overwrite').text(output)",
    ] {
        clean(&csv(), &with(&format!("{write}\n")));
    }
    let declared = Task { output: Some("s3://mine/out".to_owned()), ..csv() };
    clean(&declared, &with("df.write.mode('overwrite').csv('s3a://mine/out/a')\n"));
    caught("P026", Error, &declared, &with("df.write.mode('overwrite').csv('s3://mine/output')\n"));
}

#[test]
fn p007_mode() {
    caught("P007", Warning, &csv(), &with("df.write.parquet(output)\n"));
    caught("P007", Warning, &csv(), &with("df.write.mode('overwrite').csv('s3://data/sales.csv')\n"));
    spared(
        "P007",
        &csv(),
        &with("df.write.parquet(output, mode='overwrite')\ndf.write.save(output, 'csv', 'append')\n"),
    );
}

#[test]
fn p008_p009_platform_and_driver() {
    caught("P008", Warning, &csv(), &with("").replace(".appName", ".master('local[*]').appName"));
    caught("P008", Warning, &csv(), &with("").replace(".appName", ".config('spark.master', 'local').appName"));
    for code in ["rows = df.collect()\nprint(rows)\n", "print(df.toPandas())\n"] {
        caught("P009", Warning, &csv(), &with(code));
    }
    spared("P009", &csv(), &with("print(df.limit(3).collect(), df.groupBy('region').count().collect())\n"));
    spared("P008", &csv(), &with(""));
}

#[test]
fn p013_builtins() {
    let star = |use_: &str| {
        with(use_).replace(
            "from pyspark.sql import functions as F",
            "from pyspark.sql.functions import *\nfrom pyspark.sql import functions as F",
        )
    };
    let named = |use_: &str| {
        with(use_).replace(
            "from pyspark.sql import functions as F",
            "from pyspark.sql.functions import sum, max, round\nfrom pyspark.sql import functions as F",
        )
    };
    for code in
        ["print(sum([1, 2]))\n", "print(max(1, 2))\n", "print(sum(x for x in [1]))\n", "print(round(3.14, 1))\n"]
    {
        caught("P013", Error, &csv(), &star(code));
        caught("P013", Error, &csv(), &named(code));
        spared("P013", &csv(), &with(code));
    }
    spared("P013", &csv(), &named("df.agg(sum('amount'), max(F.col('amount')), round('amount', 2)).show()\n"));
}

#[test]
fn p014_booleans() {
    for test in
        ["(F.col('amount') > 1) and (F.col('day') == 2)", "not F.col('amount').isNull()", "F.col('amount') > 1 or True"]
    {
        caught("P014", Error, &csv(), &with(&format!("df = df.filter({test})\n")));
    }
    clean(
        &csv(),
        &with(
            "if df.count() > 3 and not output:\n    print(1)\ndf = df.filter((F.col('amount') > 1) & ~F.col('day').isNull())\n",
        ),
    );
}

#[test]
fn p021_columns() {
    for step in [
        "df.filter(F.col('amout') > 1)",
        "df.select('region', 'nope')",
        "df.groupBy('zone').count()",
        "df.filter(F.col('amount') > 1).withColumn('x', F.col('y') * 2)",
        "df.drop('amount').select(F.sum('amount'))",
        "df.withColumnRenamed('region', 'area').orderBy('region')",
        "df.select(F.col('region').alias('r')).where(F.col('region') == 'a')",
    ] {
        caught("P021", Error, &csv(), &with(&format!("df = {step}\n")));
    }
    for step in [
        "df.filter(F.col('Amount') > 1).groupBy('region').agg(F.sum('amount').alias('t')).orderBy(F.col('t'))",
        "df.withColumn('x', F.col('amount') * 2).select('x', '*')",
        "df.join(df.select(F.col('amount').alias('other')), F.col('other') == F.col('amount'))",
        "df.selectExpr('nope')",
        "df.toDF('a', 'b', 'c').select('a')",
    ] {
        spared("P021", &csv(), &with(&format!("df = {step}\n")));
    }
    spared("P021", &csv(), &with("df = df.select('_c0')\n").replace(".option(\"header\", True)", ""));
    let orders = task(vec![table("sales", "orders")]);
    caught(
        "P021",
        Error,
        &orders,
        "spark = 1\nfrom pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\nspark.table('sales.orders').select('nope')\n",
    );
}

#[test]
fn p024_p025_other_kinds() {
    caught("P024", Error, &csv(), &with("spark.readStream.format('rate').load()\n"));
    caught("P025", Error, &csv(), &format!("import ray\nprint(ray)\n{}", with("")));
    spared("P025", &csv(), &with(""));
    spared("P024", &csv(), &with(""));
}

#[test]
fn x108_x109_ways_out() {
    for code in [
        "spark._jvm.java.lang.Runtime.getRuntime().exec('ls')\n",
        "spark.sparkContext._jsc.hadoopConfiguration()\n",
        "getattr(spark, '_j' + 'vm').x()\n",
        "sc = spark.sparkContext\nsc._gateway.jvm\n",
        "from py4j.java_gateway import JavaGateway\n",
        "df.selectExpr(\"reflect('java.lang.Runtime', 'getRuntime')\").show()\n",
        "spark.sql(\"SELECT java_method('java.util.UUID', 'randomUUID')\").show()\n",
        "df.select(F.reflect(F.lit('a'), F.lit('b'))).show()\n",
    ] {
        caught("X108", Error, &csv(), &with(code));
    }
    for code in [
        "spark.sparkContext.addPyFile('s3://x/y.py')\n",
        "spark.sparkContext.addJar('s3://x/y.jar')\n",
        "spark.conf.set('spark.jars.packages', 'a:b:c')\n",
        "spark.sql(\"ADD JAR 's3://x/y.jar'\")\n",
        "spark.sql(\"CREATE TEMPORARY FUNCTION f AS 'a.B' USING JAR 's3://x'\")\n",
    ] {
        caught("X109", Error, &csv(), &with(code));
    }
    caught("X101", Error, &csv(), &with("df.rdd.pipe('ls').collect()\n"));
    clean(&csv(), &with("spark.conf.set('spark.sql.shuffle.partitions', '4')\nprint('reflect on this (please)')\n"));
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
