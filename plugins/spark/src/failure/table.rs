//! The classes of Spark's failures, and what they are known by.

use enginehouse_sdk::program::Class;

/// What an error's name or words hold, and its class.
type Row = (&'static [&'static str], Class);

const fn class(kind: &'static str, hint: &'static str) -> Class {
    Class { kind: Some(kind), hint: Some(hint) }
}

/// By Spark's own names of errors, which begin like this.
pub(super) const CONDITIONS: &[Row] = &[
    (&["UNRESOLVED_COLUMN", "UNRESOLVED_MAP_KEY", "UNRESOLVED_FIELD", "FIELD_NOT_FOUND"], MISSING_COLUMN),
    (
        &["AMBIGUOUS_REFERENCE"],
        class("ambiguous-column", "name the column with its table, or rename one of the two before the join"),
    ),
    (&["TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND"], MISSING_TABLE),
    (&["PATH_NOT_FOUND", "FAILED_READ_FILE.FILE_NOT_EXIST", "UNABLE_TO_INFER_SCHEMA"], MISSING_PATH),
    (&["PATH_ALREADY_EXISTS"], class("path-exists", "write with `.mode(\"overwrite\")`")),
    (
        &["DATATYPE_MISMATCH", "INCOMPATIBLE_"],
        class("type-mismatch", "cast the column to the type that the operation takes"),
    ),
    (&["CAST_INVALID_INPUT", "CAST_OVERFLOW", "CANNOT_PARSE_", "MALFORMED_"], BAD_CELL),
    (
        &["DIVIDE_BY_ZERO", "REMAINDER_BY_ZERO", "ARITHMETIC_OVERFLOW"],
        class("arithmetic", "use `try_divide`, `try_add` and the like, or a wider type"),
    ),
    (
        &["MISSING_AGGREGATION", "MISSING_GROUP_BY", "GROUP_BY_"],
        class("grouping", "group by each column that is not aggregated"),
    ),
    (&["PARSE_SYNTAX_ERROR", "INVALID_SQL_SYNTAX"], class("sql-syntax", "write the SQL in Spark's own dialect")),
    (&["CANNOT_MODIFY_CONFIG"], class("setting", "leave the settings of Spark as they are")),
    (
        &["UNRESOLVED_ROUTINE", "WRONG_NUM_ARGS"],
        class("missing-function", "use a function of Spark, with the arguments that it takes"),
    ),
];

/// By the words of the error or of what lies beneath it; the first row that fits counts.
pub(super) const WORDS: &[Row] = &[
    (
        &[
            "Runtime.ImportModuleError",
            "Runtime.HandlerNotFound",
            "Runtime.InvalidEntrypoint",
            "Runtime.UserCodeSyntaxError",
        ],
        class(
            "function",
            "the function itself cannot start, which no program can mend: the operator has to look at its image",
        ),
    ),
    // What ends a program for its memory comes under many names: the JVM's, the kernel's, Lambda's, EMR's.
    (
        &[
            "OutOfMemoryError",
            "MemoryError",
            "GC overhead limit",
            "signal: killed",
            "Runtime.OutOfMemory",
            "exit code 137",
            "exit status 137",
            "exitCode 137",
            "Container killed",
            "spark.driver.maxResultSize",
            "Cannot allocate memory",
            "SIGKILL",
            "Answer from Java side is empty",
            "Py4JNetworkError",
            "ConnectionRefusedError",
            "Java gateway process exited",
        ],
        class(
            "memory",
            "collect less to the driver, cache nothing, read only the columns that are needed, and aggregate before joining",
        ),
    ),
    (
        &["Task timed out after", "Sandbox.Timedout", "Job run timed out", "job execution timeout"],
        class("time", "read less, or give the run a longer timeout"),
    ),
    (
        &["ExecutorLostFailure", "Executor heartbeat timed out", "executor lost"],
        class("executor-lost", "run it again with less data in one task: more partitions, and no large broadcast"),
    ),
    (
        &["NoSuchBucket", "UnknownStoreException", "The specified bucket does not exist"],
        class("missing-bucket", "read the given path, as it was given, and write below `OUTPUT_PATH`"),
    ),
    (
        &[
            "ExpiredToken",
            "InvalidAccessKeyId",
            "NoAuthWithAWSException",
            "NoAwsCredentials",
            "Unable to load credentials",
            "SignatureDoesNotMatch",
        ],
        class(
            "credentials",
            "the engine has no valid credentials, which no program can mend: the operator has to look at its role",
        ),
    ),
    (
        &[
            "AccessDenied",
            "Access Denied",
            "AccessControlException",
            "Status Code: 403",
            "StatusCode: 403",
            "403 Forbidden",
            "is not authorized to perform",
            "Insufficient Lake Formation",
            "Permission denied",
            "PermissionError",
            "not authorized",
        ],
        class(
            "permission",
            "read the given sources alone and write below `OUTPUT_PATH`; where the program does, the engine's role lacks a permission",
        ),
    ),
    (
        &["No space left on device", "DiskErrorException"],
        class("disk", "write and shuffle less: filter early, and cache nothing"),
    ),
    (
        &["SlowDown", "Status Code: 503", "ThrottlingException", "Rate exceeded"],
        class("throttled", "the store turned requests away for their rate: run it again"),
    ),
    (
        &[
            "UnknownHostException",
            "Name or service not known",
            "Temporary failure in name resolution",
            "Network is unreachable",
            "Connect timed out",
            "ConnectTimeoutException",
        ],
        class("network", "use the object store and the catalog alone: a program has no other network"),
    ),
    (
        &["Could not execute broadcast", "Broadcast timeout"],
        class("broadcast", "join without a broadcast: set `spark.sql.autoBroadcastJoinThreshold` to -1"),
    ),
    (&["EntityNotFoundException", "NoSuchTableException", "NoSuchDatabaseException"], MISSING_TABLE),
    (
        &[
            "FileNotFoundException",
            "FileNotFoundError",
            "Path does not exist",
            "NoSuchKey",
            "InvalidInputException",
            "does not exist, or is no source",
        ],
        MISSING_PATH,
    ),
    (&["FileAlreadyExistsException"], class("path-exists", "write with `.mode(\"overwrite\")`")),
    (&["NumberFormatException", "DateTimeException", "BadRecordException"], BAD_CELL),
    (&["ModuleNotFoundError", "No module named"], class("missing-module", "use only PySpark and Python's own modules")),
    (
        &["PicklingError", "cannot pickle", "CONTEXT_ONLY_VALID_ON_DRIVER"],
        class("not-serializable", "use no session, frame or open file within a function that runs on workers"),
    ),
    (&["SystemExit"], class("exit", "let the program come to its end, and raise where something is wrong")),
    (
        &["PythonException", "python worker", "Python worker"],
        class("python-worker", "the function on workers raised: look at the cell that it was given, and at null"),
    ),
];

const MISSING_COLUMN: Class = class("missing-column", "use a column of the schema, spelled as it is there");
const MISSING_TABLE: Class = class("missing-table", "use one of the selected tables");
const MISSING_PATH: Class = class("missing-path", "read the given path, as it was given");
const BAD_CELL: Class = class("bad-cell", "use `try_cast` where cells may not fit the type");
