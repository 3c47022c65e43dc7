//! What a program must not do, whatever it computes.

use super::{at_end, error, in_function, with_spark};
use crate::mutation::Mutation;

/// Statements that some rule forbids, and the text in them that is at fault.
const STATEMENTS: &[(&str, &str, &str, &str)] = &[
    ("X101", "subprocess", "import subprocess\nsubprocess.run([\"ls\", \"-l\"], check=True)", "subprocess.run"),
    ("X101", "os.system", "import os\nos.system(\"aws s3 ls\")", "os.system"),
    ("X101", "os.popen", "import os as operating\nprint(operating.popen(\"id\").read())", "operating.popen"),
    (
        "X101",
        "a member of subprocess",
        "from subprocess import check_output as run\nrun([\"id\"])",
        "import check_output",
    ),
    ("X101", "os.execvp", "import os\nos.execvp(\"sh\", [\"sh\"])", "os.execvp"),
    ("X101", "getattr of os", "import os\ngetattr(os, \"sys\" + \"tem\")(\"id\")", "getattr(os"),
    ("X102", "eval", "print(eval(\"40 + 1\"))", "eval(\"40"),
    ("X102", "exec", "exec(\"corpus = 41\")", "exec(\"corpus"),
    ("X102", "compile", "corpus_code = compile(\"41\", \"x\", \"eval\")", "compile(\"41"),
    ("X102", "__import__", "__import__(\"json\").dumps({})", "__import__(\"json\")"),
    ("X102", "importlib", "import importlib\nimportlib.import_module(\"json\")", "importlib.import_module"),
    ("X103", "requests", "import requests\nprint(requests.get(\"https://api.test/v1\").json())", "requests.get"),
    ("X103", "socket", "import socket\nsocket.create_connection((\"10.0.0.9\", 41))", "socket.create_connection"),
    ("X103", "urllib", "from urllib.request import urlopen\nurlopen(\"https://api.test\")", "import urlopen"),
    ("X103", "smtplib", "import smtplib\nsmtplib.SMTP(\"mail.test\")", "smtplib.SMTP"),
    (
        "X103",
        "http.client",
        "import http.client\nhttp.client.HTTPSConnection(\"api.test\")",
        "http.client.HTTPSConnection",
    ),
    ("X104", "os.remove", "import os\nos.remove(\"/tmp/corpus.txt\")", "os.remove"),
    ("X104", "shutil", "import shutil\nshutil.rmtree(\"/tmp/corpus\")", "shutil.rmtree"),
    ("X104", "chmod", "import os\nos.chmod(\"/tmp/corpus.txt\", 0o777)", "os.chmod"),
    ("X104", "unlink of a path", "from pathlib import Path\nPath(\"/tmp/corpus.txt\").unlink()", "unlink()"),
    ("X104", "listdir", "import os\nprint(os.listdir(\"/corpus\"))", "os.listdir"),
    ("X105", "an access key", "corpus_key = \"AKIAIOSFODNN7EXAMPLE\"", "AKIAIOSFODNN7EXAMPLE"),
    ("X105", "the whole environment", "import os\nprint(dict(os.environ))", "os.environ)"),
    (
        "X105",
        "a credential's variable",
        "import os\nprint(os.environ[\"AWS_SECRET_ACCESS_KEY\"])",
        "AWS_SECRET_ACCESS_KEY",
    ),
    (
        "X105",
        "the metadata of the machine",
        "corpus_imds = \"http://169.254.169.254/latest/meta-data\"",
        "169.254.169.254",
    ),
    (
        "X105",
        "the environment is changed",
        "import os\nos.environ[\"AWS_PROFILE\"] = \"root\"",
        "os.environ[\"AWS_PROFILE\"]",
    ),
    ("X106", "pickle", "import pickle\npickle.loads(b\"corpus\")", "pickle.loads"),
    ("X106", "marshal", "import marshal\nmarshal.loads(b\"corpus\")", "marshal.loads"),
    ("X106", "cloudpickle of Spark", "from pyspark import cloudpickle\ncloudpickle.dumps(1)", "import cloudpickle"),
    ("X107", "subclasses", "print(object.__subclasses__())", "__subclasses__"),
    ("X107", "globals", "print(globals()[\"__builtins__\"])", "globals()"),
    ("X107", "globals of a function", "print((lambda: 1).__globals__)", "__globals__"),
    ("X107", "sys.modules", "import sys\nprint(sys.modules[\"os\"])", "sys.modules"),
    ("X107", "inspect", "import inspect\ninspect.currentframe()", "inspect.currentframe"),
    ("X110", "threading", "import threading\nthreading.Thread(target=print).start()", "threading.Thread"),
    ("X110", "a pool of processes", "from multiprocessing import Pool\nPool(2)", "import Pool"),
    ("X110", "ctypes", "import ctypes\nctypes.CDLL(None)", "ctypes.CDLL"),
    (
        "X110",
        "a pool of threads",
        "from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor()",
        "import ThreadPoolExecutor",
    ),
    ("X110", "signal", "import signal\nsignal.alarm(41)", "signal.alarm"),
    (
        "X114",
        "a server",
        "from http.server import HTTPServer\nHTTPServer((\"\", 8041), None).serve_forever()",
        "HTTPServer(",
    ),
    ("X114", "all addresses are bound", "corpus_start = print\ncorpus_start(host=\"0.0.0.0\", port=8041)", "0.0.0.0"),
    (
        "X115",
        "a secret is printed",
        "import os\nprint(f\"connecting with {os.environ['DB_PASSWORD']}\")",
        "print(f\"connecting",
    ),
    (
        "X115",
        "a secret is logged",
        "import logging\nimport os\nlogging.info(\"key %s\", os.environ[\"API_TOKEN\"])",
        "os.environ[\"API_TOKEN\"]",
    ),
];

/// The same for statements that need the session, with the rules that may speak up beside.
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

const BESIDE: &[&str] = &["C010", "X103", "X107", "X115"];

pub(super) fn all() -> Vec<Mutation> {
    let plain = STATEMENTS.iter().flat_map(|&(rule, name, statements, wrong)| {
        let own = |place: &str| format!("{name} {place}");
        // A library that is forbidden is mostly not there either, and some ways to a deed are deeds of their own.
        [
            error(rule, &own("at the end"), BESIDE, move |valid| at_end(valid, statements, wrong)),
            error(rule, &own("in a function"), BESIDE, move |valid| in_function(valid, statements, wrong)),
        ]
    });
    let of_spark = WITH_SPARK.iter().map(|&(rule, name, companions, statements, wrong)| {
        error(rule, name, companions, move |valid| with_spark(valid, statements, wrong))
    });
    plain.chain(of_spark).collect()
}
