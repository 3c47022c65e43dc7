//! Spark itself, in the sandbox.

use enginehouse_capabilities::ProcessState;

use crate::house::{House, OUTPUT};

#[tokio::test(flavor = "multi_thread")]
async fn spark_reads_its_sources_and_writes_its_output() {
    let house = House::new().await;
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
    let house = House::new().await;
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
