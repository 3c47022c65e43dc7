//! What a failure of Spark is, whatever the platform: its class for the caller, and for the repair what usually mends it.

mod table;

use enginehouse_sdk::{
    EngineError,
    program::{Class, Report, failure},
};

use self::table::{CONDITIONS, WORDS};

/// A failure as the program's own report tells it.
pub(crate) fn told(report: Report) -> EngineError {
    failure(report, classify)
}

/// A failure of which there is no report, in the platform's own words. `kind` where they say nothing that is known.
pub(crate) fn untold(kind: &str, words: &str) -> EngineError {
    let report = Report { kind: kind.to_owned(), message: words.to_owned(), ..Report::default() };
    told(report)
}

/// The class of a failure; none where its own name says all.
pub(crate) fn classify(report: &Report) -> Option<Class> {
    // What an exception of the program's own says is for people.
    let engines = !report.kind.ends_with("Error") || report.kind.starts_with("Py4J") || report.kind == "OSError";
    // The innermost cause says most, and what wraps it least.
    let texts = || report.causes.iter().rev().chain([&report.message]).map(String::as_str).filter(|_| engines);
    let names = || report.condition.as_deref().into_iter().chain(texts().filter_map(condition_in));
    let of_name = |name: &str| CONDITIONS.iter().find(|(begins, _)| begins.iter().any(|begin| name.starts_with(begin)));
    let says = |text: &str| WORDS.iter().find(|(words, _)| words.iter().any(|word| text.contains(word)));
    let row = names().find_map(of_name).or_else(|| texts().find_map(says)).or_else(|| says(&report.kind));
    row.map(|(_, class)| *class)
}

/// `FAILED_READ_FILE.NO_HINT` in `org.apache.spark.SparkException: [FAILED_READ_FILE.NO_HINT] Encountered …`.
fn condition_in(text: &str) -> Option<&str> {
    let named = |name: &&str| {
        name.len() > 3 && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || "._".contains(c))
    };
    text.split('[').skip(1).filter_map(|rest| rest.split_once(']').map(|(name, _)| name)).find(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(kind: &str, condition: Option<&str>, message: &str, causes: &[&str]) -> Report {
        Report {
            kind: kind.into(),
            condition: condition.map(str::to_owned),
            message: message.into(),
            line: Some(7),
            causes: causes.iter().map(|cause| (*cause).to_owned()).collect(),
        }
    }

    #[test]
    fn what_spark_names_is_classified_by_its_name() {
        for (condition, kind) in [
            ("UNRESOLVED_COLUMN.WITH_SUGGESTION", "missing-column"),
            ("TABLE_OR_VIEW_NOT_FOUND", "missing-table"),
            ("PATH_NOT_FOUND", "missing-path"),
            ("FAILED_READ_FILE.FILE_NOT_EXIST", "missing-path"),
            ("CANNOT_MODIFY_CONFIG", "setting"),
            ("CAST_INVALID_INPUT", "bad-cell"),
            ("DIVIDE_BY_ZERO", "arithmetic"),
            ("AMBIGUOUS_REFERENCE", "ambiguous-column"),
            ("MISSING_AGGREGATION", "grouping"),
            ("PARSE_SYNTAX_ERROR", "sql-syntax"),
            ("PATH_ALREADY_EXISTS", "path-exists"),
        ] {
            let told = told(report("AnalysisException", Some(condition), "words", &[]));
            assert_eq!((told.kind.as_str(), told.line), (kind, Some(7)), "{condition}");
            assert!(told.hint.is_some(), "{condition}");
        }
    }

    #[test]
    fn what_java_and_python_say_is_classified_by_the_cause() {
        for (kind, message, cause, class) in [
            (
                "Py4JJavaError",
                "it failed",
                "java.nio.file.AccessDeniedException: s3a://b/k: getFileStatus on s3a://b/k: Forbidden (Service: S3, Status Code: 403)",
                "permission",
            ),
            (
                "Py4JJavaError",
                "o1",
                "org.apache.hadoop.fs.s3a.UnknownStoreException: NoSuchBucket: b",
                "missing-bucket",
            ),
            ("Py4JJavaError", "o1", "java.lang.OutOfMemoryError: Java heap space", "memory"),
            (
                "Py4JJavaError",
                "org.apache.spark.SparkException: [FAILED_READ_FILE.NO_HINT] Encountered error while reading",
                "java.nio.file.AccessDeniedException: s3a://b/k",
                "permission",
            ),
            (
                "Py4JJavaError",
                "org.apache.spark.SparkException: [FAILED_READ_FILE.NO_HINT] Encountered error while reading",
                "org.apache.spark.SparkException: [MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION] Malformed records",
                "bad-cell",
            ),
            (
                "Py4JJavaError",
                "org.apache.hadoop.security.AccessControlException: s3://b/x is read-only for this run",
                "",
                "permission",
            ),
            ("SystemExit", "3", "", "exit"),
            (
                "Py4JJavaError",
                "Job aborted due to stage failure: ExecutorLostFailure (executor 1 exited caused by one of the running tasks) Reason: exit code 137",
                "",
                "memory",
            ),
            (
                "Py4JJavaError",
                "Job aborted due to stage failure: ExecutorLostFailure (executor 1 exited) Reason: worker lost",
                "",
                "executor-lost",
            ),
            (
                "Py4JJavaError",
                "Job aborted due to stage failure",
                "java.io.FileNotFoundException: No such file or directory: s3a://b/k",
                "missing-path",
            ),
            (
                "Py4JJavaError",
                "o1",
                "com.amazonaws.services.glue.model.EntityNotFoundException: Database x not found",
                "missing-table",
            ),
            ("Py4JJavaError", "o1", "java.io.IOException: No space left on device", "disk"),
            ("Py4JJavaError", "o1", "software.amazon.awssdk.services.s3.model.S3Exception: SlowDown", "throttled"),
            ("Py4JJavaError", "o1", "java.net.UnknownHostException: db.example", "network"),
            (
                "Py4JJavaError",
                "o1",
                "org.apache.hadoop.fs.s3a.auth.NoAuthWithAWSException: no credentials",
                "credentials",
            ),
            ("PythonException", "An exception was thrown from the Python worker: ValueError: no", "", "python-worker"),
            (
                "PythonException",
                "An exception was thrown from the Python worker: ModuleNotFoundError: No module named 'pandas'",
                "",
                "missing-module",
            ),
            ("ConnectionRefusedError", "[Errno 111] Connection refused", "", "memory"),
            ("ModuleNotFoundError", "No module named 'pandas'", "", "missing-module"),
            ("FileNotFoundError", "[Errno 2] No such file or directory: '/x'", "", "missing-path"),
            ("MemoryError", "", "", "memory"),
        ] {
            assert_eq!(told(report(kind, None, message, &[cause])).kind, class, "{kind} {message} {cause}");
        }
    }

    #[test]
    fn what_platforms_say_is_classified_too() {
        for (kind, words, class) in [
            (
                "function",
                "the function failed (Unhandled): Sandbox.Timedout: RequestId: 1 Error: Task timed out after 900.00 seconds",
                "time",
            ),
            (
                "function",
                "the function failed (Unhandled): Runtime.ExitError: RequestId: 1 Error: Runtime exited with error: signal: killed",
                "memory",
            ),
            ("function", "the function failed (Unhandled): Runtime.OutOfMemory: RequestId: 1", "memory"),
            (
                "function",
                "the function failed (Unhandled): Runtime.ImportModuleError: Unable to import module 'handler': No module named 'handler'",
                "function",
            ),
            ("batch", "Job run timed out", "time"),
            (
                "batch",
                "Job failed, please check complete logs in configured logging destination. ExitCode: 137. Last few exceptions: exit code 137",
                "memory",
            ),
            ("batch", "The job role is not authorized to perform: s3:GetObject", "permission"),
            ("batch", "Job failed, please check complete logs in configured logging destination", "batch"),
        ] {
            assert_eq!(untold(kind, words).kind, class, "{words}");
        }
    }

    #[test]
    fn what_is_not_known_keeps_its_own_name() {
        let told = told(report("ValueError", None, "Access Denied [PATH_NOT_FOUND] [0]", &[]));
        assert_eq!((told.kind.as_str(), told.hint), ("ValueError", None));
        assert_eq!(super::told(report("SparkException", Some("NEW_CONDITION"), "x", &[])).kind, "NEW_CONDITION");
    }

    #[test]
    fn the_cause_is_in_the_message_where_it_says_more() {
        let told = told(report("Py4JJavaError", None, "it failed", &["java.io.IOException: first", "a.B: last"]));
        assert_eq!(told.message, "it failed (a.B: last)");
    }
}
