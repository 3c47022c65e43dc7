//! Whatever is uploaded as CSV is described or refused: no panic, and nothing beyond the contract's limits.
//!
//! Runs for two seconds; longer with `BOLERO_RANDOM_TEST_TIME_MS`, as in CI.

use std::{io, time::Duration};

use bytes::Bytes;
use enginehouse_runtime::ObjectSource;
use futures::{StreamExt, stream};

use super::{Hints, SAMPLE_BYTES, csv};
use crate::service::transcode;

const PIECES: &[&str] = &[
    ",",
    ";",
    "\t",
    "|",
    "\n",
    "\r\n",
    "\r",
    "\"",
    "\"\"",
    "'",
    "a",
    "id",
    "name",
    "1",
    "-2.5",
    "1e9",
    "2024-01-02",
    "true",
    " ",
    "é",
    "名",
    "\u{feff}",
    "\0",
    "\\",
    "#",
    "NaN",
    "2024-01-02T03:04:05Z",
    "x,y\n1,2\n",
    "a;b\n1;2\n",
    "0x1",
    "007",
];

fn describe(text: &[u8], whole: bool) -> Option<ObjectSource> {
    let mut source = ObjectSource {
        uri: "s3://house/x.csv".into(),
        format: Some("csv".into()),
        bytes: None,
        columns: Vec::new(),
        properties: Vec::new(),
        sample: None,
    };
    csv::describe(&mut source, text, whole, &Hints::default()).ok().map(|()| source)
}

fn holds(bytes: &[u8]) {
    let size = usize::from(bytes.first().copied().unwrap_or(1)).max(1);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let text = |size: usize| -> io::Result<Vec<u8>> {
        let pieces: Vec<_> = bytes.chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let (text, _) = transcode::to_utf8(stream::iter(pieces), None);
        let pieces: Vec<io::Result<Bytes>> = runtime.block_on(text.collect());
        Ok(pieces.into_iter().collect::<io::Result<Vec<Bytes>>>()?.concat())
    };
    let (one, other) = (text(size), text(bytes.len().max(1)));
    match (&one, &other) {
        (Ok(one), Ok(other)) => assert_eq!(one, other, "the size of the pieces makes no difference"),
        (one, other) => assert_eq!(one.is_ok(), other.is_ok(), "{one:?} {other:?}"),
    }
    let Ok(text) = one else { return };
    assert!(std::str::from_utf8(&text).is_ok());
    for whole in [true, false] {
        if let Some(source) = describe(&text, whole) {
            assert!(!source.columns.is_empty());
            assert!(source.columns.iter().all(|column| !column.name.is_empty()));
            assert!(source.sample.as_deref().unwrap_or_default().len() <= SAMPLE_BYTES);
        }
    }
}

const SHORT: Duration = Duration::from_secs(2);

#[test]
fn fuzz_files_of_any_bytes() {
    bolero::check!().with_test_time(SHORT).with_iterations(usize::MAX).for_each(holds);
}

#[test]
fn fuzz_files_of_cells() {
    bolero::check!().with_test_time(SHORT).with_iterations(usize::MAX).with_max_len(400).for_each(|bytes: &[u8]| {
        let text: String = bytes.iter().map(|byte| PIECES[usize::from(*byte) % PIECES.len()]).collect();
        holds(text.as_bytes());
    });
}
