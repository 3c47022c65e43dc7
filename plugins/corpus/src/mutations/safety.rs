//! What a program must not do, whatever it computes.

use super::{Beside, at_end, error, in_function};
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

pub(super) fn all(beside: Beside) -> Vec<Mutation> {
    let each = |&(rule, name, statements, wrong): &(&'static str, &str, &'static str, &'static str)| {
        let own = |place: &str| format!("{name} {place}");
        [
            error(rule, &own("at the end"), beside.deeds, move |valid| at_end(valid, statements, wrong)),
            error(rule, &own("in a function"), beside.deeds, move |valid| in_function(valid, statements, wrong)),
        ]
    };
    STATEMENTS.iter().flat_map(each).collect()
}
