//! The contract with the data: what is read, and what is written.

use super::*;

#[test]
fn p001_session() {
    caught("P001", Error, &csv(), "spark.read.csv('s3://data/sales.csv').show()\n");
    spared("P001", &csv(), "from pyspark.sql import SparkSession\nspark = SparkSession.getActiveSession()\n");
    spared("P001", &csv(), "from pyspark.sql import *\nspark = SparkSession.builder.getOrCreate()\n");
    spared("P001", &csv(), "import pyspark\nspark = pyspark.sql.SparkSession.builder.getOrCreate()\n");
}

#[test]
fn p002_p003_sources() {
    for path in ["s3://data/sales.csv", "s3a://data/sales.csv", "s3n://data/sales.csv/"] {
        let code = with("").replace("s3://data/sales.csv", path);
        spared("P002", &csv(), &code);
        spared("P003", &csv(), &code);
    }
    let prefix = task(vec![objects("s3://data/year/")]);
    for path in ["s3://data/year", "s3://data/year/*.csv", "s3://data/year/m=1/"] {
        spared("P003", &prefix, &with("").replace("s3://data/sales.csv", path));
        spared("P002", &prefix, &with("").replace("s3://data/sales.csv", path));
    }
    for read in [
        "spark.read.csv('s3://other/x.csv')",
        "spark.read.load('s3://other/x')",
        "spark.read.format('csv').load('s3://other/x')",
        "spark.read.format('csv').option('path', 's3://other/x').load()",
        "spark.read.parquet('s3://data/sales.csv', 's3://other/x')",
        "spark.read.csv(['s3://data/sales.csv', 's3://other/x'])",
        "spark.read.csv('s3://data/*.csv')",
        "spark.sparkContext.textFile('s3://other/x')",
        "open('/etc/hosts').read()",
        "spark.sql('SELECT * FROM csv.`s3://other/x`')",
        "spark.read.csv('data.csv')",
        "spark.read.csv('s3://data/sales.csv/../secret')",
        "spark.read.csv(path='s3://other/' + name)",
    ] {
        caught("P003", Error, &csv(), &with(&format!("name = input()\nx = {read}\nprint(x)\n")));
    }
    caught("P003", Error, &csv(), &format!("import pandas as pd\npd.read_csv('s3://other/x.csv')\n{}", with("")));
    caught("P003", Note, &csv(), &with("x = spark.read.csv(input())\nx.show()\n"));
    caught("P003", Error, &task(vec![table("sales", "orders")]), &with(""));
    caught("P002", Error, &csv(), &format!("{HEAD}df = spark.createDataFrame([(1,)], ['a'])\n{WRITE}"));
    caught("P002", Warning, &task(vec![objects("s3://data/sales.csv"), objects("s3://data/more.csv")]), &with(""));
    caught("P002", Error, &task(vec![table("sales", "orders")]), &format!("{HEAD}df = spark.range(3)\n{WRITE}"));
}

#[test]
fn p004_p005_tables() {
    let orders = task(vec![table("sales", "orders")]);
    let hive = HEAD.replace(".getOrCreate", ".enableHiveSupport().getOrCreate");
    let program = |read: &str| format!("{hive}df = {read}\n{WRITE}");
    for read in [
        "spark.table('sales.orders')",
        "spark.read.table('`Sales`.`ORDERS`')",
        "spark.sql('SELECT o.id FROM sales.orders o')",
        "spark.sql('WITH t AS (SELECT * FROM sales.orders) SELECT * FROM t')",
        "spark.sql(f\"SELECT * FROM {'sales'}.orders\")",
    ] {
        clean(&orders, &program(read));
    }
    clean(
        &orders,
        &program(
            "spark.table('sales.orders')\ndf.createOrReplaceTempView('v')\ndf = spark.sql('SELECT * FROM v JOIN V AS w ON v.id = w.id')",
        ),
    );
    for read in [
        "spark.table('sales.customers')",
        "spark.read.table('hr.orders')",
        "spark.sql('SELECT * FROM sales.orders JOIN hr.people ON 1 = 1')",
        "spark.sql('SELECT * FROM v')",
    ] {
        caught("P004", Error, &orders, &program(read));
    }
    caught("P004", Warning, &orders, &program("spark.table('orders')"));
    caught("P004", Note, &orders, &program("spark.table(input())"));
    // The platform brings the catalog: the program need not ask for it, and must not take it away.
    spared("P005", &orders, &format!("{HEAD}df = spark.table('sales.orders')\n{WRITE}"));
    for (value, taken) in [("in-memory", true), ("hive", false)] {
        let config = format!(".config('spark.sql.catalogImplementation', '{value}').getOrCreate");
        let code = program("spark.table('sales.orders')").replace(".enableHiveSupport().getOrCreate", &config);
        if taken { caught("P005", Error, &orders, &code) } else { spared("P005", &orders, &code) }
    }
    // What cannot be parsed is not taken for wrong, nor for unread.
    let odd = program("spark.sql('SELECT * FROM sales.orders TABLESAMPLE (5 ROWS) s')");
    spared("P002", &orders, &odd);
    assert!(validate(&orders, &odd).iter().all(|finding| finding.severity != Error), "{:#?}", validate(&orders, &odd));
}

#[test]
fn relations() {
    let relation = RelationSource {
        connection: "shop".to_owned(),
        jdbc_url: "jdbc:postgresql://db/shop".to_owned(),
        name: "public.orders".to_owned(),
        credential: "shop".to_owned(),
        columns: vec![],
    };
    let task = task(vec![Source::Relation(relation)]);
    let read = |url: &str, name: &str| {
        format!(
            "{HEAD}df = spark.read.format('jdbc').option('url', '{url}').option('dbtable', '{name}').load()\n{WRITE}"
        )
    };
    clean(&task, &read("jdbc:postgresql://db/shop", "public.orders"));
    caught("P003", Error, &task, &read("jdbc:postgresql://db/other", "public.orders"));
    caught("P004", Error, &task, &read("jdbc:postgresql://db/shop", "public.people"));
    caught("P003", Error, &csv(), &read("jdbc:postgresql://db/shop", "public.orders"));
}

#[test]
fn p006_p026_output() {
    caught("P006", Warning, &csv(), &format!("{HEAD}{READ}df.show()\nprint(output)\n"));
    caught("P006", Error, &csv(), &format!("{HEAD}{READ}x = df.count()\n"));
    spared("P006", &csv(), &with(""));
    for write in [
        "df.write.mode('overwrite').parquet('s3://elsewhere/x')",
        "df.write.mode('overwrite').format('csv').save('/tmp/x')",
        "df.write.mode('overwrite').option('path', 's3://elsewhere/x').save()",
        "df.write.mode('overwrite').saveAsTable('a.b')",
        "df.write.insertInto('a.b')",
        "df.writeTo('a.b').append()",
        "df.rdd.saveAsTextFile('s3://elsewhere/x')",
        "df.limit(3).toPandas().to_csv('/tmp/x.csv')",
        "df.write.mode('overwrite').parquet(output + '/../x')",
        "df.write.jdbc('jdbc:x', 't')",
        "df.write.mode('overwrite').parquet(os.environ.get('OTHER', 's3://elsewhere/x'))",
    ] {
        caught("P026", Error, &csv(), &with(&format!("{write}\n")));
    }
    caught("P026", Note, &csv(), &with("df.write.mode('overwrite').parquet(input())\n"));
    for write in [
        "df.write.mode('overwrite').csv(f'{output}/a')",
        "df.write.mode('overwrite').json(os.path.join(os.getenv('OUTPUT_PATH'), 'a'))",
        "df.write.mode('append').format('orc').save(output.rstrip('/') + '/b')",
        "[df.write.mode('overwrite').csv(f'{output}/{name}') for name in ['a', 'b']]",
        "df.select(F.to_json(F.struct('region'))).write.mode('overwrite').text(output)",
    ] {
        clean(&csv(), &with(&format!("{write}\n")));
    }
    let insert = |place: &str| {
        with("").replace(
            "df.write.mode(\"overwrite\").parquet(output)",
            &format!("df.createOrReplaceTempView('v')\nspark.sql(f\"INSERT OVERWRITE DIRECTORY '{place}' USING parquet SELECT * FROM v\")"),
        )
    };
    let rules = |code: &str| found(&validate(&csv(), code)).into_iter().filter(|told| told.contains("Error")).count();
    assert_eq!(rules(&insert("{output}/a")), 0, "{:#?}", found(&validate(&csv(), &insert("{output}/a"))));
    caught("P026", Error, &csv(), &insert("s3://elsewhere/a"));
    let declared = Task { output: Some("s3://mine/out".to_owned()), ..csv() };
    clean(&declared, &with("df.write.mode('overwrite').csv('s3a://mine/out/a')\n"));
    caught("P026", Error, &declared, &with("df.write.mode('overwrite').csv('s3://mine/output')\n"));
}

#[test]
fn p007_mode() {
    caught("P007", Warning, &csv(), &with("df.write.parquet(output)\n"));
    caught("P007", Error, &csv(), &with("df.write.mode('overwrite').csv('s3://data/sales.csv')\n"));
    spared(
        "P007",
        &csv(),
        &with("df.write.parquet(output, mode='overwrite')\ndf.write.save(output, 'csv', 'append')\n"),
    );
}

#[test]
fn p024_p025_other_kinds() {
    caught("P024", Error, &csv(), &with("spark.readStream.format('rate').load()\n"));
    caught("P025", Error, &csv(), &format!("import ray\nprint(ray)\n{}", with("")));
    spared("P025", &csv(), &with(""));
    spared("P024", &csv(), &with(""));
}
