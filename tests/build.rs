//! Builds the plugins that tests bring along.

/// Packages under `guests/`, with the variable that names their component to the code of this package.
const GUESTS: [(&str, &str); 3] = [
    ("enginehouse-guest-grown", "GROWN_WASM"),
    ("enginehouse-guest-marked", "MARKED_WASM"),
    ("enginehouse-guest-metered", "METERED_WASM"),
];

#[allow(clippy::print_stdout, reason = "a build script speaks to cargo through standard output")]
fn main() {
    let built = enginehouse_component::components("..", &GUESTS.map(|(package, _)| package));
    for ((_, variable), wasm) in GUESTS.iter().zip(built) {
        println!("cargo:rustc-env={variable}={}", wasm.display());
    }
    println!("cargo:rerun-if-changed=guests");
}
