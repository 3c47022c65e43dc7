//! The function that is at Lambda, by its real handler (examples/deploy/spark-lambda) over this machine's Spark.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use enginehouse_fakes::aws::LambdaOutcome;
use enginehouse_local::engines::Installed;
use serde_json::Value;
use tokio::{io::AsyncWriteExt as _, process::Command};

/// The memory that the function was given, and its timeout.
const MEMORY_MB: &str = "2048";
const SECONDS: &str = "240";

/// Where things are in the sandbox that stands for an environment of Lambda's: nothing is writable but `/tmp` and the store.
const STORE: &str = "/tmp/store";
const TASK: &str = "/tmp/task";
const CALL: &str = "/tmp/call";

/// Calls the function. `s3://` are the files below `root`.
pub(crate) async fn call(engine: &Installed, root: &Path, event: Value) -> LambdaOutcome {
    let image = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/deploy/spark-lambda").canonicalize().unwrap();
    let call = tempfile::tempdir().unwrap();
    conf(&image, engine, root, event["s3_output_path"].as_str().unwrap_or_default(), call.path());
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aws/function.py"), call.path().join("function.py"))
        .unwrap();

    let mut command = Command::new("bwrap");
    command.args(["--die-with-parent", "--unshare-pid", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]);
    command.args(["--tmpfs", "/tmp", "--dir", "/tmp/scratch"]);
    command.arg("--ro-bind").args([&engine.folder, &engine.folder]);
    command.arg("--ro-bind").arg(&image).arg(TASK).arg("--bind").arg(call.path()).arg(CALL);
    command.arg("--bind").arg(root).arg(STORE).args(["--chdir", TASK, "--"]);
    command.arg(engine.folder.join("venv/bin/python3")).arg(format!("{CALL}/function.py"));
    command.args([MEMORY_MB, SECONDS, &format!("{CALL}/answer.json")]);
    let java = engine.java.clone().unwrap();
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LANG", "C.UTF-8").env("JAVA_HOME", java);
    command.env("PYTHONPATH", TASK).env("PYTHONDONTWRITEBYTECODE", "1").env("SCRATCH", "/tmp/scratch");
    command.env("SPARK_CONF_DIR", format!("{CALL}/conf"));
    // As Lambda sets them; nobody asks for them here.
    command.env("AWS_ACCESS_KEY_ID", "role").env("AWS_SECRET_ACCESS_KEY", "secret-of-the-role");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);

    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(event.to_string().as_bytes()).await.unwrap();
    let ended = child.wait_with_output().await.unwrap();
    let told = fs::read(call.path().join("answer.json"))
        .unwrap_or_else(|_| panic!("the function gave no answer: {}", String::from_utf8_lossy(&ended.stderr)));
    let mut told: Value = serde_json::from_slice(&told).unwrap();
    LambdaOutcome {
        payload: told["payload"].take(),
        function_error: told["error"].as_str().map(str::to_owned),
        log: String::from_utf8_lossy(&ended.stdout).into_owned(),
        ..LambdaOutcome::default()
    }
}

/// The image's settings of Spark, with the store's files in the place of S3.
fn conf(image: &Path, engine: &Installed, root: &Path, output: &str, call: &Path) {
    let output = output.strip_prefix("s3://").unwrap_or("none").trim_end_matches('/');
    fs::create_dir_all(root.join(output)).unwrap();
    let conf = call.join("conf");
    fs::create_dir_all(&conf).unwrap();
    fs::copy(image.join("conf/log4j2.properties"), conf.join("log4j2.properties")).unwrap();
    let mut settings = fs::read_to_string(image.join("conf/spark-defaults.conf")).unwrap();
    let jar: PathBuf = engine.folder.join("files.jar");
    for (name, value) in [
        ("fs.s3.impl", "enginehouse.RunFileSystem"),
        ("fs.s3a.impl", "enginehouse.RunFileSystem"),
        ("fs.enginehouse.in", STORE),
        ("fs.enginehouse.out", STORE),
        ("fs.enginehouse.output", &format!("{STORE}/{output}")),
    ] {
        settings.push_str(&format!("spark.hadoop.{name} {value}\n"));
    }
    settings.push_str(&format!("spark.driver.extraClassPath {}\n", jar.display()));
    fs::write(conf.join("spark-defaults.conf"), settings).unwrap();
}
