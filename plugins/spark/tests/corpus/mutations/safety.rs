//! What a program must not do with Spark, whatever it computes.

use enginehouse_corpus::{
    Mutation,
    mutations::{at_end, error, in_function},
};

use super::{BESIDE, with_spark};

/// Statements that need the session, the rules that may speak up beside, and the text in them that is at fault.
const WITH_SPARK: &[(&str, &str, &[&str], &str, &str)] = &[
    ("X101", "pipe of an RDD", &[], "spark.range(3).rdd.pipe(\"cat\").collect()", ".pipe("),
    (
        "X101",
        "a script in a query",
        &[],
        "spark.sql(\"SELECT TRANSFORM(id) USING 'cat' AS (x) FROM range(3)\")",
        "TRANSFORM",
    ),
    ("X105", "a key for S3", &[], "spark.conf.set(\"fs.s3a.secret.key\", \"corpus\")", "fs.s3a.secret.key"),
    ("X106", "a file of pickles", &["P003"], "spark.sparkContext.pickleFile(\"s3://corpus/x\")", "pickleFile"),
    ("X108", "the JVM", &[], "spark._jvm.java.lang.System.exit(41)", "spark._jvm"),
    ("X108", "Hadoop's configuration", &[], "spark.sparkContext._jsc.hadoopConfiguration().set(\"a\", \"b\")", "_jsc"),
    ("X108", "the JVM by a name in pieces", &[], "getattr(spark, \"_j\" + \"vm\")", "getattr(spark"),
    ("X108", "py4j", &["C010"], "from py4j.java_gateway import JavaGateway\nJavaGateway()", "import JavaGateway"),
    ("X108", "reflection in a query", &[], "spark.sql(\"SELECT reflect('java.lang.System', 'exit')\")", "reflect"),
    (
        "X108",
        "reflection in an expression",
        &[],
        "spark.range(1).selectExpr(\"java_method('java.util.UUID', 'randomUUID')\")",
        "java_method",
    ),
    ("X109", "addPyFile", &[], "spark.sparkContext.addPyFile(\"s3://corpus/x.py\")", "addPyFile"),
    ("X109", "addFile", &[], "spark.sparkContext.addFile(\"s3://corpus/x.txt\")", "addFile"),
    ("X109", "addArtifact", &[], "spark.addArtifact(\"corpus.jar\")", "addArtifact"),
    (
        "X109",
        "a package by its coordinates",
        &[],
        "spark.conf.set(\"spark.jars.packages\", \"org.corpus:x:1\")",
        "spark.jars.packages",
    ),
    ("X109", "ADD JAR", &[], "spark.sql(\"ADD JAR 's3://corpus/x.jar'\")", "ADD JAR"),
    (
        "X109",
        "a function of a jar",
        &[],
        "spark.udf.registerJavaFunction(\"f\", \"org.corpus.F\")",
        "registerJavaFunction",
    ),
];

/// A statement that needs none.
const PICKLES: &str = "from pyspark import cloudpickle\ncloudpickle.dumps(1)";

pub(super) fn all() -> Vec<Mutation> {
    let of_spark = WITH_SPARK.iter().map(|&(rule, name, companions, statements, wrong)| {
        error(rule, name, companions, move |valid| with_spark(valid, statements, wrong))
    });
    let wrong = "import cloudpickle";
    let plain = [
        error("X106", "cloudpickle of Spark at the end", BESIDE.deeds, move |valid| at_end(valid, PICKLES, wrong)),
        error("X106", "cloudpickle of Spark in a function", BESIDE.deeds, move |valid| {
            in_function(valid, PICKLES, wrong)
        }),
    ];
    of_spark.chain(plain).collect()
}
