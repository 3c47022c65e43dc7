//! What the task asks for: its sources and its output.

use enginehouse_corpus::{
    Mutant, Mutation,
    mutations::{at_end, error, in_function, quoted, sibling, text_or_calls},
};

use super::{lone_read, place};

const OUTPUT: &str = "os.environ[\"OUTPUT_PATH\"]";
/// Calls that read what stands in a text.
const READS: &[&str] = &["read_", "dataset(", ".remote("];
/// Calls that write to what stands in a text.
const WRITES: &[&str] = &["write_", ".to_csv(", ".to_parquet(", "open_output_stream("];

/// What reads one place more, and the text in it that is at fault.
const READ: &[(&str, &str, &str)] = &[
    ("Parquet", "ray.data.read_parquet(\"s3://corpus/more/\")", "s3://corpus/more/"),
    (
        "a name in pieces",
        "corpus_bucket = \"corpus\"\nray.data.read_csv(f\"s3://{corpus_bucket}/{2024}/x.csv\").show()",
        "read_csv(f\"s3://{corpus_bucket",
    ),
    ("a list", "ray.data.read_json([\"s3://corpus/a.json\", \"s3://corpus/b.json\"])", "s3://corpus/a.json"),
    ("text of the machine", "ray.data.read_text(\"/etc/corpus.conf\").show()", "/etc/corpus.conf"),
    (
        "pandas",
        "import pandas as corpus_pd\nprint(corpus_pd.read_csv(\"s3://corpus/more.csv\"))",
        "s3://corpus/more.csv",
    ),
    (
        "Arrow",
        "import pyarrow.parquet as corpus_pq\nprint(corpus_pq.read_table(\"s3://corpus/more.parquet\"))",
        "s3://corpus/more.parquet",
    ),
    (
        "a dataset of Arrow",
        "import pyarrow.dataset as corpus_ds\nprint(corpus_ds.dataset(\"s3://corpus/more\").count_rows())",
        "s3://corpus/more",
    ),
    ("NumPy", "import numpy as corpus_np\nprint(corpus_np.loadtxt(\"s3://corpus/more.txt\"))", "s3://corpus/more.txt"),
    (
        "a task",
        "@ray.remote\ndef corpus_load(path):\n    return ray.data.read_csv(path).count()\n\n\nray.get(corpus_load.remote(\"s3://corpus/x.csv\"))",
        "read_csv(path)",
    ),
    ("a query", "ray.data.read_sql(\"SELECT 41\", lambda: None).show()", "ray.data.read_sql"),
    ("a service", "ray.data.read_mongo(\"mongodb://corpus\", \"d\", \"c\").show()", "ray.data.read_mongo"),
];

/// What writes to one place more, and the text in it that is at fault.
const WRITTEN: &[(&str, &str, &str)] = &[
    ("Parquet", "ray.data.range(41).write_parquet(\"s3://corpus/more\")", "s3://corpus/more"),
    ("JSON of the machine", "ray.data.range(41).write_json(\"/tmp/corpus\")", "/tmp/corpus"),
    ("a local uri", "ray.data.range(41).write_csv(\"local:///tmp/corpus\")", "local:///tmp/corpus"),
    ("a database", "ray.data.range(41).write_sql(\"INSERT INTO corpus VALUES (?)\", print)", "write_sql"),
    ("a service", "ray.data.range(41).write_mongo(\"mongodb://corpus\", \"d\", \"c\")", "write_mongo"),
    (
        "pandas",
        "import pandas as corpus_pd\ncorpus_pd.DataFrame({\"a\": [41]}).to_csv(\"/tmp/corpus.csv\")",
        "/tmp/corpus.csv",
    ),
    (
        "Arrow",
        "import pyarrow as corpus_pa\nimport pyarrow.parquet as corpus_pq\ncorpus_pq.write_table(corpus_pa.table({\"a\": [41]}), \"s3://corpus/x.parquet\")",
        "s3://corpus/x.parquet",
    ),
    (
        "a task",
        "@ray.remote\ndef corpus_save(path):\n    ray.data.range(41).write_parquet(path)\n\n\nray.get(corpus_save.remote(\"s3://corpus/more\"))",
        "write_parquet(path)",
    ),
    ("NumPy", "import numpy as corpus_np\ncorpus_np.save(\"/tmp/corpus.npy\", [41])", "/tmp/corpus.npy"),
    (
        "a stream",
        "from pyarrow import fs as corpus_fs\ncorpus_fs.LocalFileSystem().open_output_stream(\"/tmp/corpus.bin\")",
        "/tmp/corpus.bin",
    ),
];

pub(super) fn all() -> Vec<Mutation> {
    [sources(), more(), outputs()].into_iter().flatten().collect()
}

/// A name, and where a source's place is moved to.
type Move = (&'static str, fn(&str) -> Option<String>);

fn sources() -> Vec<Mutation> {
    let moved: [Move; 4] = [
        ("a sibling is read", |uri| Some(sibling(uri))),
        ("another bucket is read", |uri| {
            let (_, key) = uri.split_once("://")?.1.split_once('/')?;
            Some(format!("s3://corpus/{key}"))
        }),
        ("a path of this machine is read", |_| Some("/tmp/corpus-input".to_owned())),
        ("the folder above is read", |uri| {
            let (above, _) = uri.trim_end_matches('/').rsplit_once('/')?;
            Some(format!("{above}/"))
        }),
    ];
    let moved = moved.into_iter().flat_map(|(name, other)| {
        [
            error("R018", name, &["R024"], move |valid| {
                let place = place(valid).filter(|_| valid.has_one_source())?;
                Mutant::anywhere(valid.replace_all(&quoted(&place), &quoted(&other(&place)?))?)
            }),
            error("R024", name, &["R018"], move |valid| {
                let (place, other) = (place(valid)?, other(&place(valid)?)?);
                text_or_calls(valid.replace_all(&quoted(&place), &quoted(&other))?, &quoted(&other), READS)
            }),
        ]
    });
    let unread = [
        error("R018", "nothing is read", &[], |valid| {
            let (line, name) = lone_read(valid)?;
            Mutant::anywhere(valid.replace(line, &format!("{name} = ray.data.range(41)"))?)
        }),
        error("C006", "data is made up and not read", &["R018"], |valid| {
            let (line, name) = lone_read(valid)?;
            let made = format!("{name} = ray.data.from_items([{{\"region\": \"north\", \"amount\": 41.5}}])");
            Mutant::at(valid.replace(line, &made)?, &made)
        }),
        error("C006", "a frame is made up and not read", &["R018"], |valid| {
            let (line, name) = lone_read(valid)?;
            let made = format!("{name} = ray.data.from_pandas(corpus_pd.DataFrame({{\"region\": [\"north\"]}}))");
            Mutant::at(valid.replace(line, &format!("import pandas as corpus_pd\n{made}"))?, &made)
        }),
    ];
    moved.chain(unread).collect()
}

fn more() -> Vec<Mutation> {
    let read = READ.iter().map(|&(name, statements, wrong)| {
        error("R024", &format!("one place more is read by {name}"), &[], move |valid| at_end(valid, statements, wrong))
    });
    let written = WRITTEN.iter().map(|&(name, statements, wrong)| {
        error("R025", &format!("one place more is written by {name}"), &[], move |valid| {
            at_end(valid, statements, wrong)
        })
    });
    let opened = error("R024", "a file of the machine is opened", &[], |valid| {
        in_function(valid, "return open(\"/etc/corpus.conf\").read()", "/etc/corpus.conf")
    });
    read.chain(written).chain([opened]).collect()
}

fn outputs() -> Vec<Mutation> {
    let elsewhere: [(&str, &str, &str); 4] = [
        ("elsewhere", "\"s3://corpus/out/\"", "s3://corpus/out/"),
        ("elsewhere, in pieces", "(\"s3://\" + \"corpus-out\" + \"/x/\")", "corpus-out"),
        ("of this machine", "\"/tmp/corpus-out/\"", "/tmp/corpus-out/"),
        ("above", "(os.environ[\"OUTPUT_PATH\"] + \"/../corpus/\")", "/../corpus/"),
    ];
    let elsewhere = elsewhere.map(|(name, output, wrong)| {
        error("R025", &format!("the output is {name}"), &[], move |valid| {
            text_or_calls(valid.replace_all(OUTPUT, output)?, wrong, WRITES)
        })
    });
    let own = [
        error("R025", "the input is written over", &[], |valid| {
            let uri = quoted(&place(valid)?);
            text_or_calls(valid.replace_all(OUTPUT, &uri)?, &uri, WRITES)
        }),
        error("R019", "nothing is written and nothing printed", &[], |valid| {
            let tells = [".write_", "print(", ".show(", ".to_csv(", ".to_parquet(", "log.info(", "logger."];
            let ends = |line: &str| {
                let code = line.trim();
                let whole = code.matches('(').count() == code.matches(')').count() && code.ends_with(')');
                whole
                    && tells.iter().any(|tell| code.contains(tell))
                    && !code.contains("read_")
                    && !code.starts_with('.')
            };
            let blank = |line: &str| format!("{}pass", " ".repeat(line.len() - line.trim_start().len()));
            let lines = valid.code.lines().map(|line| if ends(line) { blank(line) } else { line.to_owned() });
            let code: String = lines.map(|line| line + "\n").collect();
            let silent = !tells.iter().chain(&["write_", "open_output"]).any(|tell| code.contains(tell));
            silent.then(|| Mutant::anywhere(code))?
        }),
    ];
    elsewhere.into_iter().chain(own).collect()
}
