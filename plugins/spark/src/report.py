def _enginehouse_report(error):
    import json
    import re
    import sys
    import traceback

    line = None
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename == "program.py":
            line = number
    if isinstance(error, SyntaxError) and error.filename == "program.py":
        line = error.lineno
    text = re.sub(r"^An error occurred while calling \S+\n: ", "", str(error))
    # What a function of the program raised on a worker: that is its line.
    for number in re.findall(r'^ *File "program\.py", line (\d+)', text, re.MULTILINE)[-1:]:
        line = int(number)
    causes = re.findall(r"^Caused by: (.*)", text, re.MULTILINE)
    cause = getattr(error, "_cause", None)
    while cause is not None and len(causes) < 9:
        causes.append(f"{type(cause).__name__}: {cause}")
        cause = getattr(cause, "_cause", None)
    # Without Java's frames, which come last, and those of PySpark's workers: only its own are the program's to mend.
    said = re.split(r"\n\s*(?:at \S|Driver stacktrace:|JVM stacktrace:)", text, maxsplit=1)[0]
    said = re.sub(r'^ *File "(?!program\.py").*\n(?: {4}.*\n)*', "", said, flags=re.MULTILINE)
    if len(said) > 1200:
        said = said[:400] + " … " + said[-780:]
    report = {"type": type(error).__name__, "message": said, "line": line, "causes": [cause[:240] for cause in causes[-3:]]}
    condition = getattr(error, "getCondition", None) or getattr(error, "getErrorClass", None)
    try:
        if condition is not None:
            report["condition"] = condition()
    except Exception:
        pass
    if not isinstance(error, SystemExit):
        traceback.print_exc()
    print(_enginehouse_mark + json.dumps(report), file=sys.stderr, flush=True)
