"""What a program prints: into the function's log as it comes, and its beginning and its end into the answer."""

import json
import os

# Stands before a failure's report in a line of its own; plugins/sdk/src/script.rs writes and reads it.
MARK = "enginehouse-failure: "
# The most characters of either end.
MAX_END = 128 << 10
MAX_LINE = 64 << 10
SECRET = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def blotted(text):
    """Without the function's secrets. Guards against accidents: who means it can write them in another way."""
    for name in SECRET:
        if secret := os.environ.get(name):
            text = text.replace(secret, "***")
    return text


def known(text):
    """The report in a text, none where it is none: what is known of one, in less than the 4 KiB of the log that a caller is told."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    causes = found.get("causes")
    report = {
        "type": words(found.get("type"), 100) or "Exception",
        "message": words(found.get("message"), 1300),
        "line": found["line"] if isinstance(found.get("line"), int) else None,
        "condition": words(found.get("condition"), 150) or None,
        "causes": [words(cause, 250) for cause in (causes if isinstance(causes, list) else [])[:3]],
    }
    return {name: value for name, value in report.items() if value or name in ("message", "line")}


def words(value, most):
    """A text with at most so many bytes as JSON; empty where it is none."""
    value = value if isinstance(value, str) else ""
    while len(json.dumps(value)) > most:
        value = value[: len(value) * 3 // 4]
    return value


class Output:
    """Takes a program's output piece by piece, and finds a report in it."""

    def __init__(self, log):
        self.reported = None
        self.dropped = 0
        self._log = log
        self._line = b""
        self._head = ""
        self._tail = ""

    def add(self, piece):
        """A piece, cut anywhere."""
        *lines, self._line = (self._line + piece).split(b"\n")
        for line in lines:
            self._take(line + b"\n")
        while len(self._line) > MAX_LINE:
            cut, self._line = self._line[:MAX_LINE], self._line[MAX_LINE:]
            self._take(cut)

    def end(self, pipe):
        """The rest that is in a pipe to which nobody writes any more."""
        while piece := os.read(pipe.fileno(), 1 << 16):
            self.add(piece)
        pipe.close()
        if self._line:
            self._take(self._line + b"\n")
        self._cut()
        self._say(self._rest())

    def text(self):
        """What is kept."""
        return self._head + self._rest()

    def _rest(self):
        return f"[{self.dropped} characters left out]\n{self._tail}" if self.dropped else self._tail

    def _take(self, line):
        line = blotted(line.decode(errors="replace"))
        _, _, report = line.partition(MARK)
        if report and (found := known(report)):
            # The handler says it itself, last.
            self.reported = found
            return
        if not self._tail and len(self._head) + len(line) <= MAX_END:
            self._head += line
            self._say(line)
            return
        self._tail += line
        # Now and then rather than for each line.
        if len(self._tail) > 2 * MAX_END:
            self._cut()

    def _cut(self):
        over = len(self._tail) - MAX_END
        if over > 0:
            at = self._tail.find("\n", over) + 1 or over
            self.dropped += at
            self._tail = self._tail[at:]

    def _say(self, text):
        self._log.write(text)
        self._log.flush()
