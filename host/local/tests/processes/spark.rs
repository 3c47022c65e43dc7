//! Spark itself, in the sandbox.

use std::time::Instant;

use enginehouse_capabilities::{ProcessState, Processes};

use crate::house::{House, OUTPUT};

#[tokio::test(flavor = "multi_thread")]
async fn spark_reads_its_sources_and_writes_its_output() {
    reads_and_writes(House::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_does_one_that_was_started_ahead() {
    let house = House::warm("spark").await;
    let begun = Instant::now();
    reads_and_writes(house).await;
    println!("in a sandbox that was started ahead: {:?}", begun.elapsed());
}

async fn reads_and_writes(house: House) {
    let code = r#"
import os
from pyspark.sql import SparkSession
spark = SparkSession.builder.appName("sales").enableHiveSupport().getOrCreate()
out = os.environ["OUTPUT_PATH"]
for scheme in ("s3", "s3a", "s3n"):
    sales = spark.read.csv(f"{scheme}://raw/sales.csv", header=True, inferSchema=True)
    assert sales.count() == 3, scheme
assert spark.read.csv("s3://raw/*.csv", header=True).count() == 3
totals = sales.groupBy("region").sum("amount").orderBy("region")
totals.show()
totals.write.parquet(out)
assert spark.read.parquet(out).count() == 2
totals.write.mode("overwrite").parquet(out)
totals.write.mode("append").parquet(out)
assert spark.read.parquet(out).count() == 4
totals.write.mode("overwrite").partitionBy("region").csv(out + "by_region", header=True)
sales.createOrReplaceTempView("sales")
spark.sql("CREATE TABLE totals AS SELECT * FROM sales")
assert spark.table("totals").count() == 3
jvm = spark._jvm.java.lang.ProcessHandle.current().pid()
assert "/opt/engine/spark.jsa" in open(f"/proc/{jvm}/maps").read(), "the archive of classes is in use"
print(sorted(spark.sparkContext.parallelize(range(4)).map(lambda n: n * n).collect()))
"#;
    assert_eq!(house.spark(code).await, ProcessState::Exited(0), "{}", house.both().await);
    let stdout = house.stdout().await;
    assert!(stdout.contains("| north|          4|") && stdout.ends_with("[0, 1, 4, 9]\n"), "{stdout}");
    assert_eq!(house.stderr().await, "");
    let keys = house.keys(OUTPUT);
    assert!(keys.contains(&"_SUCCESS".to_owned()), "{keys:?}");
    assert!(keys.iter().filter(|key| key.ends_with(".parquet")).count() >= 2, "{keys:?}");
    assert!(keys.iter().any(|key| key.starts_with("by_region/region=north/part-")), "{keys:?}");
    assert!(keys.iter().all(|key| !key.contains(".crc") && !key.contains("_temporary")), "{keys:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn spark_is_held_to_its_run() {
    is_held(House::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_is_one_that_was_started_ahead() {
    is_held(House::warm("spark").await).await;
}

async fn is_held(house: House) {
    let store = house.config.store.display().to_string();
    let code = r#"
import os
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
one = spark.createDataFrame([(1,)], "n int")
def refused(name, work):
    try:
        got = work()
    except Exception as error:
        assert "Exception" in type(error).__name__ or "Error" in type(error).__name__
        return
    print(name, repr(got)[:200])
read = lambda path: spark.read.text(path).collect()
refused("another object", lambda: read("s3://raw/secret/pay.csv"))
refused("another folder", lambda: read("s3a://raw/secret/"))
refused("another run", lambda: read("s3://results/other/part.csv"))
refused("another bucket", lambda: read("s3://private/x"))
refused("the way around", lambda: read("s3://raw/../raw/secret/pay.csv"))
refused("the way out", lambda: read("s3://../STORE/raw/secret/pay.csv"))
refused("the store", lambda: read("file://STORE/raw/secret/pay.csv"))
refused("the store, plainly", lambda: read("STORE/raw/secret/pay.csv"))
for mode in ("error", "overwrite", "append"):
    write = lambda path: one.write.mode(mode).csv(path)
    refused("over an input " + mode, lambda: write("s3://raw/sales.csv"))
    refused("a bucket's root " + mode, lambda: write("s3://raw/"))
    refused("beside an input " + mode, lambda: write("s3://raw/new"))
    refused("beside the output " + mode, lambda: write("s3://results/r1/beside"))
    refused("another run " + mode, lambda: write("s3://results/other/"))
    refused("above the output " + mode, lambda: write("s3://results/r1/"))
jvm = spark._jvm
path = jvm.org.apache.hadoop.fs.Path("s3://raw/sales.csv")
fs = path.getFileSystem(spark._jsc.hadoopConfiguration())
refused("delete", lambda: fs.delete(path, False))
refused("rename", lambda: fs.rename(path, jvm.org.apache.hadoop.fs.Path(os.environ["OUTPUT_PATH"] + "x")))
refused("network from the JVM", lambda: jvm.java.net.Socket("1.1.1.1", 80))
assert not jvm.java.io.File("STORE").exists()
assert not [name for name in jvm.java.lang.System.getenv() if "CARGO" in name]
assert read("s3://raw/sales.csv")
"#;
    let end = house.spark(&code.replace("STORE", &store)).await;
    assert_eq!(end, ProcessState::Exited(0), "{}", house.both().await);
    assert_eq!(house.both().await, "\n");
    assert!(house.keys(OUTPUT).is_empty());
    assert_eq!(house.keys("s3://raw/"), ["sales.csv", "secret/pay.csv"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sparks_own_errors_keep_their_names() {
    let house = House::new().await;
    let code = "from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
sales = spark.read.csv('s3://raw/sales.csv', header=True)
sales.write.csv(__import__('os').environ['OUTPUT_PATH'])
sales.select('amuont').show()
";
    assert_eq!(house.spark(code).await, ProcessState::Exited(1));
    let failure = house.failure();
    assert_eq!(failure["type"], "AnalysisException");
    assert_eq!(failure["line"], 5);
    assert_eq!(failure["condition"], "UNRESOLVED_COLUMN.WITH_SUGGESTION");
    assert!(house.keys(OUTPUT).is_empty());
}

/// What a program sees of the session that it finds.
const LOOK: &str = r#"
import json, os
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
context = spark.sparkContext
changing = ("spark.app.id", "spark.app.startTime", "spark.driver.port", "spark.app.submitTime", "spark.executor.id")
seen = {
    "settings": sorted(pair for pair in context.getConf().getAll() if pair[0] not in changing),
    "sql": sorted((row.key, row.value) for row in spark.sql("SET").collect() if row.key not in changing),
    "views": [table.name for table in spark.catalog.listTables()],
    "databases": [database.name for database in spark.catalog.listDatabases()],
    "job": len(context.statusTracker().getJobIdsForGroup(None)),
    "rdd": context.parallelize([1]).id(),
    "cached": context._jsc.getPersistentRDDs().size(),
    # But for the log, and what the JVM's own libraries keep there under names of their own.
    "work": sorted(name for name in os.listdir("/work") if not name.startswith(("engine.", "artifacts-", "lib", "snappy-", "spark-"))),
    "local": len(os.listdir("/work/spark")),
    "in": sorted(os.listdir("/in")), "out": sorted(os.listdir("/out")), "tmp": sorted(os.listdir("/tmp")),
    "environment": {name: value for name, value in os.environ.items() if not name.startswith("PYSPARK_GATEWAY")},
    "names": sorted(globals()), "name": __name__, "file": __file__,
    "level": context._jvm.org.apache.logging.log4j.LogManager.getRootLogger().getLevel().toString(),
    "udf": context.parallelize([0], 1).map(lambda _: os.environ["OUTPUT_PATH"]).collect(),
}
print(json.dumps(seen, indent=1))
spark.stop()
again = SparkSession.builder.getOrCreate()
again.range(3).write.csv(os.environ["OUTPUT_PATH"] + "again")
assert again.sparkContext.parallelize([0], 1).map(lambda _: os.environ["OUTPUT_PATH"]).collect() == seen["udf"]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_started_ahead_looks_as_if_it_had_not() {
    let (cold, warm) = (House::new().await, House::warm("spark").await);
    let mut seen = Vec::new();
    for house in [&cold, &warm] {
        assert_eq!(house.spark(LOOK).await, ProcessState::Exited(0), "{}", house.both().await);
        assert_eq!(house.stderr().await, "");
        assert!(house.keys(OUTPUT).contains(&"again/_SUCCESS".to_owned()));
        seen.push(house.stdout().await);
    }
    assert_eq!(seen[0], seen[1]);
    assert!(seen[0].contains(&format!("\"{OUTPUT}\"")), "{}", seen[0]);
    assert!(warm.processes.probe("spark").await.unwrap().contains("1 used"));
}
