//! What the task asks for: its sources, its tables, its output, its platform.

use enginehouse_corpus::{
    Mutant, Mutation, Valid,
    mutations::{error, in_function, quoted, sibling, text_or_calls, warning},
};
use enginehouse_sdk::Source;

use super::with_spark;

const OUTPUT: &str = "os.environ[\"OUTPUT_PATH\"]";

pub(super) fn all() -> Vec<Mutation> {
    [sources(), tables(), outputs(), platform()].into_iter().flatten().collect()
}

fn sources() -> Vec<Mutation> {
    vec![
        error("P002", "another file is read", &["P003"], |valid| {
            let uri = valid.uri().filter(|_| valid.has_one_source())?;
            Mutant::anywhere(valid.replace_all(&quoted(uri), &quoted(&sibling(uri)))?)
        }),
        error("P002", "another bucket is read", &["P003"], |valid| {
            let uri = valid.uri().filter(|_| valid.has_one_source())?;
            let (_, key) = uri.split_once("://")?.1.split_once('/')?;
            Mutant::anywhere(valid.replace_all(&quoted(uri), &quoted(&format!("s3://corpus/{key}")))?)
        }),
        error("P003", "a sibling is read", &["P002"], |valid| {
            let uri = valid.uri()?;
            read(valid.replace_all(&quoted(uri), &quoted(&sibling(uri)))?, &sibling(uri))
        }),
        error("P003", "a path of this machine is read", &["P002"], |valid| {
            let uri = valid.uri()?;
            read(valid.replace_all(&quoted(uri), "\"/tmp/corpus-input\"")?, "/tmp/corpus-input")
        }),
        error("P003", "the folder above is read", &["P002"], |valid| {
            let uri = valid.uri()?;
            let (above, _) = uri.trim_end_matches('/').rsplit_once('/')?;
            read(valid.replace_all(&quoted(uri), &quoted(&format!("{above}/")))?, &quoted(&format!("{above}/")))
        }),
        error("P003", "one file more is read", &[], |valid| {
            let statement = "corpus_more = spark.read.parquet(\"s3://corpus/more/\")";
            with_spark(valid, statement, "s3://corpus/more/")
        }),
        error("P003", "one file more is read, in pieces", &[], |valid| {
            let statement =
                "bucket = \"corpus\"\nspark.read.format(\"csv\").load(f\"s3://{bucket}/{2024}/x.csv\").show()";
            with_spark(valid, statement, ".load(f\"s3://")
        }),
        error("P003", "one file more is read by a query", &[], |valid| {
            with_spark(valid, "spark.sql(\"SELECT * FROM parquet.`s3://corpus/more/`\").show()", "s3://corpus/more/")
        }),
        error("P003", "one file more is read as an RDD", &[], |valid| {
            with_spark(valid, "spark.sparkContext.textFile(\"s3a://corpus/more.txt\").take(1)", "s3a://corpus/more.txt")
        }),
        error("P003", "a file of the machine is opened", &[], |valid| {
            in_function(valid, "return open(\"/etc/corpus.conf\").read()", "/etc/corpus.conf")
        }),
        error("P003", "a database is read", &[], |valid| {
            let none = !valid.task.sources.iter().any(|source| matches!(source, Source::Relation(_)));
            let statement = "spark.read.jdbc(\"jdbc:postgresql://corpus/x\", \"public.t\").show()";
            none.then(|| with_spark(valid, statement, "jdbc:postgresql"))?
        }),
    ]
}

fn tables() -> Vec<Mutation> {
    let more: [(&str, &str, &str); 7] = [
        ("spark.table", "spark.table(\"corpus.salaries\").show()", "corpus.salaries"),
        ("spark.read.table", "spark.read.table(\"`corpus`.`salaries`\").show()", "salaries"),
        ("a query", "spark.sql(\"SELECT * FROM corpus.salaries\").show()", "corpus.salaries"),
        (
            "a join of a query",
            "spark.sql(\"SELECT 1 FROM range(3) r JOIN corpus.salaries s ON r.id = s.id\")",
            "corpus.salaries",
        ),
        (
            "a CTE",
            "spark.sql('''\nWITH c AS (SELECT * FROM corpus.salaries)\nSELECT count(*) FROM c''').show()",
            "corpus.salaries",
        ),
        ("a subquery", "spark.sql(\"SELECT 1 WHERE EXISTS (SELECT 1 FROM corpus.salaries)\")", "corpus.salaries"),
        (
            "a name in pieces",
            "corpus_name = \"salaries\"\nspark.table(f\"corpus.{corpus_name}\").show()",
            "spark.table(f\"corpus",
        ),
    ];
    let more = more.map(|(name, statement, wrong)| {
        error("P004", &format!("one table more is read by {name}"), &[], move |valid| {
            with_spark(valid, statement, wrong)
        })
    });
    let other = [
        error("P004", "another table is read", &["P002"], |valid| {
            let table = valid.table()?;
            let other = format!("{table}_corpus");
            Mutant::at_any(valid.replace(&format!("table(\"{table}\")"), &format!("table(\"{other}\")"))?, &other)
        }),
        error("P004", "another table is read by a query", &["P002"], |valid| {
            let table = valid.table()?;
            let other = format!("{table}_corpus");
            let code = valid.replace(&format!("FROM {table}"), &format!("FROM {other}"))?;
            Mutant::at_any(code, &other)
        }),
        error("P002", "the table is not read", &["P003"], |valid| {
            let table = valid.table().filter(|_| valid.has_one_source())?;
            let read = format!("spark.table(\"{table}\")");
            Mutant::anywhere(valid.replace(&read, "spark.read.parquet(\"s3://corpus/x/\")")?)
        }),
        error("P005", "a catalog of one's own", &[], |valid| {
            valid.table()?;
            let config = ".config(\"spark.sql.catalogImplementation\", \"in-memory\")";
            let code = valid.replace("SparkSession.builder", &format!("SparkSession.builder{config}"))?;
            Mutant::at(code, config)
        }),
    ];
    more.into_iter().chain(other).collect()
}

fn outputs() -> Vec<Mutation> {
    vec![
        error("P006", "nothing is written", &[], |valid| {
            let write = |line: &str| line.contains(".write.") && line.contains(OUTPUT) && line.ends_with(')');
            let one = valid.code.matches(".write").count() == 1;
            let code = valid.without(write).filter(|_| one)?;
            let shows = [".show(", "print(", "explain(", ".printSchema("].iter().any(|show| code.contains(show));
            let balanced = code.matches('(').count() == code.matches(')').count();
            (!shows && balanced).then(|| Mutant::anywhere(code))?
        }),
        error("P026", "the output is elsewhere", &[], |valid| {
            written(valid.replace_all(OUTPUT, "\"s3://corpus/out/\"")?, "s3://corpus/out/")
        }),
        error("P026", "the output is elsewhere, in pieces", &[], |valid| {
            written(valid.replace_all(OUTPUT, "(\"s3://\" + \"corpus-out\" + \"/x/\")")?, "corpus-out")
        }),
        error("P026", "the output is of this machine", &[], |valid| {
            written(valid.replace_all(OUTPUT, "\"/tmp/corpus-out/\"")?, "/tmp/corpus-out/")
        }),
        error("P007", "the input is written over", &["P026"], |valid| {
            let uri = valid.uri()?;
            let overwrites = valid.code.matches(".mode(\"overwrite\")").count() == 1;
            let mut lines = valid.code.lines();
            lines.find(|line| line.split_once(".read").is_some_and(|(_, read)| read.contains(&quoted(uri))))?;
            let code =
                valid.replace_all(&format!("({OUTPUT})"), &format!("({})", quoted(uri))).filter(|_| overwrites)?;
            written(code, uri)
        }),
        error("P026", "the output climbs", &[], |valid| {
            written(valid.replace_all(OUTPUT, &format!("({OUTPUT} + \"/../corpus\")"))?, "/../corpus")
        }),
        error("P026", "a table is made", &[], |valid| {
            let statement = "spark.range(3).write.mode(\"overwrite\").saveAsTable(\"corpus.result\")";
            with_spark(valid, statement, "corpus.result")
        }),
        error("P026", "a table is added to", &[], |valid| {
            with_spark(valid, "spark.range(3).write.insertInto(\"corpus.result\")", "corpus.result")
        }),
        error("P026", "a database is written", &[], |valid| {
            let statement = "spark.range(3).write.mode(\"append\").jdbc(\"jdbc:postgresql://corpus/x\", \"t\")";
            with_spark(valid, statement, "jdbc:postgresql")
        }),
        error("P026", "one folder more is written", &[], |valid| {
            let statement = "spark.range(3).write.mode(\"overwrite\").format(\"json\").save(\"s3://corpus/more\")";
            with_spark(valid, statement, "s3://corpus/more")
        }),
        error("P026", "a frame of pandas is saved", &[], |valid| {
            with_spark(valid, "spark.range(3).toPandas().to_csv(\"/tmp/corpus.csv\")", "/tmp/corpus.csv")
        }),
        error("P026", "an RDD is saved", &[], |valid| {
            with_spark(valid, "spark.range(3).rdd.saveAsTextFile(\"s3://corpus/rdd\")", "s3://corpus/rdd")
        }),
        error("X112", "a query drops a table", &["P004", "P026"], |valid| {
            with_spark(valid, "spark.sql(\"DROP TABLE IF EXISTS corpus.t\")", "DROP TABLE")
        }),
        error("X112", "a query deletes rows", &["P004", "P026"], |valid| {
            with_spark(valid, "spark.sql(\"DELETE FROM corpus.t WHERE id = 41\")", "DELETE FROM")
        }),
        error("X112", "a query changes a table", &["P004", "P026"], |valid| {
            let statement =
                "corpus_table = \"corpus.t\"\nspark.sql(f\"ALTER TABLE {corpus_table} ADD COLUMNS (x int)\")";
            with_spark(valid, statement, "ALTER TABLE")
        }),
        error("X112", "a query fills a table", &["P004", "P026"], |valid| {
            with_spark(valid, "spark.sql(\"INSERT INTO corpus.t SELECT id FROM range(3)\")", "INSERT INTO corpus")
        }),
        error("X112", "a query makes a table", &["P004", "P026"], |valid| {
            with_spark(valid, "spark.sql(\"CREATE TABLE corpus.t AS SELECT 41 AS x\")", "CREATE TABLE")
        }),
        warning("P007", "a write without its mode", |valid| {
            let code = valid.replace(".mode(\"overwrite\")", "")?;
            text_or_calls(code, ".write", &[".parquet(", ".save("])
        }),
    ]
}

fn platform() -> Vec<Mutation> {
    let builder = |valid: &Valid, call: &str| -> Option<Mutant> {
        let code = valid.replace("SparkSession.builder", &format!("SparkSession.builder{call}"))?;
        Mutant::at(code, call)
    };
    let cloud = |valid: &Valid| valid.task.platform.as_deref() == Some("emr");
    vec![
        error("P001", "no session", &["C003", "P005"], |valid| {
            let line = "spark = SparkSession.builder";
            let code = valid.without(|text| text.starts_with(line) && text.ends_with(".getOrCreate()"))?;
            (!code.contains("getOrCreate")).then(|| Mutant::anywhere(code))?
        }),
        error("P008", "the master on EMR", &[], move |valid| {
            cloud(valid).then(|| builder(valid, ".master(\"yarn\")"))?
        }),
        error("P008", "a local master on EMR", &[], move |valid| {
            cloud(valid).then(|| builder(valid, ".master(\"local[*]\")"))?
        }),
        error("P008", "a setting for the master on EMR", &[], move |valid| {
            cloud(valid).then(|| builder(valid, ".config(\"spark.master\", \"yarn\")"))?
        }),
        error("X109", "jars for the session", &[], move |valid| {
            builder(valid, ".config(\"spark.jars\", \"s3://corpus/x.jar\")")
        }),
        error("X109", "packages for the session", &[], move |valid| {
            builder(valid, ".config(\"spark.jars.packages\", \"org.corpus:x:1\")")
        }),
        error("X105", "keys for the session", &[], move |valid| {
            builder(valid, ".config(\"spark.hadoop.fs.s3a.access.key\", \"corpus\")")
        }),
        error("P024", "a stream is read", &["P003"], |valid| {
            with_spark(valid, "spark.readStream.format(\"rate\").load()", "spark.readStream")
        }),
        error("P024", "a stream is written", &["P003", "P026"], |valid| {
            let statement = "corpus_stream = spark.readStream.format(\"rate\").load()\ncorpus_stream.writeStream.format(\"console\").start().awaitTermination()";
            with_spark(valid, statement, "corpus_stream.writeStream")
        }),
        error("P025", "Ray", &["C010"], |valid| Mutant::at(valid.after_imports("import ray")?, "import ray")),
        error("P025", "a part of Ray", &["C010"], |valid| {
            in_function(valid, "from ray import data\nreturn data", "import data")
        }),
    ]
}

/// At fault is a text, or the call that reads what stands in it.
fn read(code: String, text: &str) -> Option<Mutant> {
    text_or_calls(code, text, &[".read", ".load(", "spark.sql(", ".csv(", "sql(", "from_options", "SELECT"])
}

/// At fault is a text, or the call that writes to it.
fn written(code: String, text: &str) -> Option<Mutant> {
    text_or_calls(code, text, &[".write", ".save(", "spark.sql("])
}
