//! Packages of Python's that tests hold us against, each set in an environment of its own in the user's cache folder.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

/// The folder of an environment with these packages, `["botocore==1.44.5"]`; made where it is missing, which takes the network.
pub fn environment(packages: &[&str]) -> PathBuf {
    let dirs = directories::ProjectDirs::from("", "", "enginehouse").expect("a home folder");
    let name = packages.join("-").replace("==", "-");
    let folder = dirs.cache_dir().join("tools").join(&name);
    let ready = folder.join("ready");
    if ready.exists() {
        return folder;
    }
    fs::create_dir_all(&folder).unwrap();
    // Tests of several processes may want it at once.
    let lock = File::create(folder.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    if !ready.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        run(Command::new(folder.join("bin/python3")).args(pip).args(packages));
        fs::write(&ready, "").unwrap();
    }
    folder
}

/// The folder with the packages of an environment.
pub fn site_packages(environment: &Path) -> PathBuf {
    let mut versions = fs::read_dir(environment.join("lib")).unwrap();
    let python = versions.find_map(|entry| Some(entry.ok()?.path()).filter(|path| path.is_dir()));
    python.expect("an environment has a lib/python3.x").join("site-packages")
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
