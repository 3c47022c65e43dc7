"""The handler over HTTP, against a head that runs nothing and answers as Ray 2.60 does, or as it is told."""

import contextlib
import inspect
import io
import json
import os
import re
import socket
import sys
import threading
import types
import unittest
import unittest.mock
import zipfile
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer

import handler

HERE = os.path.dirname(os.path.abspath(__file__))
RUST = os.path.join(HERE, "..", "..", "..", "host", "protocols", "src", "ray")
JOB = {"submission_id": "job-1"}
PROGRAM = JOB | {"code": "print('$(id)`; ä')\n", "output_path": "s3://house/runs/1/output/"}


def job(status="PENDING", **more):
    """A job as Ray tells one."""
    usual = {
        "type": "SUBMISSION",
        "job_id": None,
        "submission_id": "job-1",
        "driver_info": None,
        "status": status,
        "entrypoint": "python main.py",
        "message": f"Job is {status}.",
        "error_type": None,
        "start_time": 1_700_000_000_000,
        "end_time": None,
        "metadata": {},
        "runtime_env": {"env_vars": {"PASSWORD": "hunter2"}},
        "driver_agent_http_address": None,
        "driver_node_id": None,
        "driver_exit_code": None,
    }
    return usual | more


def traceback_of(words):
    """What the head says of an agent that refused: a text, with what happened in its last line."""
    lines = 'File "job_head.py", line 419, in submit_job\n' * 40
    return f"Traceback (most recent call last):\n{lines}RuntimeError: Request failed with status code 400: {words}\n.\n"


class Head(ThreadingTCPServer):
    """A head, and all that it was asked."""

    daemon_threads = True

    def __init__(self, token=""):
        super().__init__(("127.0.0.1", 0), Answers)
        self.token = token
        self.jobs, self.logs, self.packages, self.asked = {}, {}, {}, []
        # What is answered once, or always, in the place of the usual: by method and path, a status and a body.
        self.odd = {}
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def end(self):
        self.shutdown()
        self.server_close()

    def handle_error(self, *_):
        """Who asked may have gone."""

    def count(self, method, part=""):
        return sum(asked[0] == method and part in asked[1] for asked in self.asked)

    def usual(self, method, path, body):
        match method, path.strip("/").split("/")[1:]:
            case "GET", ["version"]:
                return 200, {"version": "4", "ray_version": "2.60.0", "ray_commit": "c", "session_name": "s"}
            case "GET", ["packages", "gcs", name]:
                return (200, b"") if name in self.packages else (404, f"Package gcs://{name} does not exist")
            case "PUT", ["packages", "gcs", name]:
                self.packages[name] = body
                return 200, b""
            # With the slash at its end, and only so.
            case "POST", ["jobs"] if path.endswith("/"):
                return self.submitted(json.loads(body))
            case "GET", ["jobs"] if path.endswith("/"):
                return 200, list(self.jobs.values())
            case _, ["jobs", name, *_] if name not in self.jobs:
                return 404, f"Job {name} does not exist"
            case "GET", ["jobs", name]:
                return 200, self.jobs[name]
            case "POST", ["jobs", name, "stop"]:
                stopped = self.jobs[name]["status"] not in handler.ENDED
                if stopped:
                    self.jobs[name] = job("STOPPED")
                return 200, {"stopped": stopped}
            case "GET", ["jobs", name, "logs"]:
                # Nothing was printed as long as no driver was begun.
                return 200, {"logs": self.logs.get(name, "")}
        return 404, "404: Not Found"

    def submitted(self, asked):
        name = asked["submission_id"]
        if name in self.jobs:
            words = f"ValueError: Job with submission_id {name} already exists. Please use a different submission_id."
            return 500, traceback_of(words)
        self.jobs[name] = job(submission_id=name, runtime_env=asked["runtime_env"])
        return 200, {"job_id": name, "submission_id": name}


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def respond(self):
        head, body = self.server, self.rfile.read(int(self.headers.get("Content-Length") or 0))
        head.asked.append((self.command, self.path, dict(self.headers), body))
        odd = head.odd.get((self.command, self.path))
        if isinstance(odd, list):
            odd = odd.pop(0) if odd else None
        if callable(odd):
            return odd(self)
        if odd is None and head.token and self.headers.get("Authorization") != f"Bearer {head.token}":
            odd = 401, "Unauthorized: Missing authentication token"
        status, told = odd or head.usual(self.command, self.path, body)
        self.tell(status, told)

    do_GET = do_PUT = do_POST = respond

    def tell(self, status, told, length=None):
        body = told if isinstance(told, bytes) else (told if isinstance(told, str) else json.dumps(told)).encode()
        with contextlib.suppress(OSError):
            self.send_response(status)
            if status in (301, 302):
                self.send_header("Location", "http://127.0.0.1:9/")
            self.send_header("Content-Length", str(length or len(body)))
            self.end_headers()
            self.wfile.write(body)
        self.close_connection = length is not None

    def breaks(self):
        """In the middle of an answer."""
        self.tell(200, '{"status": "RUNN', 1000)

    def babbles(self):
        self.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        self.close_connection = True

    def log_message(self, *_):
        pass


def closed():
    """An address where nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{one.getsockname()[1]}"


class Case(unittest.TestCase):
    def setUp(self):
        self.head = self.start()
        self.set(RAY_URLS=self.head.url)
        handler.token.cache_clear()
        handler.ANSWERED.clear()
        handler.LAST.clear()

    def start(self, token=""):
        head = Head(token)
        self.addCleanup(head.end)
        return head

    def set(self, **variables):
        """Only these of ours."""
        ours = unittest.mock.patch.dict(os.environ, variables)
        ours.start()
        self.addCleanup(ours.stop)

    def call(self, tool, /, **arguments):
        told = handler.call(tool, arguments)
        self.assertEqual(json.loads(json.dumps(told)), told)
        self.assertNotIn("error", told)
        return told

    def fails(self, kind, tool, /, **arguments):
        with contextlib.redirect_stderr(io.StringIO()):
            told = handler.call(tool, arguments)
        self.assertEqual(list(told), ["error"], told)
        self.assertEqual(told["error"]["kind"], kind, told)
        self.assertLess(len(told["error"]["message"]), 1000)
        return told["error"]["message"]


class Jobs(Case):
    def test_a_program_is_a_package_and_no_word_of_it_is_in_the_entrypoint(self):
        self.set(RAY_DRIVER_CPUS="0.5", RAY_RUNTIME_ENV='{"env_vars": {"A": "1"}, "pip": ["x"], "working_dir": "elsewhere"}')
        self.assertEqual(self.call("submit_job", **PROGRAM), {"submission_id": "job-1", "new": True})
        self.assertEqual(self.head.asked[0][:2], ("GET", "/api/jobs/job-1"), "what there is, is asked first")
        [(name, package)] = self.head.packages.items()
        self.assertRegex(name, r"^_ray_pkg_[0-9a-f]{64}\.zip$")
        with zipfile.ZipFile(io.BytesIO(package)) as file:
            self.assertEqual((file.namelist(), file.read("main.py").decode()), (["main.py"], PROGRAM["code"]))
        [posted] = [json.loads(body) for method, path, _, body in self.head.asked if (method, path) == ("POST", "/api/jobs/")]
        environment = {"env_vars": {"A": "1", "OUTPUT_PATH": PROGRAM["output_path"]}, "pip": ["x"], "working_dir": f"gcs://{name}"}
        self.assertEqual(
            posted,
            {"entrypoint": "python main.py", "submission_id": "job-1", "entrypoint_num_cpus": 0.5, "runtime_env": environment},
        )

    def test_a_name_is_used_once_and_a_package_is_sent_once(self):
        self.assertTrue(self.call("submit_job", **PROGRAM)["new"])
        self.assertFalse(self.call("submit_job", **PROGRAM)["new"])
        self.assertEqual((self.head.count("POST"), self.head.count("PUT")), (1, 1))
        self.assertTrue(self.call("submit_job", **PROGRAM | {"submission_id": "job-2"})["new"])
        self.assertEqual((self.head.count("POST"), self.head.count("PUT")), (2, 1), "the package is there")
        self.call("submit_job", **PROGRAM | {"submission_id": "job-3", "code": "print(2)"})
        self.assertEqual((len(self.head.packages), len(self.head.jobs)), (2, 3))

    def test_who_is_slower_attaches(self):
        words = "ValueError: Job with submission_id job-1 already exists. Please use a different submission_id."
        for status in (400, 500):
            self.head.odd["POST", "/api/jobs/"] = status, traceback_of(words)
            self.assertEqual(self.call("submit_job", **PROGRAM), {"submission_id": "job-1", "new": False})

    def test_a_submission_that_is_refused_says_why_and_one_that_fails_is_no_attachment(self):
        self.head.odd["POST", "/api/jobs/"] = 400, traceback_of("TypeError: runtime_env must be a dict")
        self.assertIn("runtime_env must be a dict", self.fails("invalid", "submit_job", **PROGRAM))
        self.head.odd["POST", "/api/jobs/"] = 500, "No available agent to submit job, please try again later."
        self.assertIn("No available agent", self.fails("unavailable", "submit_job", **PROGRAM))
        self.head.odd = {("GET", "/api/jobs/job-1"): (500, "boom")}
        self.fails("unavailable", "submit_job", **PROGRAM)
        self.assertEqual((self.head.count("POST"), self.head.jobs), (2, {}), "who does not know what there is starts nothing")

    def test_what_the_operator_set_wrongly_is_named(self):
        for name, wrong in (("RAY_RUNTIME_ENV", "{"), ("RAY_RUNTIME_ENV", "[1]"), ("RAY_DRIVER_CPUS", "many")):
            with unittest.mock.patch.dict(os.environ, {name: wrong}):
                self.assertIn(name, self.fails("unconfigured", "submit_job", **PROGRAM))
        self.set(RAY_RUNTIME_ENV='{"env_vars": null}', RAY_DRIVER_CPUS="")
        self.call("submit_job", **PROGRAM)
        self.assertEqual(self.head.jobs["job-1"]["runtime_env"]["env_vars"], {"OUTPUT_PATH": PROGRAM["output_path"]})

    def test_how_far_a_job_is(self):
        self.head.jobs["job-1"] = job("FAILED", message="m" * 9000, end_time=1_700_000_001_000, driver_exit_code=3)
        told = self.call("job_status", **JOB)
        self.assertEqual(told.pop("message"), "m" * 4096)
        self.assertEqual(
            told,
            {
                "submission_id": "job-1",
                "status": "FAILED",
                "ended": True,
                "exit_code": 3,
                "started_ms": 1_700_000_000_000,
                "ended_ms": 1_700_000_001_000,
            },
        )
        for status, ended in (("PENDING", False), ("RUNNING", False), ("STOPPED", True), ("SUCCEEDED", True), ("NEW", False)):
            self.head.jobs["job-1"] = job(status)
            told = self.call("job_status", **JOB)
            self.assertEqual((told["status"], told["ended"]), (status, ended))
        self.head.jobs["job-1"] = {"status": "RUNNING", "message": None, "start_time": 1_700_000_000, "end_time": 0}
        told = self.call("job_status", **JOB)
        self.assertEqual((told["submission_id"], told["started_ms"], told["ended_ms"]), ("job-1", 1_700_000_000_000, None))

    def test_a_job_is_stopped_and_one_that_cannot_be_yet_is_asked_for_again(self):
        self.head.jobs["job-1"] = job("RUNNING")
        self.assertEqual(self.call("stop_job", **JOB), {"stopped": True})
        self.assertEqual(self.head.jobs["job-1"]["status"], "STOPPED")
        self.assertEqual(self.call("stop_job", **JOB), {"stopped": False})
        # Its supervisor is not there yet, so Ray stops nobody: the job would begin after all.
        self.head.jobs["job-1"] = job("PENDING")
        self.head.odd["POST", "/api/jobs/job-1/stop"] = [(200, {"stopped": False})]
        self.fails("unavailable", "stop_job", **JOB)
        self.assertEqual(self.call("stop_job", **JOB), {"stopped": True})

    def test_the_newest_jobs_are_listed_without_what_they_were_given(self):
        driver = job("RUNNING", type="DRIVER", submission_id=None, start_time=1)
        many = {f"job-{number}": job(submission_id=f"job-{number}", start_time=1_700_000_000_000 + number) for number in range(250)}
        self.head.jobs = many | {"odd": "no job", "other": {"no": "status"}, "driver": driver}
        told = self.call("list_jobs")
        self.assertEqual([one["submission_id"] for one in told["jobs"]], [f"job-{number}" for number in range(249, 49, -1)])
        self.assertNotIn("hunter2", json.dumps(told))
        self.head.odd["GET", "/api/jobs/"] = 200, {"a": job("RUNNING")}
        self.assertEqual(len(self.call("list_jobs")["jobs"]), 1, "old versions name each")

    def test_the_cluster_tells_its_version(self):
        self.assertEqual(self.call("cluster_status"), {"status": "connected", "ray_version": "2.60.0"})

    def test_a_job_that_is_not_there(self):
        for tool in ("job_status", "job_logs", "stop_job"):
            self.assertIn("Job job-1 does not exist", self.fails("not-found", tool, **JOB))


class Faults(Case):
    def test_the_address_that_answers_is_found_and_remembered(self):
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        silent.setblocking(False)
        silence = f"http://127.0.0.1:{silent.getsockname()[1]}"
        self.set(RAY_URLS=f"{closed()} {silence} {self.head.url}/")
        usual = handler.OPENER.open

        def hasty(request, timeout):
            return usual(request, timeout=0.1 if request.full_url.startswith(silence) else timeout)

        with unittest.mock.patch.object(handler.OPENER, "open", hasty):
            for _ in range(8):
                self.call("cluster_status")
        silent.accept()[0].close()
        with self.assertRaises(BlockingIOError):
            silent.accept()

    def test_whoever_stands_between_is_not_the_cluster(self):
        between = self.start()
        self.set(RAY_URLS=f"{between.url} {self.head.url}")
        for status in (502, 503, 504):
            handler.ANSWERED.clear()
            between.odd["GET", "/api/version"] = status, "<html>Bad Gateway</html>"
            self.call("cluster_status")
        self.set(RAY_URLS=between.url)
        self.assertIn("504", self.fails("unavailable", "cluster_status"))

    def test_a_cluster_that_is_not_reached(self):
        self.set(RAY_URLS=closed())
        for tool, arguments in (("submit_job", PROGRAM), ("job_status", JOB), ("job_logs", JOB), ("stop_job", JOB), ("list_jobs", {})):
            self.assertIn("cannot be reached", self.fails("unavailable", tool, **arguments))
        for urls in ("", "10.0.0.7:8265", "not an address"):
            with unittest.mock.patch.dict(os.environ, RAY_URLS=urls):
                self.assertIn("RAY_URLS", self.fails("unconfigured", "cluster_status"))

    def test_the_token_is_shown_to_the_cluster_and_told_to_nobody(self):
        self.head.token = "opensesame-17"
        self.fails("denied", "cluster_status")
        self.set(RAY_AUTH_TOKEN="opensesame-17")
        handler.token.cache_clear()
        self.call("submit_job", **PROGRAM)
        self.assertEqual({asked[2].get("Authorization") for asked in self.head.asked[1:]}, {"Bearer opensesame-17"})
        for status in (400, 401, 404, 418, 500):
            self.head.odd["GET", "/api/version"] = status, "bad header: Bearer opensesame-17"
            told = handler.call("cluster_status", {})["error"]["message"]
            self.assertTrue("Bearer [a secret]" in told and "sesame" not in told, told)

    def test_a_token_that_was_replaced_is_read_again(self):
        secrets = ["old", "new\n"]
        client = types.SimpleNamespace(get_secret_value=lambda SecretId: {"SecretString": secrets.pop(0)})
        boto3 = types.SimpleNamespace(client=lambda service: client)
        self.set(RAY_TOKEN_SECRET="rays")
        with unittest.mock.patch.dict(sys.modules, boto3=boto3):
            self.head.token = "old"
            self.call("cluster_status")
            self.call("cluster_status")
            self.head.token = "new"
            self.call("cluster_status")
            self.head.token = "another"
            self.assertIn("RAY_TOKEN_SECRET", self.fails("unconfigured", "cluster_status"), "no secret is left")

    def test_redirects_are_not_followed(self):
        for status in (301, 302):
            self.head.odd["GET", "/api/version"] = status, ""
            self.fails("unconfigured", "cluster_status")

    def test_what_is_not_rays_is_told_by_its_meaning(self):
        for kind, answer in (
            ("other", (200, "not JSON")),
            ("other", (200, "{}")),
            ("other", (200, "[1, 2")),
            ("other", (200, {"status": 7})),
            ("other", (200, "[" * 100_000)),
            ("other", (418, "tea")),
            ("denied", (403, "")),
            ("unconfigured", (405, "")),
            ("unavailable", (429, "")),
            ("unavailable", (500, "Traceback\n" * 9000)),
            ("unavailable", Answers.breaks),
            ("unavailable", Answers.babbles),
        ):
            self.head.odd["GET", "/api/jobs/job-1"] = answer
            with self.subTest(kind, answer=str(answer)[:40]):
                self.fails(kind, "job_status", **JOB)
        for odd in ("7", '"jobs"', "null"):
            self.head.odd["GET", "/api/jobs/"] = 200, odd
            self.fails("other", "list_jobs")

    def test_an_answer_that_is_too_long_is_not_held(self):
        with unittest.mock.patch.object(handler, "MOST_BYTES", 1000):
            self.head.odd["GET", "/api/jobs/"] = 200, [job()] * 10
            self.assertIn("more than 1000 bytes", self.fails("other", "list_jobs"))

    def test_arguments_that_cannot_be_are_refused_before_anything_is_sent(self):
        for name in ("", "../version", "a/b", "a?b", "a b", "a\n", "ä", "a" * 129, 7, None, ["a"], "\ud800"):
            for tool in ("job_status", "job_logs", "stop_job"):
                self.fails("invalid", tool, submission_id=name)
            self.fails("invalid", "submit_job", submission_id=name, code="")
        for wrong in ({"code": 7}, {"code": None}, {"code": "\ud800"}, {"output_path": ["s3://a/"]}, {"output_path": 7}, {"more": 1}):
            self.fails("invalid", "submit_job", **PROGRAM | wrong)
        for after in (-1, "1", 1.5, True, [1]):
            self.assertIn("`after`", self.fails("invalid", "job_logs", **JOB, after=after))
        self.assertIn("code", self.fails("invalid", "submit_job", **JOB))
        self.fails("invalid", "list_jobs", limit=3)
        self.fails("not-found", "delete_job", **JOB)
        for arguments in (None, [1], "job-1"):
            self.assertEqual(handler.call("job_status", arguments)["error"]["kind"], "invalid")
        self.assertEqual(self.head.asked, [])

    def test_what_nobody_thought_of_is_an_answer_as_well(self):
        self.head.odd["POST", "/api/jobs/job-1/stop"] = 200, "7"
        log = io.StringIO()
        with contextlib.redirect_stderr(log):
            told = handler.call("stop_job", JOB)
        self.assertEqual(told["error"]["kind"], "other")
        self.assertIn("Traceback", log.getvalue(), "and in the function's log")


class Logs(Case):
    def read(self, after=0):
        """All pieces from a byte on: their text, their bounds, and what was dropped."""
        words, dropped, ends = [], 0, [after]
        while True:
            told = self.call("job_logs", **JOB, after=ends[-1])
            self.assertLessEqual(len(told["text"].encode()), handler.PIECE)
            self.assertTrue(told["next"] > ends[-1] or told["end"], "it goes on")
            words.append(told["text"])
            dropped += told["dropped"]
            ends.append(told["next"])
            if told["end"]:
                return "".join(words), dropped, ends

    def ended(self, log):
        handler.LAST.clear()
        self.head.jobs["job-1"], self.head.logs["job-1"] = job("SUCCEEDED"), log

    def answers(self, body):
        self.ended("")
        self.head.odd["GET", "/api/jobs/job-1/logs"] = 200, body

    def test_a_log_that_grows_is_followed(self):
        self.head.jobs["job-1"] = job("PENDING")
        self.assertEqual(self.call("job_logs", **JOB, after=0), {"text": "", "next": 0, "dropped": 0, "end": False})
        self.head.jobs["job-1"], self.head.logs["job-1"] = job("RUNNING"), "one\n"
        self.assertEqual(self.call("job_logs", **JOB, after=0), {"text": "one\n", "next": 4, "dropped": 0, "end": False})
        self.assertEqual(self.call("job_logs", **JOB, after=4), {"text": "", "next": 4, "dropped": 0, "end": False})
        self.head.jobs["job-1"], self.head.logs["job-1"] = job("FAILED"), "one\ntwo\n"
        self.assertEqual(self.call("job_logs", **JOB, after=4), {"text": "two\n", "next": 8, "dropped": 0, "end": True})
        self.assertEqual(self.call("job_logs", **JOB)["text"], "one\ntwo\n")
        self.assertEqual(self.call("job_logs", **JOB, after=None)["text"], "one\ntwo\n")
        self.assertEqual(self.call("job_logs", **JOB, after=99), {"text": "", "next": 99, "dropped": 0, "end": True})

    def test_a_log_is_gathered_once_for_its_pieces(self):
        log = "äöü 0123456789\n" * 60_000
        self.ended(log)
        words, dropped, ends = self.read()
        self.assertEqual((words == log, dropped, ends[-1]), (True, 0, len(log.encode())))
        self.assertEqual(self.head.count("GET", "/logs"), 1)
        handler.LAST.clear()
        self.head.jobs["job-1"] = job("RUNNING")
        at = 0
        while at < len(log.encode()):
            at = self.call("job_logs", **JOB, after=at)["next"]
        self.assertEqual(self.head.count("GET", "/logs"), 2, "what is there already is not read again")
        self.head.jobs["job-2"], self.head.logs["job-2"] = job("SUCCEEDED"), "two"
        self.assertEqual(self.call("job_logs", submission_id="job-2", after=0)["text"], "two", "another's log is another")

    def test_of_a_long_log_the_beginning_and_the_end_are_told(self):
        followed, end = 1 << 20, 512 << 10
        bounds = unittest.mock.patch.multiple(handler, FOLLOWED=followed, TAIL=end)
        bounds.start()
        self.addCleanup(bounds.stop)
        # What is followed ends within a character.
        log = "x" + "é" * followed + "\nthe end\n"
        self.ended(log)
        words, dropped, ends = self.read()
        total = len(log.encode())
        self.assertEqual(ends[-1], total)
        self.assertTrue(words.endswith("é\nthe end\n"))
        self.assertTrue(0 <= dropped - (total - followed - end) <= 4, dropped)
        self.assertEqual(set(words), set("xé\ufffd\nthe end"))
        tail = self.call("job_logs", **JOB)
        self.assertTrue(tail["end"] and tail["text"].endswith("é\nthe end\n") and "\ufffd" not in tail["text"])

    def test_every_character_comes_through_wherever_the_answer_is_cut(self):
        log = 'a "b"\\\n\tä\u2028😀 \u0001 \\ud83d \\\\ud83d\\'
        whole = json.dumps({"logs": log}), json.dumps({"logs": log}, ensure_ascii=False)
        broken = '{"logs": "\\ud83d"}', '{"logs": "\\ud83d \\ud83d\\n\\ude00"}'
        for body, expected in [(body, log) for body in whole] + list(zip(broken, ("?", "? ?\n?"))):
            start = body.index(' "') + 2
            for first in range(start, len(body.encode()) + 1):
                for step in (1, 3, 1000):
                    bytes_, steps = io.BytesIO(body.encode()), iter([first])
                    found = types.SimpleNamespace(read=lambda _: bytes_.read(next(steps, step)))
                    self.assertEqual(b"".join(handler.printed(found)).decode(), expected, (body, first, step))

    def test_every_shape_that_a_log_comes_in_is_read(self):
        for body, expected in (
            ({"logs": ["a", "b\n", "c"]}, "a\nb\nc\n"),
            (["a", "b"], "a\nb\n"),
            ({"logs": None}, ""),
            ({"type": "x", "logs": "a"}, "a"),
            ('"a string"', "a string"),
            ("plain {text}\n", "plain {text}\n"),
        ):
            self.answers(body)
            self.assertEqual(self.call("job_logs", **JOB, after=0), {"text": expected, "next": len(expected), "dropped": 0, "end": True})

    def test_a_log_that_breaks_off_is_none(self):
        for kind, body in (
            ("unavailable", '{"logs": "ab'),
            ("unavailable", '{"type": "x", "logs": "ab'),
            ("unavailable", ""),
            ("other", '{"logs": "ab\\uzzzz' + "c" * 99 + '"}'),
            ("other", {"error": "x"}),
            ("other", {"logs": 7}),
        ):
            self.answers(body)
            with self.subTest(kind, body=str(body)[:40]):
                self.fails(kind, "job_logs", **JOB, after=0)
                self.assertEqual(handler.LAST, {})
        self.head.odd["GET", "/api/jobs/job-1/logs"] = lambda self: self.tell(200, '{"logs": "ab', 1000)
        self.fails("unavailable", "job_logs", **JOB, after=0)
        self.head.odd["GET", "/api/jobs/job-1/logs"] = 500, traceback_of("the agent is gone")
        self.assertIn("the agent is gone", self.fails("unavailable", "job_logs", **JOB, after=0))


class Gateway(Case):
    def invoke(self, tool, event):
        custom = {
            "bedrockAgentCoreMessageVersion": "1.0",
            "bedrockAgentCoreAwsRequestId": "r",
            "bedrockAgentCoreMcpMessageId": "m",
            "bedrockAgentCoreGatewayId": "ray-gateway-a1b2c3",
            "bedrockAgentCoreTargetId": "ABCDEFGHIJ",
            "bedrockAgentCoreToolName": tool,
        }
        return handler.handler(event, types.SimpleNamespace(client_context=types.SimpleNamespace(custom=custom)))

    def test_an_event_is_the_arguments_and_the_context_names_the_tool(self):
        self.assertEqual(self.invoke("ray-target___cluster_status", {})["ray_version"], "2.60.0")
        self.assertEqual(self.invoke("ray-target___submit_job", PROGRAM)["new"], True)
        self.assertEqual(self.invoke("ray-target___job_status", JOB)["status"], "PENDING")
        self.assertEqual(self.invoke("job_status", JOB)["status"], "PENDING")
        self.assertEqual(self.invoke("ray-target___job_status", {})["error"]["kind"], "invalid")
        self.assertEqual(self.invoke("ray-target___call", {})["error"]["kind"], "not-found")

    def test_an_event_of_somebody_else_is_refused_with_words(self):
        for client in (None, types.SimpleNamespace(custom=None), types.SimpleNamespace(custom={})):
            told = handler.handler(JOB, types.SimpleNamespace(client_context=client))
            self.assertEqual(told["error"]["kind"], "not-found")

    def test_the_tools_are_those_that_the_handler_takes(self):
        with open(os.path.join(HERE, "tools.json"), encoding="utf-8") as file:
            tools = json.load(file)
        self.assertEqual({tool["name"] for tool in tools}, set(handler.TOOLS))
        self.assertEqual(len(tools), 6)
        kinds = {"string": "a", "integer": 1}
        for tool in tools:
            schema, takes = tool["inputSchema"], inspect.signature(handler.TOOLS[tool["name"]]).parameters
            self.assertEqual(list(schema["properties"]), list(takes), tool["name"])
            needed = [name for name, one in takes.items() if one.default is inspect.Parameter.empty]
            self.assertEqual(schema.get("required", []), needed, tool["name"])
            # All that the gateway's schemas have.
            self.assertLessEqual(set(schema), {"type", "properties", "required"})
            for one in schema["properties"].values():
                self.assertEqual(set(one), {"type", "description"})
            self.head.jobs["a"] = job("RUNNING")
            arguments = {name: kinds[one["type"]] for name, one in schema["properties"].items()}
            self.assertNotIn("error", handler.call(tool["name"], arguments), tool["name"])

    def test_the_tools_and_their_bounds_are_those_of_the_servers_own_gateway(self):
        own = ""
        for name in ("tools.rs", "log.rs"):
            with open(os.path.join(RUST, name), encoding="utf-8") as file:
                own += file.read().split("#[cfg(test)]")[0]
        with open(os.path.join(HERE, "tools.json"), encoding="utf-8") as file:
            tools = json.load(file)
        self.assertEqual(re.findall(r'\btool\(\s*"(\w+)"', own), [tool["name"] for tool in tools])
        written = own.replace("{MOST_JOBS}", str(handler.MOST_JOBS))
        for tool in tools:
            # With the version, which is not asked for here.
            self.assertIn(tool["description"].split(",")[0], written)
            for name, one in tool["inputSchema"]["properties"].items():
                self.assertIn(f'"{name}"', own)
                self.assertIn(json.dumps(one["description"]), own)
        bounds = dict(re.findall(r"const (MOST_JOBS|PIECE|FOLLOWED|TAIL): usize = (\d+(?: << \d+)?);", own))
        for name, bound in bounds.items():
            number, _, shift = bound.partition(" << ")
            self.assertEqual(getattr(handler, name), int(number) << int(shift or 0), name)
        self.assertEqual(len(bounds), 4)


if __name__ == "__main__":
    unittest.main()
