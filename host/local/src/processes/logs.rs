//! What a program prints, in segments: the first is kept, and the last two.
//!
//! A segment's number says which bytes of the output it holds, so that a place in the output is a plain number, and what is
//! missing between two segments is what was dropped.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use enginehouse_capabilities::LogChunk;

/// Bytes of a segment. With the last one just begun, the one before it is kept whole: at least this much of the end.
pub(super) const SEGMENT: u64 = 8 << 20;

/// Writes all of `from` to the segments of `base`; a disk that is full drops what does not fit, the program goes on.
pub(super) fn pump(mut from: impl Read, base: &Path) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    let (mut at, mut file) = (0, None);
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let mut rest = buffer.get(..read).unwrap_or_default();
        while !rest.is_empty() {
            let (number, filled) = (at / SEGMENT, at % SEGMENT);
            if filled == 0 || file.is_none() {
                file = File::options().create(true).append(true).open(segment(base, number)).ok();
                if number > 2 {
                    let _ = fs::remove_file(segment(base, number - 2));
                }
            }
            let room = usize::try_from(SEGMENT - filled).unwrap_or(usize::MAX).min(rest.len());
            let (now, later) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            if let Some(file) = &mut file {
                let _ = file.write_all(now);
            }
            at += now.len() as u64;
            rest = later;
        }
    }
}

/// Adds a line of our own at the end.
pub(super) fn note(base: &Path, line: &str) {
    let mut number = segments(base).last().copied().unwrap_or(0);
    if fs::metadata(segment(base, number)).is_ok_and(|file| file.len() >= SEGMENT) {
        number += 1;
    }
    if let Ok(mut file) = File::options().create(true).append(true).open(segment(base, number)) {
        let _ = writeln!(file, "enginehouse: {line}");
    }
}

/// What was printed after the place `after`; `ended` says that nothing is printed any more.
pub(super) fn read(base: &Path, after: u64, ended: bool) -> io::Result<LogChunk> {
    let start = next_kept(base, after);
    let mut bytes = Vec::new();
    while bytes.len() < LogChunk::MAX_BYTES {
        let at = start + bytes.len() as u64;
        let mut file = match File::open(segment(base, at / SEGMENT)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            Err(error) => return Err(error),
        };
        file.seek(SeekFrom::Start(at % SEGMENT))?;
        let room = (LogChunk::MAX_BYTES - bytes.len()) as u64;
        if file.take(room.min(SEGMENT - at % SEGMENT)).read_to_end(&mut bytes)? == 0 {
            break;
        }
    }
    let at = start + bytes.len() as u64;
    let all_read = bytes.len() < LogChunk::MAX_BYTES;
    let goes_on = segments(base).into_iter().any(|kept| kept * SEGMENT > at);
    let (text, used) = LogChunk::decode(&bytes, all_read && (ended || goes_on));
    let end = ended && all_read && !goes_on && used == bytes.len();
    Ok(LogChunk { text, next: start + used as u64, end, dropped: start - after })
}

/// `at`, or where what is kept begins again after a gap.
fn next_kept(base: &Path, at: u64) -> u64 {
    let there = fs::metadata(segment(base, at / SEGMENT)).is_ok_and(|file| file.len() > at % SEGMENT);
    let later = segments(base).into_iter().map(|kept| kept * SEGMENT).find(|kept| *kept > at);
    if there { at } else { later.unwrap_or(at) }
}

fn segment(base: &Path, number: u64) -> PathBuf {
    let mut name = base.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

fn segments(base: &Path) -> Vec<u64> {
    let (Some(folder), Some(name)) = (base.parent(), base.file_name().and_then(|name| name.to_str())) else {
        return Vec::new();
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut numbers: Vec<u64> = entries
        .filter_map(|entry| entry.file_name().to_str()?.strip_prefix(name)?.strip_prefix('.')?.parse().ok())
        .collect();
    numbers.sort_unstable();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(base: &Path, ended: bool) -> (String, u64) {
        let (mut text, mut dropped, mut at) = (String::new(), 0, 0);
        loop {
            let piece = read(base, at, ended).unwrap();
            assert!(piece.text.len() <= LogChunk::MAX_BYTES);
            text.push_str(&piece.text);
            dropped += piece.dropped;
            if piece.end || piece.next == at {
                assert_eq!(piece.end, ended);
                return (text, dropped);
            }
            at = piece.next;
        }
    }

    #[test]
    fn a_character_may_lie_across_pieces_and_segments() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("stdout");
        let printed = format!("x{}", "é".repeat(5 << 20));
        pump(printed.as_bytes(), &base).unwrap();
        assert!(all(&base, true) == (printed, 0));
    }

    #[test]
    fn the_middle_of_much_output_is_dropped_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("stdout");
        let printed: Vec<u8> = (0..50_u32 << 20).map(|n| b'a' + u8::try_from(n % 26).unwrap()).collect();
        pump(printed.as_slice(), &base).unwrap();
        let (text, dropped) = all(&base, true);
        assert_eq!(text.len() as u64 + dropped, printed.len() as u64);
        let (head, tail) = text.as_bytes().split_at(usize::try_from(SEGMENT).unwrap());
        assert!(printed.starts_with(head) && printed.ends_with(tail) && tail.len() as u64 >= SEGMENT);
    }

    #[test]
    fn what_is_no_text_is_replaced_and_what_is_cut_off_waits() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("stdout");
        pump(&b"a\xffb\xe2\x82"[..], &base).unwrap();
        assert_eq!(all(&base, false).0, "a\u{fffd}b");
        assert_eq!(all(&base, true).0, "a\u{fffd}b\u{fffd}");
    }

    #[test]
    fn invalid_bytes_never_make_a_piece_too_long() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("stdout");
        pump(&[0xff; LogChunk::MAX_BYTES][..], &base).unwrap();
        assert_eq!(all(&base, true).0.chars().count(), LogChunk::MAX_BYTES);
    }

    #[test]
    fn a_note_comes_last() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("stdout");
        pump(vec![b'x'; 8 << 20].as_slice(), &base).unwrap();
        note(&base, "left out");
        assert!(all(&base, true).0.ends_with("xenginehouse: left out\n"));
    }

    #[test]
    fn what_was_never_printed_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("stdout");
        assert_eq!(read(&base, 0, true).unwrap(), LogChunk { end: true, ..LogChunk::default() });
        assert_eq!(read(&base, u64::MAX / 2, false).unwrap().text, "");
    }
}
