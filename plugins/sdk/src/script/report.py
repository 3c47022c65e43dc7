def _enginehouse_report(error):
    import json
    import sys
    import traceback

    line = None
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename == "program.py":
            line = number
    if isinstance(error, SyntaxError) and error.filename == "program.py":
        line = error.lineno
    report = {"type": type(error).__name__, "message": str(error), "line": line, "causes": []}
    try:
        report.update(_enginehouse_describe(error))
    except Exception:
        pass
    if len(report["message"]) > 1200:
        report["message"] = report["message"][:400] + " … " + report["message"][-780:]
    report["causes"] = [cause[:240] for cause in report["causes"][-3:]]
    if not isinstance(error, SystemExit):
        # Without our own frame.
        traceback.print_exception(type(error), error, error.__traceback__.tb_next)
    print(_enginehouse_mark + json.dumps(report), file=sys.stderr, flush=True)
