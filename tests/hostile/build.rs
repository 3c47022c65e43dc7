//! Builds the hostile plugin.

#[allow(clippy::print_stdout, reason = "a build script speaks to cargo through standard output")]
fn main() {
    for wasm in enginehouse_component::components("../..", &["enginehouse-guest-hostile"]) {
        println!("cargo:rustc-env=HOSTILE_WASM={}", wasm.display());
    }
    println!("cargo:rerun-if-changed=../guests/hostile");
}
