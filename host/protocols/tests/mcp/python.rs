//! The server written with a library of Python's, in a process of its own.

use std::{
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command},
    time::{Duration, Instant},
};

use enginehouse_fakes::python;

/// Ends with its test.
pub(crate) struct Real {
    pub(crate) url: String,
    child: Child,
}

impl Real {
    pub(crate) async fn start(words: &[&str]) -> Self {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        tokio::task::spawn_blocking(move || Self::begin(&words)).await.unwrap()
    }

    fn begin(words: &[String]) -> Self {
        let environment = python::environment(&["fastmcp==4.1.2"]);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mcp/server.py");
        let mut command = Command::new(environment.join("bin/python3"));
        let child = command.arg(script).arg(port.to_string()).args(words).spawn().unwrap();
        let mut real = Self { url: format!("http://127.0.0.1:{port}/mcp"), child };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(real.child.try_wait().unwrap().is_none(), "the server ended at once");
            assert!(begun.elapsed() < Duration::from_secs(120), "the server does not come up");
            std::thread::sleep(Duration::from_millis(50));
        }
        real
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
