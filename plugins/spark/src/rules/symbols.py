"""Writes what the installed PySpark has: `python symbols.py > symbols.txt`, with the version that
`host/local/assets/spark/requirements.txt` pins.

A line is a module or a class, and what is in it: `DataFrame: select=DataFrame count …`. What follows `=` is the class of what
the member is or gives back, where that is a class of the list. What stands behind `~` does not come with a star import.
"""

import importlib
import inspect
import re

import pyspark

CLASSES = {
    "pyspark.sql": ["Catalog", "Column", "DataFrame", "DataFrameNaFunctions", "DataFrameReader", "DataFrameStatFunctions"]
    + ["DataFrameWriter", "GroupedData", "SparkSession", "UDFRegistration", "Window", "WindowSpec"],
    "pyspark": ["RDD", "SparkConf", "SparkContext"],
}
MODULES = ["pyspark.sql.functions", "pyspark.sql.types", "pyspark.sql"]
# What came with a star import before 4.0.
FORMER = {"pyspark.sql.functions": ["DataFrame", "SparkContext"]}
# By another name than the list's.
ALSO = {"ParentDataFrame": "DataFrame"}
# What annotations do not say, and what a session adds.
OWN = {"SparkSession": {"builder": "Builder"}, "RDD": {"toDF": "DataFrame"}}


def result(member):
    """The class that a member gives back, by its annotation."""
    function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
    annotation = getattr(function, "__annotations__", {}).get("return", "")
    name = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    name = re.sub(r"\[.*", "", name).strip("\"'").rsplit(".", 1)[-1]
    name = ALSO.get(name, name)
    return name if name in names else ""


def members(owner):
    found = []
    own = OWN.get(owner.__name__, {})
    starred = getattr(owner, "__all__", None)
    for name in sorted({*dir(owner), *own}):
        if name.startswith("_"):
            continue
        given = own.get(name) or result(inspect.getattr_static(owner, name))
        mark = "" if starred is None or name in starred else "~"
        found.append(f"{mark}{name}={given}" if given else mark + name)
    former = {f"~{name}" for name in FORMER.get(owner.__name__, [])}
    return sorted({*found, *former}, key=lambda name: name.lstrip("~"))


names = {name for listed in CLASSES.values() for name in listed} | {"Builder"}
print(f"# PySpark {pyspark.__version__}")
for module in MODULES:
    print(f"{module}:", *members(importlib.import_module(module)))
for module, listed in CLASSES.items():
    for name in listed:
        print(f"{name}:", *members(getattr(importlib.import_module(module), name)))
print("Builder:", *members(importlib.import_module("pyspark.sql").SparkSession.Builder))
