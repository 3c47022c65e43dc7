import ast
import collections
import copy
import hashlib
import itertools
import json
import random
import re
import threading
import types
import uuid
import warnings
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from enum import Enum
from operator import add, attrgetter, itemgetter

from pyspark.sql import Row, SparkSession

warnings.filterwarnings("ignore")
random.seed(7)


class Kind(Enum):
    A = "a"


@dataclass
class Conf:
    name: str
    tags: list = field(default_factory=list)

    def __post_init__(self):
        self.__dict__.update(kind=Kind.A)

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)

    def update(self, **kwargs):
        for key, value in kwargs.items():
            if hasattr(self, key):
                setattr(self, key, value)
        return self

    def __repr__(self):
        return f"{self.__class__.__name__}({vars(self)})"


@contextmanager
def session(name):
    spark = SparkSession.builder.appName(name).getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()


def numbers():
    n = 0
    while True:
        yield n
        n += 1


def read(queue):
    while True:
        line = queue.readline()
        if not line:
            break
        print(line)


with session("state") as spark:
    rows = [Row(id=str(uuid.uuid4()), key=hashlib.md5(b"x").hexdigest(), value=random.random())]
    rdd = spark.sparkContext.parallelize(rows, 2).map(lambda r: (r.key, 1)).reduceByKey(add)
    for key, n in sorted(rdd.collect(), key=itemgetter(1)):
        print(key, n)
    print(sorted(rows, key=attrgetter("id")), list(itertools.islice(numbers(), 3)))
    print(ast.literal_eval("[1]"), re.compile(r"\d+"), json.dumps(asdict(Conf("a"))), copy.deepcopy({}))
    print(collections.Counter("abc"), types.SimpleNamespace(a=1), threading.current_thread().name)
    with suppress(KeyError):
        print(Conf("b").update(name="c"), type(rows).__name__)
    it = iter([1, 2])
    try:
        while True:
            print(next(it))
    except StopIteration:
        pass
