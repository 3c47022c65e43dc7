"""Logs: both ends, pieces and characters."""

import io
import json
import types
import unittest
import unittest.mock

import handler
from fake_head import JOB, job, traceback_of, Case


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
