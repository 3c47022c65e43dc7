use crate::{Policy, Program, Syntax};

fn rules(code: &str) -> Vec<String> {
    let syntax = Syntax::parse(code).unwrap_or_else(|findings| panic!("{code}: {findings:?}"));
    let policy = Policy { modules: &["pyspark", "boto3", "pandas"], ..Policy::default() };
    let mut rules: Vec<String> =
        super::check(&Program::read(&syntax), &policy).into_iter().map(|finding| finding.rule).collect();
    rules.sort();
    rules.dedup();
    rules
}

#[track_caller]
fn caught(rule: &str, programs: &[&str]) {
    for code in programs {
        assert!(rules(code).iter().any(|found| found == rule), "{rule} not found in:\n{code}\n{:?}", rules(code));
    }
}

#[track_caller]
fn clean(programs: &[&str]) {
    for code in programs {
        assert_eq!(rules(code), Vec::<String>::new(), "{code}");
    }
}

#[test]
fn x101_other_programs() {
    caught(
        "X101",
        &[
            "import subprocess\n",
            "import os\nos.system('ls')\n",
            "import os as o\no.system('ls')\n",
            "from os import system as s\ns('ls')\n",
            "from os import popen\n",
            "import os\ngetattr(os, 'sys' + 'tem')('ls')\n",
            "import os\nx = os\ny = x\ny.execv('a', [])\n",
            "import os\nname = 'sys'\nname += 'tem'\ngetattr(os, name)('ls')\n",
            "import os\ngetattr(os, ''.join(['p', 'open']))('ls')\n",
            "import os\ngetattr(os, chr(115) + 'ystem')('ls')\n",
            "import os\ndef f(m):\n    m.system('ls')\nf(os)\n",
            "import os\nclass A:\n    run = os.system\nA.run('ls')\n",
            "import os\nlist(map(os.system, ['ls']))\n",
            "import os\nimport functools\nfunctools.partial(os.system, 'ls')()\n",
            "if True:\n    import os as m\nelse:\n    import json as m\nm.system('ls')\n",
            "def get():\n    import os\n    return os\nget().system('ls')\n",
            "import os\n[m.system('x') for m in [os]]\n",
            "import os.path\nos.system('ls')\n",
        ],
    );
    clean(&[
        "import os\nprint(os.environ['A'], os.getenv('B'), os.path.join('a', 'b'))\n",
        "class A:\n    def system(self): ...\nA().system()\n",
    ]);
}

#[test]
fn x102_code_at_run_time() {
    caught(
        "X102",
        &[
            "eval('1')\n",
            "e = exec\ne('1')\n",
            "compile('1', 'a', 'eval')\n",
            "__import__('os').system('ls')\n",
            "import importlib\n",
            "from importlib import import_module\n",
            "import builtins\nbuiltins.eval('1')\n",
            "list(map(eval, ['1']))\n",
            "import sys\nsys.path.append('x')\n",
        ],
    );
    clean(&[
        "import re\nre.compile('a')\n",
        "df = 1\ndf.eval('a > 1')\n",
        "def compile(x):\n    return x\ncompile(1)\n",
    ]);
}

#[test]
fn x103_network() {
    caught(
        "X103",
        &[
            "import socket\nsocket.socket()\n",
            "import urllib.request\n",
            "from http import client\n",
            "import requests\n",
            "import ftplib as f\n",
        ],
    );
    clean(&["from urllib.parse import quote\nquote('a')\n", "import urllib.parse\nurllib.parse.quote('a')\n"]);
}

#[test]
fn x104_files() {
    caught(
        "X104",
        &[
            "import os\nos.remove('a')\n",
            "import shutil\n",
            "open('a', 'w')\n",
            "open('a', mode='ab')\n",
            "m = 'w'\nwith open('a', m) as f:\n    f.write('x')\n",
            "f = open\nf('a', 'r+')\n",
            "import io\nio.open('a', 'x')\n",
            "open('a', input())\n",
            "from pathlib import Path\nPath('a').write_text('x')\n",
            "from pathlib import Path\nPath('a').open('w')\n",
            "from pathlib import Path\n(Path('a') / 'b').unlink()\n",
            "list(map(open, ['a'], ['w']))\n",
            "args = ['a', 'w']\nopen(*args)\n",
        ],
    );
    clean(&[
        "open('a')\n",
        "open('a', 'rb')\n",
        "df = 1\ndf.replace('a', 'b')\n",
        "def open(a, b): ...\nopen('a', 'w')\n",
    ]);
}

#[test]
fn x105_credentials() {
    caught(
        "X105",
        &[
            "key = 'AKIAIOSFODNN7EXAMPLE'\n",
            "spark = 1\nspark.conf.set('fs.s3a.access.key', 'x')\n",
            "spark = 1\nspark.conf.set('fs.s3a.' + 'secret' + '.key', 'x')\n",
            "url = f'http://{\"169.254\"}.169.254/latest'\n",
            "open('/proc/self/environ')\n",
            "p = '~/.aws/credentials'\n",
            "import os\nprint(os.environ)\n",
            "import os\nprint(dict(os.environ))\n",
            "import os\ne = os.environ\nfor k in e.items(): print(k)\n",
            "import os\nos.environ['OUTPUT_PATH'] = 's3://other/'\n",
            "import os\nos.environ.update(A='b')\n",
            "import os\nos.getenv('AWS_SECRET_ACCESS_KEY')\n",
            "import boto3\nboto3.client('sts')\n",
            "df = 1\ndf.option('password', 'hunter2')\n",
            "connect(password='hunter2')\ndef connect(password): ...\n",
        ],
    );
    clean(&[
        "import os\nprint(os.environ['OUTPUT_PATH'], 'A' in os.environ)\n",
        "import os\ne = os.environ\nprint(e.get('A'))\n",
        "import boto3\nboto3.client('s3')\n",
        "df = 1\ndf.option('password', secret())\ndef secret(): ...\n",
        "x = 'AKIA is a prefix, and processes are fine'\n",
    ]);
}

#[test]
fn x106_unpickling() {
    caught(
        "X106",
        &["import pickle\n", "from pyspark import cloudpickle\n", "import pandas as pd\npd.read_pickle('a')\n"],
    );
    clean(&["import json\njson.loads('1')\n", "import pandas as pd\npd.read_csv('a')\n"]);
}

#[test]
fn x107_the_interpreter() {
    caught(
        "X107",
        &[
            "().__class__.__bases__[0].__subclasses__()\n",
            "print.__self__.eval('1')\n",
            "(lambda: 0).__globals__\n",
            "getattr((), '__cla' + 'ss__')\nx = '__subclasses__'\n",
            "__builtins__\n",
            "import sys\nsys.modules['os']\n",
            "import os\ngetattr(os, input())\n",
            "import json\nvars(json)\n",
            "globals()['a']\n",
            "'{0.__globals__}'.format(1)\n",
            "import random\nrandom._os.system('ls')\n",
            "from logging import os\n",
            "import os\nprint(os)\n",
            "import os\nx = [os][0]\n",
            "import operator\noperator.attrgetter(input())(1)\n",
            "import inspect\n",
        ],
    );
    clean(&[
        "class A:\n    def __init__(self):\n        super().__init__()\nprint(type(A()).__name__, A.__name__, __name__)\n",
        "df = object()\ngetattr(df, 'columns')\nhasattr(df, 'rdd')\n",
        "import sys\nsys.exit(0)\nprint(sys.argv)\n",
    ]);
}

#[test]
fn x110_threads_and_native_code() {
    caught(
        "X110",
        &[
            "import ctypes\n",
            "from multiprocessing import Pool\n",
            "import threading\n",
            "from concurrent.futures import ThreadPoolExecutor\n",
        ],
    );
    clean(&["import queue\nqueue.Queue()\n"]);
}

#[test]
fn c010_modules() {
    caught(
        "C010",
        &[
            "import numba\n",
            "from . import a\n",
            "from os import *\n",
            "import os\nos.nice(1)\n",
            "import pysparkling\n",
        ],
    );
    clean(&[
        "import math, json, datetime, re\nfrom pyspark.sql import functions as F\nimport pandas as pd\nimport pyspark.sql.types\n",
    ]);
}

#[test]
fn a_long_way_round_is_not_a_way_out() {
    let aliases: String = (1..400).map(|i| format!("    a{i} = a{}\n", i - 1)).collect();
    let code = format!("import os\ndef f():\n    a0 = os\n{aliases}    a399.system('ls')\n");
    let syntax = Syntax::parse(&code).unwrap();
    let findings = crate::check(&Program::read(&syntax), &Policy::default());
    assert!(findings.iter().any(|f| f.rule == "X101" || f.message.contains("intricate")), "{findings:?}");
}

#[test]
fn a_name_may_be_bound_a_hundred_times() {
    let steps: String = (0..100)
        .map(|n| format!("if len(data) > {n}:\n    data = sorted(data)\nelse:\n    data = list(data)\n"))
        .collect();
    clean(&[&format!("data = [1]\n\n\ndef size():\n    return len(data)\n\n\n{steps}print(size())\n")]);
}

#[test]
fn a_platform_that_lends_credentials_is_not_wronged() {
    let code = "import os\nimport boto3\nkey = os.environ['AWS_ACCESS_KEY_ID']\nboto3.client('secretsmanager')\n\
        spark = 1\nspark.conf.set('spark.hadoop.fs.s3a.access.key', key)\n";
    let worst = |code: &str, lends_credentials| {
        let syntax = Syntax::parse(code).unwrap();
        let policy = Policy { modules: &["boto3"], lends_credentials, ..Policy::default() };
        let findings = super::check(&Program::read(&syntax), &policy);
        assert!(findings.iter().all(|finding| finding.rule == "X105") && !findings.is_empty(), "{findings:?}");
        findings.iter().any(|finding| finding.severity == enginehouse_sdk::Severity::Error)
    };
    assert!(worst(code, false) && !worst(code, true));
    for never in ["boto3.client('sts')\n", "s.set('fs.s3a.access.key', 'minio')\n", "x = 'AKIAIOSFODNN7EXAMPLE'\n"] {
        assert!(worst(&format!("import boto3\nboto3.client('ssm')\ns = 1\n{never}"), true), "{never}");
    }
}

#[test]
fn what_a_platform_lends_is_not_printed() {
    let syntax = Syntax::parse("import os\nprint(os.environ['AWS_SECRET_ACCESS_KEY'])\n").unwrap();
    let policy = Policy { lends_credentials: true, ..Policy::default() };
    for rule in ["X105", "X115"] {
        let findings = super::check(&Program::read(&syntax), &policy);
        let error = |f: &enginehouse_sdk::Finding| f.rule == rule && f.severity == enginehouse_sdk::Severity::Error;
        assert!(findings.iter().any(error), "{rule}: {findings:?}");
    }
}

#[test]
fn what_is_told_of_a_secret_is_not_the_secret() {
    clean(&[
        "import os\npassword = os.environ.get('DB_PASSWORD')\nprint('set' if password else 'missing', not password, len(password))\n",
        "import os\npwd = os.getcwd()\nprint(pwd)\n",
        "password = 'password'\nsecret = 'prod/db/reader'\nprompt_password = 'Enter it: '\n",
    ]);
    caught("X105", &["password = 'hunter2'\n", "conf = {'db_password': 'hunter2'}\n", "def f(api_key='k-123'): ...\n"]);
}

#[test]
fn what_sounds_like_more_than_it_is() {
    clean(&[
        "from pathlib import Path, PurePosixPath\nprint(Path('a/b.csv').stem.replace('b', 'c'), PurePosixPath('a').as_posix().replace('/', '.'))\n",
        "import threading\ngate = threading.Event()\ngate.set()\nslots = threading.Semaphore(2)\n",
        "from concurrent.futures import as_completed\nprint(as_completed([]))\n",
        "import os\nprint(os.uname().nodename, os.urandom(4))\n",
        "import pandas as pd\nwanted = ['linux']\nprint(pd.DataFrame({'os': wanted}).query('os in @wanted and system > 1'))\n",
        "import os\nos.environ['RAY_IGNORE_UNHANDLED_ERRORS'] = '1'\n",
    ]);
    caught(
        "X104",
        &[
            "from pathlib import Path\nPath('a').replace('b')\n",
            "from pathlib import Path\nPath(Path('a').name).rename('b')\n",
        ],
    );
    caught("X110", &["from concurrent.futures import ThreadPoolExecutor\n", "import threading\nthreading.Thread()\n"]);
    caught("X105", &["import os\nos.environ['RAY_ADDRESS'] = 'x'\n"]);
}
