"""A program's own process: `driver.py PROGRAM REPORT` makes the session, runs the program and reports an exception.

The session comes first, so that its static settings are the image's whatever the program's builder says.
"""

import json
import os
import runpy
import sys
import traceback


def main(program, report):
    sys.argv = [program]
    sys.path[0] = os.path.dirname(program)
    try:
        from pyspark.sql import SparkSession

        SparkSession.builder.getOrCreate()
        runpy.run_path(program, run_name="__main__")
    except Exception as error:
        line = None
        for frame, number in traceback.walk_tb(error.__traceback__):
            if frame.f_code.co_filename == program:
                line = number
        if isinstance(error, SyntaxError) and error.filename == program:
            line = error.lineno
        with open(report, "w", encoding="utf-8", errors="backslashreplace") as file:
            json.dump({"type": type(error).__name__, "message": str(error)[:1200], "line": line}, file)
        raise


main(*sys.argv[1:])
