"""Jobs and the cluster: what is asked, and what faults mean."""

import contextlib
import io
import json
import os
import socket
import sys
import types
import unittest
import unittest.mock
import zipfile

import handler
from fake_head import JOB, PROGRAM, job, traceback_of, Answers, closed, Case


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
