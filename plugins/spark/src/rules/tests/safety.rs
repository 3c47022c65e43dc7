//! Ways out of the sandbox, and queries that change data.

use super::*;

#[test]
fn x112_x113_queries() {
    let orders = task(vec![table("sales", "orders")]);
    let program = |query: &str| format!("{HEAD}df = spark.table('sales.orders')\nspark.sql({query})\n{WRITE}");
    for query in [
        "'DROP TABLE sales.orders'",
        "'INSERT INTO sales.orders SELECT * FROM sales.orders'",
        "f'DELETE FROM {output}'",
        "'-- harmless\\n TRUNCATE TABLE sales.orders'",
        "'SELECT 1; ALTER TABLE sales.orders RENAME TO x'",
        "'CREATE OR REPLACE TABLE x AS SELECT 1'",
        "'DR' + 'OP DATABASE sales CASCADE'",
        "'DROP TABLE $$ ???'",
    ] {
        caught("X112", Error, &orders, &program(query));
    }
    for query in ["'SHOW TABLES IN sales'", "'SELECT \"DROP TABLE x\" AS a'", "'SET spark.sql.ansi.enabled=false'"] {
        spared("X112", &orders, &program(query));
    }
    caught("X113", Warning, &orders, &program("f'SELECT * FROM sales.orders WHERE id = {input()}'"));
    spared("X113", &orders, &program("'SELECT * FROM sales.orders WHERE id = :id', args={'id': input()}"));
    spared("X113", &orders, &program("input()"));
}

#[test]
fn x108_x109_ways_out() {
    for code in [
        "spark._jvm.java.lang.Runtime.getRuntime().exec('ls')\n",
        "spark.sparkContext._jsc.hadoopConfiguration()\n",
        "getattr(spark, '_j' + 'vm').x()\n",
        "sc = spark.sparkContext\nsc._gateway.jvm\n",
        "from py4j.java_gateway import JavaGateway\n",
        "df.selectExpr(\"reflect('java.lang.Runtime', 'getRuntime')\").show()\n",
        "spark.sql(\"SELECT java_method('java.util.UUID', 'randomUUID')\").show()\n",
        "df.select(F.reflect(F.lit('a'), F.lit('b'))).show()\n",
    ] {
        caught("X108", Error, &csv(), &with(code));
    }
    for code in [
        "spark.sparkContext.addArchive('s3://x/y.zip')\n",
        "spark.sql('SET spark.jars = s3://x/y.jar')\n",
        "for k, v in {'spark.jars': 's3://x/y.jar'}.items():\n    spark.conf.set(k, v)\n",
        "key = 'spark.' + 'jars.' + 'packages'\nspark.conf.set(key, 'a:b:c')\n",
        "spark.sparkContext.addPyFile('s3://x/y.py')\n",
        "spark.sparkContext.addJar('s3://x/y.jar')\n",
        "spark.conf.set('spark.jars.packages', 'a:b:c')\n",
        "spark.sql(\"ADD JAR 's3://x/y.jar'\")\n",
        "spark.sql(\"CREATE TEMPORARY FUNCTION f AS 'a.B' USING JAR 's3://x'\")\n",
    ] {
        caught("X109", Error, &csv(), &with(code));
    }
    caught("X101", Error, &csv(), &with("df.rdd.pipe('ls').collect()\n"));
    clean(&csv(), &with("spark.conf.set('spark.sql.shuffle.partitions', '4')\nprint('reflect on this (please)')\n"));
}
