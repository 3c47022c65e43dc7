//! Programs that a plugin may find clean. The only place in the kit where frameworks are named.

/// What an author gives the kit to try a plugin out with. Empty texts stand for the kit's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sample {
    /// A request that the plugin writes code for.
    pub prompt: String,
    /// Code that the plugin finds clean, for a task without sources or over one CSV source with the columns `region`,
    /// `amount` and `day`.
    pub code: String,
}

/// PySpark over the one source.
const SPARK: &str = r#"import os

from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("enginehouse").getOrCreate()
output = os.environ["OUTPUT_PATH"]
df = spark.read.option("header", True).csv("s3://conformance/sales.csv")
df.write.mode("overwrite").parquet(output)
df.show()
spark.stop()
"#;

/// Ray over no source.
const RAY: &str = r#"import ray

ray.init()


@ray.remote
def square(x):
    return x * x


print(ray.get([square.remote(i) for i in range(4)]))
"#;

/// Any Python.
const PYTHON: &str = r#"import os

with open(os.path.join(os.environ["OUTPUT_PATH"], "result.csv"), "w") as result:
    result.write("n\n1\n")
"#;

/// What may be clean, the likeliest first.
pub(crate) const PROGRAMS: [&str; 9] =
    [SPARK, RAY, PYTHON, "", "pass\n", "print(1)\n", "# nothing\n", "SELECT 1\n", "{}\n"];

/// What the model says to any request: a program for the framework.
pub(crate) fn reply(framework: &str) -> String {
    let program = match framework {
        "spark" => SPARK,
        "ray" => RAY,
        _ => PYTHON,
    };
    format!("Here is the program:\n\n```python\n{program}```\n")
}
