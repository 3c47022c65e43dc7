"""The head of a cluster that runs nothing and answers as Ray 2.60 does, or as it is told; and what all tests do with it."""

import contextlib
import io
import json
import os
import socket
import threading
import unittest
import unittest.mock
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer

import handler

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
