//! Python's names and PySpark's.

use super::*;

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
