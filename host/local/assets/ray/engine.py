"""Ray's half of the runner: a cluster within the sandbox, made before the program asks for it, and objects by S3."""

import atexit
import functools
import os
import re
import shutil
import subprocess
import sys

import enginehouse_streams as streams

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = "/work/program.py"
WARM_UP = "/work/.warm-up"

endpoint = None


def start(settings):
    global endpoint
    streams.share()
    pipe = subprocess.PIPE
    endpoint = subprocess.Popen(settings["endpoint"], stdin=pipe, stdout=pipe, text=True)
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
        # Workers that wait, for the next stage or for the program, are not replaced by new ones.
        "RAY_idle_worker_killing_time_threshold_ms": "86400000",
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


def warm_up():
    """What most programs do: the workers, and the clients of the object store, have then done it all before."""
    import pyarrow.csv
    import pyarrow.fs
    import pyarrow.parquet
    import ray

    @ray.remote
    def count(*tables):
        import pandas
        import pyarrow.compute
        import pyarrow.fs

        pyarrow.fs.S3FileSystem()
        return [pyarrow.compute.count(table["letter"]) for table in tables], pandas.DataFrame({"n": [1]})

    ray.get([count.remote() for _ in range(8)])
    os.mkdir(WARM_UP)
    with open(f"{WARM_UP}/in.csv", "w", encoding="utf-8") as file:
        file.write("number,letter\n")
        file.writelines(f"{number},{'abc'[number % 3]}\n" for number in range(1000))
    data = ray.data.DataContext.get_current()
    partitions, data.default_hash_shuffle_parallelism = data.default_hash_shuffle_parallelism, 2
    rows = ray.data.read_csv(f"{WARM_UP}/in.csv")
    ray.get(count.remote(*rows.to_arrow_refs()))
    groups = rows.groupby("letter").sum("number")
    groups.take_all()
    groups.write_parquet(f"{WARM_UP}/parquet")
    groups.write_csv(f"{WARM_UP}/csv")
    data.default_hash_shuffle_parallelism = partitions
    pyarrow.fs.S3FileSystem()
    shutil.rmtree(WARM_UP)


def begin(run):
    """Tells the object store where the program writes, and the workers."""
    endpoint.stdin.write(run["output_uri"] + "\n")
    endpoint.stdin.flush()
    streams.tell({"OUTPUT_PATH": run["output_uri"]})


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
