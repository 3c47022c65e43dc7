"""Spark's half of the runner: one JVM, its session made before the program asks for it."""

import glob
import importlib.util
import os
import re
import shutil
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ENGINE = "/opt/engine"
GATEWAY = "/work/.gateway"
WARM_UP = "/work/.warm-up"
SCHEMES = ("s3", "s3a", "s3n")
# What spark-submit gives a JVM since 17; the incubating vector module is left out: a runtime may lack it.
OPENS = (
    "java.base/java.lang java.base/java.lang.invoke java.base/java.lang.reflect java.base/java.io java.base/java.net "
    "java.base/java.nio java.base/java.util java.base/java.util.concurrent java.base/java.util.concurrent.atomic "
    "java.base/jdk.internal.ref java.base/sun.nio.ch java.base/sun.nio.cs java.base/sun.security.action "
    "java.base/sun.util.calendar java.security.jgss/sun.security.krb5"
).split()

jvm = None


def start(settings):
    """Starts the JVM and makes the session: static settings are then ours, whatever the program's builder says."""
    global jvm
    home = os.path.dirname(importlib.util.find_spec("pyspark").origin)
    os.environ.update(
        JAVA_HOME=settings["java"],
        SPARK_HOME=home,
        SPARK_LOCAL_IP="127.0.0.1",
        SPARK_USER="sandbox",
        HADOOP_USER_NAME="sandbox",
        PYSPARK_PYTHON=sys.executable,
        PYSPARK_DRIVER_PYTHON=sys.executable,
    )
    environment = dict(os.environ, _PYSPARK_DRIVER_CONN_INFO_PATH=GATEWAY, SPARK_CONNECT_MODE="0")
    jvm = subprocess.Popen(command(settings), stdin=subprocess.PIPE, env=environment)
    import pyspark.sql  # Meanwhile.

    while not os.path.exists(GATEWAY):
        if jvm.poll() is not None:
            raise RuntimeError(f"the engine's JVM ended with status {jvm.returncode} before it was ready")
        time.sleep(0.01)
    with open(GATEWAY, "rb") as file:
        port, length = struct.unpack("!ii", file.read(8))
        secret = file.read(length).decode()
    os.environ.update(PYSPARK_GATEWAY_PORT=str(port), PYSPARK_GATEWAY_SECRET=secret)
    look_often()
    make_session()


def look_often():
    """The end of a session waits for the next look of this server of Python's, which by itself looks twice a second."""
    from pyspark.accumulators import AccumulatorTCPServer

    serve = AccumulatorTCPServer.serve_forever
    AccumulatorTCPServer.serve_forever = lambda server: serve(server, poll_interval=0.02)


def make_session():
    from pyspark.sql import SparkSession

    SparkSession.builder.getOrCreate().sparkContext.setLogLevel("WARN")


def warm_up():
    """What most programs do, in a session of its own: the program's is new, in a JVM that has done it all before."""
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as F

    spark = SparkSession.builder.getOrCreate()
    os.makedirs(f"{WARM_UP}/in/warm-up")
    os.makedirs(f"{WARM_UP}/out/warm-up/run")
    # Through the very file system that the program will use, over mounts of this job's own.
    mounts = spark.sparkContext._jsc.hadoopConfiguration()
    for name, folder in (("in", "in"), ("out", "out"), ("output", "out/warm-up/run")):
        mounts.set(f"fs.enginehouse.{name}", f"{WARM_UP}/{folder}")
    source = "s3://warm-up/in.csv"
    with open(f"{WARM_UP}/in/warm-up/in.csv", "w", encoding="utf-8") as file:
        file.write("number,letter,half\n")
        file.writelines(f"{number},{'abc'[number % 3]},{number / 2}\n" for number in range(10_000))
    reader = spark.read.option("header", True)
    inferred = reader.option("inferSchema", True).csv(source)
    declared = reader.option("mode", "FAILFAST").schema("number bigint, letter string, half double")
    table = declared.csv(source)
    table.createOrReplaceTempView("t")
    groups = table.filter(F.col("number") > 10).groupBy("letter").agg(F.count("*").alias("n"), F.sum("number").alias("s"))
    most = spark.sql("select letter, max(half) as m from t group by letter")
    for number, result in enumerate([groups.orderBy("letter"), inferred.join(most, "letter")]):
        result.write.mode("overwrite").parquet(f"s3://warm-up/run/{number}")
        # As `show` prints it.
        result._jdf.showString(20, 0, False)
    spark.stop()
    shutil.rmtree(WARM_UP)
    make_session()


def begin(run):
    """Tells this session, and each that the program may make after it, where the program writes."""
    from pyspark import SparkContext

    context = SparkContext._active_spark_context
    system = context._jvm.java.lang.System
    system.setProperty("spark.hadoop.fs.enginehouse.output", run["output_path"])
    context._jsc.hadoopConfiguration().set("fs.enginehouse.output", run["output_path"])
    system.setProperty("spark.executorEnv.OUTPUT_PATH", run["output_uri"])
    context.environment["OUTPUT_PATH"] = run["output_uri"]


def stop():
    """The sandbox's end is the JVM's, and faster: only the archive of classes is written at an end of its own."""
    if jvm is None or not os.environ.get("ENGINEHOUSE_ARCHIVE"):
        return
    from pyspark import SparkContext

    if SparkContext._active_spark_context is not None:
        SparkContext._active_spark_context.stop()
    jvm.stdin.close()
    jvm.wait()


def describe(error):
    """What Spark and Java call it, without the frames of their stacks, and the line that a worker was in."""
    text = re.sub(r"^An error occurred while calling \S+\n: ", "", str(error))
    causes = re.findall(r"^Caused by: (.*)", text, re.MULTILINE)
    cause = getattr(error, "_cause", None)
    while cause is not None and len(causes) < 9:
        causes.append(f"{type(cause).__name__}: {cause}")
        cause = getattr(cause, "_cause", None)
    said = re.split(r"\n\s*(?:at \S|Driver stacktrace:|JVM stacktrace:)", text, maxsplit=1)[0]
    said = re.sub(r'^ *File "(?!/work/program\.py").*\n(?: {4}.*\n)*', "", said, flags=re.MULTILINE)
    told = {"message": said[:8192], "causes": [cause[:240] for cause in causes[-3:]]}
    for number in re.findall(r'^ *File "/work/program\.py", line (\d+)', text, re.MULTILINE)[-1:]:
        told["line"] = int(number)
    condition = getattr(error, "getCondition", None) or getattr(error, "getErrorClass", None)
    try:
        if condition is not None:
            told["condition"] = condition()
    except Exception:
        pass
    return told


def command(settings):
    jars = sorted(glob.glob(os.path.join(os.environ["SPARK_HOME"], "jars", "*.jar")))
    archive = os.environ.get("ENGINEHOUSE_ARCHIVE")
    sharing = f"-XX:ArchiveClassesAtExit={archive}" if archive else f"-XX:SharedArchiveFile={ENGINE}/spark.jsa"
    conf = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": "/work/spark",
        "spark.sql.shuffle.partitions": "2",
        # Files are opened for next to nothing here, so small ones are shared among the cores as well.
        "spark.sql.files.openCostInBytes": "262144",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": "file:/work/warehouse",
        "spark.sql.session.timeZone": "UTC",
        "spark.hadoop.fs.enginehouse.in": "/in",
        "spark.hadoop.fs.enginehouse.out": "/out",
    }
    factory = "org.apache.hadoop.mapreduce.lib.output.FileOutputCommitterFactory"
    for scheme in SCHEMES:
        conf[f"spark.hadoop.fs.{scheme}.impl"] = "enginehouse.RunFileSystem"
        # Hadoop's defaults name a committer for s3a that is not part of Spark.
        conf[f"spark.hadoop.mapreduce.outputcommitter.factory.scheme.{scheme}"] = factory
    return [
        os.path.join(os.environ["JAVA_HOME"], "bin", "java"),
        f"-Xmx{settings['heap']}m",
        f"-XX:ActiveProcessorCount={settings['cores']}",
        # Spark's own reading of the container's limits fails in a sandbox without /sys.
        "-XX:-UseContainerSupport",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-XX:+IgnoreUnrecognizedVMOptions",
        "-Xshare:auto",
        "-Xlog:disable",
        sharing,
        *(f"--add-opens={package}=ALL-UNNAMED" for package in OPENS),
        "--sun-misc-unsafe-memory-access=allow",
        "--enable-native-access=ALL-UNNAMED",
        "-Dio.netty.tryReflectionSetAccessible=true",
        "-Dio.netty.allocator.type=pooled",
        "-Dio.netty.handler.ssl.defaultEndpointVerificationAlgorithm=NONE",
        "-Duser.home=/work",
        "-Djava.io.tmpdir=/work",
        f"-Dlog4j2.configurationFile={HERE}/log4j2.properties",
        # One order whatever the file system says: the archive of classes holds for exactly this path.
        "-cp",
        ":".join([f"{ENGINE}/files.jar", *jars]),
        "org.apache.spark.deploy.SparkSubmit",
        "--master",
        f"local[{settings['cores']}]",
        *(part for name, value in conf.items() for part in ("--conf", f"{name}={value}")),
        "pyspark-shell",
    ]
