//! Builds the plugin with the faults.

#[allow(clippy::print_stdout, reason = "a build script speaks to cargo through standard output")]
fn main() {
    for wasm in enginehouse_component::components("../..", &["enginehouse-guest-faulty"]) {
        println!("cargo:rustc-env=FAULTY_WASM={}", wasm.display());
    }
    println!("cargo:rerun-if-changed=../guests/faulty");
}
