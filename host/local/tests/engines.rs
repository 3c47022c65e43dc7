//! Installing engines, and what the doctor says.
#![expect(clippy::unwrap_used, reason = "the lints know a test by its attribute, not the helpers that tests share")]

use std::{
    fs,
    sync::Mutex,
    time::{Duration, Instant},
};

use enginehouse_local::engines::{Check, Engine, EnginesRoot, Error};

fn check(root: &EnginesRoot, name: &str) -> Check {
    root.doctor().into_iter().find(|check| check.name == name).unwrap()
}

#[test]
fn an_engine_is_installed_once_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let root = EnginesRoot::new(folder.path().join("not/yet"));
    assert!(matches!(root.installed("python"), Err(Error::NotInstalled(_))));
    assert_eq!(check(&root, "engine python").mend.as_deref(), Some("enginehouse engines install python"));

    let lines = Mutex::new(Vec::new());
    let told = |line: &str| lines.lock().unwrap().push(line.to_owned());
    let installed = std::thread::scope(|scope| {
        let installers: Vec<_> = (0..3).map(|_| scope.spawn(|| root.install("python", told).unwrap())).collect();
        installers.into_iter().map(|installer| installer.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(installed.windows(2).all(|pair| pair[0] == pair[1]));
    let made = lines.lock().unwrap().iter().filter(|line| line.starts_with("making an environment")).count();
    assert_eq!(made, 1, "three installers, one installation: {lines:?}");

    let begun = Instant::now();
    root.install("python", |line| panic!("nothing to tell: {line}")).unwrap();
    assert!(begun.elapsed() < Duration::from_millis(200));
    assert_eq!(root.list(), installed[..1]);
    assert!(check(&root, "engine python").ok && check(&root, "sandbox").ok);
}

#[test]
fn a_half_made_engine_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let root = EnginesRoot::new(folder.path());
    let first = root.install("python", |_| ()).unwrap();
    fs::remove_file(first.folder.join("engine.json")).unwrap();
    assert!(root.list().is_empty());
    assert_eq!(root.install("python", |_| ()).unwrap(), first);
}

#[test]
fn another_lock_is_another_engine() {
    let folder = tempfile::tempdir().unwrap();
    let before = EnginesRoot::new(folder.path()).install("python", |_| ()).unwrap();
    let newer = Engine { requirements: "# nothing yet\n".into(), ..Engine::python() };
    let root = EnginesRoot::with_engines(folder.path(), vec![newer]);
    let after = root.install("python", |_| ()).unwrap();
    assert!(before.folder != after.folder && before.folder.exists());
}

#[test]
fn what_fails_says_what_and_leaves_nothing_that_counts() {
    let folder = tempfile::tempdir().unwrap();
    let other = format!("py4j==0.10.9.9 --hash=sha256:{}\n", "0".repeat(64));
    for (requirements, why) in [
        ("this is no requirement\n", "requirement"),
        ("py4j==0.10.9.9\n", "Hashes are required"),
        (&other, "DO NOT MATCH THE HASHES"),
    ] {
        let broken = Engine { requirements: requirements.to_owned().into(), ..Engine::python() };
        let root = EnginesRoot::with_engines(folder.path(), vec![broken]);
        match root.install("python", |_| ()) {
            Err(Error::Failed { what, detail }) => {
                assert_eq!(what, "fetching the packages");
                assert!(detail.contains(why), "{detail}");
            }
            other => panic!("{other:?}"),
        }
        assert!(root.list().is_empty());
        assert!(matches!(root.install("cobol", |_| ()), Err(Error::Unknown(..))));
    }
}
