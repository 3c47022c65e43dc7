//! S3, Glue, Lambda and EMR Serverless: our own S3 endpoint over files, fakes of the others, and local Spark behind them.

use std::{fs, io::Write as _, path::PathBuf, sync::Arc, time::Duration};

use enginehouse::config::Config;
use enginehouse_capabilities::{
    AttemptScope, CallContext, ObjectUri, ProcessOutput, ProcessState, Processes, Program, Token,
};
use enginehouse_fakes::aws::{EmrServerless, FakeAws, Glue, Lambda};
use enginehouse_local::{
    engines::{EnginesRoot, Installed},
    processes::{LocalProcesses, ProcessesConfig, Shim},
    store::EmbeddedStore,
};
use enginehouse_tests::{Parts, TestHost};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::function;

pub(crate) const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");
const APPLICATION: &str = "00example0000000";

/// Names with types.
pub(crate) type Columns<'a> = &'a [(&'a str, &'a str)];

/// All of AWS that a server may be told of.
pub(crate) struct House {
    folder: tempfile::TempDir,
    s3: (String, String, String, String),
    root: PathBuf,
    pub(crate) glue: FakeAws,
    pub(crate) lambda: FakeAws,
    pub(crate) emr: FakeAws,
}

impl House {
    /// With the buckets `lake` and `bucket`, empty, and these tables: database, name, columns with types.
    pub(crate) async fn with(tables: &[(&str, &str, Columns<'_>)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(EmbeddedStore::open(folder.path()).await.unwrap());
        let root = store.root().to_owned();
        for bucket in ["lake", "bucket", "house"] {
            fs::create_dir_all(root.join(bucket)).unwrap();
        }
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = store.endpoint(listener.local_addr().unwrap());
        tokio::spawn(async move { store.serve(listener).await });

        let shim = Shim { program: BIN.into(), arguments: vec!["shim".into()] };
        let engines = EnginesRoot::new(&Config::default().local.engines);
        let installed = engines.installed("spark").unwrap();
        let config = ProcessesConfig::new(folder.path().join("processes"), &root, engines, shim);
        let processes = LocalProcesses::open(config).await.unwrap();
        let spark = Arc::new(Spark { processes, installed, root: root.clone() });

        let in_glue = tables.iter().map(|(database, name, columns)| table(database, name, columns));
        let databases: std::collections::BTreeSet<_> = tables.iter().map(|(database, ..)| *database).collect();
        let databases = databases.into_iter().chain(["default"]).map(|name| json!({ "Name": name }));
        let glue = FakeAws::start(Glue::new(databases.collect::<Vec<_>>(), in_glue.collect::<Vec<_>>())).await;
        let in_lambda = Arc::clone(&spark);
        let function = move |event: Value| {
            let spark = Arc::clone(&in_lambda);
            async move { function::call(&spark.installed, &spark.root, event).await }
        };
        let lambda = FakeAws::start(Lambda::new().function("sparkOnLambda", function)).await;
        let known: Arc<[String]> = tables.iter().flat_map(|(d, n, c)| registered(d, n, c)).collect();
        let batch = move |id: String, request: Value| {
            let (spark, known) = (Arc::clone(&spark), Arc::clone(&known));
            async move { spark.batch(&id, &request, &known).await }
        };
        let emr = FakeAws::start(EmrServerless::new(APPLICATION).engine(batch)).await;
        let s3 = (endpoint.url, endpoint.region, endpoint.access_key, endpoint.secret_key);
        Self { folder, s3, root, glue, lambda, emr }
    }

    /// Puts an object into a bucket, as something else than our server would.
    pub(crate) fn put(&self, bucket: &str, key: &str, body: impl AsRef<[u8]>) {
        let path = self.root.join(bucket).join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, body).unwrap();
    }

    /// A server that has nothing of its own but its database.
    pub(crate) async fn server(&self) -> TestHost {
        let (config, environment) = (self.config(&self.s3.0), self.environment());
        TestHost::start_with(BIN, Parts { config, environment, ..Parts::default() }).await.unwrap()
    }

    /// Its configuration, with S3 at an address.
    pub(crate) fn config(&self, s3: &str) -> String {
        let (_, region, ..) = &self.s3;
        format!(
            "[aws]\nregion = \"{region}\"\n[aws.endpoints]\ns3 = \"{s3}\"\nglue = \"{}\"\nlambda = \"{}\"\nemr-serverless = \"{}\"\n\
             [objects]\nbackend = \"s3\"\nbucket = \"house\"\n\
             [catalog]\nbackend = \"glue\"\n\
             [functions]\nbackend = \"lambda\"\n[functions.targets.small]\nfunction = \"sparkOnLambda\"\n\
             [batches]\nbackend = \"emr-serverless\"\n[batches.targets.large]\napplication = \"{APPLICATION}\"\n\
             role = \"arn:aws:iam::000000000000:role/jobs\"\nlogs = \"s3://house/logs/\"\n\
             [frameworks.spark.places]\nlambda = \"small\"\nemr = \"large\"\n\
             [frameworks.spark.prices.lambda]\nmemory-gb-hour = 1000.0\n",
            self.glue.url(),
            self.lambda.url(),
            self.emr.url(),
        )
    }

    /// Who the server is at AWS.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let (_, _, key, secret) = &self.s3;
        vec![("AWS_ACCESS_KEY_ID", key.clone()), ("AWS_SECRET_ACCESS_KEY", secret.clone())]
    }

    /// Where S3 is.
    pub(crate) fn s3(&self) -> std::net::SocketAddr {
        self.s3.0.trim_start_matches("http://").parse().unwrap()
    }

    /// Keeps the folder until here.
    pub(crate) fn end(self) {
        drop(self.folder);
    }
}

/// A table of CSV files with a header, as Glue's crawlers describe one.
fn table(database: &str, name: &str, columns: Columns<'_>) -> Value {
    let columns: Vec<_> = columns.iter().map(|(name, kind)| json!({ "Name": name, "Type": kind })).collect();
    json!({
        "DatabaseName": database,
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": { "classification": "csv", "skip.header.line.count": "1" },
        "PartitionKeys": [],
        "StorageDescriptor": {
            "Columns": columns,
            "Location": format!("s3://lake/{database}/{name}/"),
            "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
            "SerdeInfo": {
                "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
                "Parameters": { "field.delim": "," },
            },
        },
    })
}

/// What makes local Spark know a table: on EMR the account's own catalog does.
fn registered(database: &str, name: &str, columns: Columns<'_>) -> [String; 2] {
    let columns: Vec<_> = columns.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
    [
        format!("CREATE DATABASE IF NOT EXISTS {database}"),
        format!(
            "CREATE TABLE IF NOT EXISTS {database}.{name} ({}) USING csv OPTIONS ('header' 'true') LOCATION 's3://lake/{database}/{name}/'",
            columns.join(", ")
        ),
    ]
}

/// This machine's Spark, in the place of what runs at AWS.
struct Spark {
    processes: LocalProcesses,
    installed: Installed,
    root: PathBuf,
}

impl Spark {
    /// A job run: its script from the store, its logs into it.
    async fn batch(&self, id: &str, request: &Value, tables: &[String]) -> Result<(), String> {
        let script = request["jobDriver"]["sparkSubmit"]["entryPoint"].as_str().unwrap();
        let code = fs::read_to_string(self.root.join(script.strip_prefix("s3://").unwrap())).unwrap();
        let output = code.split("os.environ[\"OUTPUT_PATH\"] = \"").nth(1).unwrap().split('"').next().unwrap();
        let statements: String = tables.iter().map(|statement| format!("spark.sql({})\n", json!(statement))).collect();
        let prelude =
            format!("from pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\n{statements}");
        let (well, printed, errors) = self.run(prelude, &code, output).await;
        let logs = self.root.join(format!("house/logs/applications/{APPLICATION}/jobs/{id}/SPARK_DRIVER"));
        fs::create_dir_all(&logs).unwrap();
        for (name, text) in [("stdout.gz", printed), ("stderr.gz", errors)] {
            let file = fs::File::create(logs.join(name)).unwrap();
            let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            gzip.write_all(text.as_bytes()).unwrap();
            gzip.finish().unwrap();
        }
        if well {
            Ok(())
        } else {
            Err("Job failed, please check complete logs in configured logging destination".into())
        }
    }

    /// Whether it ended well, what it printed, and its standard error.
    async fn run(&self, prelude: String, code: &str, output: &str) -> (bool, String, String) {
        let run = Uuid::now_v7();
        let uri = |text: &str| text.parse::<ObjectUri>().unwrap();
        let timeout = Duration::from_secs(240);
        // A prefix with nothing below it is no input.
        let holds =
            |prefix: &&str| fs::read_dir(self.root.join(prefix)).is_ok_and(|mut entries| entries.next().is_some());
        let there = ["lake", "bucket", "house/uploads"].into_iter().filter(holds);
        let token = Token::of_attempt(run, 1);
        let attempt = AttemptScope {
            token: token.clone(),
            inputs: there.map(|prefix| uri(&format!("s3://{prefix}/"))).collect(),
            output: uri(output),
            scratch: uri(&format!("s3://house/scratch/{run}/")),
            target: "spark".into(),
            timeout,
        };
        let cx =
            CallContext { framework: "spark".into(), digest: String::new(), run: Some(run), attempt: Some(attempt) };
        let program = Program { token: token.clone(), engine: "spark".into(), prelude, code: code.into(), timeout };
        self.processes.start(&cx, program).await.unwrap();
        let ended = loop {
            match self.processes.check(&token).await.unwrap() {
                ProcessState::Queued | ProcessState::Running => tokio::time::sleep(Duration::from_millis(50)).await,
                ended => break ended,
            }
        };
        let log = |which| self.processes.log(&token, which, 0);
        let (printed, errors) = (log(ProcessOutput::Stdout).await.unwrap(), log(ProcessOutput::Stderr).await.unwrap());
        (ended == ProcessState::Exited(0), printed.text, errors.text)
    }
}
