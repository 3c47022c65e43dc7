//! Components that are meant for the compiler.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use enginehouse_runtime::LoadError;
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{sleep, timeout};

use crate::trial::{Trial, contained};

/// A thousand loops within each other over a thousand variables: 16 KB, and minutes of work.
fn bomb() -> Trial {
    let change: String = (0..1_000).map(|n| format!("local.get {n} i32.const 1 i32.add local.set {n} ")).collect();
    let (locals, open) = ("i32 ".repeat(1_000), "loop ".repeat(1_000));
    let close = "local.get 0 br_if 0 end ".repeat(1_000);
    let wat = format!("(component (core module (func (local {locals}) {open} {change} {close})))");
    Trial::new(wat::parse_str(wat).unwrap())
}

/// The compiler is a process of its own, has what one component is worth, and nobody waits for it in vain.
#[tokio::test]
async fn a_bomb_has_limits_and_ends_with_who_waits_for_it() {
    contained(bomb(), async |trial: &Trial| {
        let looked_at = async {
            let compiler = compiler().await;
            // It sets its limits first of all.
            until(|| limit(compiler, "Max cpu time") == "240").await;
            assert_eq!(limit(compiler, "Max data size"), (4_u64 << 30).to_string());
            assert_eq!(limit(compiler, "Max core file size"), "0");
            assert_eq!(stat(compiler).unwrap()[16], "10", "others go first");
            compiler
        };
        let (unfinished, compiler) = tokio::join!(timeout(Duration::from_secs(3), trial.refused()), looked_at);
        assert!(unfinished.is_err(), "{unfinished:?}");
        until(|| stat(compiler).is_none_or(|stat| stat[0] == "Z")).await;
    })
    .await;
}

/// As the kernel ends it, where its processor time is used up.
#[tokio::test]
async fn a_bomb_that_uses_up_its_limits() {
    contained(bomb(), async |trial: &Trial| {
        let ended = async {
            let compiler = compiler().await;
            kill_process(Pid::from_raw(compiler).unwrap(), Signal::XCPU).unwrap();
        };
        let (error, ()) = tokio::join!(trial.refused(), ended);
        assert!(matches!(&error, LoadError::Compile(text) if text.contains("make it smaller")), "{error:?}");
    })
    .await;
}

#[tokio::test]
async fn types_that_are_nested_deeply() {
    let nested = |kind: &str, depth: usize| {
        let types: String =
            (1..depth).map(|n| format!("(type $t{n} ({}))", kind.replace('_', &format!("$t{}", n - 1)))).collect();
        wat::parse_str(format!("(component (type $t0 (tuple u8 u8)) {types})")).unwrap()
    };
    // Depth that a reader would have to follow, and width that doubles each time.
    for wasm in [nested("list _", 50_000), nested("option _", 50_000), nested("tuple _ _", 60)] {
        contained(Trial::new(wasm), async |trial: &Trial| {
            let error = timeout(Duration::from_secs(20), trial.refused()).await.unwrap();
            assert!(matches!(error, LoadError::Compile(_) | LoadError::NotASupervisor(_)), "{error:?}");
        })
        .await;
    }
}

/// The process that compiles for this one.
async fn compiler() -> i32 {
    let mut found = None;
    until(|| {
        found = children().into_iter().find(|child| stat(*child).is_some_and(|stat| stat[0] != "Z"));
        found.is_some()
    })
    .await;
    found.unwrap()
}

fn children() -> Vec<i32> {
    let threads = fs::read_dir("/proc/self/task").unwrap().flatten().map(|thread| thread.path().join("children"));
    let children = threads.filter_map(|children| fs::read_to_string(children).ok());
    children.flat_map(|pids| pids.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<_>>()).collect()
}

/// What the kernel says of a process, from its state on; none where it is gone.
fn stat(process: i32) -> Option<Vec<String>> {
    let text = fs::read_to_string(of(process, "stat")).ok()?;
    let (_, after_name) = text.rsplit_once(") ")?;
    Some(after_name.split(' ').map(str::to_owned).collect())
}

/// The limit of that name.
fn limit(process: i32, name: &str) -> String {
    let limits = fs::read_to_string(of(process, "limits")).unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().to_owned()
}

fn of(process: i32, file: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{process}/{file}"))
}

async fn until(mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(10), "it did not come to that");
        sleep(Duration::from_millis(5)).await;
    }
}
