"""The function: runs the PySpark program of an event `{spark_code, s3_output_path}` and answers `{statusCode, body}`.

Each program has a process, a JVM and a folder of its own, and all of it is gone before the function answers. The body is
JSON: `status`, `output` (what the program printed), and, where it failed, `error` with type, message and line.
"""

import base64
import ctypes
import json
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from output import MARK, Output, blotted, known

DRIVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "driver.py")
MAX_CODE = 2 << 20
# The answer has to be on its way before the function's own time is over.
MARGIN_SECONDS = 5
# All that a program's process finds of our environment: what Python, Java and S3 need.
PASSED_ON = """
    PATH LD_LIBRARY_PATH PYTHONPATH LANG LC_ALL TZ JAVA_HOME SPARK_CONF_DIR
    AWS_REGION AWS_DEFAULT_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
""".split()


class Refused(Exception):
    """The event asks for nothing that could be run; the text says what to send."""


def handler(event, context):
    """Lambda's entry point."""
    try:
        code, output_path = asked(event)
    except Refused as refused:
        return answer(400, {"type": "request", "message": str(refused), "line": None})
    empty()
    try:
        return run(code, output_path, context)
    finally:
        empty()


def asked(event):
    """The program and its output of an event, also where that comes by HTTP as a body."""
    if isinstance(event, dict) and "body" in event:
        event = body_of(event)
    if not isinstance(event, dict):
        raise Refused("the event is an object with `spark_code` and `s3_output_path`")
    code, output_path = (text(event, name) for name in ("spark_code", "s3_output_path"))
    if len(code) > MAX_CODE:
        raise Refused(f"`spark_code` has {len(code)} bytes, and {MAX_CODE} are the most")
    if b"\0" in code:
        raise Refused("`spark_code` has null bytes, and Python reads none")
    output_path = output_path.decode()
    if not re.fullmatch(r"s3[an]?://[a-z0-9][a-z0-9.-]{1,62}/[^\x00-\x1f\x7f]{1,1024}", output_path):
        raise Refused("`s3_output_path` is `s3://bucket/prefix/`")
    return code, output_path


def body_of(event):
    body = event["body"]
    try:
        if event.get("isBase64Encoded"):
            body = base64.b64decode(body, validate=True)
        return json.loads(body) if isinstance(body, (str, bytes)) else body
    except (ValueError, TypeError, RecursionError) as error:
        raise Refused("the body is no JSON") from error


def text(event, name):
    value = event.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Refused(f"`{name}` is missing, or is no text")
    try:
        return value.encode()
    except UnicodeEncodeError as error:
        raise Refused(f"`{name}` is no Unicode text") from error


def run(code, output_path, context):
    """Runs a program to its end, or to the end of the time that there is, and says how it went."""
    alone()
    others = descendants()
    seconds = context.get_remaining_time_in_millis() / 1000 - MARGIN_SECONDS
    folder = tempfile.mkdtemp(prefix="run-", dir=scratch())
    program, report = os.path.join(folder, "main.py"), os.path.join(folder, "failure.json")
    with open(program, "wb") as file:
        file.write(code)
    output = Output(sys.stdout)
    child = subprocess.Popen(
        [sys.executable, "-u", DRIVER, program, report],
        cwd=folder,
        env=environment(folder, output_path, int(context.memory_limit_in_mb)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    in_time = follow(child, output, time.monotonic() + seconds)
    end(child, others)
    output.end(child.stdout)
    failure = failed(child.returncode, in_time, seconds, output.reported or read(report))
    if failure is None:
        return answer(200, None, output, output_path)
    print(MARK + blotted(json.dumps(failure)), flush=True)
    return answer(500 if in_time else 504, failure, output, output_path)


def environment(folder, output_path, memory_mb):
    """What the program's process is started with."""
    # Python and what the JVM needs beside its heap have the rest.
    heap = max(512, memory_mb - max(768, memory_mb // 4))
    settings = {
        "spark.local.dir": folder,
        "spark.sql.warehouse.dir": "file:" + os.path.join(folder, "warehouse"),
        "spark.hadoop.hadoop.tmp.dir": folder,
        "spark.driver.extraJavaOptions": f"-Djava.io.tmpdir={folder} -Dderby.system.home={folder}",
    }
    arguments = "".join(f'--conf "{name}={value}" ' for name, value in settings.items())
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return kept | {
        "HOME": folder,
        "TMPDIR": folder,
        "OUTPUT_PATH": output_path,
        "PYTHONIOENCODING": "utf-8:backslashreplace",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": f"--driver-memory {heap}m {arguments}pyspark-shell",
        "SPARK_LOCAL_IP": "127.0.0.1",
    }


def follow(child, output, until):
    """Takes what a program prints until it ends; false where its time is over first."""
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while child.poll() is None:
            if time.monotonic() > until:
                return False
            # What it started may hold the pipe open beyond its own end: so both are looked at in turn.
            if selector.select(0.05):
                piece = os.read(child.stdout.fileno(), 1 << 16)
                output.add(piece)
                if not piece:
                    break
    try:
        child.wait(max(0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def failed(status, in_time, seconds, report):
    """Why a program failed, by its own report where there is one; none where it did not."""
    if not in_time:
        message = f"the program was ended after {max(0, seconds):.0f} s, all the time that the function has"
        told = {"type": "time", "message": message}
    elif status == 0:
        return None
    elif report is not None:
        told = report
    elif status in (-signal.SIGKILL, 128 + signal.SIGKILL):
        told = {"type": "memory", "message": "the program was killed: it needs more memory than the function has"}
    elif status < 0:
        told = {"type": "signal", "message": f"the program was ended by signal {-status}"}
    else:
        told = {"type": "exit", "message": f"the program exited with {status}"}
    return {"line": None} | told


def read(report):
    """What the driver wrote of an exception."""
    try:
        with open(report, encoding="utf-8") as file:
            return known(file.read(1 << 16))
    except (OSError, UnicodeDecodeError):
        return None


def answer(status, failure, output=None, output_path=None):
    body = {"status": "success" if failure is None else "failed", "s3_output_path": output_path}
    if output is not None:
        body |= {"output": output.text(), "dropped": output.dropped}
    if failure is not None:
        body["error"] = failure
    body = blotted(json.dumps(body))
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": body}


def alone():
    """Makes what programs leave behind ours to end, and our memory and environment nobody's to read."""
    libc = ctypes.CDLL(None, use_errno=True)
    set_child_subreaper, set_dumpable = 36, 4
    if libc.prctl(set_child_subreaper, 1, 0, 0, 0) or libc.prctl(set_dumpable, 0, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def descendants():
    """All processes below this one."""
    parents = {}
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{int(name)}/stat", "rb") as file:
                parents[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
        except (ValueError, OSError, IndexError):
            continue
    found, level = set(), {os.getpid()}
    while level:
        level = {process for process, parent in parents.items() if parent in level} - found
        found |= level
    return found


def end(child, others):
    """Ends a program with all that it started, also what left its session."""
    until = time.monotonic() + MARGIN_SECONDS / 2
    while left := descendants() - others:
        # All stand still before the first goes, so that none can start another.
        for signal_number in (signal.SIGSTOP, signal.SIGKILL):
            for process in left:
                try:
                    os.kill(process, signal_number)
                except ProcessLookupError:
                    pass
        child.poll()
        for process in left - {child.pid}:
            try:
                os.waitpid(process, os.WNOHANG)
            except ChildProcessError:
                pass
        if time.monotonic() > until:
            # The next program must not meet them: Lambda makes a new environment for it.
            print("the program's processes do not end", flush=True)
            os._exit(1)
        time.sleep(0.01)
    child.wait()


def scratch():
    """The folder that is the function's alone: `/tmp` on Lambda, set by the image."""
    return os.environ["SCRATCH"]


def empty():
    """Nothing that a program left is there for the next one, or there is no next one."""
    for entry in os.scandir(scratch()):
        if not entry.is_dir(follow_symlinks=False):
            os.unlink(entry.path)
            continue
        os.chmod(entry.path, 0o700)
        for folder, names, _ in os.walk(entry.path):
            for name in names:
                path = os.path.join(folder, name)
                if not os.path.islink(path):
                    os.chmod(path, 0o700)
        shutil.rmtree(entry.path)
