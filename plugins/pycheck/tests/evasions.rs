//! Ways round the rules, each with the rule that catches it and the text that is told.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "all of this file is a test"
)]

use enginehouse_pycheck::{Policy, Program, Syntax, check};
use enginehouse_sdk::{Finding, Severity, Span};

fn findings(code: &str) -> Vec<Finding> {
    let policy = Policy { modules: &["pyspark", "ray", "pandas", "numpy", "boto3"], ..Policy::default() };
    match Syntax::parse(code) {
        Ok(syntax) => check(&Program::read(&syntax), &policy),
        Err(findings) => findings,
    }
}

/// The text at a span, for code whose lines end with `\n`.
fn text(code: &str, span: &Span) -> String {
    let offset = |line: u32, column: u32| {
        let before: usize = code.lines().take(line as usize - 1).map(|line| line.chars().count() + 1).sum();
        before + column as usize - 1
    };
    let (start, end) = (offset(span.start.line, span.start.column), offset(span.end.line, span.end.column));
    code.chars().skip(start).take(end - start).collect()
}

/// Each program has an error of this rule whose span is exactly this text.
#[track_caller]
fn caught(programs: &[(&str, &str, &str)]) {
    let mut missed = Vec::new();
    for (rule, culprit, code) in programs {
        let findings = findings(code);
        let told: Vec<String> = findings
            .iter()
            .map(|f| {
                format!("{} {:?} at `{}`", f.rule, f.severity, f.span.as_ref().map_or(String::new(), |s| text(code, s)))
            })
            .collect();
        let hit = findings.iter().any(|f| {
            f.rule == *rule
                && f.severity == Severity::Error
                && f.span.as_ref().is_some_and(|span| text(code, span) == *culprit)
        });
        if !hit {
            missed.push(format!("{rule} at `{culprit}` is missing in:\n{code}\n{told:#?}"));
        }
    }
    assert!(missed.is_empty(), "{} missed\n{}", missed.len(), missed.join("\n\n"));
}

#[test]
fn names_that_are_put_together() {
    caught(&[
        ("X101", "getattr(os, 'sys' + 'tem')", "import os\ngetattr(os, 'sys' + 'tem')('ls')\n"),
        ("X101", "getattr(os, 'metsys'[::-1])", "import os\ngetattr(os, 'metsys'[::-1])('ls')\n"),
        ("X101", "getattr(os, f'{a}tem')", "import os\na = 'sys'\ngetattr(os, f'{a}tem')('ls')\n"),
        ("X101", "getattr(os, '%stem' % 'sys')", "import os\ngetattr(os, '%stem' % 'sys')('ls')\n"),
        ("X101", "getattr(os, '{}tem'.format('sys'))", "import os\ngetattr(os, '{}tem'.format('sys'))('ls')\n"),
        ("X101", "getattr(os, 'SYSTEM'.lower())", "import os\ngetattr(os, 'SYSTEM'.lower())('ls')\n"),
        (
            "X101",
            "getattr(os, 'sYstem'.replace('Y', 'y'))",
            "import os\ngetattr(os, 'sYstem'.replace('Y', 'y'))('ls')\n",
        ),
        ("X101", "getattr(os, ''.join(['sys', 'tem']))", "import os\ngetattr(os, ''.join(['sys', 'tem']))('ls')\n"),
        (
            "X101",
            "getattr(os, ''.join(map(chr, [115, 121, 115, 116, 101, 109])))",
            "import os\ngetattr(os, ''.join(map(chr, [115, 121, 115, 116, 101, 109])))('ls')\n",
        ),
        (
            "X101",
            "getattr(os, ''.join(chr(c) for c in [115, 121, 115, 116, 101, 109]))",
            "import os\ngetattr(os, ''.join(chr(c) for c in [115, 121, 115, 116, 101, 109]))('ls')\n",
        ),
        (
            "X101",
            "getattr(os, base64.b64decode('c3lzdGVt').decode())",
            "import base64\nimport os\ngetattr(os, base64.b64decode('c3lzdGVt').decode())('ls')\n",
        ),
        (
            "X101",
            "getattr(os, bytes.fromhex('73797374656d').decode())",
            "import os\ngetattr(os, bytes.fromhex('73797374656d').decode())('ls')\n",
        ),
        (
            "X101",
            "getattr(os, codecs.decode('flfgrz', 'rot13'))",
            "import codecs\nimport os\ngetattr(os, codecs.decode('flfgrz', 'rot13'))('ls')\n",
        ),
        (
            "X101",
            "getattr(os, bytes([115, 121, 115, 116, 101, 109]).decode())",
            "import os\ngetattr(os, bytes([115, 121, 115, 116, 101, 109]).decode())('ls')\n",
        ),
        ("X101", "getattr(os, b'system'.decode())", "import os\ngetattr(os, b'system'.decode())('ls')\n"),
        ("X107", "getattr(os, input())", "import os\ngetattr(os, input())('ls')\n"),
        (
            "X107",
            "getattr(os, zlib.decompress(b'x').decode())",
            "import os\nimport zlib\ngetattr(os, zlib.decompress(b'x').decode())('ls')\n",
        ),
        ("X107", "getattr(df, x.decode())", "def f(df, x):\n    return getattr(df, x.decode())\n"),
        ("X107", "setattr(F, 'col', print)", "from pyspark.sql import functions as F\nsetattr(F, 'col', print)\n"),
        (
            "X107",
            "setattr(F, n, print)",
            "from pyspark.sql import functions as F\ndef f(n):\n    setattr(F, n, print)\n",
        ),
        (
            "X107",
            "getattr(F, n).modules",
            "from pyspark.sql import functions as F\ndef f(n):\n    return getattr(F, n).modules\n",
        ),
    ]);
}

#[test]
fn code_made_at_run_time() {
    caught(&[
        ("X102", "eval", "eval('1')\n"),
        ("X102", "eval", "e = eval\ne('1')\n"),
        ("X102", "e", "e = eval\ne('1')\n"),
        ("X102", "eval", "import base64\neval(base64.b64decode('MQ=='))\n"),
        ("X102", "exec", "import zlib\nexec(zlib.decompress(b'x'))\n"),
        ("X102", "eval", "import functools\nfunctools.partial(eval, '1')()\n"),
        ("X102", "eval", "(e := eval)('1')\n"),
        ("X102", "exec", "def f(run=exec):\n    run('1')\nf()\n"),
        ("X102", "exec", "@exec\n@input\nclass A: ...\n"),
        ("X102", "eval", "f = lambda text: eval(text)\nf('1')\n"),
        ("X102", "run", "[run('1') for run in [eval]]\n"),
        ("X102", "eval", "{'a': eval}['a']('1')\n"),
        ("X102", "eval", "class A:\n    __getattr__ = eval\nA().b\n"),
        ("X102", "eval", "class M(type):\n    __getitem__ = eval\nclass A(metaclass=M): ...\nA['1']\n"),
        ("X102", "run", "if input():\n    run = print\nelse:\n    run = eval\nrun('1')\n"),
        ("X102", "ｅval", "ｅval('1')\n"),
        ("X102", "__import__", "__import__('os').system('ls')\n"),
        ("X102", "importlib", "import importlib\nimportlib.import_module('os')\n"),
        ("X102", "import_module", "from importlib import import_module\n"),
        ("X102", "builtins.eval", "import builtins\nbuiltins.eval('1')\n"),
        ("X102", "builtins.eval", "import builtins\nmap(builtins.eval, ['1'])\n"),
        ("X102", "eval", "from builtins import eval\n"),
        (
            "X102",
            "builtins.getattr(builtins, 'ev' + 'al')",
            "import builtins\nbuiltins.getattr(builtins, 'ev' + 'al')('1')\n",
        ),
        ("X101", "builtins.getattr(os, 'system')", "import builtins, os\nbuiltins.getattr(os, 'system')('ls')\n"),
        ("X104", "builtins.open('a', 'w')", "import builtins\nbuiltins.open('a', 'w')\n"),
        ("X107", "builtins", "import builtins\nprint(builtins)\n"),
        ("X107", "builtins", "import builtins\ngetattr(builtins, input())('1')\n"),
        ("X107", "builtins", "import builtins\nbuiltins['eval']('1')\n"),
        ("X107", "builtins.__dict__", "import builtins\nbuiltins.__dict__['eval']('1')\n"),
        ("X107", "builtins.print", "import builtins\nbuiltins.print = input\n"),
        (
            "X107",
            "setattr(DataFrame, '__class__', input())",
            "from pyspark.sql import DataFrame\nsetattr(DataFrame, '__class__', input())\n",
        ),
        (
            "X107",
            "setattr(DataFrame, input(), 1)",
            "from pyspark.sql import DataFrame\nsetattr(DataFrame, input(), 1)\n",
        ),
        ("X107", "setattr(sql, 'DataFrame', 1)", "from pyspark import sql\nsetattr(sql, 'DataFrame', 1)\n"),
        (
            "X102",
            "typing.get_type_hints",
            "import typing\nclass A:\n    x: \"print('hi')\"\ntyping.get_type_hints(A)\n",
        ),
        ("X102", "logging.config", "import logging.config\nlogging.config.dictConfig({})\n"),
        ("X102", "compile", "code = compile('1', 'a', 'eval')\n"),
        ("X102", "sys.path.insert", "import sys\nsys.path.insert(0, 's3')\n"),
        ("X107", "globals()", "globals()[input()]('1')\n"),
        (
            "X102",
            "df.query(\"@pd.io.common.os.popen('ls')\")",
            "def f(df):\n    df.query(\"@pd.io.common.os.popen('ls')\")\n",
        ),
        ("X107", "__builtins__", "__builtins__['ev' + 'al']('1')\n"),
    ]);
}

#[test]
fn modules_by_other_ways() {
    caught(&[
        ("X107", "sys.modules", "import sys\nsys.modules['os'].system('ls')\n"),
        ("X107", "modules", "from sys import modules\nmodules['os']\n"),
        ("X107", "os", "import os\nvars(os)['system']('ls')\n"),
        ("X107", "os.__dict__", "import os\nos.__dict__['system']('ls')\n"),
        ("X107", "json.__dict__", "import json\njson.__dict__['codecs']\n"),
        ("C010", "*", "from os import *\nsystem('ls')\n"),
        ("X107", "random._os", "import random\nrandom._os.system('ls')\n"),
        ("X107", "[random][0]._os", "import random\n[random][0]._os.system('ls')\n"),
        ("X101", "x.os.system", "def f(x):\n    x.os.system('ls')\n"),
        ("X107", "os", "from logging import os\n"),
        ("X107", "json.codecs.open", "import json\njson.codecs.open('a', 'w')\n"),
        ("X107", "os", "import os\nx = [os]\n"),
        ("X107", "os", "import os\nimport operator\noperator.methodcaller('system', 'ls')(os)\n"),
        (
            "X107",
            "operator.methodcaller('system', 'ls')",
            "import os\nimport operator\noperator.methodcaller('system', 'ls')(os)\n",
        ),
        (
            "X107",
            "operator.attrgetter('_os.system')",
            "import random\nimport operator\noperator.attrgetter('_os.system')(random)('ls')\n",
        ),
        (
            "X107",
            "getattr",
            "import functools\nimport random\nfunctools.reduce(getattr, ['_os', 'system'], random)('ls')\n",
        ),
        ("X107", "F._sys", "from pyspark.sql import functions as F\nF._sys.modules\n"),
        ("X107", "pd.io.common.os.system", "import pandas as pd\npd.io.common.os.system('ls')\n"),
        ("X107", "inspect", "import inspect\ninspect.currentframe().f_back\n"),
        ("X107", "gc", "import gc\ngc.get_objects()\n"),
        ("X110", "ctypes", "import ctypes\nctypes.CDLL(None)\n"),
        ("X110", "cffi", "import cffi\n"),
        ("X110", "threading", "import threading\nthreading.Thread(target=print).start()\n"),
    ]);
}

#[test]
fn the_interpreter_from_any_object() {
    caught(&[
        ("X107", "().__class__.__base__", "().__class__.__base__.__subclasses__()\n"),
        ("X107", "''.__class__.__mro__", "print(''.__class__.__mro__[1])\n"),
        ("X107", "str.__class__.__base__", "print(str.__class__.__base__)\n"),
        ("X107", "print.__self__", "print.__self__.eval('1')\n"),
        ("X107", "(lambda: 0).__globals__", "(lambda: 0).__globals__\n"),
        ("X107", "f.__code__", "def f(): ...\nf.__code__ = 1\n"),
        ("X107", "'{0.__globals__}'", "'{0.__globals__}'.format(print)\n"),
        ("X107", "'{0.__class__.__base__}'", "'{0.__class__.__base__}'.format(1)\n"),
        (
            "X107",
            "error.__traceback__.tb_frame",
            "try:\n    pass\nexcept ValueError as error:\n    print(error.__traceback__.tb_frame)\n",
        ),
        ("X107", "__loader__.load_module", "__loader__.load_module('os')\n"),
        ("X107", "getattr(int, '__ba' + 'se__')", "getattr(int, '__ba' + 'se__')\n"),
        ("X107", "object.__reduce_ex__", "object.__reduce_ex__(1, 2)\n"),
        ("X107", "types.FunctionType", "import types\ntypes.FunctionType\n"),
        ("X107", "type.mro", "print(type.mro(int))\n"),
    ]);
}

#[test]
fn what_unpickles() {
    caught(&[
        ("X106", "pickle", "import pickle\npickle.loads(b'')\n"),
        ("X106", "cloudpickle", "import cloudpickle\n"),
        ("X106", "cloudpickle", "from pyspark import cloudpickle\n"),
        ("X106", "dill", "import dill\n"),
        ("X106", "marshal", "import marshal\nmarshal.loads(b'')\n"),
        ("X106", "joblib", "import joblib\njoblib.load('a')\n"),
        ("X106", "torch.load", "import torch\ntorch.load('a')\n"),
        ("X106", "pd.read_pickle", "import pandas as pd\npd.read_pickle('a')\n"),
        ("X106", "pd.io.pickle.read_pickle", "import pandas as pd\npd.io.pickle.read_pickle('a')\n"),
        ("X106", "np.load('a', allow_pickle=True)", "import numpy as np\nnp.load('a', allow_pickle=True)\n"),
        ("X106", "np.load('a', None, flag)", "import numpy as np\nflag = 1\nnp.load('a', None, flag)\n"),
        ("X106", "getattr(pd, 'read_' + 'pickle')", "import pandas as pd\ngetattr(pd, 'read_' + 'pickle')('a')\n"),
    ]);
}

#[test]
fn files_programs_and_the_network() {
    caught(&[
        ("X104", "Path('a').open('w')", "from pathlib import Path\nPath('a').open('w')\n"),
        (
            "X104",
            "(Path('a') / 'b').write_bytes(b'')",
            "from pathlib import Path\n(Path('a') / 'b').write_bytes(b'')\n",
        ),
        ("X104", "io.open('a', 'w')", "import io\nio.open('a', 'w')\n"),
        ("X104", "os.open", "import os\nos.open('a', 1)\n"),
        ("X104", "codecs.open('a', 'w')", "import codecs\ncodecs.open('a', 'w')\n"),
        ("X104", "gzip.open", "import gzip\ngzip.open('a', 'wb')\n"),
        ("X104", "open('a', mode)", "def f(mode):\n    open('a', mode)\n"),
        ("X104", "tempfile", "import tempfile\n"),
        ("X104", "shutil", "import shutil\nshutil.rmtree('/')\n"),
        (
            "X104",
            "s3.delete_object(Bucket='b', Key='k')",
            "import boto3\ns3 = boto3.client('s3')\ns3.delete_object(Bucket='b', Key='k')\n",
        ),
        ("X101", "os.fork", "import os\nos.fork()\n"),
        ("X101", "pty", "import pty\npty.spawn('sh')\n"),
        (
            "X101",
            "asyncio.create_subprocess_shell",
            "import asyncio\nasync def f():\n    await asyncio.create_subprocess_shell('ls')\n",
        ),
        ("X101", "subprocess as s", "import subprocess as s\ns.run('ls')\n"),
        ("X101", "system as run", "from os import system as run\nrun('ls')\n"),
        ("X103", "urllib.request", "import urllib.request\nurllib.request.urlopen('http://x')\n"),
        ("X103", "requests", "import requests\n"),
        ("X103", "httpx", "import httpx\n"),
        ("X103", "socket.socket", "import socket\nprint(socket.gethostname())\nsocket.socket()\n"),
        ("X103", "socket", "import socket\nsocket.create_connection(('x', 1))\n"),
        ("X114", "HTTPServer", "from http.server import HTTPServer\n"),
        ("X114", "'0.0.0.0'", "def f(s):\n    s.bind(('0.0.0.0', 80))\n"),
        ("X105", "'http://169.254.' + '169.254/latest'", "u = 'http://169.254.' + '169.254/latest'\n"),
        ("X105", "'/'.join(['', 'proc', 'self', 'environ'])", "p = '/'.join(['', 'proc', 'self', 'environ'])\n"),
        (
            "X105",
            "os.path.join('/proc', 'self', 'environ')",
            "import os\np = os.path.join('/proc', 'self', 'environ')\n",
        ),
        ("X105", "'~/.aws/credentials'", "p = '~/.aws/credentials'\n"),
        ("X105", "os.environ", "import os\nx = {**os.environ}\n"),
        (
            "X105",
            "boto3.Session().get_credentials()",
            "import boto3\nkey = boto3.Session().get_credentials().secret_key\n",
        ),
        ("X103", "pd.io.common.urlopen", "import pandas as pd\npd.io.common.urlopen('http://x')\n"),
        ("X107", "os", "import os\n[x := os][0].system('ls')\n"),
        ("X107", "locals()", "import os\nlocals()['os'].system('ls')\n"),
        ("X101", "loop.get().subprocess_shell", "def f(loop):\n    loop.get().subprocess_shell('ls')\n"),
        ("X107", "enum.bltns.eval", "import enum\nenum.bltns.eval('1')\n"),
        ("X105", "os.environ['LD_PRELOAD']", "import os\nos.environ['LD_PRELOAD'] = 'x'\n"),
        ("X105", "os.environ.setdefault('AWS_PROFILE', 'x')", "import os\nos.environ.setdefault('AWS_PROFILE', 'x')\n"),
        ("X115", "os.environ", "import os\nprint(os.environ)\n"),
        ("X115", "os.environ", "import json\nimport os\nprint(json.dumps(dict(os.environ)))\n"),
        ("X115", "os.environ['DB_PASSWORD']", "import os\nprint(os.environ['DB_PASSWORD'])\n"),
        ("X115", "secret", "import logging\nlog = logging.getLogger()\nsecret = input()\nlog.info('%s', secret)\n"),
    ]);
}

#[test]
fn a_text_in_another_encoding_is_another_program() {
    for first in ["# -*- coding: raw_unicode_escape -*-", "#!/usr/bin/python\n# vim: set fileencoding=utf-7 :"] {
        let code = format!("{first}\n#\\u000aimport os\n");
        let findings = findings(&code);
        assert!(findings.iter().any(|f| f.rule == "C001" && f.severity == Severity::Error), "{code}{findings:?}");
    }
    for first in ["# -*- coding: utf-8 -*-", "# coding=UTF8", "# encoding: latin-1", "x = 1"] {
        let findings = findings(&format!("{first}\n"));
        assert!(findings.is_empty(), "{first}: {findings:?}");
    }
}
