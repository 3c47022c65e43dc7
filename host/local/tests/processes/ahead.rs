//! Sandboxes that are started ahead: used once, whole, and by nobody else.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use enginehouse_capabilities::{ProcessState, Processes, Program};
use enginehouse_local::{
    engines::{Engine, EnginesRoot, Pool},
    processes::LocalProcesses,
};

use crate::house::{House, OUTPUT};

/// The folder of the sandbox that waits.
fn waiting(house: &House) -> Vec<PathBuf> {
    let entries = fs::read_dir(&house.config.folder).unwrap().flatten().map(|entry| entry.path());
    entries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(".ahead-")).collect()
}

/// A house with engines of its own, each plain Python with hooks of its own; the first is started ahead.
async fn of_engines(engines: &[(&str, &str)]) -> House {
    let mut house = House::new().await;
    let engines: Vec<Engine> = engines
        .iter()
        .map(|(name, warm_up)| {
            let hooks =
                Engine::python().hooks.replace("def warm_up():\n    pass", &format!("def warm_up():\n    {warm_up}"));
            Engine { name: (*name).to_owned().into(), hooks: hooks.into(), ..Engine::python() }
        })
        .collect();
    let first = engines[0].name.to_string();
    let root = EnginesRoot::with_engines(house.root.path().join("engines"), engines.clone());
    for engine in engines {
        root.install(&engine.name, |_| ()).unwrap();
    }
    house.config.engines = root;
    house.with_pool_of(&first).await;
    house
}

async fn nothing_is_left(house: &House) {
    let begun = Instant::now();
    let goes_on = || !house.pids("bwrap").is_empty() || !house.pids("enginehouse-shim").is_empty();
    while goes_on() || !waiting(house).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20), "a sandbox goes on, or its folder is left");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_promises_of_the_capability_are_kept() {
    let house = House::warm("python").await;
    enginehouse_capabilities::conformance::processes(&house.processes, "python", &|| house.another_attempt()).await;
    assert!(!house.processes.probe("python").await.unwrap().contains(" 0 used"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_started_before_the_first_use() {
    let mut house = House::new().await;
    house.with_pool_of("python").await;
    house.ahead("python", "started ahead: 0 waiting, 0 starting, 0 used").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(waiting(&house).is_empty() && house.pids("bwrap").is_empty());
    house.use_once("python").await;
    house.ahead("python", "1 waiting, 0 starting, 0 used").await;
    house.use_once("python").await;
    house.ahead("python", "1 waiting, 0 starting, 1 used").await;
    assert_eq!(waiting(&house).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_finds_what_it_would_find_without() {
    let code = "
import json, os, sys
def tree(top):
    return sorted((path, sorted(folders), sorted(files)) for path, folders, files in os.walk(top))
seen = {place: tree(place) for place in ('/work', '/in', '/out', '/tmp', '/dev/shm')}
seen |= {'names': sorted(globals()), 'name': __name__, 'file': __file__, 'arguments': sys.argv, 'path': sys.path}
seen |= {'environment': sorted(os.environ.items()), 'modules': sorted(sys.modules)}
seen |= {'files': sorted(os.listdir('/proc/self/fd')), 'stdin': os.readlink('/proc/self/fd/0')}
seen |= {'main': sys.modules['__main__'].__dict__ is globals(), 'owner': os.stat('/work').st_uid == os.getuid()}
open('/out/' + os.environ['OUTPUT_PATH'][5:] + 'x', 'w').write(open('/in/raw/sales.csv').read())
print(json.dumps(seen))
help_me(0)
";
    let mut seen = Vec::new();
    for house in [House::new().await, House::warm("python").await] {
        let mut program = house.program("python", code);
        program.prelude = "def help_me(x):\n    return 1 / x\n".into();
        house.processes.start(&house.context, program).await.unwrap();
        assert_eq!(house.end(&house.token()).await, ProcessState::Exited(1), "{}", house.both().await);
        seen.push((house.stdout().await, house.stderr().await, house.failure(), house.keys(OUTPUT)));
    }
    assert_eq!(seen[0], seen[1]);
    assert!(seen[1].1.contains("File \"/work/program.py\", line 12, in <module>\n    help_me(0)"), "{}", seen[1].1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_is_used_once() {
    let house = House::warm("python").await;
    let code = "
import os, builtins
assert not hasattr(builtins, 'kept') and os.environ.get('KEPT') is None
for place in ('/work', '/tmp', '/dev/shm', '/out/results/r1/out'):
    assert not os.path.exists(place + '/kept')
    open(place + '/kept', 'w').write('x')
builtins.kept = os.environ['KEPT'] = 'x'
if os.fork() == 0:
    import time; time.sleep(1000)
os._exit(0)
";
    for number in 1..4 {
        let ahead = waiting(&house);
        let token = house.token_with(&format!("-{number}"));
        let program = Program { token: token.clone(), ..house.program("python", code) };
        house.processes.start(&house.context, program).await.unwrap();
        assert_eq!(house.end(&token).await, ProcessState::Exited(0), "{}", house.both().await);
        fs::remove_dir_all(house.stored(OUTPUT)).unwrap();
        house.ahead("python", &format!("1 waiting, 0 starting, {number} used")).await;
        assert_ne!(waiting(&house), ahead);
        assert_eq!(house.pids("enginehouse-shim").len(), 1, "only the next one is there");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_ends_with_its_host() {
    let mut house = House::warm("python").await;
    assert_eq!(house.pids("enginehouse-shim").len(), 1);
    house.without_pools().await;
    let begun = Instant::now();
    while !house.pids("bwrap").is_empty() || !house.pids("enginehouse-shim").is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20), "a sandbox goes on without its host");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // What is left of its folder is gone with the next start.
    house.processes = LocalProcesses::open(house.config.clone()).await.unwrap();
    assert!(waiting(&house).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_too_long_is_ended() {
    let mut house = House::new().await;
    house.config.pools.insert("python".into(), Pool { size: 1, idle: Duration::from_secs(2), memory: 1 << 30 });
    house.processes = LocalProcesses::open(house.config.clone()).await.unwrap();
    house.use_once("python").await;
    house.ahead("python", "1 waiting").await;
    house.ahead("python", "0 waiting, 0 starting, 0 used").await;
    nothing_is_left(&house).await;
    house.use_once("python").await;
    house.ahead("python", "1 waiting").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_host_finds_the_running_program() {
    let mut house = House::warm("python").await;
    let code = "import os, time; time.sleep(2)
open('/out/' + os.environ['OUTPUT_PATH'][5:] + 'x', 'w').write('x')
print('done')";
    house.processes.start(&house.context, house.program("python", code)).await.unwrap();
    house.until(&house.token(), |state| *state == ProcessState::Running).await;
    house.processes = LocalProcesses::open(house.config.clone()).await.unwrap();
    assert_eq!(house.processes.check(&house.token()).await.unwrap(), ProcessState::Running);
    assert_eq!(house.end(&house.token()).await, ProcessState::Exited(0));
    assert_eq!((house.keys(OUTPUT), house.stdout().await.as_str()), (vec!["x".to_owned()], "done\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_whose_host_went_while_it_was_handed_over_runs_all_the_same() {
    let mut house = House::warm("python").await;
    let folder = waiting(&house).remove(0);
    // What the host does before it says so.
    fs::write(folder.join("work/prelude.py"), "").unwrap();
    fs::write(folder.join("work/program.py"), "import os; print(os.environ['OUTPUT_PATH'])").unwrap();
    fs::create_dir_all(folder.join("out/results/r1/out")).unwrap();
    let task = serde_json::json!({
        "digest": "0", "queued": 0, "store": house.config.store, "output": ["results", "r1/out/"],
        "scratch": ["results", "r1/scratch/"], "timeout": { "secs": 60, "nanos": 0 },
    });
    fs::write(folder.join("program.json"), task.to_string()).unwrap();
    fs::rename(&folder, house.config.folder.join(house.token().as_str())).unwrap();
    house.processes = LocalProcesses::open(house.config.clone()).await.unwrap();
    assert_eq!(house.end(&house.token()).await, ProcessState::Exited(0), "{}", house.both().await);
    assert_eq!(house.stdout().await, format!("{OUTPUT}\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_first_of_start_and_cancel_nothing_goes_on() {
    let house = House::warm("python").await;
    for n in 0..30 {
        if n % 3 == 0 {
            house.ahead("python", "1 waiting").await;
        }
        let token = house.token_with(&format!("-{n}"));
        let program = Program { token: token.clone(), ..house.program("python", "import time; time.sleep(1000)") };
        let later = async {
            tokio::time::sleep(Duration::from_millis(n)).await;
            house.processes.cancel(&token).await
        };
        let (started, cancelled) = tokio::join!(house.processes.start(&house.context, program), later);
        started.and(cancelled).unwrap();
        assert_eq!(house.end(&token).await, ProcessState::Stopped("cancelled".into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_hold_from_the_hand_over_on() {
    let house = House::warm("python").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut program = house.program("python", "import time; print('in'); time.sleep(1000)");
    program.timeout = Duration::from_secs(1);
    house.processes.start(&house.context, program).await.unwrap();
    assert_eq!(house.end(&house.token()).await, ProcessState::Stopped("time".into()));
    assert_eq!(house.stdout().await, "in\n", "what it waited before does not count");
    house.ahead("python", "1 waiting, 0 starting, 1 used").await;
    let hoard = "hoard = []\nwhile True:\n    hoard.append(b'x' * (64 << 20))";
    let token = house.token_with("-hoard");
    let program = Program { token: token.clone(), ..house.program("python", hoard) };
    house.processes.start(&house.context, program).await.unwrap();
    assert_eq!(house.end(&token).await, ProcessState::Stopped("memory".into()));
    house.ahead("python", "2 used").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_gives_its_place_to_a_program_that_needs_it() {
    let mut house = of_engines(&[("one", "pass"), ("other", "pass")]).await;
    house.config.max_running = std::num::NonZeroUsize::MIN;
    house.with_pool_of("one").await;
    house.use_once("one").await;
    house.ahead("one", "1 waiting").await;
    house.processes.start(&house.context, house.program("other", "import time; time.sleep(1)")).await.unwrap();
    house.until(&house.token(), |state| *state == ProcessState::Running).await;
    house.ahead("one", "0 waiting, 0 starting").await;
    assert_eq!(house.end(&house.token()).await, ProcessState::Exited(0));
    house.ahead("one", "1 waiting, 0 starting, 0 used").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_waits_for_one_that_is_just_starting() {
    let house = of_engines(&[("slow", "import time; time.sleep(2)")]).await;
    house.use_once("slow").await;
    house.ahead("slow", "1 starting").await;
    let (first, second) = (house.token_with("-1"), house.token_with("-2"));
    for token in [&first, &second] {
        let program = Program { token: token.clone(), ..house.program("slow", "print('ran')") };
        house.processes.start(&house.context, program).await.unwrap();
    }
    // The second has a sandbox of its own, which needs no warming up.
    assert_eq!(house.end(&second).await, ProcessState::Exited(0));
    assert_eq!(house.processes.check(&first).await.unwrap(), ProcessState::Queued);
    assert_eq!(house.end(&first).await, ProcessState::Exited(0));
    house.ahead("slow", "1 used").await;

    house.ahead("slow", "1 starting").await;
    let third = house.token_with("-3");
    let program = Program { token: third.clone(), ..house.program("slow", "print('never')") };
    house.processes.start(&house.context, program).await.unwrap();
    house.processes.cancel(&third).await.unwrap();
    assert_eq!(house.end(&third).await, ProcessState::Stopped("cancelled".into()));
    house.ahead("slow", "1 waiting, 0 starting, 1 used").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_cannot_be_started_is_told_and_no_program_needs_it() {
    for (warm_up, why) in [
        ("raise ValueError('no warmth')", "it ended with status 1: ValueError: no warmth"),
        ("import os; os._exit(7)", "it ended with status 7"),
        ("hoard = b'x' * (3 << 30)", "it was stopped at its limit: memory"),
    ] {
        let house = of_engines(&[("cold", warm_up)]).await;
        house.use_once("cold").await;
        let told = "0 waiting, 0 starting, 0 used; the last one failed, the next is tried in";
        house.ahead("cold", told).await;
        house.ahead("cold", why).await;
        house.use_once("cold").await;
        nothing_is_left(&house).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_waited_for_one_that_fails_gets_a_sandbox_of_its_own() {
    let house = of_engines(&[("cold", "import time; time.sleep(2); raise ValueError('no warmth')")]).await;
    house.use_once("cold").await;
    house.ahead("cold", "1 starting").await;
    house.processes.start(&house.context, house.program("cold", "print('ran')")).await.unwrap();
    assert_eq!(house.end(&house.token()).await, ProcessState::Exited(0));
    assert_eq!(house.both().await, "ran\n\n");
    assert!(house.processes.probe("cold").await.unwrap().contains("no warmth"));
}
