//! PySpark itself: its functions, its columns, and the builtins that they hide.

use enginehouse_corpus::{
    Mutant, Mutation, Valid,
    mutations::{at_end, deep, error, in_function, warning},
};
use enginehouse_sdk::Source;

use super::{functions, with_spark};

pub(super) fn all() -> Vec<Mutation> {
    [builtins(), booleans(), names(), columns(), driver()].into_iter().flatten().collect()
}

fn builtins() -> Vec<Mutation> {
    let star = |valid: &Valid| valid.code.contains("from pyspark.sql.functions import *");
    let uses: [(&str, &str); 5] = [
        ("print(sum([41, 1]))", "sum([41"),
        ("print(max(41, 2))", "max(41"),
        ("print(round(41.234, 1))", "round(41"),
        ("print(sum(x for x in range(41)))", "sum(x for"),
        ("print(abs(-41))", "abs(-41"),
    ];
    let starred = uses.map(|(statement, wrong)| {
        error("P013", &format!("a star hides {statement}"), &[], move |valid| {
            star(valid).then(|| at_end(valid, statement, wrong))?
        })
    });
    let named = uses.map(|(statement, wrong)| {
        error("P013", &format!("an import hides {statement}"), &[], move |valid| {
            let code = valid.after_imports("from pyspark.sql.functions import abs, max, round, sum")?;
            let mutant = Mutant::at(format!("{code}\n{statement}\n"), wrong)?;
            // Where the program itself uses one of them, it is wrong as well.
            (!star(valid) && !uses_builtins(valid)).then_some(mutant)
        })
    });
    let own = error("P013", "an import hides what the program uses", &[], move |valid| {
        let used =
            ["sum(row", "max(rows", "sum(1 for", "max(values"].into_iter().find(|used| valid.code.contains(used))?;
        let code = valid.after_imports("from pyspark.sql.functions import max, sum")?;
        let mutant = Mutant::at_any(code, used)?;
        (!valid.code.contains("def max") && !star(valid)).then_some(mutant)
    });
    starred.into_iter().chain(named).chain([own]).collect()
}

/// Whether the program calls one of the builtins that the mutations hide.
fn uses_builtins(valid: &Valid) -> bool {
    ["abs(", "max(", "round(", "sum("].iter().any(|call| {
        valid.code.match_indices(call).any(|(at, _)| {
            let before = valid.code.get(..at).and_then(|text| text.chars().next_back());
            before.is_none_or(|c| !(c.is_alphanumeric() || c == '_' || c == '.'))
        })
    })
}

/// A column as the program writes it.
fn column(valid: &Valid, name: &str) -> Option<String> {
    match functions(valid) {
        Some(functions) => Some(format!("{functions}.col(\"{name}\")")),
        None => {
            let import = valid.code.lines().find(|line| line.starts_with("from pyspark.sql.functions import"))?;
            (import.contains(" col") || import.ends_with('*')).then(|| format!("col(\"{name}\")"))
        }
    }
}

/// A name, and how two columns become a condition that Python would have to decide.
type Condition = (&'static str, fn(&str, &str) -> String);

fn booleans() -> Vec<Mutation> {
    let wrong: [Condition; 5] = [
        ("and", |a, b| format!("({a} > 41) and ({b} == 2)")),
        ("or", |a, b| format!("{a}.isNull() or {b}.isNull()")),
        ("not", |a, _| format!("not {a}.isNull()")),
        ("a chain of comparisons", |a, _| format!("41 < {a} < 43")),
        ("a condition of Python", |a, _| format!("1 if {a} > 41 else 2")),
    ];
    let own = wrong.map(|(name, make)| {
        error("P014", &format!("columns with {name}"), &[], move |valid| {
            let text = make(&column(valid, "corpus_a")?, &column(valid, "corpus_b")?);
            at_end(valid, &format!("corpus_test = {text}"), &text)
        })
    });
    let swapped =
        [(") & (", ") and ("), (") | (", ") or ("), (" & ~", " and not "), ("() | ", "() or "), ("() & ", "() and ")]
            .map(|(from, to)| {
                error("P014", &format!("`{}` instead of `{}`", to.trim(), from.trim()), &[], move |valid| {
                    let at = valid.code.find(from).filter(|at| *at > valid.body())?;
                    let code = valid.replace(from, to)?;
                    // What pandas says of its own frames is not told.
                    let pandas = valid.code.get(..at)?.lines().next_back()?.contains("pdf");
                    (!pandas).then(|| Mutant { code, places: vec![at..at + to.len()] })
                })
            });
    let tests = error("P014", "an `if` of a column", &[], |valid| {
        let text = format!("{} > 41", column(valid, "corpus_a")?);
        at_end(valid, &format!("if {text}:\n    print(1)"), &text)
    });
    own.into_iter().chain(swapped).chain([tests]).collect()
}

fn names() -> Vec<Mutation> {
    let made_up: [&str; 5] = ["to_datetime", "date_parse", "string_length", "group_concat", "if_null"];
    let called = made_up.map(|name| {
        error("P015", &format!("there is no function {name}"), &[], move |valid| {
            let call = format!("{}.{name}(\"corpus\")", functions(valid)?);
            at_end(valid, &format!("print({call})"), &call)
        })
    });
    let imported = made_up.map(|name| {
        error("P015", &format!("there is no function {name} to import"), &[], move |valid| {
            let import = format!("from pyspark.sql.functions import {name}");
            let code = valid.after_imports(&import)?;
            Mutant::at(format!("{code}\nprint({name}(\"corpus\"))\n"), &import)
        })
    });
    let misspelt = [
        error("P015", "a function is misspelt", &[], |valid| {
            let functions = functions(valid)?;
            let sum = format!("{functions}.sum(");
            Mutant::at_any(valid.replace(&sum, &format!("{functions}.summ("))?, &format!("{functions}.summ("))
        }),
        error("P015", "a method is of pandas", &[], |valid| {
            valid.code.contains("SparkSession").then_some(())?;
            with_spark(
                valid,
                "corpus_frame = spark.range(41)\nprint(corpus_frame.value_counts(\"id\"))",
                "value_counts",
            )
        }),
        deep("P015", "a method of a frame is misspelt", &["P021"], |valid| {
            Mutant::at_any(valid.replace(".groupBy(", ".groupedBy(")?, ".groupedBy(")
        }),
        deep("P015", "a method of the reader does not exist", &["P002", "P003"], |valid| {
            Mutant::at_any(valid.replace(".read.csv(", ".read.read_csv(")?, ".read.read_csv(")
        }),
    ];
    called.into_iter().chain(imported).chain(misspelt).collect()
}

/// A line that reads the first source with its columns, and the name that it gives to the frame.
fn frame(valid: &Valid) -> Option<(&str, &str)> {
    let source = valid.task.sources.first()?;
    let uri = match source {
        Source::Objects(objects) => objects.uri.clone(),
        Source::Table(table) => format!("{}.{}", table.database, table.name),
        Source::Relation(_) => return None,
    };
    valid.code.lines().find_map(|line| {
        let (name, read) = line.split_once(" = spark.")?;
        let starts = read.starts_with("read.") || read.starts_with("table(");
        let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
        let ends = read.strip_suffix(')')?;
        let reads = ends.contains(&format!("\"{uri}\"")) && read.matches('(').count() == read.matches(')').count();
        let names = !read.contains("csv") || read.contains("header=True") || read.contains("\"header\", ");
        let own = read.contains("schema");
        (starts && plain && reads && names && !own && !read.contains(".rdd")).then_some((line, name))
    })
}

fn columns() -> Vec<Mutation> {
    let steps: [(&str, &str); 18] = [
        ("select", "select(\"corpus_x\")"),
        ("a list of select", "select([\"corpus_x\"])"),
        ("filter", "filter(\"corpus_x > 41\")"),
        ("where and an attribute", "where(FRAME.corpus_x > 41)"),
        ("an item of the frame", "filter(FRAME[\"corpus_x\"] > 41)"),
        ("filter and a column", "filter(COL > 41)"),
        ("withColumn", "withColumn(\"corpus_y\", COL * 2)"),
        ("groupBy", "groupBy(\"corpus_x\").count()"),
        ("orderBy", "orderBy(\"corpus_x\")"),
        ("sort", "sort(COL.desc())"),
        ("dropDuplicates", "dropDuplicates([\"corpus_x\"])"),
        ("selectExpr", "selectExpr(\"corpus_x + 1 AS corpus_y\")"),
        ("agg of a dict", "agg({\"corpus_x\": \"sum\"})"),
        ("agg of a function", "agg(FUNCTIONS.sum(\"corpus_x\"))"),
        ("an aggregation of groups", "groupBy().agg(FUNCTIONS.avg(COL).alias(\"corpus_y\"))"),
        ("when", "withColumn(\"corpus_y\", FUNCTIONS.when(COL == 1, 2).otherwise(3))"),
        ("expr", "withColumn(\"corpus_y\", FUNCTIONS.expr(\"corpus_x * 2\"))"),
        ("a step later", "limit(41).filter(COL.isNotNull()).distinct()"),
    ];
    let used = steps.map(|(name, step)| {
        error("P021", &format!("no such column: {name}"), &[], move |valid| {
            let (line, frame) = frame(valid)?;
            let mut step = step.replace("FRAME", frame);
            if step.contains("COL") {
                step = step.replace("COL", &column(valid, "corpus_x")?);
            }
            if step.contains("FUNCTIONS") {
                step = step.replace("FUNCTIONS", functions(valid)?);
            }
            let code = valid.replace(line, &format!("{line}\ncorpus_frame = {frame}.{step}"))?;
            Mutant::at(code, "corpus_x")
        })
    });
    let queried = error("P021", "no such column: a query", &[], |valid| {
        let (line, frame) = frame(valid)?;
        let view = format!("{frame}.createOrReplaceTempView(\"corpus_view\")");
        let query = "spark.sql(\"SELECT corpus_x FROM corpus_view WHERE 1 = 1\").show()";
        Mutant::at(valid.replace(line, &format!("{line}\n{view}\n{query}"))?, "corpus_x")
    });
    let renamed = error("P021", "a column by its old name", &[], |valid| {
        let (line, frame) = frame(valid)?;
        let name = first_column(valid)?;
        let step = format!(
            "corpus_frame = {frame}.withColumnRenamed(\"{name}\", \"corpus_y\").select(\"{name}\", \"corpus_y\")"
        );
        Mutant::at(valid.replace(line, &format!("{line}\n{step}"))?, &format!("select(\"{name}\", \"corpus_y\""))
    });
    let dropped = error("P021", "a column that was dropped", &[], |valid| {
        let (line, frame) = frame(valid)?;
        let name = first_column(valid)?;
        let step = format!("corpus_frame = {frame}.drop(\"{name}\").groupBy(\"{name}\").count()");
        Mutant::at(valid.replace(line, &format!("{line}\n{step}"))?, &step)
    });
    let uses: [(&str, &str); 7] = [
        ("groupBy", ".groupBy(\"NAME\""),
        ("select", ".select(\"NAME\""),
        ("col", "col(\"NAME\")"),
        ("sum", "sum(\"NAME\")"),
        ("avg", "avg(\"NAME\")"),
        ("orderBy", ".orderBy(\"NAME\""),
        ("partitionBy of a window", "Window.partitionBy(\"NAME\""),
    ];
    let misspelt = uses.map(|(name, used)| {
        deep("P021", &format!("a column of the program's is misspelt: {name}"), &[], move |valid| {
            let column = source_columns(valid).into_iter().find(|column| {
                let made = [format!("alias(\"{column}\""), format!("withColumn(\"{column}\""), format!(" as {column}")];
                valid.code.contains(&used.replace("NAME", column)) && !made.iter().any(|made| valid.code.contains(made))
            })?;
            let wrong = format!("{column}_corpus");
            Mutant::at_any(valid.replace(&used.replace("NAME", column), &used.replace("NAME", &wrong))?, &wrong)
        })
    });
    used.into_iter().chain([queried, renamed, dropped]).chain(misspelt).collect()
}

/// The names of the columns of all sources.
fn source_columns(valid: &Valid) -> Vec<&str> {
    let columns = valid.task.sources.iter().flat_map(|source| match source {
        Source::Objects(objects) => &objects.columns,
        Source::Table(table) => &table.columns,
        Source::Relation(relation) => &relation.columns,
    });
    columns.map(|column| column.name.as_str()).collect()
}

/// The name of the source's first column, where it is a plain word.
fn first_column(valid: &Valid) -> Option<String> {
    let columns = match valid.task.sources.first()? {
        Source::Objects(objects) => &objects.columns,
        Source::Table(table) => &table.columns,
        Source::Relation(_) => return None,
    };
    let name = &columns.first()?.name;
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then(|| name.clone())
}

fn driver() -> Vec<Mutation> {
    let after_read = [
        (
            "P010",
            "withColumn in a loop",
            "for corpus_c in [\"a\", \"b\"]:\n    FRAME = FRAME.withColumn(corpus_c + \"_corpus\", FUNCTIONS.lit(41))",
            "FRAME.withColumn(corpus_c",
        ),
        ("P011", "a join without a condition", "corpus_frame = FRAME.crossJoin(FRAME)", "FRAME.crossJoin"),
        ("P016", "a name of old", "FRAME.registerTempTable(\"corpus_view\")", "FRAME.registerTempTable"),
        ("P017", "rows are taken into Python", "corpus_rows = FRAME.rdd.map(lambda row: row).count()", "FRAME.rdd.map"),
    ]
    .map(|(rule, name, statements, wrong)| {
        warning(rule, name, move |valid| {
            let (line, frame) = frame(valid)?;
            let statements = statements.replace("FRAME", frame).replace("FUNCTIONS", functions(valid)?);
            let code = valid.replace(line, &format!("{line}\n{statements}"))?;
            Mutant::at(code, &wrong.replace("FRAME", frame))
        })
    });
    let own = [
        warning("P009", "all rows are brought to the driver", |valid| {
            let (line, frame) = frame(valid)?;
            let code = valid.replace(line, &format!("{line}\ncorpus_rows = {frame}.collect()"))?;
            Mutant::at(code, &format!("{frame}.collect()"))
        }),
        warning("P009", "all rows become pandas", |valid| {
            let (line, frame) = frame(valid)?;
            let code = valid.replace(line, &format!("{line}\ncorpus_rows = {frame}.toPandas()"))?;
            Mutant::at(code, &format!("{frame}.toPandas()"))
        }),
        warning("P009", "all rows in a function", |valid| {
            let body = "rows = frame.collect()\nreturn len(rows)";
            let (_, frame) = frame(valid)?;
            in_function(valid, &body.replace("frame", frame), &format!("{frame}.collect()"))
        }),
    ];
    own.into_iter().chain(after_read).collect()
}
