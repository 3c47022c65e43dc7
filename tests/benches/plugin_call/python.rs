//! CPython: in its own process, timed there; and an environment with FastAPI.
//!
//! The service parses on its event loop: in the threads of a pool CPython 3.11 fails now and then with `SystemError: AST
//! constructor recursion depth mismatch`, and there it is not faster.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use crate::script;

const PINS: [&str; 2] = ["fastapi==0.121.3", "uvicorn==0.38.0"];

const TIMED: &str = "
import ast, json, statistics, sys, time
answer = {}
for size, code in json.load(sys.stdin).items():
    times = []
    since = time.perf_counter()
    while time.perf_counter() - since < 2:
        begun = time.perf_counter()
        sum(1 for _ in ast.walk(ast.parse(code)))
        times.append(time.perf_counter() - begun)
    answer[size] = statistics.median(times) * 1e6
print(json.dumps(answer))
";

const SERVICE: &str = "
import ast
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()

class Body(BaseModel):
    code: str

@app.post('/validate')
async def validate(body: Body):
    tree = ast.parse(body.code)
    return {'clean': True, 'nodes': sum(1 for _ in ast.walk(tree)), 'findings': []}
";

/// Microseconds by lines.
pub(crate) fn parse_and_walk(sizes: &[usize]) -> BTreeMap<usize, f64> {
    let programs: BTreeMap<String, String> =
        sizes.iter().map(|size| (size.to_string(), script::program(*size, 0))).collect();
    let mut child =
        Command::new("python3").args(["-I", "-c", TIMED]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    serde_json::to_writer(child.stdin.take().unwrap(), &programs).unwrap();
    let output = child.wait_with_output().unwrap();
    let times: BTreeMap<String, f64> = serde_json::from_slice(&output.stdout).unwrap();
    times.into_iter().map(|(size, time)| (size.parse().unwrap(), time)).collect()
}

/// Starts the service on a port of loopback, with a process for each of two cores.
pub(crate) fn service(port: u16) -> Child {
    let folder = environment();
    fs::write(folder.join("service.py"), SERVICE).unwrap();
    Command::new(folder.join("bin/python"))
        .args(["-m", "uvicorn", "service:app", "--log-level", "error", "--no-access-log", "--workers", "2", "--port"])
        .arg(port.to_string())
        .current_dir(&folder)
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
}

fn environment() -> PathBuf {
    let cache = directories::ProjectDirs::from("", "", "enginehouse").unwrap().cache_dir().to_owned();
    let folder = cache.join(format!("bench-{}", PINS.join("-").replace("==", "-")));
    if !folder.join("ready").exists() {
        assert!(Command::new("python3").args(["-m", "venv"]).arg(&folder).status().unwrap().success());
        let pip = Command::new(folder.join("bin/pip")).args(["install", "--quiet"]).args(PINS).status();
        assert!(pip.unwrap().success(), "FastAPI could not be installed");
        fs::write(folder.join("ready"), "").unwrap();
    }
    folder
}
