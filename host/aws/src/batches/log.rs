//! The driver's log: a gzip in the object store, read from its beginning each time.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use enginehouse_capabilities::{ByteStream, LogChunk};
use flate2::read::MultiGzDecoder;
use futures::StreamExt;
use tokio::sync::mpsc;

/// How much of a log is looked at, unpacked. What follows is left out, and told.
const LOOKED_AT: u64 = 64 << 20;

/// A piece of an unpacked log from the place `after`; `over` says that nothing is added to it any more. Unpacks on a blocking
/// thread, at most 64 MiB, of which no more than a piece is in memory.
pub(super) async fn read(mut body: ByteStream, after: u64, over: bool) -> io::Result<LogChunk> {
    let (sender, pieces) = mpsc::channel(1);
    let feeding = async move {
        while let Some(piece) = body.next().await {
            if sender.send(piece).await.is_err() {
                return;
            }
        }
    };
    let mut unpacking = tokio::task::spawn_blocking(move || cut(Pieces { pieces, rest: Bytes::new() }, after, over));
    // Who has enough does not wait for the rest of the body.
    let cut = tokio::select! {
        cut = &mut unpacking => cut,
        () = feeding => unpacking.await,
    };
    cut.map_err(io::Error::other)?
}

/// A stream as a blocking reader.
struct Pieces {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    rest: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.rest = piece?,
                None => return Ok(0),
            }
        }
        (&mut self.rest).reader().read(buffer)
    }
}

fn cut(packed: impl Read, after: u64, over: bool) -> io::Result<LogChunk> {
    let nothing = |end| LogChunk { next: after, end, ..LogChunk::default() };
    if after > LOOKED_AT {
        return Ok(nothing(true));
    }
    let mut log = MultiGzDecoder::new(packed);
    if at_most(&mut log, after, &mut io::sink())? < after {
        return Ok(nothing(over));
    }
    if after == LOOKED_AT {
        return Ok(match at_most(&mut log, LogChunk::MAX_BYTES as u64, &mut io::sink())? {
            0 => nothing(over),
            beyond => left_out(beyond),
        });
    }
    let room = (LOOKED_AT - after).min(LogChunk::MAX_BYTES as u64);
    let mut bytes = Vec::new();
    let broken = match at_most(&mut log, room, &mut bytes) {
        Err(error) if bytes.is_empty() => return Err(error),
        read => read.is_err(),
    };
    let read = bytes.len() as u64;
    let whole = read < room && !broken;
    let (text, used) = LogChunk::decode(&bytes, broken || (whole && over) || after + read == LOOKED_AT);
    let end = whole && over && used == bytes.len();
    Ok(LogChunk { text, next: after + used as u64, end, dropped: 0 })
}

/// Moves at most `length` bytes. What is cut off ends there: the service may still be writing it.
fn at_most(log: &mut impl Read, length: u64, to: &mut impl io::Write) -> io::Result<u64> {
    let mut buffer = vec![0; 64 << 10];
    let mut moved = 0;
    while moved < length {
        let room = usize::try_from(length - moved).unwrap_or(usize::MAX).min(buffer.len());
        let read = match log.read(buffer.get_mut(..room).unwrap_or_default()) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        to.write_all(buffer.get(..read).unwrap_or_default())?;
        moved += read as u64;
    }
    Ok(moved)
}

/// The last piece of a log that goes on for too long; `dropped` counts what was seen of the rest.
fn left_out(dropped: u64) -> LogChunk {
    let text =
        format!("\nenginehouse: the log is longer than {} MiB; the rest is in the object store\n", LOOKED_AT >> 20);
    LogChunk { text, next: LOOKED_AT + 1, end: true, dropped }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// All of a log that is over, in pieces.
    fn all(packed: &[u8]) -> (String, u64) {
        let (mut text, mut dropped, mut at) = (String::new(), 0, 0);
        loop {
            let piece = cut(packed, at, true).unwrap();
            assert!(piece.text.len() <= LogChunk::MAX_BYTES);
            text.push_str(&piece.text);
            dropped += piece.dropped;
            if piece.end {
                return (text, dropped);
            }
            assert!(piece.next > at, "stuck at {at}");
            at = piece.next;
        }
    }

    #[test]
    fn a_log_comes_in_pieces_that_split_no_character() {
        let text = format!("x{}", "é".repeat(400_000));
        assert!(all(&packed(text.as_bytes())) == (text, 0));
    }

    #[test]
    fn several_members_are_one_log() {
        let twice = [packed(b"one\n"), packed(b"two\n")].concat();
        assert_eq!(all(&twice), ("one\ntwo\n".to_owned(), 0));
        assert_eq!(all(&packed(b"")), (String::new(), 0));
        assert_eq!(all(b""), (String::new(), 0));
    }

    #[test]
    fn what_is_still_written_has_no_end_and_goes_on_where_it_was() {
        let whole = packed("α\nβ".as_bytes());
        let first = cut(packed("α\n\u{3b2}".as_bytes().get(..4).unwrap()).as_slice(), 0, false).unwrap();
        assert_eq!((first.text.as_str(), first.next, first.end), ("α\n", 3, false));
        let then = cut(whole.as_slice(), first.next, true).unwrap();
        assert_eq!((then.text.as_str(), then.next, then.end), ("β", 5, true));
    }

    #[test]
    fn a_log_that_is_cut_off_gives_what_it_has() {
        let text = "line\n".repeat(100_000);
        let packed = packed(text.as_bytes());
        let half = packed.get(..packed.len() / 2).unwrap();
        let (given, _) = all(half);
        assert!(!given.is_empty() && text.starts_with(&given));
        assert!(!cut(half, given.len() as u64, false).unwrap().end);
    }

    #[test]
    fn what_is_no_gzip_is_an_error() {
        assert!(cut(&b"no gzip at all, and long enough to see"[..], 0, true).is_err());
        let spoilt = [packed(b"good"), b"then no more of it, for sure".to_vec()].concat();
        assert_eq!(cut(spoilt.as_slice(), 0, true).unwrap().text, "good");
        assert!(cut(spoilt.as_slice(), 4, true).is_err());
    }

    #[test]
    fn a_bomb_is_left_at_64_mebibytes_and_told() {
        let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
        for _ in 0..300 {
            bomb.write_all(&[b'x'; 1 << 20]).unwrap();
        }
        let bomb = bomb.finish().unwrap();
        let last = cut(bomb.as_slice(), LOOKED_AT - 1, true).unwrap();
        assert_eq!((last.text.as_str(), last.next, last.end), ("x", LOOKED_AT, false));
        let told = cut(bomb.as_slice(), LOOKED_AT, false).unwrap();
        assert!(told.end && told.dropped > 0 && told.text.contains("64 MiB"), "{told:?}");
        assert_eq!(
            cut(bomb.as_slice(), told.next, true).unwrap(),
            LogChunk { next: told.next, end: true, ..LogChunk::default() }
        );
        assert!(cut(bomb.as_slice(), u64::MAX, true).unwrap().end);
    }
}
