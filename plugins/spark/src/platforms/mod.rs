//! What each platform does with a program.

pub(crate) mod emr;
pub(crate) mod lambda;

use enginehouse_sdk::{
    Attempt,
    script::{self, Around},
};

/// Of an error: Spark's own name of it, what lies beneath it, and where in the program a function of it raised on a worker.
const DESCRIBE: &str = r#"import re

text = re.sub(r"^An error occurred while calling \S+\n: ", "", str(error))
found = {"causes": re.findall(r"^Caused by: (.*)", text, re.MULTILINE)}
cause = getattr(error, "_cause", None)
while cause is not None and len(found["causes"]) < 9:
    found["causes"].append(f"{type(cause).__name__}: {cause}")
    cause = getattr(cause, "_cause", None)
# What a function of the program raised on a worker: that is its line.
for number in re.findall(r'^ *File "program\.py", line (\d+)', text, re.MULTILINE)[-1:]:
    found["line"] = int(number)
# Without Java's frames, which come last, and those of PySpark's workers: only its own are the program's to mend.
said = re.split(r"\n\s*(?:at \S|Driver stacktrace:|JVM stacktrace:)", text, maxsplit=1)[0]
found["message"] = re.sub(r'^ *File "(?!program\.py").*\n(?: {4}.*\n)*', "", said, flags=re.MULTILINE)
condition = getattr(error, "getCondition", None) or getattr(error, "getErrorClass", None)
try:
    if condition is not None:
        found["condition"] = condition()
except Exception:
    pass
return found"#;

/// The program after its prelude, as one script.
fn wrap(prelude: &str, code: &str, attempt: &Attempt) -> String {
    script::wrap(Around { prelude, describe: DESCRIBE }, code, attempt)
}
