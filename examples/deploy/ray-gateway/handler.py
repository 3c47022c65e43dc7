"""A Lambda target of AgentCore Gateway: the jobs of a Ray cluster as six tools.

They answer as those of `enginehouse ray-gateway` do. What goes wrong is an answer as well, `{"error": {"kind": …, "message": …}}`,
since the gateway hands on no word of a function that fails. Python's own modules suffice; boto3 is there on Lambda.
"""

import hashlib
import io
import json
import os
import re
import urllib.error
import urllib.request
import zipfile
from functools import cache

PIECE = 256 << 10
FOLLOWED = 8 << 20
TAIL = 1 << 20
MOST_JOBS = 200
ENDED = ("STOPPED", "SUCCEEDED", "FAILED")
# Whole characters of a JSON string; a quote or half an escape ends it.
TOKENS = re.compile(rb'(?:[^"\\]|\\u[0-9a-fA-F]{4}|\\[^u])*')


class Failed(Exception):
    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


@cache
def token():
    """The cluster's token: in the environment, or a secret that it names."""
    if name := os.environ.get("RAY_TOKEN_SECRET"):
        import boto3

        return boto3.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"].strip()
    return os.environ.get("RAY_AUTH_TOKEN", "")


class Stay(urllib.request.HTTPRedirectHandler):
    """Nobody else is shown the token."""

    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(Stay, urllib.request.ProxyHandler({}))


def opened(method, path, body=None):
    """The answer, of which nothing was read, of the first address that gives one."""
    last = "RAY_URLS names no address"
    for url in os.environ.get("RAY_URLS", "").split():
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(f"{url.rstrip('/')}/{path}", data=data, method=method)
        request.add_header("Content-Type", "application/json")
        if token():
            request.add_header("Authorization", f"Bearer {token()}")
        try:
            return OPENER.open(request, timeout=8)
        except urllib.error.HTTPError as error:
            told = error.read(16 << 10).decode(errors="replace").strip()[-360:]
            kinds = {400: "invalid", 401: "denied", 403: "denied", 404: "not-found"}
            kind = kinds.get(error.code, "unavailable" if error.code >= 500 else "other")
            raise Failed(kind, f"the cluster answers HTTP {error.code}: {told}") from None
        except OSError as error:
            last = error
    raise Failed("unavailable", f"the cluster cannot be reached ({last})")


def ask(method, path, body=None):
    try:
        return json.load(opened(method, path, body))
    except ValueError:
        raise Failed("other", "the cluster answers what is no JSON") from None
    except OSError as error:
        raise Failed("unavailable", f"the connection broke ({error})") from None


def checked(submission_id):
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", submission_id):
        raise Failed("invalid", "the name of a job is 1 to 128 characters of a-z, A-Z, 0-9, - and _")
    return submission_id


def told(job):
    return {
        "submission_id": job.get("submission_id"),
        "status": job["status"],
        "ended": job["status"] in ENDED,
        "message": (job.get("message") or "")[:4096],
        "exit_code": job.get("driver_exit_code"),
        "started_ms": job.get("start_time") or None,
        "ended_ms": job.get("end_time") or None,
    }


def submit_job(submission_id, code, output_path=None):
    job = f"api/jobs/{checked(submission_id)}"
    try:
        ask("GET", job)
        return {"submission_id": submission_id, "new": False}
    except Failed as failed:
        if failed.kind != "not-found":
            raise
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as file:
        file.writestr(zipfile.ZipInfo("main.py"), code)
    name = f"_ray_pkg_{hashlib.sha256(package.getvalue()).hexdigest()}.zip"
    opened("PUT", f"api/packages/gcs/{name}", package.getvalue()).close()
    environment = json.loads(os.environ.get("RAY_RUNTIME_ENV", "{}")) | {"working_dir": f"gcs://{name}"}
    if output_path:
        environment["env_vars"] = environment.get("env_vars", {}) | {"OUTPUT_PATH": output_path}
    body = {
        "entrypoint": "python main.py",
        "submission_id": submission_id,
        "entrypoint_num_cpus": float(os.environ.get("RAY_DRIVER_CPUS", "0.1")),
        "runtime_env": environment,
    }
    try:
        ask("POST", "api/jobs/", body)
    except Failed as failed:
        if "already exists" not in str(failed):
            raise
        return {"submission_id": submission_id, "new": False}
    return {"submission_id": submission_id, "new": True}


def job_status(submission_id):
    return told(ask("GET", f"api/jobs/{checked(submission_id)}") | {"submission_id": submission_id})


def job_logs(submission_id, after=None):
    # Asked first: what was printed before the end is there after it.
    ended = job_status(submission_id)["ended"]
    if not (ended and LAST.get("whole") == submission_id):
        LAST.clear()
        LAST.update(kept=kept(submission_id), whole=ended and submission_id)
    text, begun, following, more = piece(*LAST["kept"], after)
    return {"text": text, "next": following, "dropped": max(begun - (after or begun), 0), "end": ended and not more}


# The log that was read last, for the next piece of it.
LAST = {}


def kept(submission_id):
    """The beginning of a log, its end, and how long it is."""
    head, tail, total = bytearray(), bytearray(), 0
    with opened("GET", f"api/jobs/{submission_id}/logs") as answer:
        try:
            for part in printed(answer):
                total += len(part)
                head += part[: max(FOLLOWED - len(head), 0)]
                tail += part
                if len(tail) > 2 * TAIL:
                    del tail[:-TAIL]
        except OSError as error:
            raise Failed("unavailable", f"the connection broke ({error})") from None
    return head, tail, total


def printed(answer):
    """The log in pieces, out of an answer that has all of it in one string."""
    held = answer.read(1 << 16)
    start = re.match(rb'\s*\{\s*"logs"\s*:\s*"', held)
    if not start:
        raise Failed("other", "the cluster does not tell what a job printed")
    held = held[start.end() :]
    while True:
        whole = TOKENS.match(held).end()
        # A character that JSON writes in two halves is not cut.
        if re.search(rb"\\u[dD][89abAB]..$", held[:whole]):
            whole -= 6
        yield json.loads(b'"' + held[:whole] + b'"', strict=False).encode(errors="replace")
        if held[whole : whole + 1] == b'"':
            return
        read = answer.read(1 << 16)
        if not read:
            raise ConnectionError("the answer breaks off")
        held = held[whole:] + read


def piece(head, tail, total, after):
    """The text, where it begins and ends, and whether there is more."""
    if after is not None and after < len(head):
        begun, rest = after, head[after:]
    else:
        begun = min(max(total - (PIECE if after is None else TAIL), after or 0), total)
        rest = tail[len(tail) - (total - begun) :] if total > begun else b""
        if begun != (after or 0):
            # A character whose beginning was left out is nobody's.
            cut = len(rest) - len(rest.lstrip(bytes(range(0x80, 0xC0))))
            begun, rest = begun + cut, rest[cut:]
    more = begun + min(len(rest), PIECE) < total
    text = rest[:PIECE].decode(errors="ignore" if more else "replace")
    taken = len(text.encode()) if more else len(rest)
    return text, begun, max(begun + taken, after or 0), more


def stop_job(submission_id):
    return {"stopped": ask("POST", f"api/jobs/{checked(submission_id)}/stop").get("stopped", True)}


def list_jobs():
    jobs = sorted(ask("GET", "api/jobs/"), key=lambda job: job.get("start_time") or 0, reverse=True)
    return {"jobs": [told(job) for job in jobs[:MOST_JOBS]]}


def cluster_status():
    return {"status": "connected", "ray_version": ask("GET", "api/version").get("ray_version", "unknown")}


TOOLS = {tool.__name__: tool for tool in (submit_job, job_status, job_logs, stop_job, list_jobs, cluster_status)}


def call(name, arguments):
    """The answer of a tool, which may be that it failed."""
    try:
        if name not in TOOLS:
            raise Failed("not-found", f"there is no tool {name}")
        return TOOLS[name](**arguments)
    except Failed as failed:
        return {"error": {"kind": failed.kind, "message": str(failed)}}
    except TypeError as error:
        return {"error": {"kind": "invalid", "message": str(error)}}


def handler(event, context):
    """Called by the gateway, which puts its target's name before that of the tool."""
    name = context.client_context.custom["bedrockAgentCoreToolName"]
    return call(name.rpartition("___")[2], event)
