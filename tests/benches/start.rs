//! From the start of the process to the first `200` of `/readyz`, with a warm compile cache and with a cold one.
//!
//! `cargo bench -p enginehouse-tests --bench start` prints a table for people and, last, one line of JSON.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and fails loudly"
)]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");
const TIMES: usize = 10;

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
}

fn start_to_ready(cache: &Path) -> Duration {
    let (data, address) = (tempfile::tempdir().unwrap(), free_address());
    let since = Instant::now();
    let _running = Running(
        Command::new(BIN)
            .args(["serve", "--listen", &address.to_string(), "--data"])
            .arg(data.path())
            .env("XDG_CACHE_HOME", cache)
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .spawn()
            .unwrap(),
    );
    while !is_ready(address) {
        assert!(since.elapsed() < Duration::from_secs(120), "not ready after 120 s");
        std::thread::sleep(Duration::from_millis(2));
    }
    since.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn main() {
    let cold: Vec<_> = (0..3).map(|_| start_to_ready(tempfile::tempdir().unwrap().path())).collect();
    let cache = tempfile::tempdir().unwrap();
    start_to_ready(cache.path());
    let warm: Vec<_> = (0..TIMES).map(|_| start_to_ready(cache.path())).collect();
    let (cold, warm) = (median(cold), median(warm));
    println!("start to ready, median        ms");
    println!("  cold compile cache    {:>8.1}", cold.as_secs_f64() * 1e3);
    println!("  warm compile cache    {:>8.1}", warm.as_secs_f64() * 1e3);
    println!("  cold / warm           {:>8.1}", cold.as_secs_f64() / warm.as_secs_f64());
    println!(
        "{{\"bench\":\"start\",\"cold_ms\":{:.1},\"warm_ms\":{:.1},\"ratio\":{:.2}}}",
        cold.as_secs_f64() * 1e3,
        warm.as_secs_f64() * 1e3,
        cold.as_secs_f64() / warm.as_secs_f64()
    );
}
