"""A Lambda target of AgentCore Gateway: the jobs of a Ray cluster as six tools.

They answer as those of `enginehouse ray-gateway` do. What goes wrong is an answer as well, `{"error": {"kind": …, "message": …}}`,
since the gateway hands on no word of a function that fails. Python's own modules suffice; boto3 is there on Lambda.
"""

import codecs
import hashlib
import inspect
import io
import json
import os
import re
import traceback
import urllib.error
import urllib.request
import zipfile
from functools import cache
from http.client import HTTPException

PIECE = 256 << 10
FOLLOWED = 8 << 20
TAIL = 1 << 20
MOST_JOBS = 200
# Of an answer, but for a log, which is read as it comes.
MOST_BYTES = 64 << 20
ENDED = ("STOPPED", "SUCCEEDED", "FAILED")
KINDS = {400: "invalid", 401: "denied", 403: "denied", 404: "not-found", 405: "unconfigured", 429: "unavailable"}
# What is said by somebody in between, who does not reach the head.
BETWEEN = (502, 503, 504)
BROKEN = (OSError, HTTPException)
# Whole characters of a JSON string: a quote ends it, and half an escape, and the first half of a character that JSON writes in two
# for as long as what follows it is not there.
TOKENS = re.compile(
    rb'(?:[^"\\]+|\\[^u]|\\u(?![dD][89abAB])[0-9a-fA-F]{4}'
    rb'|\\u[dD][89abAB][0-9a-fA-F]{2}(?=\\u[0-9a-fA-F]{4}|\\[^u]|[^\\]))*'
)
# More than that is no part of a character.
LONGEST_TOKEN = 12


class Failed(Exception):
    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


@cache
def token():
    """The cluster's token: in the environment, or a secret that it names."""
    name = os.environ.get("RAY_TOKEN_SECRET")
    if not name:
        return os.environ.get("RAY_AUTH_TOKEN", "")
    try:
        import boto3

        return boto3.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"].strip()
    except Exception as error:
        traceback.print_exc()
        words = f"the secret that RAY_TOKEN_SECRET names cannot be read ({type(error).__name__})"
        raise Failed("unconfigured", words) from None


class Stay(urllib.request.HTTPRedirectHandler):
    """Nobody else is shown the token."""

    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(Stay, urllib.request.ProxyHandler({}))
# The address that answered last: one that does not costs a call eight seconds, of which it has thirty.
ANSWERED = {}


def opened(method, path, body=None, patience=8):
    """The answer, of which nothing was read, of the first address that gives one."""
    try:
        return asked(method, path, body, patience)
    except Failed as failed:
        if failed.kind != "denied" or not os.environ.get("RAY_TOKEN_SECRET"):
            raise
    # The secret may be another one by now.
    token.cache_clear()
    return asked(method, path, body, patience)


def asked(method, path, body, patience):
    urls = os.environ.get("RAY_URLS", "").split()
    if not urls or not all(url.startswith(("http://", "https://")) for url in urls):
        raise Failed("unconfigured", "RAY_URLS names no address, or one that is not of HTTP")
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token()}"} if token() else {})
    for url in sorted(urls, key=lambda url: url != ANSWERED.get("url")):
        try:
            request = urllib.request.Request(f"{url.rstrip('/')}/{path}", data, headers, method=method)
            found = OPENER.open(request, timeout=patience)
        except urllib.error.HTTPError as error:
            with error:
                if error.code not in BETWEEN:
                    ANSWERED["url"] = url
                    raise refused(error) from None
                last = error
        except BROKEN as error:
            last = error
        except ValueError:
            raise Failed("unconfigured", "the token, or an address in RAY_URLS, cannot be one") from None
        else:
            ANSWERED["url"] = url
            return found
    raise Failed("unavailable", f"the cluster cannot be reached ({last})")


def refused(error):
    try:
        words = error.read(16 << 10).decode(errors="replace").strip()
    except BROKEN:
        words = ""
    if token():
        words = words.replace(token(), "[a secret]")
    # Ray answers with tracebacks, which say what happened in their last line.
    kind = KINDS.get(error.code) or {3: "unconfigured", 5: "unavailable"}.get(error.code // 100, "other")
    return Failed(kind, f"the cluster answers HTTP {error.code}: {words[-360:]}")


def ask(method, path, body=None):
    with opened(method, path, body) as found:
        try:
            whole = rest(found)
        except BROKEN as error:
            raise Failed("unavailable", f"the connection broke ({error})") from None
    try:
        return json.loads(whole)
    except (ValueError, RecursionError):
        raise Failed("other", "the cluster answers what is no JSON") from None


def rest(found):
    """Of an answer, all that was not read yet."""
    whole = found.read(MOST_BYTES + 1)
    if len(whole) > MOST_BYTES:
        raise Failed("other", f"the cluster answers with more than {MOST_BYTES} bytes")
    if found.length:
        raise ConnectionError("the answer breaks off")
    return whole


def text(name, value):
    try:
        value.encode()
    except (AttributeError, UnicodeEncodeError):
        raise Failed("invalid", f"the argument `{name}` is no text") from None
    return value


def checked(submission_id):
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", text("submission_id", submission_id)):
        raise Failed("invalid", "the name of a job is 1 to 128 characters of a-z, A-Z, 0-9, - and _")
    return submission_id


def is_job(job):
    return isinstance(job, dict) and isinstance(job.get("status"), str)


def told(job):
    message = job.get("message")
    return {
        "submission_id": job.get("submission_id"),
        "status": job["status"],
        "ended": job["status"] in ENDED,
        "message": message[:4096] if isinstance(message, str) else "",
        "exit_code": job.get("driver_exit_code"),
        "started_ms": milliseconds(job.get("start_time")),
        "ended_ms": milliseconds(job.get("end_time")),
    }


def milliseconds(time):
    """Old versions tell seconds; nothing, or none, where it was not yet."""
    if not isinstance(time, (int, float)) or not 0 < time < 1e15:
        return None
    return int(time * 1000 if time < 1e11 else time)


def submit_job(submission_id, code, output_path=None):
    job = f"api/jobs/{checked(submission_id)}"
    code = text("code", code)
    if output_path is not None:
        text("output_path", output_path)
    if exists(job):
        return {"submission_id": submission_id, "new": False}
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as file:
        file.writestr(zipfile.ZipInfo("main.py"), code)
    name = f"_ray_pkg_{hashlib.sha256(package.getvalue()).hexdigest()}.zip"
    # To ask for a package also keeps it there until its job begins, whatever other jobs do with it.
    if not exists(f"api/packages/gcs/{name}"):
        opened("PUT", f"api/packages/gcs/{name}", package.getvalue()).close()
    body = {
        "entrypoint": "python main.py",
        "submission_id": submission_id,
        "entrypoint_num_cpus": setting("RAY_DRIVER_CPUS", "0.1", (int, float)),
        "runtime_env": environment(name, output_path),
    }
    try:
        ask("POST", "api/jobs/", body)
    except Failed as failed:
        if "already exists" not in str(failed):
            raise
        return {"submission_id": submission_id, "new": False}
    return {"submission_id": submission_id, "new": True}


def exists(path):
    try:
        opened("GET", path).close()
    except Failed as failed:
        if failed.kind != "not-found":
            raise
        return False
    return True


def environment(package, output_path):
    """The operator's environment with the program in it."""
    own = setting("RAY_RUNTIME_ENV", "{}", dict) | {"working_dir": f"gcs://{package}"}
    if output_path is not None:
        own["env_vars"] = (own.get("env_vars") or {}) | {"OUTPUT_PATH": output_path}
    return own


def setting(name, usual, kinds):
    try:
        value = json.loads(os.environ.get(name) or usual)
    except ValueError:
        value = None
    if not isinstance(value, kinds):
        raise Failed("unconfigured", f"{name} is not what it should be")
    return value


def job_status(submission_id):
    job = ask("GET", f"api/jobs/{checked(submission_id)}")
    if not is_job(job):
        raise Failed("other", "the cluster does not tell the state of a job")
    return told(job | {"submission_id": submission_id})


def job_logs(submission_id, after=None):
    if after is not None and (not isinstance(after, int) or isinstance(after, bool) or after < 0):
        raise Failed("invalid", "`after` is a number of bytes")
    # Asked first: what was printed before the end is there after it.
    ended = job_status(submission_id)["ended"]
    if not has_more(submission_id, after):
        LAST.clear()
        LAST.update(id=submission_id, log=kept(submission_id), whole=ended)
    words, begun, following, more = piece(*LAST["log"], after)
    dropped = begun - after if after is not None and after < begun else 0
    return {"text": words, "next": following, "dropped": dropped, "end": LAST["whole"] and not more}


def has_more(submission_id, after):
    """Whether the log that was read last is this one's, with something in it that was not told yet, or all of it."""
    if LAST.get("id") != submission_id:
        return False
    return LAST["whole"] or (after is not None and after < LAST["log"][2])


# The log that was read last, for the next piece of it.
LAST = {}


def kept(submission_id):
    """The beginning of a log, its end, and how long it is."""
    head, tail, total = bytearray(), bytearray(), 0
    # A long log takes a while to be gathered.
    with opened("GET", f"api/jobs/{submission_id}/logs", patience=20) as found:
        try:
            for part in printed(found):
                total += len(part)
                head += part[: max(FOLLOWED - len(head), 0)]
                tail += part
                if len(tail) > 2 * TAIL:
                    del tail[:-TAIL]
        except BROKEN as error:
            raise Failed("unavailable", f"the connection broke ({error})") from None
    return head, tail, total


def printed(found):
    """The log in pieces, out of an answer that has all of it in one string."""
    held = found.read(1 << 16)
    start = re.match(rb'\s*\{\s*"logs"\s*:\s*"', held)
    if not start:
        yield otherwise(held + rest(found)).encode(errors="replace")
        return
    held, characters = held[start.end() :], codecs.getincrementaldecoder("utf-8")("replace")
    while True:
        whole = TOKENS.match(held).end()
        is_end = held[whole : whole + 1] == b'"'
        if not is_end and len(held) - whole > LONGEST_TOKEN:
            raise Failed("other", "the cluster does not tell what a job printed")
        string = characters.decode(held[:whole], is_end)
        yield json.loads(f'"{string}"', strict=False).encode(errors="replace")
        if is_end:
            return
        read = found.read(1 << 16)
        if not read:
            raise ConnectionError("the answer breaks off")
        held = held[whole:] + read


def otherwise(whole):
    """The log as other versions of Ray tell it: a list of its lines, nothing yet, or plain text."""
    try:
        logs = json.loads(whole)
    except ValueError:
        if whole.lstrip()[:1] in (b"", b"{", b"["):
            raise ConnectionError("the answer breaks off") from None
        return whole.decode(errors="replace")
    if isinstance(logs, dict):
        logs = logs.get("logs", 0)
    if isinstance(logs, list) and all(isinstance(line, str) for line in logs):
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in logs)
    if logs is not None and not isinstance(logs, str):
        raise Failed("other", "the cluster does not tell what a job printed")
    return logs or ""


def piece(head, tail, total, after):
    """The text, where it begins and ends, and whether there is more."""
    if after is not None and after < len(head):
        begun, left = after, head[after : after + PIECE]
    else:
        begun = min(max(total - (PIECE if after is None else TAIL), after or 0), total)
        left = tail[len(tail) - (total - begun) :] if total > begun else b""
        if begun != (after or 0):
            # A character whose beginning was left out is nobody's.
            cut = len(left) - len(left.lstrip(bytes(range(0x80, 0xC0))))
            begun, left = begun + cut, left[cut:]
    left = left[:PIECE]
    more = begun + len(left) < total
    if more:
        # A character that is not whole waits for the next piece, but where there is nothing else.
        left = left[: len(left.decode(errors="ignore").encode())] or left
    return left.decode(errors="replace"), begun, max(begun + len(left), after or 0), more


def stop_job(submission_id):
    stopped = ask("POST", f"api/jobs/{checked(submission_id)}/stop").get("stopped", True)
    # Ray says the same of a job that has ended and of one that is about to begin.
    if not stopped and not job_status(submission_id)["ended"]:
        raise Failed("unavailable", "the job is not so far that it could be stopped")
    return {"stopped": stopped}


def list_jobs():
    jobs = ask("GET", "api/jobs/")
    # Old versions name each.
    jobs = list(jobs.values()) if isinstance(jobs, dict) else jobs
    if not isinstance(jobs, list):
        raise Failed("other", "the cluster does not list its jobs")
    jobs = sorted(map(told, filter(is_job, jobs)), key=lambda job: job["started_ms"] or 0, reverse=True)
    return {"jobs": jobs[:MOST_JOBS]}


def cluster_status():
    return {"status": "connected", "ray_version": ask("GET", "api/version").get("ray_version", "unknown")}


TOOLS = {tool.__name__: tool for tool in (submit_job, job_status, job_logs, stop_job, list_jobs, cluster_status)}


def call(name, arguments):
    """The answer of a tool, which may be that it failed."""
    try:
        if name not in TOOLS:
            raise Failed("not-found", f"there is no tool {name}")
        if not isinstance(arguments, dict):
            raise Failed("invalid", "the arguments of a tool are an object")
        try:
            bound = inspect.signature(TOOLS[name]).bind(**arguments)
        except TypeError as error:
            raise Failed("invalid", str(error)) from None
        return TOOLS[name](*bound.args)
    except Failed as failed:
        return {"error": {"kind": failed.kind, "message": str(failed)}}
    except Exception as error:
        traceback.print_exc()
        return {"error": {"kind": "other", "message": f"the gateway's function fell over ({type(error).__name__})"}}


def handler(event, context):
    """Called by the gateway, which puts its target's name before that of the tool."""
    custom = getattr(context.client_context, "custom", None) or {}
    return call(custom.get("bedrockAgentCoreToolName", "").rpartition("___")[2], event)
