//! For build scripts: packages of this workspace as WebAssembly components, so that plain `cargo build` is all it takes.
#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a build script speaks through standard output and stops the build with a message"
)]

use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const TARGET: &str = "wasm32-wasip2";
/// A profile of the workspace.
const PROFILE: &str = "plugin";

/// Builds packages of the workspace, and builds them again when what they are made of changes. Answers the file of each, in
/// their order. `root` leads from the package that asks to the workspace.
///
/// # Panics
/// Where one does not build; the message says what to do. For build scripts only, which speak so.
pub fn components(root: &str, packages: &[&str]) -> Vec<PathBuf> {
    // Asked for at run time: clones that share a target folder share their build scripts as well.
    let workspace = &var("CARGO_MANIFEST_DIR").join(root);
    watch(workspace);
    ensure_target();
    let built = build(workspace, &target_folder(&var("OUT_DIR")), packages);
    let file = |package: &&str| built.join(format!("{}.wasm", package.replace('-', "_")));
    packages.iter().map(file).inspect(|file| assert!(file.is_file(), "{} was not built", file.display())).collect()
}

/// Everything that ends up in a component.
fn watch(workspace: &Path) {
    let plugins = workspace.join("plugins");
    let folders = fs::read_dir(&plugins).expect("plugins/ can be read").flatten().map(|entry| entry.path());
    for folder in folders.filter(|folder| folder.file_name() != Some(OsStr::new("bundle"))) {
        println!("cargo:rerun-if-changed={}", folder.display());
    }
    for path in ["wit", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml"] {
        println!("cargo:rerun-if-changed={}", workspace.join(path).display());
    }
}

/// A folder of its own beside the outer build's profiles: it outlives this package's `OUT_DIR`, and the two cargos do not
/// wait for each other's lock.
fn target_folder(out: &Path) -> PathBuf {
    // OUT_DIR is <target>/<profile>/build/<package>/out.
    out.ancestors().nth(4).expect("OUT_DIR lies in a target folder").join("plugins")
}

fn ensure_target() {
    let libraries = Command::new(var("RUSTC")).args(["--print", "target-libdir", "--target", TARGET]).output();
    let libraries = libraries.ok().and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    if Path::new(libraries.trim()).is_dir() {
        return;
    }
    let added = Command::new("rustup").args(["target", "add", TARGET]).stdout(Stdio::null()).status();
    if !added.is_ok_and(|status| status.success()) {
        panic!("the plugins need the Rust target {TARGET}, and it could not be added; run: rustup target add {TARGET}");
    }
}

/// Builds all of them; answers the folder they lie in.
fn build(workspace: &Path, target: &Path, packages: &[&str]) -> PathBuf {
    let mut cargo = Command::new(var("CARGO"));
    cargo.current_dir(workspace).args(["build", "--locked", "--lib", "--target", TARGET, "--profile", PROFILE]);
    cargo.args(packages.iter().flat_map(|package| ["--package", package]));
    cargo.arg("--target-dir").arg(target);
    for (name, _) in env::vars_os().filter(|(name, _)| is_the_outer_builds(name)) {
        cargo.env_remove(name);
    }
    // What the outer cargo reads from standard output is ours alone.
    let status = cargo.stdout(Stdio::null()).status().expect("cargo runs");
    assert!(status.success(), "the plugins do not build for {TARGET}; the compiler's words stand above");
    target.join(TARGET).join(PROFILE)
}

/// Variables that speak of the outer build: its flags, wrappers (clippy's too), profile and folders. Where crates come
/// from, and how many jobs may run, holds for both.
fn is_the_outer_builds(name: &OsStr) -> bool {
    const SHARED: [&str; 6] =
        ["CARGO_HOME", "CARGO_MAKEFLAGS", "CARGO_NET_", "CARGO_HTTP_", "CARGO_REGISTRIES_", "CARGO_SOURCE_"];
    const OUTER: [&str; 3] = ["CARGO", "RUSTC", "RUSTDOC"];
    const FLAGS: [&str; 8] =
        ["RUSTFLAGS", "CLIPPY_ARGS", "CLIPPY_CONF_DIR", "TARGET", "HOST", "PROFILE", "OPT_LEVEL", "DEBUG"];
    let name = name.to_string_lossy();
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    (starts(&OUTER) && !starts(&SHARED)) || FLAGS.contains(&name.as_ref())
}

fn var(name: &str) -> PathBuf {
    env::var_os(name).unwrap_or_else(|| panic!("cargo sets {name}")).into()
}
