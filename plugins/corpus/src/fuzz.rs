//! Programs that chance puts together, and what holds for whatever is read.

use std::{fs, path::Path, time::Duration};

use enginehouse_sdk::Finding;

/// How long a target runs; longer with `BOLERO_RANDOM_TEST_TIME_MS`, as in CI.
pub const SHORT: Duration = Duration::from_secs(2);

/// A piece for each byte.
pub fn of_pieces(pieces: &[&str], bytes: &[u8]) -> String {
    bytes.iter().map(|byte| pieces[usize::from(*byte) % pieces.len()]).collect()
}

/// A line for each three bytes; one in seven has nothing around it, so that the next one is put behind it.
pub fn of_lines(lines: &[impl AsRef<str>], bytes: &[u8]) -> String {
    let line = |place: &[u8]| {
        let number = place.iter().fold(0, |number, byte| number * 256 + usize::from(*byte));
        let line = lines[number % lines.len()].as_ref();
        if number % 7 == 0 { line.trim_start().to_owned() } else { format!("{line}\n") }
    };
    bytes.chunks(3).map(line).collect()
}

/// The lines of all files in a folder, in the order of their names.
pub fn lines_of(folder: impl AsRef<Path>) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let texts = paths.iter().map(|path| fs::read_to_string(path).expect("text"));
    texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// Findings lie within the text, say something, and are the same ones each time.
pub fn holds(code: &str, validate: impl Fn(&str) -> Vec<Finding>) {
    let findings = validate(code);
    // Python ends a line at a lone carriage return as well.
    let lines = code.matches(['\n', '\r']).count() + 1;
    for finding in &findings {
        assert!(!finding.rule.is_empty() && !finding.message.is_empty());
        if let Some(span) = &finding.span {
            assert!(span.start.line >= 1 && span.start.line as usize <= lines, "{finding:?} in {code:?}");
        }
    }
    assert_eq!(findings, validate(code), "{code:?}");
}
