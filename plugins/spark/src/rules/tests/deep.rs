//! Columns and methods in the program's own functions, objects, lists and loops.

use enginehouse_sdk::{Severity::Error, Source, testing};

use super::{caught, csv, found, spared, task, validate};

const HEAD: &str = "import os\nfrom functools import partial, reduce\nfrom dataclasses import dataclass, field\n\
    from pyspark.sql import DataFrame, SparkSession, Window\nfrom pyspark.sql import functions as F\n\
    from pyspark.sql.types import StringType, StructField, StructType\n\
    from pyspark.sql.utils import AnalysisException\n\
    spark = SparkSession.builder.getOrCreate()\n\
    def read(path='s3://data/sales.csv'):\n    return spark.read.csv(path, header=True)\n";
const TAIL: &str = "\nout.write.mode('overwrite').parquet(os.environ['OUTPUT_PATH'])\n";

fn program(body: &str) -> String {
    format!("{HEAD}{body}{TAIL}")
}

#[track_caller]
fn missed(body: &str) {
    caught("P021", Error, &csv(), &program(body));
}

#[track_caller]
fn right(body: &str) {
    let findings = validate(&csv(), &program(body));
    let errors = findings.iter().filter(|finding| matches!(finding.rule.as_str(), "P021" | "P015"));
    assert_eq!(errors.count(), 0, "{:#?}\n{body}", found(&findings));
}

#[test]
fn frames_are_followed_into_functions() {
    for body in [
        "def f(df):\n    return df.select('nope')\nout = f(read())",
        "def f(df, c):\n    return df.select(c)\nout = f(read(), 'nope')",
        "def f(df, *cs, n='nope'):\n    return df.groupBy(*cs).agg(F.sum(n))\nout = f(read(), 'region', 'day')",
        "def f(df, **kw):\n    return g(df, **kw)\ndef g(df, by=None):\n    return df.orderBy(by)\nout = f(read(), by='nope')",
        "def f(df):\n    if df.count() > 1:\n        return df\n    return df.filter('nope > 1')\nout = f(read())",
        "def f(df):\n    return df.select('region')\nout = f(read()).select('day')",
        "def f(df):\n    def g(d):\n        return d.drop('day')\n    return g\nout = f(1)(read()).select('day')",
        "def f():\n    df = spark.read.csv('s3://data/sales.csv', header=True)\n    return df.select('nope')\nout = read()",
        "f = lambda df: df.select('nope')\nout = f(read())",
        "out = read().transform(lambda df: df.drop('day')).select('day')",
        "def f(df, c):\n    return df.drop(c)\nout = read().transform(f, 'day').select('day')",
        "out = partial(lambda c, df: df.select(c), 'nope')(read())",
        "out = reduce(lambda df, c: df.drop(c), ['day', 'region'], read()).select('amount', 'day')",
        "out = reduce(DataFrame.unionByName, [read() for _ in range(3)]).select('nope')",
        "def twice(f):\n    def g(*args, **kw):\n        return f(*args, **kw)\n    return g\n\
         @twice\ndef h(df):\n    return df.select('nope')\nout = h(read())",
    ] {
        missed(body);
    }
}

#[test]
fn frames_are_followed_into_objects() {
    let job = |body: &str| {
        format!(
            "class Job:\n    KEY = 'nope'\n    def __init__(self, df):\n        self.df = df\n        self.frames = {{}}\n\
             \x20   @property\n    def small(self):\n        return self.df.drop('day')\n\
             \x20   @staticmethod\n    def sum(df, c):\n        return df.agg(F.sum(c))\n\
             \x20   @classmethod\n    def make(cls):\n        return cls(read())\n\
             \x20   def narrow(self):\n        self.df = self.df.select('region', 'amount')\n        return self\n{body}"
        )
    };
    for body in [
        "out = Job(read()).df.select('nope')",
        "out = Job(read()).small.select('day')",
        "out = Job.sum(read(), 'nope')",
        "out = Job.make().narrow().df.select('day')",
        "out = read().groupBy(Job.KEY).count()",
        "job = Job.make()\njob.frames['a'] = job.df.drop('day')\nout = job.frames['a'].select('day')",
        "class More(Job):\n    def __init__(self, df):\n        super().__init__(df.drop('day'))\nout = More(read()).df.select('day')",
        "@dataclass\nclass Data:\n    df: DataFrame\n    by: str = 'nope'\nd = Data(read())\nout = d.df.groupBy(d.by).count()",
    ] {
        missed(&job(body));
    }
    right(&job("job = Job.make()\nout = job.small.select('region')\nout = job.narrow().df.select('amount')"));
}

#[test]
fn frames_are_followed_through_lists_and_loops() {
    for body in [
        "out = read()\nfor c in ['day', 'region']:\n    out = out.drop(c)\nout = out.select('day')",
        "out = read()\nfor old, new in {'day': 'date'}.items():\n    out = out.withColumnRenamed(old, new)\nout = out.select('day')",
        "out = read()\nfor c in out.columns:\n    out = out.withColumnRenamed(c, c + '_x')\nout = out.select('day')",
        "frames = {}\nfor n in ['a']:\n    frames[n] = read()\nout = frames['a'].select('nope')",
        "frames = []\nfor n in ['a', 'b']:\n    frames.append(read().withColumn('n', F.lit(n)))\nout = frames[1].select('nope')",
        "out = [read().select('day'), 1][0].select('region')",
        "out = read()\nwhile out.count() > 3:\n    out = out.filter('nope > 1')",
        "out = None\nfor y in (1, 2):\n    p = read().withColumn('y', F.lit(y))\n    out = p if out is None else out.union(p)\nout = out.select('nope')",
        "by = ['region', 'nope']\nout = read().groupBy(*by).count()",
        "cs = [F.col(c) for c in ('region', 'nope')]\nout = read().select(*cs)",
        "wanted = F.col('nope') > 1\nout = read().filter(wanted)",
        "w = Window.partitionBy('region').orderBy('nope')\nout = read().withColumn('n', F.row_number().over(w))",
        "a, b = read().randomSplit([0.5, 0.5])\nout = a.join(b, 'nope')",
        "try:\n    out = read()\nexcept OSError:\n    raise\nout = out.select('nope')",
        "out = read().groupBy('region').pivot('day', ['mon', 'tue']).agg(F.sum('amount')).select('wed')",
        "out = read().select('region').join(read().select('day'), F.col('nope') == F.col('day'))",
    ] {
        missed(body);
    }
}

#[test]
fn schemas_are_followed() {
    for schema in [
        "'id bigint, name string'",
        "StructType([StructField('id', StringType()), StructField('name', StringType())])",
        "StructType().add('id', 'long').add('name', StringType())",
        "StructType([StructField(n, StringType()) for n in ['id', 'name']])",
    ] {
        for frame in ["spark.read.schema(s).csv('s3://data/sales.csv')", "spark.createDataFrame([], s)"] {
            missed(&format!("s = {schema}\nout = {frame}.select('region')"));
            right(&format!("s = {schema}\nout = {frame}.select('id', 'name')"));
        }
    }
    missed("def f(pdf):\n    return pdf\nout = read().groupBy('day').applyInPandas(f, 'd string').select('day')");
    let years = task(vec![Source::Objects(testing::csv("s3://data/2024/01.csv", &[("x", "")]))]);
    let read = "for y in range(2024, 2025):\n    for m in (1,):\n        out = read(f's3://data/{y}/{m:02d}.csv').select('region')";
    caught("P021", Error, &years, &program(read));
}

#[test]
fn methods_that_do_not_exist_are_told_anywhere() {
    for body in [
        "def f(df):\n    return df.group_by('region').count()\nout = f(read())",
        "def f(df: DataFrame):\n    return df.group_by('region').count()\nout = read()",
        "class Job:\n    def __init__(self):\n        self.df = read()\nout = Job().df.sort_values('region')",
        "frames = {'a': read()}\nout = frames['a'].value_counts()",
        "for r in [spark.read]:\n    out = r.read_csv('s3://data/sales.csv')",
    ] {
        caught("P015", Error, &csv(), &program(body));
    }
    spared(
        "P015",
        &csv(),
        &program("setattr(DataFrame, 'more', lambda df: df)\ndef f(df):\n    return df.more()\nout = f(read())"),
    );
}

#[test]
fn what_may_be_otherwise_is_not_told() {
    for body in [
        // Of several ways, any may have it.
        "out = read()\nif out.count() > 1:\n    out = out.withColumn('x', F.lit(1))\nout = out.select('x')",
        "def f(df):\n    if df.count():\n        return df.withColumn('x', F.lit(1))\n    return df\nout = f(read()).select('x')",
        "out = read()\nfor c in os.listdir():\n    out = out.withColumn(c, F.lit(1))\nout = out.select('x')",
        "out = read()\nfor i in range(200):\n    if i > 3:\n        out = out.withColumn('x', F.lit(1))\n        break\nout = out.select('x')",
        "out = read()\nfor c in ['a', 'b']:\n    if out.count() > 9:\n        continue\n    out = out.withColumn(c, F.lit(1))\nout = out.select('b')",
        // It is asked whether the column is there.
        "out = read()\nif 'x' in out.columns:\n    out = out.select('x')",
        "def add(df, c):\n    return df if c in df.columns else df.withColumn(c, F.lit(1))\nout = add(read(), 'x').select('x')",
        "def has(df, c):\n    try:\n        df[c]\n        return True\n    except AnalysisException:\n        return False\n\
         out = read()\nif has(out, 'x'):\n    out = out.select('x')\nc = F.col('y') if has(out, 'y') else F.lit(1)\nout = out.withColumn('z', c)",
        "out = read()\nok = set(['x']) <= set(out.columns)\nif ok and out.count() > 3:\n    out = out.select('x')",
        "out = read()\nnames = [f.name for f in out.schema.fields]\nif 'x' in names:\n    out = out.select('x')",
        "try:\n    out = read().select('x')\nexcept AnalysisException:\n    out = read()",
        // Something that is not followed may have changed it.
        "class C:\n    def __init__(self):\n        self.df = read()\n    def go(self):\n        self.df = self.df.withColumn('x', F.lit(1))\n\
         c = C()\nos.run(c.go)\nout = c.df.select('x')",
        "class C:\n    pass\nc = C()\nc.df = read()\nc.__dict__['df'] = read().withColumn('x', F.lit(1))\nout = c.df.select('x')",
        "def f():\n    global df\n    df = read().withColumn('x', F.lit(1))\ndf = read()\nf()\nout = df.select('x')",
        "frames = [read()]\nother = frames\nother[0] = read().withColumn('x', F.lit(1))\nout = frames[0].select('x')",
        "s = StructType()\nt = s\nt.add('x', 'long')\nout = spark.read.schema(s).csv('s3://data/sales.csv').select('x')",
        "def make(name):\n    def add(cls):\n        cls.df = read().withColumn('x', F.lit(1))\n        return cls\n    return add\n\
         @make('a')\nclass C:\n    df = read()\nout = C.df.select('x')",
        "def gen():\n    yield read().withColumn('x', F.lit(1))\nfor out in gen():\n    out = out.select('x')",
        "DataFrame.drop = lambda df, c: df\nout = read().drop('day').select('day')",
        "out = read().alias('a').join(read().alias('b'), 'region').select('a.*').select('day')",
        "out = read().withColumn('s', F.struct('day')).select('s.*').select('day')",
        "out = read().groupBy('region').pivot('day', ['mon']).agg(F.sum('amount').alias('a'), F.max('amount')).select('mon_a')",
        "out = read().select(F.explode('day'), F.lit('one')).select('col', 'one')",
        "where = None\nif len(os.environ) > 3:\n    where = F.col('day') > 1\nout = read()\nif where is not None:\n    out = out.filter(where)",
    ] {
        right(body);
    }
}

#[test]
fn lists_and_dicts_are_as_the_program_leaves_them() {
    for body in [
        "a = {'k': 'nope'}\nb = {**a, 'k': 'region'}\nc = dict(a, k='day')\nout = read().select(b['k'], c['k'])",
        "cols = read().columns\ncols.remove('day')\nout = read().drop('day').select(cols)",
        "cols = ['region', 'nope']\ndel cols[1]\nout = read().select(*cols)",
        "import copy\na = ['region']\nb = copy.copy(a)\nb.append('day')\nout = read().select(*b).select('day')",
        "parts = read().randomSplit([0.5, 0.5])\nparts[0] = parts[0].withColumn('x', F.lit(1))\nout = parts[0].select('x')",
        "cols = ['region']\ndef f():\n    cols.append('day')\nfs = {'a': f, 'b': f}\nfs[os.getenv('X')]()\nout = read().select(*cols).select('day')",
        "cols = ['region']\nsorted(['day'], key=lambda c: cols.append(c) or c)\nout = read().select(*cols).select('day')",
        "keys = iter(['day', 'region'])\nout = read().drop(next(keys))\nfor key in keys:\n    out = out.groupBy(key).count()",
        "r = spark.read.option('header', True).schema('a long')\nr.schema('b long')\nout = r.csv('s3://data/sales.csv').select('b')",
        "out = read().select(*'region_day'.split('_', maxsplit=0)) if os.getenv('X') else read()",
        "out = read()\n[out := out.withColumn(c, F.lit(1)) for c in ['x', 'y']]\nout = out.select('x', 'y')",
        "s = StructType().add('id', 'long')\ns.fields.append(StructField('x', StringType()))\nout = spark.read.schema(s).csv('s3://data/sales.csv').select('x')",
    ] {
        right(body);
    }
}

#[test]
fn objects_may_decide_what_they_have() {
    let job = |body: &str| {
        format!(
            "class Job:\n    def __init__(self, df):\n        self.df = df\n    def go(self):\n\
             \x20       self.df = self.df.withColumn('x', F.lit(1))\n        return self\n{body}"
        )
    };
    for body in [
        "a, b = Job(read()), Job(read())\nc = a if os.getenv('X') else b\nc.go()\nout = a.df.select('x')",
        "import copy\na = Job(read())\nb = copy.copy(a)\nb.df = b.df.drop('day')\nout = a.df.select('day')",
        "class More(Job):\n    def __or__(self, c):\n        self.df = self.df.withColumn(c, F.lit(1))\n        return self\n\
         a = More(read())\na | 'y'\nout = a.df.select('y')",
        "class More(Job):\n    def __enter__(self):\n        return self.go()\n    def __exit__(self, *a):\n        pass\n\
         a = More(read())\nwith a:\n    out = a.df.select('x')",
        "class More:\n    def __init__(self, df):\n        self.df = df\n    @property\n    def df(self):\n        return self._df\n\
         \x20   @df.setter\n    def df(self, df):\n        self._df = df.withColumn('x', F.lit(1))\nout = More(read()).df.select('x')",
        "@dataclass(frozen=True)\nclass C:\n    df: DataFrame\n    def __post_init__(self):\n\
         \x20       object.__setattr__(self, 'df', self.df.withColumn('x', F.lit(1)))\nout = C(read()).df.select('x')",
        "from typing import ClassVar\n@dataclass\nclass C:\n    K: ClassVar[str] = 'a'\n    by: str = 'nope'\nout = read().groupBy(C('day').by).count()",
        "@dataclass\nclass A:\n    a: str = 'nope'\n    b: str = 'nope'\n@dataclass\nclass B(A):\n    a: str = 'day'\n\
         c = B('day', 'region')\nout = read().select(c.a, c.b)",
        "class A:\n    K = 'day'\nclass B(A):\n    pass\nclass C:\n    K = 'nope'\nclass D(B, C):\n    pass\nout = read().groupBy(D.K).count()",
    ] {
        right(&job(body));
    }
}

#[test]
fn what_is_found_out_first_is_not_told() {
    for body in [
        // Flags, failures, and kinds of values.
        "has = False\nfor f in read().schema.fields:\n    if f.name == 'x':\n        has = True\nout = read()\nif has:\n    out = out.select('x')",
        "try:\n    read().select('x')\n    has = True\nexcept Exception:\n    has = False\nout = read().select('x') if has else read()",
        "try:\n    read().select('x')\nexcept Exception:\n    out = read()\nelse:\n    out = read().select('x')",
        "try:\n    out = read()\n    out = out.drop('day')\n    out = out.drop('region')\n    out = out.select('x')\nexcept Exception:\n    out = read()",
        "import contextlib\nout = read()\nwith contextlib.suppress(Exception):\n    out = out.select('x')\nout = out.select('day')",
        "def f(df, c):\n    if isinstance(c, str):\n        return df.select(c)\n    return df.select([F.col(v).alias(k) for k, v in c.items()])\n\
         out = f(read(), {'a': 'day'}).select('a')",
        "def f(df, c):\n    match c:\n        case str():\n            return df.select(c)\n        case _:\n            return df\nout = f(read(), {'a': 'day'})",
        "want = {'x'}\nhave = set(read().columns)\nout = read()\nif want <= have:\n    out = out.select('x')\n\
         if not want - have:\n    out = out.select('x')\nif len(want & have) == 1:\n    out = out.select('x')",
        "def has(df, *cs):\n    return all(c in df.columns for c in cs)\nout = read()\nif has(out, 'x', 'y'):\n    out = out.select('x')",
        // What never comes back.
        "import sys\nout = read()\nif 'x' not in out.columns:\n    sys.exit(0)\nout = out.select('x')",
        "class No(Exception):\n    pass\ndef need(df, c):\n    if c not in df.columns:\n        raise No(c)\nout = read()\ntry:\n    need(out, 'x')\n\
         \x20   a = out.select('x')\n    a.show()\n    a.show()\nexcept No:\n    pass",
        // What is called later, when names may stand for something else.
        "from functools import lru_cache\nstate = {'df': read().withColumn('x', F.lit(1))}\n@lru_cache\ndef f():\n    return state['df']\n\
         f()\nstate['df'] = read()\nout = f().select('x')",
        "def f():\n    df.select('x').show()\ndf = read().withColumn('x', F.lit(1))\nos.run(f)\nout = df = read()",
        "def f():\n    yield df.select('x')\ndf = read()\ng = f()\ndf = read().withColumn('x', F.lit(1))\nout = next(g)",
        // Variables in SQL.
        "spark.sql('DECLARE low INT DEFAULT 1')\nout = read().filter('amount > low')",
    ] {
        right(body);
    }
}

#[test]
fn columns_are_called_as_spark_calls_them() {
    for body in [
        "out = read()\nout = out.select(out['*'], F.lit(1).alias('x')).select('day', 'x')",
        "out = read().withColumn('s', F.struct('day'))\nout = out.select(out['s.day']).select('day')",
        "out = read().withColumn('s', F.struct(F.lit(1).alias('x'))).selectExpr('s.*').select('x')",
        "out = read().groupBy(1).count().select('region')",
        "a = read()\nb = read().select('region')\nout = a.join(b, 'region', 'semi').drop(b.region).select('region')",
        "out = spark.createDataFrame([(1, 2)], ['a']).select('_2')",
        "out = read().groupBy('day').count()\nif 'count(1)' in out.columns or 'count' in out.columns:\n    out = out.withColumnRenamed('count', 'n')\nout = out.select('n')",
        "out = read().groupBy('day').sum('amount')\nif 'sum(amount)' in out.columns:\n    out = out.withColumnRenamed('sum(amount)', 'n')\nout = out.select('n')",
        "out = read().groupBy('day').cogroup(read().groupBy('day')).applyInPandas(print, 'x long').select('x')",
        "@F.udtf(returnType='x int')\nclass T:\n    def eval(self):\n        yield 1,\nout = T().select('x')",
        "def f(args):\n    return args.read.split(',')\nout = read()",
        "try:\n    from pyspark.sql.functions import nope\nexcept ImportError:\n    nope = None\nout = read()",
        "out = read()\nif hasattr(out, 'nope'):\n    out = out.nope()\nx = F.shout('day') if hasattr(F, 'shout') else F.upper('day')\nout = out.select(x)",
        "out = read()\ntry:\n    out = out.nope()\nexcept AttributeError:\n    out = out.limit(1)",
        "def f(db):\n    return db.sql('select 1').fetchall(), db.table('x').names()\nout = read()",
    ] {
        right(body);
    }
}

#[test]
fn programs_without_end_come_to_one() {
    let nested = "x = (x,)\n    ".repeat(30);
    for body in [
        "def f(df):\n    return g(df)\ndef g(df):\n    return f(df)\nout = f(read())".to_owned(),
        "x = []\nx.append(x)\nout = read().select(*x)".to_owned(),
        format!("x = 1\nwhile True:\n    {nested}x = [x, x]\nout = read().select(x)"),
        format!("def f(n):\n    return {}\nout = f(read())", vec!["f(n)"; 40].join(" + ")),
        format!(
            "out = read()\n{}",
            (0..20).map(|n| format!("{}for a{n} in range(9):\n", " ".repeat(n))).collect::<String>()
                + &" ".repeat(20)
                + "out = out.withColumn('x', F.lit(1))"
        ),
        format!("out = read(){}", ".withColumn('x', F.lit(1))".repeat(300)),
    ] {
        let begun = std::time::Instant::now();
        validate(&csv(), &program(&body));
        assert!(begun.elapsed() < std::time::Duration::from_secs(2), "{:?}\n{body}", begun.elapsed());
    }
}

#[test]
fn nothing_overflows_the_stack_of_a_guest() {
    let brackets = |inner: &str, open: &str, close: &str| format!("{}{inner}{}", open.repeat(60), close.repeat(60));
    let code = [
        format!("def f(df):\n    return {}\nout = f(read())", brackets("f(df)", "g(", ")")),
        format!("def f(n):\n    return {}\nout = f(f)", brackets("f(n)", "[", "]")),
        format!("f = lambda x: {}\nout = f(f)", brackets("f(x)", "(lambda y: ", ")(x)")),
        format!("out = {}", brackets("read()", "reduce(lambda a, b: ", ", [1, 2])")),
    ];
    let run = move || {
        for body in &code {
            validate(&csv(), &program(body));
        }
    };
    let thread = std::thread::Builder::new().stack_size(768 * 1024).spawn(run).unwrap();
    thread.join().unwrap();
}
