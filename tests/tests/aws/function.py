"""Calls a handler as Lambda does: `function.py MEMORY_MB TIMEOUT_SECONDS ANSWER`, the event on standard input.

What the handler prints is the function's log. The answer has the payload, and the error where the handler raised.
"""

import json
import sys
import time


class Context:
    def __init__(self, memory_mb, seconds):
        self.memory_limit_in_mb = memory_mb
        self.until = time.monotonic() + seconds

    def get_remaining_time_in_millis(self):
        return int((self.until - time.monotonic()) * 1000)


def main(memory_mb, seconds, path):
    import handler

    try:
        answer = {"payload": handler.handler(json.load(sys.stdin), Context(int(memory_mb), float(seconds)))}
    except Exception as error:
        answer = {"payload": {"errorType": type(error).__name__, "errorMessage": str(error), "stackTrace": []}, "error": "Unhandled"}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(answer, file)


main(*sys.argv[1:])
