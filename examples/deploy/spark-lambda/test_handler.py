"""The handler over real PySpark. `s3://` are files here, by the file system of the local engine whose Python runs the tests."""

import base64
import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
import time
import unittest

import handler

HERE = os.path.dirname(os.path.abspath(__file__))
ENGINE = os.path.dirname(sys.prefix)
OUTPUT = "s3://house/runs/1/output/"
SECRET = "wJalr/XUtnFEMI+K7MDENG=bPxRfiCY"
SESSION = "from pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\n"


class Context:
    """What Lambda tells of an invocation."""

    memory_limit_in_mb = 1536

    def __init__(self, seconds):
        self.until = time.monotonic() + seconds

    def get_remaining_time_in_millis(self):
        return int((self.until - time.monotonic()) * 1000)


def conf(folder, store):
    """The image's own settings, with files in the place of S3."""
    os.makedirs(folder)
    shutil.copy(os.path.join(HERE, "conf", "log4j2.properties"), folder)
    files = "enginehouse.RunFileSystem"
    own = {f"spark.hadoop.fs.{scheme}.impl": files for scheme in ("s3", "s3a")} | {
        "spark.driver.extraClassPath": os.path.join(ENGINE, "files.jar"),
        "spark.hadoop.fs.enginehouse.in": store,
        "spark.hadoop.fs.enginehouse.out": store,
        "spark.hadoop.fs.enginehouse.output": os.path.join(store, "house/runs/1/output"),
    }
    with open(os.path.join(HERE, "conf", "spark-defaults.conf"), encoding="utf-8") as file:
        image = file.read()
    with open(os.path.join(folder, "spark-defaults.conf"), "w", encoding="utf-8") as file:
        file.write(image + "".join(f"{name} {value}\n" for name, value in own.items()))


class Handler(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.store, cls.scratch = (os.path.join(cls.folder, name) for name in ("store", "scratch"))
        cls.output = os.path.join(cls.store, "house/runs/1/output")
        os.makedirs(cls.output)
        os.makedirs(cls.scratch)
        conf(os.path.join(cls.folder, "conf"), cls.store)
        os.environ |= {
            "SCRATCH": cls.scratch,
            "SPARK_CONF_DIR": os.path.join(cls.folder, "conf"),
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
            "DATABASE_PASSWORD": "hunter2",
        }

    def invoke(self, code, seconds=120, **event):
        """The status, the body, and what went to the function's log."""
        log = io.StringIO()
        with contextlib.redirect_stdout(log):
            answer = handler.handler({"spark_code": code, "s3_output_path": OUTPUT} | event, Context(seconds))
        self.assertEqual(os.listdir(self.scratch), [], "nothing is left")
        self.assertEqual(handler.descendants() - {os.getpid()}, set(), "nobody is left")
        return answer["statusCode"], json.loads(answer["body"]), log.getvalue()

    def refused(self, event):
        answer = handler.handler(event, Context(60))
        body = json.loads(answer["body"])
        self.assertEqual((answer["statusCode"], body["status"], body["error"]["type"]), (400, "failed", "request"))
        return body["error"]["message"]

    def test_a_program_writes_where_it_is_told_to(self):
        os.makedirs(os.path.join(self.store, "lake"))
        with open(os.path.join(self.store, "lake", "sales.csv"), "w", encoding="utf-8") as file:
            file.write("region,amount\nnorth,3\nsouth,4\nnorth,9\n")
        code = (
            "import os\nfrom pyspark.sql import SparkSession\n"
            "spark = SparkSession.builder.enableHiveSupport().getOrCreate()\n"
            "sales = spark.read.csv('s3://lake/sales.csv', header=True, inferSchema=True)\n"
            "totals = sales.groupBy('region').sum('amount').orderBy('region')\n"
            "totals.coalesce(1).write.mode('overwrite').csv(os.environ['OUTPUT_PATH'], header=True)\n"
            "double = lambda number: number * 2\n"
            "print(spark.sparkContext.parallelize([1, 2]).map(double).collect())\n"
            "print(spark.conf.get('spark.sql.catalogImplementation'))\n"
        )
        status, body, log = self.invoke(code)
        self.assertEqual((status, body["status"], body["s3_output_path"]), (200, "success", OUTPUT), body)
        self.assertIn("[2, 4]\nin-memory\n", body["output"])
        self.assertIn("[2, 4]\nin-memory\n", log)
        self.assertNotIn("error", body)
        names = os.listdir(self.output)
        self.assertIn("_SUCCESS", names)
        part = next(name for name in names if name.startswith("part-"))
        with open(os.path.join(self.output, part), encoding="utf-8") as file:
            self.assertEqual(file.read(), "region,sum(amount)\nnorth,12\nsouth,4\n")

    def test_a_program_that_raises_tells_its_line(self):
        body = json.dumps({"spark_code": SESSION + "spark.range(3).select('no')\n", "s3_output_path": OUTPUT})
        for event in ({"body": body}, {"body": base64.b64encode(body.encode()).decode(), "isBase64Encoded": True}):
            log = io.StringIO()
            with contextlib.redirect_stdout(log):
                answer = handler.handler(event, Context(120))
            told = json.loads(answer["body"])
            self.assertEqual((answer["statusCode"], told["error"]["line"]), (500, 3), told)
            self.assertEqual(told["error"]["type"], "AnalysisException")
            last = log.getvalue().splitlines()[-1]
            self.assertEqual(json.loads(last.removeprefix("enginehouse-failure: ")), told["error"])
            self.assertLess(len(last), 3000)

    def test_a_report_of_the_programs_own_counts(self):
        report = {"type": "T", "message": "ü" * 9000, "line": 7, "condition": "C", "causes": ["a", 1], "more": "y" * 9000}
        code = f"import sys\nprint('enginehouse-failure: ' + {json.dumps(report)!r})\nsys.exit(1)\n"
        status, body, log = self.invoke(code)
        self.assertEqual((status, body["error"]["line"], body["error"]["condition"]), (500, 7, "C"))
        self.assertEqual((log.count("enginehouse-failure"), "enginehouse-failure" in body["output"]), (1, False))
        self.assertEqual((body["error"]["causes"], "more" in body["error"]), (["a", ""], False))
        self.assertTrue(body["error"]["message"].startswith("ü" * 100))
        self.assertLess(len(json.dumps(body["error"])), 2600)

    def test_how_a_program_leaves_is_told(self):
        for code, kind, words in (
            ("import sys\nsys.exit(3)\n", "exit", "3"),
            ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n", "memory", "memory"),
            ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n", "signal", "11"),
            ("def f(:\n", "SyntaxError", "invalid syntax"),
        ):
            status, body, _ = self.invoke(code)
            self.assertEqual((status, body["error"]["type"]), (500, kind), body)
            self.assertIn(words, body["error"]["message"])
        # How that looks from Python hangs on which of the two notices first.
        status, body, _ = self.invoke(SESSION + "spark._jvm.java.lang.System.exit(1)\n")
        self.assertEqual((status, body["error"]["line"]), (500, 3), body)
        status, body, _ = self.invoke("import sys\nprint('well')\nsys.exit()\n")
        self.assertEqual((status, body["output"].splitlines()[-1]), (200, "well"))

    def test_what_cannot_be_run_is_refused_with_words(self):
        good = {"spark_code": "print(1)", "s3_output_path": OUTPUT}
        deep = "[" * 200_000
        for event in (None, [], "text", 3, {}, {"body": None}, {"body": "{"}, {"body": deep}, {"body": "[1]"}):
            self.refused(event)
        self.refused({"body": "no base64", "isBase64Encoded": True})
        for name, value in (
            ("spark_code", None),
            ("spark_code", 7),
            ("spark_code", ["print(1)"]),
            ("spark_code", "  "),
            ("spark_code", "a = '\ud800'"),
            ("s3_output_path", {"a": 1}),
            ("s3_output_path", "\udfff"),
        ):
            self.assertIn(name, self.refused(good | {name: value}))
        self.assertIn("null bytes", self.refused(good | {"spark_code": "print(1)\0"}))
        self.assertIn("bytes", self.refused(good | {"spark_code": "#" * (3 << 20)}))
        for path in ("/tmp/x", "file:///etc/", "s3://", "s3://b", "s3://house/a\nb/", "s3://../x/", "s3://house/" + "x" * 2000):
            self.assertIn("s3://bucket/prefix/", self.refused(good | {"s3_output_path": path}))

    def test_a_program_that_takes_too_long_is_ended_with_all_it_started(self):
        code = (
            "import os, subprocess, sys, time\n"
            "far = 'import os, time; os.fork(); os.fork(); time.sleep(600)'\n"
            "subprocess.Popen([sys.executable, '-c', far], start_new_session=True)\n"
            "print('begun', flush=True)\n"
            "time.sleep(600)\n"
        )
        begun = time.monotonic()
        status, body, log = self.invoke(code, seconds=30)
        self.assertLess(time.monotonic() - begun, 30)
        self.assertEqual((status, body["error"]["type"]), (504, "time"), body)
        self.assertIn("begun", body["output"])
        self.assertIn("all the time", log.splitlines()[-1])

    def test_what_a_program_leaves_running_does_not_hold_up_the_answer(self):
        code = (
            "import subprocess, sys\n"
            "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"
            "print('done')\n"
        )
        begun = time.monotonic()
        status, body, _ = self.invoke(code, seconds=120)
        self.assertLess(time.monotonic() - begun, 60)
        self.assertEqual((status, body["status"]), (200, "success"))

    def test_a_flood_is_cut_in_the_middle(self):
        code = (
            "import os, sys\n"
            "print('first')\n"
            "for number in range(1000):\n    print('x' * 10_000)\n"
            "os.write(1, b'y' * (20 << 20))\n"
            "print()\nprint('last')\nraise ValueError('z' * 1000)\n"
        )
        status, body, log = self.invoke(code)
        self.assertEqual((status, body["error"]["type"], body["error"]["line"]), (500, "ValueError", 8))
        for told in (body["output"], log):
            self.assertTrue("first\n" in told and "last\n" in told and "ValueError: zzz" in told, told[-3000:])
        self.assertGreater(body["dropped"], 20 << 20)
        self.assertLess(len(json.dumps(body)), 1 << 20)
        self.assertLess(len(log), 1 << 20)

    def test_secrets_are_neither_handed_on_nor_told(self):
        code = (
            "import os\n"
            "print(dict(os.environ))\n"
            "raise ValueError(os.environ['AWS_SECRET_ACCESS_KEY'])\n"
        )
        status, body, log = self.invoke(code)
        self.assertEqual((status, body["error"]["message"]), (500, "***"))
        for told in (json.dumps(body), log):
            self.assertIn("AWS_ACCESS_KEY_ID", told)
            for secret in (SECRET, "hunter2", "AWS_LAMBDA_RUNTIME_API"):
                self.assertNotIn(secret, told)

    def test_one_program_finds_nothing_of_the_one_before(self):
        leave = SESSION + (
            "import os\n"
            "spark.range(3).createOrReplaceTempView('mine')\n"
            "spark.range(3).createOrReplaceGlobalTempView('mine')\n"
            "spark.range(3).write.saveAsTable('kept')\n"
            "scratch = os.path.dirname(os.getcwd())\n"
            "os.makedirs(scratch + '/shut/in')\n"
            "open(scratch + '/shut/in/left', 'w').close()\n"
            "open(scratch + '/left', 'w').close()\n"
            "os.chmod(scratch + '/shut/in', 0)\nos.chmod(scratch + '/shut', 0)\n"
            "os.symlink('/', scratch + '/root')\n"
        )
        look = SESSION + (
            "import os\n"
            "tables = [table.name for table in spark.catalog.listTables()]\n"
            "tables += [table.name for table in spark.catalog.listTables('global_temp')]\n"
            "print('found', tables, len(os.listdir(os.path.dirname(os.getcwd()))))\n"
        )
        status, body, _ = self.invoke(leave)
        self.assertEqual(status, 200, body)
        status, body, _ = self.invoke(look)
        self.assertEqual(status, 200, body)
        self.assertIn("found [] 1\n", body["output"])

    def test_what_is_no_text_is_replaced(self):
        code = "import sys\nsys.stdout.buffer.write(b'\\xff\\xfe ok \\x00\\n')\nprint('\\ud800')\nprint('ä' * 3)\n"
        status, body, _ = self.invoke(code)
        self.assertEqual(status, 200, body)
        self.assertIn("\ufffd\ufffd ok \0\n\\ud800\näää\n", body["output"])


if __name__ == "__main__":
    unittest.main()
