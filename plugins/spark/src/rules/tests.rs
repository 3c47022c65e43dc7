mod deep;

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
    // The platform brings the catalog: the program need not ask for it, and must not take it away.
    spared("P005", &orders, &format!("{HEAD}df = spark.table('sales.orders')\n{WRITE}"));
    for (value, taken) in [("in-memory", true), ("hive", false)] {
        let config = format!(".config('spark.sql.catalogImplementation', '{value}').getOrCreate");
        let code = program("spark.table('sales.orders')").replace(".enableHiveSupport().getOrCreate", &config);
        if taken { caught("P005", Error, &orders, &code) } else { spared("P005", &orders, &code) }
    }
    // What cannot be parsed is not taken for wrong, nor for unread.
    let odd = program("spark.sql('SELECT * FROM sales.orders TABLESAMPLE (5 ROWS) s')");
    spared("P002", &orders, &odd);
    assert!(validate(&orders, &odd).iter().all(|finding| finding.severity != Error), "{:#?}", validate(&orders, &odd));
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
    let insert = |place: &str| {
        with("").replace(
            "df.write.mode(\"overwrite\").parquet(output)",
            &format!("df.createOrReplaceTempView('v')\nspark.sql(f\"INSERT OVERWRITE DIRECTORY '{place}' USING parquet SELECT * FROM v\")"),
        )
    };
    let rules = |code: &str| found(&validate(&csv(), code)).into_iter().filter(|told| told.contains("Error")).count();
    assert_eq!(rules(&insert("{output}/a")), 0, "{:#?}", found(&validate(&csv(), &insert("{output}/a"))));
    caught("P026", Error, &csv(), &insert("s3://elsewhere/a"));
    let declared = Task { output: Some("s3://mine/out".to_owned()), ..csv() };
    clean(&declared, &with("df.write.mode('overwrite').csv('s3a://mine/out/a')\n"));
    caught("P026", Error, &declared, &with("df.write.mode('overwrite').csv('s3://mine/output')\n"));
}

#[test]
fn p007_mode() {
    caught("P007", Warning, &csv(), &with("df.write.parquet(output)\n"));
    caught("P007", Error, &csv(), &with("df.write.mode('overwrite').csv('s3://data/sales.csv')\n"));
    spared(
        "P007",
        &csv(),
        &with("df.write.parquet(output, mode='overwrite')\ndf.write.save(output, 'csv', 'append')\n"),
    );
}

#[test]
fn p008_p009_platform_and_driver() {
    let local = with("").replace(".appName", ".master('local[*]').appName");
    let yarn = with("").replace(".appName", ".master('yarn').appName");
    let config = with("").replace(".appName", ".config('spark.master', 'local').appName");
    for (platform, severity) in [("emr", Error), ("local", Warning), ("lambda", Warning)] {
        caught("P008", severity, &on(platform), &yarn);
        caught("P008", severity, &on(platform), &config);
    }
    caught("P008", Error, &on("emr"), &local);
    spared("P008", &on("local"), &local);
    spared("P008", &on("lambda"), &local);
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
    caught(
        "P013",
        Error,
        &csv(),
        &named("values = [row.amount for row in df.limit(3).collect()]\nprint(max(values))\n"),
    );
    spared("P013", &csv(), &star("df.select(pow(2, col('amount')), sum(col('amount'))).show()\n"));
    spared("P013", &csv(), &named("df.agg(sum('amount'), max(F.col('amount')), round('amount', 2)).show()\n"));
}

#[test]
fn c003_stars() {
    let star = |use_: &str| {
        with(use_).replace(
            "import functions as F",
            "import functions as F\nfrom pyspark.sql.functions import *\nfrom pyspark.sql.types import *",
        )
    };
    for wrong in [
        "df.select(cool('amount')).show()\n",
        "print(math.pi)\n",
        "df.select(col('amount').cast(DubleType())).show()\n",
    ] {
        caught("C003", Error, &csv(), &star(wrong));
    }
    spared(
        "C003",
        &csv(),
        &star(
            "print(Column, StructType([StructField('a', StringType())]), sys.path)\ndf.select(upper(col('region'))).show()\n",
        ),
    );
    caught("P021", Error, &csv(), &star("df.select(upper(col('nope'))).show()\n"));
}

#[test]
fn p014_booleans() {
    for test in
        ["(F.col('amount') > 1) and (F.col('day') == 2)", "not F.col('amount').isNull()", "F.col('amount') > 1 or True"]
    {
        caught("P014", Error, &csv(), &with(&format!("df = df.filter({test})\n")));
    }
    for test in [
        "df = df.filter(1 < F.col('amount') < 5)\n",
        "from pyspark.sql.functions import *\ndf = df.filter((col('amount') > 1) and (col('day') == 2))\n",
        "if df.amount > 1:\n    print(1)\n",
        "x = 1 if F.col('amount') > 1 else 2\n",
        "df = df.filter(F.col('region') == ['a', 'b'])\n",
        "regions = ['a', 'b']\ndf = df.filter(df['region'] in regions)\n",
        "df = df.filter('a' in F.col('region'))\n",
        "c = F.col('amount') > 1\nwhile c:\n    break\n",
        "df = df.filter((df.amount > 1) and (df.region == 'a'))\n",
    ] {
        caught("P014", Error, &csv(), &with(test));
    }
    for fine in [
        "rows = df.limit(3).collect()\nif rows[0]['amount'] > 1 and rows[0].amount < 3:\n    print(1)\n",
        "if 'region' in df.columns and len(df.columns) > 3:\n    print(1)\n",
        "c = F.col('amount')\nif c is not None:\n    print(1)\n",
        "c = None\nfor n in ['a']:\n    c = F.col(n) if c is None else c | F.col(n)\n",
        "if df.isEmpty() or not df.head(1):\n    print(1)\n",
        "if df.schema == [] or df.columns == ['a']:\n    print(1)\n",
    ] {
        spared("P014", &csv(), &with(fine));
    }
    clean(
        &csv(),
        &with(
            "if df.count() > 3 and not output:\n    print(1)\ndf = df.filter((F.col('amount') > 1) & ~F.col('day').isNull())\n",
        ),
    );
}

#[test]
fn p021_columns_that_are_not_there() {
    for step in [
        "df.filter(F.col('amout') > 1)",
        "df.select('region', 'nope')",
        "df.groupBy('zone').count()",
        "df.filter(F.col('amount') > 1).withColumn('x', F.col('y') * 2)",
        "df.drop('amount').select(F.sum('amount'))",
        "df.withColumnRenamed('region', 'area').groupBy('region').count()",
        "df.select(F.col('region').alias('r')).select('region')",
        "df.selectExpr('nope')",
        "df.selectExpr('region AS r', 'sum(nope) AS s')",
        "df.filter('amout > 1 AND region = 1')",
        "df.withColumn('x', F.expr('nope + 1'))",
        "df.withColumns({'x': F.col('nope')})",
        "df.groupBy('region').agg(F.sum('amout').alias('t'))",
        "df.groupBy('region').agg(F.sum('amount').alias('t')).select('amount')",
        "df.groupBy('region').count().withColumn('n', F.col('counts'))",
        "df.join(df.select('region'), 'zone')",
        "df.join(df.select('region'), ['region', 'zone'])",
        "df.filter(df['nope'] > 1)",
        "df.filter(df.nope > 1)",
        "df.toDF('a', 'b', 'c').select('region')",
        "df.groupBy('region').agg({'nope': 'sum'})",
        "df.groupBy('region').sum('nope')",
        "df.fillna({'nope': 1})",
        "df.fillna(0, subset=['region', 'nope'])",
        "df.dropna(subset=['nope'])",
        "df.withColumn('n', F.row_number().over(Window.partitionBy('nope').orderBy('day')))",
        "df.withColumn('n', F.sum('amount').over(Window.orderBy(F.col('nope').desc())))",
        "df.na.fill({'region': 'x'}).na.drop().select('nope')",
        "df.randomSplit([0.5, 0.5])[0].select('nope')",
        "df.join(F.broadcast(df.select('region')), 'region').groupBy('nope').count()",
        "df.groupBy('region', F.window('day', '1 hour')).count().select('nope')",
        "df.alias('a').select('a.region').select('day')",
        "df.select(F.col('a.region')).select('day')",
        "df.withColumn('x', double(F.col('nope')))",
        "spark.read.options(**{'header': 'true'}).csv('s3://data/sales.csv').select('nope')",
        "spark.read.text('s3://data/sales.csv').select('region')",
        "spark.sql('SELECT nope FROM v')",
        "spark.sql('SELECT x.region, count(*) AS n FROM v x WHERE x.nope > 1 GROUP BY region').select('n')",
        "spark.sql('SELECT region FROM v').select('amount')",
        "spark.table('v').select('nope')",
    ] {
        caught(
            "P021",
            Error,
            &csv(),
            &with(&format!(
                "from pyspark.sql import Window\n@F.udf('double')\ndef double(x):\n    return x * 2\n\
                 df.createOrReplaceTempView('v')\nout = {step}\n"
            )),
        );
    }
    let orders = task(vec![table("sales", "orders")]);
    let read = |step: &str| format!("{HEAD}df = {step}\n{WRITE}");
    caught("P021", Error, &orders, &read("spark.table('sales.orders').select('nope')"));
    caught("P021", Error, &orders, &read("spark.sql('SELECT nope FROM sales.orders WHERE year > 2000')"));
}

#[test]
fn p021_columns_that_are_or_cannot_be_told() {
    for step in [
        "df.filter(F.col('Amount') > 1).groupBy('region').agg(F.sum('amount').alias('t')).orderBy(F.col('t'))",
        "df.withColumn('x', F.col('amount') * 2).select('x', '*')",
        "df.join(df.select(F.col('amount').alias('other')), F.col('other') == F.col('amount'))",
        "df.join(df.select('region', F.col('amount').alias('other')), 'region').select('other', df.day)",
        "df.toDF('a', 'b', 'c').select('a')",
        "df.toDF(*names).select('a')",
        "df.groupBy('region').agg({'*': 'count'}).orderBy('count(1)')",
        "df.select((F.col('amount') * 2).alias('d'), (F.col('d') + 1).alias('e')).select('e')",
        "df.withColumns({'d': F.col('amount') * 2, 'e': F.col('d') + 1}).select('e')",
        "df.groupBy('region').agg(F.sum('amount').alias('t')).filter(F.sum('amount') > 1)",
        "df.join(df.select('region', 'day'), df['region'] == df['region']).drop(df['region']).select('region')",
        "df.orderBy(1).groupBy(1).count()",
        "df.drop('region').limit(3).filter(F.col('region') == 'a')",
        // Spark looks further up for a filter and an order.
        "df.select(F.col('region').alias('r')).where(F.col('region') == 'a')",
        "df.select('region').orderBy('amount')",
        "df.withColumnRenamed('region', 'area').orderBy('region')",
        "df.groupBy('region').agg(F.sum('amount').alias('t')).orderBy(F.sum('amount').desc())",
        "df.groupBy('region').agg(F.sum('amount')).select('sum(amount)')",
        "df.groupBy('region').agg({'amount': 'sum'}).withColumnRenamed('sum(amount)', 't').select('t')",
        "df.groupBy('region').sum('amount').select('region')",
        "df.groupBy('region').pivot('day').sum('amount').select('anything')",
        "df.groupBy(F.year('day').alias('y')).count().select('y', 'count')",
        "df.select(F.explode(F.split('region', ' ')).alias('word')).groupBy('word').count()",
        "df.select('region', F.posexplode(F.split('region', ' '))).select('pos')",
        "df.select(F.upper('region')).select('upper(region)')",
        "df.selectExpr('amount * 2 AS double', 'double + 1 AS more').select('more')",
        "df.selectExpr('*', 'year(day) AS y').filter('y > 2000 AND amount > 1')",
        "df.alias('a').join(df.alias('b'), F.col('a.region') == F.col('b.region')).select('a.region')",
        "df.select(F.col('_metadata.file_path'), F.input_file_name())",
        "df.select([c for c in df.columns]).select('region')",
        "df.select(*df.columns, F.lit(1).alias('one')).select('one')",
        "df.withColumn('s', F.struct('region', 'day')).select('s.region')",
        "df.transform(lambda d: d.withColumn('z', F.lit(1))).select('z')",
        "df.na.fill(0).select('region')",
        "df.na.drop('any').select('region')",
        "df.groupBy('region', F.window('day', '1 hour')).count().select('window.start', 'count').select('start')",
        "df.withColumn('s', F.struct('region', 'day')).select('s.*').select('region')",
        "df.withColumn('s', F.struct('region', 'day')).select('s.region', F.col('s.day')).select('region', 'day')",
        "spark.read.text('s3://data/sales.csv').select('value')",
        "df.unpivot('region', ['amount'], 'k', 'v').select('k')",
        "df.withColumn('rank', F.row_number().over(w)).filter(F.col('rank') == 1).drop('rank')",
        "df.filter(F.exists(F.split('region', ' '), lambda part: part == 'x'))",
        "df.mapInPandas(f, 'zz int').select('zz')",
        "df.crossJoin(df.select(F.max('amount').alias('most'))).select('most')",
        "df.filter(df.region.isin(['a', 'b'])).select(df['day'])",
        "spark.sql('SELECT region, sum(amount) AS t FROM v GROUP BY region HAVING t > 1 ORDER BY t').select('t')",
        "spark.sql('SELECT v.region, current_date AS d, date_add(day, 1) FROM v WHERE day > current_date - INTERVAL 3 DAYS')",
        "spark.sql('SELECT filter(split(region, \" \"), x -> x > day) AS xs FROM v').select('xs')",
        "spark.sql('WITH a AS (SELECT region AS r FROM v) SELECT r FROM a').select('r')",
        "spark.table('v').select('day')",
    ] {
        let body = format!(
            "names = ['a']\nf = print\nfrom pyspark.sql import Window\nw = Window.partitionBy('region').orderBy('day')\n\
             df.createOrReplaceTempView('v')\nout = {step}\nprint(names, f, w)\n"
        );
        let findings = validate(&csv(), &with(&body));
        assert!(findings.iter().all(|finding| finding.severity != Error), "{:#?}\n{step}", found(&findings));
    }
    spared("P021", &csv(), &with("df = df.select('_c0')\n").replace(".option(\"header\", True)", ""));
    spared("P021", &csv(), &with("df = df.select('x')\n").replace(".option(\"header\", True)", ".schema('x int')"));
}

#[test]
fn p010_to_p012_costly_ways() {
    caught("P010", Warning, &csv(), &with("for c in ['region']:\n    df = df.withColumn(c, F.trim(c))\n"));
    spared("P010", &csv(), &with("df = df.withColumn('x', F.trim('region'))\nfor c in ['a']:\n    print(c)\n"));
    for join in ["df.join(df.limit(3))", "df.crossJoin(df.limit(3))"] {
        caught("P011", Warning, &csv(), &with(&format!("out = {join}\n")));
    }
    spared("P011", &csv(), &with("out = df.join(df.limit(3), 'region')\nprint(','.join(['a']))\n"));
    spared("P011", &csv(), &with("out = df.join(other=df.limit(3), on='region')\n"));
    for udf in ["F.udf(lambda s: s.lower())", "F.udf(lambda s: len(s) if s else None, 'int')"] {
        caught("P012", Warning, &csv(), &with(&format!("f = {udf}\nout = df.select(f('region'))\n")));
    }
    caught(
        "P012",
        Warning,
        &csv(),
        &with("@F.udf('string')\ndef f(s):\n    \"Up.\"\n    return s.upper()\nprint(f)\n"),
    );
    spared(
        "P012",
        &csv(),
        &with("f = F.udf(lambda s: table[s])\ntable = {}\nprint(f, sorted([], key=lambda s: s.lower()))\n"),
    );
}

#[test]
fn p015_names_that_pyspark_does_not_have() {
    for (code, at) in [
        ("out = df.select(F.array_average('amount'))\n", "F.array_average('amount')"),
        ("out = df.group_by('region')\n", "df.group_by('region')"),
        ("out = df.filter(F.col('region').contain('x'))\n", "F.col('region').contain('x')"),
        ("out = df.limit(3).to_csv('x')\n", "df.limit(3).to_csv('x')"),
        ("from pyspark.sql.functions import nope\nprint(nope)\n", "nope"),
        ("from pyspark.sql.types import NumberType\nprint(NumberType)\n", "NumberType"),
        ("from pyspark.sql import Window\nw = Window.partition_by('region')\n", "Window.partition_by('region')"),
        ("df.write.mode('overwrite').excel(output)\n", "df.write.mode('overwrite').excel(output)"),
    ] {
        let code = with(code);
        caught("P015", Error, &csv(), &code);
        let findings = validate(&csv(), &code);
        let span = findings.iter().find(|finding| finding.rule == "P015").unwrap().span.as_ref().unwrap();
        let line = code.lines().nth(span.start.line as usize - 1).unwrap();
        assert_eq!(&line[span.start.column as usize - 1..span.end.column as usize - 1], at);
    }
    for code in [
        "from pyspark.sql import DataFrame\ndef shout(df): return df\nDataFrame.shout = shout\nout = df.shout()\n",
        "from pyspark.sql import DataFrame\nsetattr(DataFrame, 'shout', print)\nout = df.shout()\n",
        "def f(frame): return frame.group_by('x')\nf(input())\n",
        "row = df.first()\nprint(row.region.upper(), row.asDict())\n",
        "print(df.columns.index('region'), df.dtypes, df.schema.names, df.rdd.getNumPartitions())\n",
        "spark.catalog.dropTempView('v')\nspark.conf.set('a', 'b')\nspark.sparkContext.setLogLevel('WARN')\n",
        "out = df.na.fill(0).stat.freqItems(['region'])\n",
        "df.foo = 1\n",
        "from pyspark.sql.functions import col as c, udf, pandas_udf, broadcast\nprint(c, udf, pandas_udf, broadcast(df).count())\n",
        "s = F.udf(lambda x: x)\nout = df.select(s(F.col('region')).alias('r'))\n",
        "out = df.select(F.when(F.col('amount') > 1, 'a').when(F.col('amount') > 2, 'b').otherwise('c').alias('k'))\n",
        "pdf = df.limit(5).toPandas()\nprint(pdf.describe(), pdf.to_dict())\n",
        "parts = df.randomSplit([0.5, 0.5])\nprint(parts[0].count())\n",
    ] {
        spared("P015", &csv(), &with(code));
    }
}

#[test]
fn p016_to_p020_old_and_repeated() {
    caught("P016", Warning, &csv(), &with("df.registerTempTable('t')\n"));
    caught("P016", Warning, &csv(), &with("out = df.unionAll(df)\n"));
    caught("P016", Warning, &csv(), &with("from pyspark.sql import SQLContext\nprint(SQLContext)\n"));
    caught("P016", Warning, &csv(), &with("rdd = spark.sparkContext.parallelize([1])\n"));
    caught("P017", Warning, &csv(), &with("print(df.rdd.map(lambda r: r[0]).count())\n"));
    caught("P018", Warning, &csv(), &with("out = df.filter('amount > 1')\nprint(out.count())\nprint(out.count())\n"));
    spared("P018", &csv(), &with("out = df.filter('amount > 1').cache()\nprint(out.count())\nprint(out.count())\n"));
    spared("P018", &csv(), &with("print(df.count(), df.filter('amount > 1').count(), df.groupBy('region').count())\n"));
    let large = |bytes| {
        let mut source = testing::csv("s3://data/sales.csv", &[("region", ""), ("amount", ""), ("day", "")]);
        source.bytes = bytes;
        task(vec![Source::Objects(source)])
    };
    caught("P019", Warning, &large(Some(5 << 30)), &with("df = df.coalesce(1)\n"));
    spared("P019", &large(Some(5 << 20)), &with("df = df.coalesce(1)\n"));
    spared("P019", &large(None), &with("df = df.groupBy('region').count().repartition(1)\n"));
    caught("P020", Warning, &csv(), &with("out = df.filter('amount > 1').cache()\nprint(out.count())\n"));
    for reuse in [
        "print(out.count())\nout.show()\n",
        "print(df.join(out, 'region').count())\n",
        "out.createOrReplaceTempView('v')\n",
        "for i in [1, 2]:\n    print(out.filter(F.col('amount') == i).count())\n",
    ] {
        spared("P020", &csv(), &with(&format!("out = df.filter('amount > 1').cache()\n{reuse}")));
    }
    caught("P022", Warning, &large(Some(2 << 30)), &with(""));
    spared("P022", &large(Some(2 << 20)), &with(""));
}

#[test]
fn p023_on_lambda_the_session_ends() {
    caught("P023", Warning, &on("lambda"), &with("").replace("spark.stop()\n", ""));
    spared("P023", &on("lambda"), &with(""));
    spared("P023", &on("local"), &with("").replace("spark.stop()\n", ""));
}

#[test]
fn x112_x113_queries() {
    let orders = task(vec![table("sales", "orders")]);
    let program = |query: &str| format!("{HEAD}df = spark.table('sales.orders')\nspark.sql({query})\n{WRITE}");
    for query in [
        "'DROP TABLE sales.orders'",
        "'INSERT INTO sales.orders SELECT * FROM sales.orders'",
        "f'DELETE FROM {output}'",
        "'-- harmless\\n TRUNCATE TABLE sales.orders'",
        "'SELECT 1; ALTER TABLE sales.orders RENAME TO x'",
        "'CREATE OR REPLACE TABLE x AS SELECT 1'",
        "'DR' + 'OP DATABASE sales CASCADE'",
        "'DROP TABLE $$ ???'",
    ] {
        caught("X112", Error, &orders, &program(query));
    }
    for query in ["'SHOW TABLES IN sales'", "'SELECT \"DROP TABLE x\" AS a'", "'SET spark.sql.ansi.enabled=false'"] {
        spared("X112", &orders, &program(query));
    }
    caught("X113", Warning, &orders, &program("f'SELECT * FROM sales.orders WHERE id = {input()}'"));
    spared("X113", &orders, &program("'SELECT * FROM sales.orders WHERE id = :id', args={'id': input()}"));
    spared("X113", &orders, &program("input()"));
}

#[test]
fn what_a_program_may_import_depends_on_its_platform() {
    let code = format!("import pandas as pd\nimport boto3\nprint(pd, boto3)\n{}", with(""));
    caught("C010", Error, &on("local"), &code);
    spared("C010", &on("emr"), &code);
    spared("C010", &on("lambda"), &code);
    caught("C010", Error, &on("emr"), &format!("import requests_html\nprint(requests_html)\n{}", with("")));
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
        "spark.sparkContext.addArchive('s3://x/y.zip')\n",
        "spark.sql('SET spark.jars = s3://x/y.jar')\n",
        "for k, v in {'spark.jars': 's3://x/y.jar'}.items():\n    spark.conf.set(k, v)\n",
        "key = 'spark.' + 'jars.' + 'packages'\nspark.conf.set(key, 'a:b:c')\n",
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
