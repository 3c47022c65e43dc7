//! What a program may use, and how it ends beyond that.

use std::time::{Duration, Instant};

use enginehouse_capabilities::{ProcessOutput, ProcessState, Processes};
use enginehouse_local::processes::Limits;

use crate::house::House;

fn stopped(limit: &str) -> ProcessState {
    ProcessState::Stopped(limit.into())
}

fn small() -> Limits {
    Limits { memory: 256 << 20, disk: 64 << 20, processes: 40, ..Limits::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory() {
    let house = House::with(small()).await;
    let code = "import time\nhoard = []\nwhile True:\n    hoard.append(b'x' * (8 << 20)); time.sleep(0.02)";
    assert_eq!(house.python(code).await, stopped("memory"));
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_of_all_processes_together() {
    let house = House::with(small()).await;
    let code = "
import os, time
for _ in range(8):
    if os.fork() == 0:
        hoard = b'x' * (60 << 20); time.sleep(60)
time.sleep(60)";
    assert_eq!(house.python(code).await, stopped("memory"));
}

#[tokio::test(flavor = "multi_thread")]
async fn time() {
    let house = House::new().await;
    let mut program = house.program("python", "import time; time.sleep(1000)");
    program.timeout = Duration::from_secs(1);
    let begun = Instant::now();
    house.processes.start(&house.context, program).await.unwrap();
    assert_eq!(house.end(&house.token()).await, stopped("time"));
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[tokio::test(flavor = "multi_thread")]
async fn disk() {
    let fill =
        "import time\nfor n in range(1000):\n    open(f'{place}/{n}', 'wb').write(b'x' * (4 << 20)); time.sleep(0.05)";
    for place in ["/work", "/out/results/r1/out"] {
        let house = House::with(small()).await;
        assert_eq!(house.python(&format!("place = '{place}'\n{fill}")).await, stopped("disk"), "{place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn disk_taken_by_files_without_a_name() {
    let house = House::with(small()).await;
    let code = "
import os, time
kept = []
for n in range(1000):
    kept.append(open('/work/x', 'wb')); os.unlink('/work/x'); kept[-1].write(b'x' * (4 << 20)); time.sleep(0.05)";
    assert_eq!(house.python(code).await, stopped("disk"));
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_without_end() {
    let house = House::with(small()).await;
    assert_eq!(house.python("import os\nwhile True:\n    os.mkdir('d'); os.chdir('d')").await, stopped("disk"));
    house.processes.remove(&house.token()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn processes() {
    let house = House::with(small()).await;
    let code = "
import os, time
while True:
    try:
        os.fork()
    except OSError:
        time.sleep(1)";
    assert_eq!(house.python(code).await, stopped("processes"));
    assert!(house.pids("bwrap").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_megabytes_printed_both_ends_are_kept() {
    let house = House::new().await;
    let code = "
import sys
line = 'é' * 49 + '\\n'
print('first')
for _ in range(100):
    sys.stdout.write(line * 10000)
print('last')";
    assert_eq!(house.python(code).await, ProcessState::Exited(0));
    let (text, dropped) = house.log(ProcessOutput::Stdout).await;
    assert!(text.starts_with("first\nééé") && text.ends_with("é\nlast\n"));
    let printed = 6 + 5 + 100 * 10000 * 99;
    assert!(text.len() >= 16 << 20 && text.len() <= 25 << 20, "{}", text.len());
    // What was cut within a character counts as it is shown.
    assert!((text.len() as u64 + dropped).abs_diff(printed) < 8, "{} {dropped}", text.len());
}
