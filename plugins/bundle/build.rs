//! Builds the supervisors to WebAssembly and embeds them.
#![allow(clippy::expect_used, reason = "a build script stops the build with a message")]

use std::{env, fmt::Write as _, fs, path::Path};

/// Packages `enginehouse-<name>` with a supervisor.
const SUPERVISORS: [&str; 2] = ["ray", "spark"];

fn main() {
    let packages = SUPERVISORS.map(|name| format!("enginehouse-{name}"));
    let built = enginehouse_component::components("../..", &packages.each_ref().map(String::as_str));
    let mut all = String::from("&[\n");
    for (name, wasm) in SUPERVISORS.iter().zip(built) {
        writeln!(all, "    Bundled {{ name: {name:?}, wasm: include_bytes!({wasm:?}) }},").expect("a string grows");
    }
    all.push(']');
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("all.rs"), all).expect("OUT_DIR can be written");
}
