"""Ray's half of the runner: a cluster within the sandbox, made before the program asks for it, and objects by S3."""

import atexit
import functools
import json
import os
import re
import subprocess
import sys

import enginehouse_streams as streams

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = "/work/program.py"


def start():
    with open(os.path.join(HERE, "settings.json"), encoding="utf-8") as file:
        settings = json.load(file)
    streams.share()
    endpoint = subprocess.Popen(settings["endpoint"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    os.environ.update(environment(settings))
    import ray

    streams.quiet()
    # The sandbox's end is the cluster's, and faster.
    atexit.unregister(ray.shutdown)
    url = endpoint.stdout.readline().strip()
    if not url:
        raise RuntimeError("the sandbox's object store did not start")
    os.environ["AWS_ENDPOINT_URL"] = url
    shared = os.statvfs("/dev/shm")
    context = ray.init(
        num_cpus=settings["cores"],
        # Half of the memory that there is: what does not fit is spilled to disk.
        object_store_memory=shared.f_blocks * shared.f_frsize // 2,
        include_dashboard=False,
        log_to_driver=False,
        _node_ip_address="127.0.0.1",
    )
    adopt(ray, context)


def environment(settings):
    """Workers inherit it, with the cluster."""
    cores = str(settings["cores"])
    return {
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "RAY_USAGE_STATS_ENABLED": "0",
        # Nothing but this sandbox is on its loopback.
        "RAY_AUTH_MODE": "disabled",
        # The sandbox has a limit of its own, and says so when it ends a program.
        "RAY_memory_monitor_refresh_ms": "0",
        # Workers that wait for the next stage are not replaced by new ones.
        "RAY_idle_worker_killing_time_threshold_ms": "600000",
        "PYTHONPATH": HERE,
        "__RAY_WORKER_PROCESS_SETUP_HOOK_ENV_VAR": "enginehouse_streams.join",
        "RAY_DATA_LOGGING_CONFIG": os.path.join(HERE, "data-logging.yaml"),
        "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
        # 200 blocks and partitions, made for clusters, cost seconds here.
        "RAY_DATA_DEFAULT_MIN_PARALLELISM": cores,
    }


def adopt(ray, context):
    """The program's own `ray.init` and `ray.shutdown` are legal, and find and leave what there is."""

    @functools.wraps(ray.init)
    def init(*_, **__):
        return context

    @functools.wraps(ray.shutdown)
    def keep(*_, **__):
        return None

    for module in (ray, ray._private.worker):
        module.init = init
        module.shutdown = keep


def stop():
    """Nothing is left to be read or ended: workers print for themselves, and end with the sandbox."""


def describe(error):
    """Of an error in a task or an actor: what was raised there, and where in the program."""
    if "ray" not in sys.modules:
        return {}
    from ray.exceptions import RayError, RayTaskError, UserCodeException

    if not isinstance(error, RayError):
        return {}
    cause, text = getattr(error, "cause", None), str(error)
    if isinstance(cause, UserCodeException):
        # Ray Data's own error, which only says that a function failed, comes last.
        text = text.rpartition("\n\nThe above exception was the direct cause")[0]
    lines = re.findall(rf'File "{PROGRAM}", line (\d+)', text)
    found = {"line": int(lines[-1])} if lines else {}
    if isinstance(error, RayTaskError) and not isinstance(cause, UserCodeException):
        return found | {"type": type(cause).__name__, "message": str(cause)[:8192]}
    if not lines:
        return found
    # Ray Data, actors that cannot be made and errors that cannot be sent keep the text alone: it ends with the error.
    kind, _, message = re.split(r"\n +[^\n]*\n(?! )", text)[-1].partition(": ")
    return found | {"type": kind.rpartition(".")[2].strip(), "message": message.strip()[:8192]}
