//! From start to end: once, whole, and found again.

use std::{fs, time::Duration};

use enginehouse_capabilities::{Error, ProcessOutput, ProcessState, Processes};
use enginehouse_local::processes::LocalProcesses;
use rustix::process::{Pid, Signal, kill_process};

use crate::house::{House, OUTPUT};

const WRITE: &str = "
import os
out = '/out/' + os.environ['OUTPUT_PATH'][5:]
os.makedirs(out + 'deep/er', exist_ok=True)
";

#[tokio::test(flavor = "multi_thread")]
async fn the_promises_of_the_capability_are_kept() {
    let house = House::new().await;
    enginehouse_capabilities::conformance::processes(&house.processes, "python", &|| house.another_attempt()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn results_appear_whole_when_the_program_has_exited_with_0() {
    let house = House::new().await;
    let code = format!(
        "{WRITE}
os.makedirs(out + 'empty'); os.makedirs(out + '_temporary/0')
open(out + '_temporary/0/x', 'w').write('x'); open(out + '.part.crc', 'w').write('x')
open(out + 'deep/er/part', 'w').write(open('/in/raw/sales.csv').read()); open(out + '_SUCCESS', 'w')
print('höi')
import time; time.sleep(1)
"
    );
    house.processes.start(&house.context, house.program("python", &code)).await.unwrap();
    house.until(&house.token(), |state| *state == ProcessState::Running).await;
    assert!(house.keys(OUTPUT).is_empty());
    assert_eq!(house.end(&house.token()).await, ProcessState::Exited(0), "{}", house.both().await);
    assert_eq!(house.keys(OUTPUT), ["_SUCCESS", "deep/er/part"]);
    assert!(fs::read_to_string(house.stored(OUTPUT).join("deep/er/part")).unwrap().contains("north,3"));
    assert!(!house.stored(OUTPUT).join("empty").exists());
    assert_eq!(house.stdout().await, "höi\n");
    assert_eq!(house.stderr().await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_may_lie_on_another_file_system() {
    let elsewhere = tempfile::tempdir_in("/dev/shm").unwrap();
    let mut house = House::new().await;
    house.config.folder = elsewhere.path().join("processes");
    house.processes = LocalProcesses::open(house.config.clone()).await.unwrap();
    let code = format!("{WRITE}\nopen(out + 'deep/er/x', 'w').write(open('/in/raw/sales.csv').read())");
    for _ in 0..2 {
        assert_eq!(house.python(&code).await, ProcessState::Exited(0), "{}", house.both().await);
        assert_eq!(house.keys(OUTPUT), ["deep/er/x"]);
        house.processes.remove(&house.token()).await.unwrap();
    }
    let buckets = fs::read_dir(&house.config.store).unwrap().count();
    assert_eq!(buckets, 2, "nothing of the copy is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn results_join_what_is_there_already() {
    let house = House::new().await;
    fs::create_dir_all(house.stored(OUTPUT)).unwrap();
    fs::write(house.stored(OUTPUT).join("old"), "old").unwrap();
    let code = format!("{WRITE}\nfor name in ('_SUCCESS', 'deep/er/x'): open(out + name, 'w').write('new')");
    assert_eq!(house.python(&code).await, ProcessState::Exited(0));
    assert_eq!(house.keys(OUTPUT), ["_SUCCESS", "deep/er/x", "old"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_leaves_no_results_and_says_which_line() {
    let house = House::new().await;
    let mut program = house.program("python", &format!("{WRITE}\nopen(out + 'x', 'w').write('x')\nhelp_me(0)\n"));
    program.prelude = "def help_me(x):\n    return 1 / x\n".into();
    house.processes.start(&house.context, program).await.unwrap();
    assert_eq!(house.end(&house.token()).await, ProcessState::Exited(1));
    assert!(house.keys(OUTPUT).is_empty());
    let failure = house.failure();
    assert_eq!(failure["type"], "ZeroDivisionError");
    assert_eq!(failure["line"], 7);
    let stderr = house.stderr().await;
    assert!(stderr.contains("File \"/work/program.py\", line 7") && stderr.contains("help_me(0)"), "{stderr}");
    assert!(!stderr.contains("/opt/runner"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn syntax_errors_and_exit_statuses_pass_through() {
    let house = House::new().await;
    assert_eq!(house.python("x = 1\nif x\n").await, ProcessState::Exited(1));
    assert_eq!((&house.failure()["type"], &house.failure()["line"]), (&"SyntaxError".into(), &2.into()));
    let house = House::new().await;
    assert_eq!(house.python("import sys; sys.exit(7)").await, ProcessState::Exited(7));
    let house = House::new().await;
    assert_eq!(house.python("import os; os.kill(os.getpid(), 11)").await, ProcessState::Exited(-11));
    let house = House::new().await;
    assert_eq!(house.python("import sys; sys.exit('no sales')").await, ProcessState::Exited(1));
    assert_eq!(house.stderr().await, "no sales\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_starts_one_program_once() {
    let house = House::new().await;
    let program = house.program("python", "print('once')");
    let starts = (0..4).map(|_| house.processes.start(&house.context, program.clone()));
    for started in futures::future::join_all(starts).await {
        started.unwrap();
    }
    house.end(&house.token()).await;
    house.processes.start(&house.context, program.clone()).await.unwrap();
    assert_eq!(house.stdout().await, "once\n");
    let other = house.program("python", "print('twice')");
    assert!(matches!(house.processes.start(&house.context, other).await, Err(Error::Conflict(_))));

    house.processes.remove(&house.token()).await.unwrap();
    assert!(matches!(house.processes.check(&house.token()).await, Err(Error::NotFound(_))));
    house.processes.remove(&house.token()).await.unwrap();
    assert_eq!(fs::read_dir(&house.config.folder).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_right_is_refused_before_any_effect() {
    let mut house = House::new().await;
    let program = house.program("python", "");
    let without = enginehouse_capabilities::CallContext { attempt: None, ..house.context.clone() };
    assert!(matches!(house.processes.start(&without, program.clone()).await, Err(Error::Invalid(_))));
    let foreign = House::new().await;
    assert!(matches!(foreign.processes.start(&foreign.context, program.clone()).await, Err(Error::Denied(_))));
    let mut large = program.clone();
    large.code = "#".repeat((1 << 20) + 1);
    assert!(matches!(house.processes.start(&house.context, large).await, Err(Error::Invalid(_))));
    let mut unknown = program.clone();
    unknown.engine = "cobol".into();
    assert!(matches!(house.processes.start(&house.context, unknown).await, Err(Error::Unconfigured(_))));
    for missing in ["s3://raw/none.csv", "s3://none/", "s3://raw/sales.csv/below", "s3://raw/sales.csv/"] {
        house.inputs(&["s3://raw/sales.csv", missing]);
        match house.processes.start(&house.context, program.clone()).await {
            Err(Error::NotFound(text)) => assert!(text.contains(missing), "{text}"),
            other => panic!("{missing}: {other:?}"),
        }
    }
    assert_eq!(fs::read_dir(&house.config.folder).unwrap().count(), 0);
    assert!(matches!(house.processes.check(&house.token()).await, Err(Error::NotFound(_))));
    house.processes.cancel(&house.token()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_engine_a_program_is_not_started() {
    let mut house = House::new().await;
    let empty = tempfile::tempdir().unwrap();
    house.config.engines = enginehouse_local::engines::EnginesRoot::new(empty.path());
    house.config.folder = empty.path().join("processes");
    let processes = LocalProcesses::open(house.config.clone()).await.unwrap();
    for answer in
        [processes.probe("spark").await.map(drop), processes.start(&house.context, house.program("spark", "")).await]
    {
        match answer {
            Err(Error::Unconfigured(text)) => assert!(text.contains("enginehouse engines install spark"), "{text}"),
            other => panic!("{other:?}"),
        }
    }
    assert!(house.processes.probe("spark").await.unwrap().contains("pyspark 4.3.0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn others_wait_for_their_turn_and_may_be_cancelled_meanwhile() {
    let mut house = House::new().await;
    house.config.max_running = std::num::NonZeroUsize::MIN;
    house.config.folder = house.root.path().join("one");
    house.processes = LocalProcesses::open(house.config.clone()).await.unwrap();
    let sleep = "import time; print('in', flush=True); time.sleep(1.5)";
    let tokens = ["", "-b", "-c"].map(|ending| house.token_with(ending));
    for token in &tokens {
        let program = enginehouse_capabilities::Program { token: token.clone(), ..house.program("python", sleep) };
        house.processes.start(&house.context, program).await.unwrap();
    }
    house.until(&tokens[0], |state| *state == ProcessState::Running).await;
    assert_eq!(house.processes.check(&tokens[1]).await.unwrap(), ProcessState::Queued);
    assert!(matches!(house.processes.remove(&tokens[1]).await, Err(Error::Conflict(_))));
    assert!(!house.processes.log(&tokens[1], ProcessOutput::Stdout, 0).await.unwrap().end);
    house.processes.cancel(&tokens[1]).await.unwrap();
    assert_eq!(house.end(&tokens[1]).await, ProcessState::Stopped("cancelled".into()));

    // The queue is found again by the next host.
    house.processes = LocalProcesses::open(house.config.clone()).await.unwrap();
    assert_eq!(house.end(&tokens[2]).await, ProcessState::Exited(0));
    assert_eq!(house.end(&tokens[0]).await, ProcessState::Exited(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cancelled_before_it_came_is_not_started_by_the_next_host() {
    let mut house = House::new().await;
    house.processes.cancel(&house.token()).await.unwrap();
    house.processes = LocalProcesses::open(house.config.clone()).await.unwrap();
    let code = format!("{WRITE}\nopen(out + 'x', 'w').write('x')");
    assert_eq!(house.python(&code).await, ProcessState::Stopped("cancelled".into()));
    assert_eq!(house.both().await, "\n");
    assert!(house.keys(OUTPUT).is_empty() && house.pids("bwrap").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_first_of_start_and_cancel_nothing_goes_on() {
    let house = House::new().await;
    let sleep = house.program("python", "import time; time.sleep(1000)");
    for n in 0..20 {
        let token = house.token_with(&format!("-{n}"));
        let program = enginehouse_capabilities::Program { token: token.clone(), ..sleep.clone() };
        let (started, cancelled) =
            tokio::join!(house.processes.start(&house.context, program), house.processes.cancel(&token));
        started.and(cancelled).unwrap();
        assert_eq!(house.end(&token).await, ProcessState::Stopped("cancelled".into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_program_is_cancelled() {
    let house = House::new().await;
    let code = format!("{WRITE}\nopen(out + 'x', 'w').write('x')\nimport time\nprint('in')\nwhile True: time.sleep(1)");
    house.processes.start(&house.context, house.program("python", &code)).await.unwrap();
    while house.stdout().await.is_empty() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    house.processes.cancel(&house.token()).await.unwrap();
    assert_eq!(house.end(&house.token()).await, ProcessState::Stopped("cancelled".into()));
    assert!(house.keys(OUTPUT).is_empty() && house.pids("bwrap").is_empty());
    house.processes.cancel(&house.token()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_host_finds_the_running_program() {
    let mut house = House::new().await;
    let code = format!("{WRITE}\nimport time; time.sleep(2)\nopen(out + 'x', 'w').write('x')\nprint('done')");
    house.processes.start(&house.context, house.program("python", &code)).await.unwrap();
    house.until(&house.token(), |state| *state == ProcessState::Running).await;
    house.processes = LocalProcesses::open(house.config.clone()).await.unwrap();
    assert_eq!(house.processes.check(&house.token()).await.unwrap(), ProcessState::Running);
    assert_eq!(house.end(&house.token()).await, ProcessState::Exited(0));
    assert_eq!((house.keys(OUTPUT), house.stdout().await.as_str()), (vec!["x".to_owned()], "done\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_shim_takes_its_sandbox_with_it() {
    let house = House::new().await;
    house
        .processes
        .start(&house.context, house.program("python", "print(1); import time; time.sleep(100)"))
        .await
        .unwrap();
    while house.stdout().await.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    kill_shim(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shim_killed_while_its_sandbox_starts_leaves_nothing_behind() {
    let house = House::new().await;
    house.processes.start(&house.context, house.program("python", "import time; time.sleep(100)")).await.unwrap();
    while house.pids("bwrap").len() < 2 {
        tokio::task::yield_now().await;
    }
    kill_shim(&house).await;
}

async fn kill_shim(house: &House) {
    let shims = house.pids("enginehouse-shim");
    assert_eq!(shims.len(), 1);
    kill_process(Pid::from_raw(i32::try_from(shims[0]).unwrap()).unwrap(), Signal::KILL).unwrap();
    assert_eq!(house.end(&house.token()).await, ProcessState::Lost);
    for _ in 0..100 {
        if house.pids("bwrap").is_empty() {
            return house.processes.remove(&house.token()).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the sandbox goes on without its shim");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shim_that_does_not_begin_is_told() {
    for shim in ["/usr/bin/false", "/no/such/program"] {
        let mut house = House::new().await;
        house.config.shim.program = shim.into();
        house.processes = LocalProcesses::open(house.config.clone()).await.unwrap();
        assert_eq!(house.python("print(1)").await, ProcessState::Lost);
        assert!(house.stderr().await.contains("could not be started"), "{shim}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn results_are_kept_by_the_host_where_the_shim_did_not_come_to_it() {
    let house = House::new().await;
    let code = format!("{WRITE}\nopen(out + 'x', 'w').write('x')");
    assert_eq!(house.python(&code).await, ProcessState::Exited(0));
    // As if it had been killed just before: what it wrote is still where the program left it.
    let folder = house.config.folder.join(house.token().as_str());
    fs::rename(house.stored(OUTPUT), folder.join("out/results/r1/out")).unwrap();
    fs::write(folder.join("exit.json"), r#"{"end":{"exited":0},"collected":false}"#).unwrap();
    assert_eq!(house.end(&house.token()).await, ProcessState::Exited(0));
    assert_eq!(house.keys(OUTPUT), ["x"]);
}
