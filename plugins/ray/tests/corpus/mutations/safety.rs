//! Ways out that Ray and its packages have.

use enginehouse_corpus::{
    Mutation,
    mutations::{at_end, error, in_function},
};

/// Statements that some rule forbids, and the text in them that is at fault.
const STATEMENTS: &[(&str, &str, &str, &str)] = &[
    ("R015", "a pool of processes", "from multiprocessing import Pool\nPool(2)", "import Pool"),
    (
        "R015",
        "an executor of processes",
        "from concurrent.futures import ProcessPoolExecutor\nProcessPoolExecutor()",
        "import ProcessPoolExecutor",
    ),
    ("R015", "a fork", "import os as corpus_os\ncorpus_os.fork()", "corpus_os.fork"),
    (
        "R015",
        "a command in a task",
        "@ray.remote\ndef corpus_task():\n    import subprocess\n    return subprocess.run([\"ls\"])\n\n\nray.get(corpus_task.remote())",
        "import subprocess",
    ),
    (
        "X101",
        "a command in a task",
        "@ray.remote\ndef corpus_task():\n    import os as corpus_os\n    corpus_os.system(\"ls\")\n\n\nray.get(corpus_task.remote())",
        "corpus_os.system",
    ),
    ("X102", "a debugger", "ray.util.pdb.set_trace()", "ray.util.pdb.set_trace"),
    ("X103", "a connection", "import asyncio\nasyncio.open_connection(\"corpus\", 41)", "asyncio.open_connection"),
    (
        "X104",
        "a folder is deleted",
        "from pyarrow import fs as corpus_fs\ncorpus_fs.LocalFileSystem().delete_dir(\"/tmp/corpus\")",
        "delete_dir",
    ),
    (
        "X106",
        "an array of pickles",
        "import numpy as corpus_np\ncorpus_np.load(os.environ[\"OUTPUT_PATH\"], allow_pickle=True)",
        "allow_pickle=True",
    ),
    (
        "X106",
        "arrays of pickles",
        "ray.data.read_numpy(os.environ[\"OUTPUT_PATH\"], allow_pickle=True)",
        "allow_pickle=True",
    ),
    ("X106", "Ray's own pickles", "from ray import cloudpickle\ncloudpickle.loads(b\"corpus\")", "cloudpickle.loads"),
    (
        "X106",
        "pandas' pickles",
        "import pandas as corpus_pd\ncorpus_pd.read_pickle(os.environ[\"OUTPUT_PATH\"])",
        "read_pickle",
    ),
    ("X107", "Ray's internals", "from ray._private import worker\nprint(worker)", "import worker"),
    ("X107", "Ray's internals by their path", "print(ray._private.worker.global_worker)", "ray._private.worker"),
    ("X107", "Ray's core", "import ray._raylet\nprint(ray._raylet.CoreWorker)", "import ray._raylet"),
    (
        "X109",
        "packages for a task",
        "@ray.remote(runtime_env={\"pip\": [\"corpus\"]})\ndef corpus_task():\n    return 41\n\n\nray.get(corpus_task.remote())",
        "runtime_env={\"pip\"",
    ),
    (
        "X109",
        "a folder for a call",
        "CORPUS_ENV = {\"working_dir\": \"s3://corpus/x.zip\"}\n\n\n@ray.remote\ndef corpus_task():\n    return 41\n\n\nray.get(corpus_task.options(runtime_env=CORPUS_ENV).remote())",
        "runtime_env=CORPUS_ENV",
    ),
    (
        "X110",
        "native code",
        "import numpy as corpus_np\nprint(corpus_np.ctypeslib.load_library)",
        "corpus_np.ctypeslib",
    ),
    (
        "X110",
        "functions of other languages",
        "from ray.cross_language import java_function\njava_function(\"corpus\", \"f\")",
        "import java_function",
    ),
];

const BESIDE: &[&str] = &["C010", "R015", "R018", "R024", "X101", "X107", "X110"];

pub(super) fn all() -> Vec<Mutation> {
    let each = |&(rule, name, statements, wrong): &(&'static str, &str, &'static str, &'static str)| {
        // `os` is the program's own.
        let os = statements.contains("(os.");
        let at_hand = move |code: &str| !os || code.lines().any(|line| line == "import os");
        [
            error(rule, name, BESIDE, move |valid| at_hand(&valid.code).then(|| at_end(valid, statements, wrong))?),
            error(rule, &format!("{name}, in a function"), BESIDE, move |valid| {
                at_hand(&valid.code).then(|| in_function(valid, statements, wrong))?
            }),
        ]
    };
    STATEMENTS.iter().flat_map(each).collect()
}
