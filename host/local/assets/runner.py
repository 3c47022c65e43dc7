"""The first process of a sandbox: runs one program, the prelude first, and says how it failed.

`engine` is the engine's own half, mounted beside this file: start(settings), warm_up(), begin(run), stop() and
describe(error). Only a sandbox that is started ahead is warmed up.
"""

import atexit
import json
import os
import sys
import traceback
import types

import engine

SETTINGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "settings.json")
PRELUDE = "/work/prelude.py"
PROGRAM = "/work/program.py"
FAILURE = "/work/failure.json"


def main():
    # The supervisor's line to us, and nobody else's.
    line = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    # Nothing runs before the sandbox is known to end with its supervisor.
    if not os.read(line, 1):
        return 1
    module = types.ModuleType("__main__")
    module.__file__ = PROGRAM
    sys.argv = [PROGRAM]
    sys.path[0] = "/work"
    try:
        with open(SETTINGS, encoding="utf-8") as file:
            settings = json.load(file)
        engine.start(settings)
        if settings["ahead"]:
            engine.warm_up()
            os.write(line, b"\n")
        with os.fdopen(line, "rb") as told:
            run = json.loads(told.readline())
        os.environ["OUTPUT_PATH"] = run["output_uri"]
        engine.begin(run)
        sys.modules["__main__"] = module
        for path in (PRELUDE, PROGRAM):
            with open(path, "rb") as file:
                source = file.read()
            exec(compile(source, path, "exec", dont_inherit=True), module.__dict__)
        return 0
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            status = ended.code or 0
        else:
            print(ended.code, file=sys.stderr)
            status = 1
        if status:
            report(ended)
        return status
    except BaseException as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
            trace = trace.tb_next
        traceback.print_exception(type(error), error, trace)
        report(error)
        return 1
    finally:
        engine.stop()
        sys.stdout.flush()
        sys.stderr.flush()


def report(error):
    """Leaves the failure where the host finds it. `line` counts in the program; none where it is not at fault."""
    line = None
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename == PROGRAM:
            line = number
    if isinstance(error, SyntaxError) and error.filename == PROGRAM:
        line = error.lineno
    failure = {"type": type(error).__name__, "message": str(error)[:8192], "line": line}
    failure.update(engine.describe(error))
    with open(FAILURE, "w", encoding="utf-8") as file:
        json.dump(failure, file)


def leave(status):
    """Comes last of all: how libraries take the interpreter's end, when no code runs any more, is not the program's."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status[0] & 0xFF)


if __name__ == "__main__":
    own = sys.modules["__main__"]  # Held: without it our own globals would go when the program takes the name.
    ended = [1]
    atexit.register(leave, ended)
    ended[0] = main()
    sys.exit(ended[0])
