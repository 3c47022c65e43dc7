//! What a platform bears, and what costs too much.

use super::*;

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
fn what_a_program_may_import_depends_on_its_platform() {
    let code = format!("import pandas as pd\nimport boto3\nprint(pd, boto3)\n{}", with(""));
    caught("C010", Error, &on("local"), &code);
    spared("C010", &on("emr"), &code);
    spared("C010", &on("lambda"), &code);
    caught("C010", Error, &on("emr"), &format!("import requests_html\nprint(requests_html)\n{}", with("")));
}
