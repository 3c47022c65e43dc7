//! Plugins that tests bring along, from `guests/`.

use bytes::Bytes;
use enginehouse::plugins::Bundled;

/// The environment variable that names one to a server, in the place of the bundled plugin for its framework.
pub const VARIABLE: &str = "ENGINEHOUSE_TEST_GUEST";

/// Its work uses what the prompt says.
pub const METERED: &str = "metered";

/// The one that the environment names, if it does.
pub fn named() -> Vec<Bundled> {
    let wasm = match std::env::var(VARIABLE).as_deref() {
        Ok(METERED) => include_bytes!(env!("METERED_WASM")).as_slice(),
        _ => return Vec::new(),
    };
    vec![Bundled { framework: "spark".to_owned(), wasm: Bytes::from_static(wasm) }]
}

/// A plugin for the framework `marked`, which needs nothing of the host and shows this number in all that it answers.
pub fn marked(number: u32) -> Vec<u8> {
    with_mark(include_bytes!(env!("MARKED_WASM")), number)
}

/// The same, grown to ask for the object store.
pub fn grown(number: u32) -> Vec<u8> {
    with_mark(include_bytes!(env!("GROWN_WASM")), number)
}

/// The mark of a number.
pub fn mark(number: u32) -> String {
    format!("MARK-{number:011}")
}

/// The marked one, which finds nothing wrong with the code `bad`.
pub fn lenient(number: u32) -> Vec<u8> {
    replaced(&marked(number), b"BAD-WORD-bad", b"BAD-WORD-???")
}

fn with_mark(wasm: &[u8], number: u32) -> Vec<u8> {
    replaced(wasm, mark(0).as_bytes(), mark(number).as_bytes())
}

/// Writes a text over another that is as long.
fn replaced(wasm: &[u8], before: &[u8], after: &[u8]) -> Vec<u8> {
    let mut places = wasm.windows(before.len()).enumerate().filter(|(_, window)| *window == before);
    let place = places.next().map(|(place, _)| place).unwrap_or_default();
    let mut wasm = wasm.to_vec();
    wasm.splice(place..place + before.len(), after.iter().copied());
    wasm
}
