//! What the installed PySpark does not have, and what it has for old programs alone. Rules `P015`, `P016`, `P017`.

use enginehouse_pycheck::{Call, Program, Ranged, ast::ExprCall, report};
use enginehouse_sdk::Finding;

use super::{flow::Found, hops::may_be_spark, kinds::Kinds, walk::Walk};

const MODULES: &[&str] = &["pyspark.sql.functions", "pyspark.sql.types"];
/// What is deprecated, and what stands in its place.
const OLD: &[(&str, &str)] = &[
    ("registerTempTable", "createOrReplaceTempView"),
    ("unionAll", "union"),
    ("approxCountDistinct", "approx_count_distinct"),
    ("sumDistinct", "sum_distinct"),
    ("bitwiseNOT", "bitwise_not"),
    ("shiftLeft", "shiftleft"),
    ("shiftRight", "shiftright"),
    ("shiftRightUnsigned", "shiftrightunsigned"),
    ("toDegrees", "degrees"),
    ("toRadians", "radians"),
];

pub(super) fn check<'a>(
    program: &Program<'a>,
    kinds: &Kinds<'_, 'a>,
    walk: &Walk<'a>,
    found: &Found<'a>,
) -> Vec<Finding> {
    let mut findings = imports(program, kinds, walk);
    for call in program.calls() {
        findings.extend(missing(program, kinds, walk, call));
        findings.extend(old(program, kinds, call));
    }
    findings.extend(found.methods().map(|(class, name, call)| no_method(program, kinds, class, name, call)));
    findings
}

fn imports(program: &Program<'_>, kinds: &Kinds<'_, '_>, walk: &Walk<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut pandas = None;
    for (path, range) in program.imports() {
        let span = program.span(&range);
        if let Some((module, name)) = path.rsplit_once('.')
            && MODULES.contains(&module)
            && name != "*"
            && !name.starts_with('_')
            && !matches!(name, "builtin" | "partitioning")
            && !kinds.has(module, name)
            && !walk.is_tried(range)
        {
            let message = format!("`{module}` has no `{}`", report::quote(name));
            findings.push(report::error("P015", span, message, instead(kinds, module, name)));
        }
        if matches!(
            path.as_str(),
            "pyspark.SQLContext" | "pyspark.sql.SQLContext" | "pyspark.HiveContext" | "pyspark.sql.HiveContext"
        ) {
            let hint = "write `SparkSession.builder.getOrCreate()`";
            findings.push(report::warning("P016", span, "the program uses a context from before Spark 2", hint));
        }
        if path == "pyspark.pandas" || path.starts_with("pyspark.pandas.") {
            pandas = pandas.or(Some(range));
        }
    }
    let functions = program.imports().any(|(path, _)| path.starts_with("pyspark.sql.functions"));
    if let Some(range) = pandas.filter(|_| functions) {
        let message = "the program mixes `pyspark.pandas` with Spark's own frames";
        findings.push(report::warning(
            "P016",
            program.span(&range),
            message,
            "write all of it with Spark's own frames",
        ));
    }
    findings
}

fn missing<'a>(program: &Program<'a>, kinds: &Kinds<'_, 'a>, walk: &Walk<'a>, call: &Call<'a>) -> Option<Finding> {
    let owner = kinds.missing(call)?;
    let name = call.called(call.chains.first()?)?;
    // The program gives the class this method itself.
    let set = walk.attributes_set.contains(&name)
        || program.calls().iter().any(|other| {
            other.callee.iter().any(|chain| chain.path() == Some("builtins.setattr"))
                && other.argument(1, "name").is_some_and(|set| {
                    program.texts(set).iter().any(|text| text.known().is_none_or(|text| text == name))
                })
        });
    // The program asks whether it is there: `hasattr(df, "name")`.
    let asked = program.strings().iter().any(|(_, texts)| texts.iter().any(|text| text.known() == Some(name)));
    // A Java method that Python lacks is told by the rules on what loads code.
    if set || asked || walk.is_tried(call.node.range()) || name == "()" || matches!(name, "addJar") {
        return None;
    }
    Some(no_method(program, kinds, owner, name, call.node))
}

fn no_method(program: &Program<'_>, kinds: &Kinds<'_, '_>, owner: &str, name: &str, call: &ExprCall) -> Finding {
    let message = match owner.strip_prefix("pyspark.sql.") {
        Some(module) => format!("`pyspark.sql.{module}` has no `{}`", report::quote(name)),
        None => format!("a `{owner}` has no method `{}`", report::quote(name)),
    };
    report::error("P015", program.span(call), message, instead(kinds, owner, name))
}

fn instead(kinds: &Kinds<'_, '_>, owner: &str, name: &str) -> String {
    match kinds.nearest(owner, name) {
        Some(nearest) => format!("it has `{nearest}`"),
        None => "use what the installed PySpark has".to_owned(),
    }
}

fn old<'a>(program: &Program<'a>, kinds: &Kinds<'_, 'a>, call: &Call<'a>) -> Option<Finding> {
    let chain = call.chains.iter().find(|chain| may_be_spark(chain))?;
    let name = call.called(chain)?;
    if let Some((_, new)) = OLD.iter().find(|(old, _)| *old == name) {
        let message = format!("`{name}` is deprecated");
        return Some(report::warning("P016", program.span(call.node), message, format!("write `{new}`")));
    }
    if kinds.receiver(call) == Some("RDD") && name == "toDF" {
        let hint = "write `spark.createDataFrame(rows, schema)`";
        return Some(report::warning("P016", program.span(call.node), "`toDF` makes a frame of an RDD", hint));
    }
    if kinds.receiver(call) == Some("SparkContext") && matches!(name, "parallelize" | "textFile" | "wholeTextFiles") {
        let hint = "write it with frames: `spark.createDataFrame`, `spark.read.text`";
        let message = format!("`{name}` makes an RDD, which a Spark Connect session does not have");
        return Some(report::warning("P016", program.span(call.node), message, hint));
    }
    let rdd = chain.latest().find(|hop| hop.call.is_none() && hop.name == "rdd");
    rdd.is_some().then(|| {
        let message = "`.rdd` takes the rows out of Spark's frames into Python";
        report::warning("P017", program.span(&call.node.range()), message, "use the frame's own functions")
    })
}
