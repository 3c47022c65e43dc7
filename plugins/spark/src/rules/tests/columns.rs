//! Columns that are there, and columns that are not.

use super::*;

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
