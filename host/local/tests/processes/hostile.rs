//! What generated code tries, and what it gets.

use std::{fs, os::unix::fs::PermissionsExt};

use enginehouse_capabilities::ProcessState;

use crate::house::{House, OUTPUT};

/// Every attempt must fail; prints what did not.
const TRIES: &str = r#"
import os, socket, subprocess
def refused(name, work):
    try:
        got = work()
    except Exception:
        return
    print(name, repr(got)[:200])

store, processes = STORE, PROCESSES
refused('network', lambda: socket.create_connection(('1.1.1.1', 80), 2))
refused('host', lambda: socket.create_connection(('127.0.0.1', PORT), 2))
refused('names', lambda: socket.getaddrinfo('example.org', 80))
refused('another object', lambda: open('/in/raw/secret/pay.csv').read())
refused('the store', lambda: os.listdir(store))
refused('the programs', lambda: os.listdir(processes))
refused('the way around', lambda: open('/in/raw/../../' + store + '/raw/secret/pay.csv').read())
refused('another run', lambda: open('/out/results/other/part.csv').read())
refused('a home', lambda: os.listdir('/root') + os.listdir('/home'))
refused('accounts', lambda: open('/etc/shadow').read())
refused('input, written', lambda: open('/in/raw/sales.csv', 'a').write('x'))
refused('input, deleted', lambda: os.unlink('/in/raw/sales.csv'))
refused('input, replaced', lambda: os.rename('/work/program.py', '/in/raw/sales.csv'))
refused('input, opened up', lambda: os.chmod('/in/raw/sales.csv', 0o777))
refused('input, linked', lambda: os.link('/in/raw/sales.csv', OUT + '/link'))
if ROOT:
    refused('beside the output', lambda: open('/out/results/r1/x', 'w'))
    refused('another bucket', lambda: os.mkdir('/out/raw'))
    refused('the way to the output', lambda: os.rename('/out/results', '/out/other'))
refused('the engine', lambda: open('/opt/engine/x', 'w'))
refused('the runner', lambda: open('/opt/runner/run.py', 'a'))
refused('the system', lambda: open('/usr/x', 'w'))
refused('root', lambda: os.setuid(0))
refused('namespaces', lambda: subprocess.run(['unshare', '-U', 'true'], check=True, capture_output=True))
refused('mount', lambda: subprocess.run(['mount', '-t', 'tmpfs', 'x', '/tmp'], check=True, capture_output=True))
refused('devices', lambda: os.mknod('/work/disk', 0o60666, os.makedev(254, 0)))
refused('kernel', lambda: open('/proc/sys/kernel/core_pattern', 'w').write('x'))
refused('environment', lambda: {k: v for k, v in os.environ.items() if 'SECRET' in k or 'CARGO' in k} or 1 / 0)
refused('first environment', lambda: ('CARGO' in open('/proc/1/environ').read()) or 1 / 0)
refused('other processes', lambda: [p for p in os.listdir('/proc') if p.isdigit()][4])
status = open('/proc/self/status').read()
for line in ('CapEff:\t0000000000000000', 'NoNewPrivs:\t1'):
    assert line in status, status
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_program_reaches_nothing_but_its_own() {
    reaches_nothing(House::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_does_one_in_a_sandbox_that_was_started_ahead() {
    reaches_nothing(House::warm("python").await).await;
}

async fn reaches_nothing(house: House) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let code = TRIES
        .replace("STORE, PROCESSES", &format!("{:?}, {:?}", house.config.store, house.config.folder))
        .replace("PORT", &listener.local_addr().unwrap().port().to_string())
        .replace("ROOT", if rustix::process::geteuid().is_root() { "True" } else { "False" })
        .replace("OUT +", "'/out/results/r1/out' +");
    assert_eq!(house.python(&code).await, ProcessState::Exited(0), "{}", house.both().await);
    assert_eq!(house.both().await, "\n");
    assert!(fs::read_to_string(house.stored("s3://raw/sales.csv")).unwrap().ends_with("north,3\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_user_of_a_program_is_nobody_else() {
    let house = House::new().await;
    let program = house.program("python", "import time; print('in'); time.sleep(60)");
    enginehouse_capabilities::Processes::start(&house.processes, &house.context, program).await.unwrap();
    while house.stdout().await.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let mut seen = 0;
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if !line.starts_with(b"/opt/engine/venv/bin/python3") || !house.is_within(&entry.path()) {
            continue;
        }
        seen += 1;
        let status = fs::read_to_string(entry.path().join("status")).unwrap();
        assert!(status.contains("CapEff:\t0000000000000000") && status.contains("NoNewPrivs:\t1"), "{status}");
        if rustix::process::geteuid().is_root() {
            let uid = status.lines().find_map(|line| line.strip_prefix("Uid:\t")).unwrap();
            assert!(uid.split('\t').all(|uid| uid.parse::<u32>().unwrap() >= 0x7000_0000), "{uid}");
        }
    }
    assert_eq!(seen, 1);
    enginehouse_capabilities::Processes::cancel(&house.processes, &house.token()).await.unwrap();
    house.end(&house.token()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_files_become_objects() {
    let house = House::new().await;
    let code = "
import os
os.chdir('/out/results/r1/out')
open('good', 'w').write('x'); os.chmod('good', 0)
os.symlink('/etc/passwd', 'link'); os.symlink('/', 'root'); os.mkfifo('pipe')
open('back\\\\slash', 'w'); open(b'\\xff', 'w'); open('new\\nline', 'w')
os.mkdir('closed'); open('closed/x', 'w').write('x'); os.chmod('closed', 0)
os.mkdir('set'); open('set/uid', 'w'); os.chmod('set/uid', 0o6777)
os.symlink('/etc/passwd', '/work/failure.json')
";
    assert_eq!(house.python(code).await, ProcessState::Exited(0), "{}", house.both().await);
    assert_eq!(house.keys(OUTPUT), ["closed/x", "good", "set/uid"]);
    let mode = |key: &str| fs::metadata(house.stored(OUTPUT).join(key)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("good"), mode("set/uid"), mode("closed")), (0o644, 0o644, 0o755));
    assert!(house.stderr().await.contains("left out of the results: \"link\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_way_to_the_output_leads_nowhere() {
    let house = House::new().await;
    assert_eq!(house.python("open('/out/results/r1/out/x', 'w').write('x')").await, ProcessState::Exited(0));
    assert_eq!(house.keys(OUTPUT), ["x"]);
    // As a program can do that runs as the host's own user.
    let folder = house.config.folder.join(house.token().as_str());
    fs::remove_dir_all(house.stored(OUTPUT)).unwrap();
    fs::remove_dir_all(folder.join("out/results")).unwrap();
    std::os::unix::fs::symlink(house.stored("s3://results/"), folder.join("out/results")).unwrap();
    fs::create_dir_all(house.stored("s3://results/r1/out")).unwrap();
    fs::write(house.stored("s3://results/r1/out").join("planted"), "x").unwrap();
    fs::write(folder.join("exit.json"), r#"{"end":{"exited":0},"collected":false}"#).unwrap();
    assert_eq!(house.end(&house.token()).await, ProcessState::Exited(0));
    assert_eq!(house.keys(OUTPUT), ["planted"], "what the store has stays where it is");
}

#[tokio::test(flavor = "multi_thread")]
async fn deep_folders_cost_nobody_their_stack() {
    let house = House::new().await;
    let code = "
import os
os.chdir('/out/results/r1/out')
open('good', 'w').write('x')
for _ in range(20000):
    os.mkdir('d'); os.chdir('d')
open('bottom', 'w').write('x')
os._exit(0)";
    let end = house.python(code).await;
    match end {
        ProcessState::Exited(0) => assert_eq!(house.keys(OUTPUT), ["good"]),
        other => assert_eq!(other, ProcessState::Stopped("disk".into())),
    }
    enginehouse_capabilities::Processes::remove(&house.processes, &house.token()).await.unwrap();
    assert_eq!(fs::read_dir(&house.config.folder).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_a_small_file_and_nothing_else() {
    for plant in ["os.symlink('/etc/shadow', p)", "os.mkfifo(p)", "os.mkdir(p)", "open(p, 'w').write('x' * 70000)"] {
        let house = House::new().await;
        let code = format!("import os\np = '/work/failure.json'\n{plant}\nos._exit(3)");
        assert_eq!(house.python(&code).await, ProcessState::Exited(3));
        assert!(house.keys("s3://results/r1/").is_empty(), "{plant}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prefix_gives_what_lies_under_it_and_nothing_planted_there() {
    let mut house = House::new().await;
    std::os::unix::fs::symlink("/etc/passwd", house.stored("s3://raw/secret/link")).unwrap();
    house.inputs(&["s3://raw/secret/"]);
    let code = "import os; print(sorted(os.listdir('/in/raw')), sorted(os.listdir('/in/raw/secret')))";
    assert_eq!(house.python(code).await, ProcessState::Exited(0));
    assert_eq!(house.stdout().await, "['secret'] ['pay.csv']\n");
}
