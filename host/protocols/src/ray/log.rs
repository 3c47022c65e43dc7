//! A piece of what a job printed, out of an answer that has all of it and may have any size.
//!
//! Ray answers `{"logs": "…"}`; some versions a list of lines, or plain text. The string is read as it comes, and no more of it is held than
//! its beginning and its end.

/// The most bytes of one piece.
pub(super) const PIECE: usize = 256 << 10;
/// Of a log, so many bytes at its beginning are kept.
pub const FOLLOWED: usize = 8 << 20;
/// And so many at its end.
pub const TAIL: usize = 1 << 20;

/// Some of what a job printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPiece {
    /// Whole characters.
    pub text: String,
    /// The byte after it.
    pub next: u64,
    /// Bytes between the asked byte and the first of the text, which nobody gets to see.
    pub dropped: u64,
    /// Whether there is more already.
    pub more: bool,
    /// Whether nothing will follow.
    pub end: bool,
}

/// What is kept of a log: its beginning and its end.
#[derive(Debug, Default)]
pub(super) struct Kept {
    head: Vec<u8>,
    /// The last bytes of all, those of the beginning included.
    tail: Vec<u8>,
    total: u64,
}

/// Reads an answer as it comes.
#[derive(Default)]
pub(super) struct Reading {
    strings: Strings,
    kept: Kept,
}

impl Reading {
    /// Takes the next bytes of the answer.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.strings.read(bytes, &mut |text| self.kept.add(text));
    }

    /// What came of it; none where the answer was none.
    pub(super) fn end(mut self) -> Option<Kept> {
        if !self.strings.is_whole() {
            return None;
        }
        self.strings.flush(&mut |text| self.kept.add(text));
        Some(self.kept)
    }
}

impl Kept {
    fn add(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let room = FOLLOWED.saturating_sub(self.head.len());
        self.head.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        self.tail.extend_from_slice(bytes);
        if self.tail.len() > 2 * TAIL {
            self.tail.drain(..self.tail.len() - TAIL);
        }
    }

    /// From a byte on; none: the last piece.
    pub(super) fn piece(&self, after: Option<u64>) -> LogPiece {
        let at = |place: u64, of: &[u8]| usize::try_from(place).unwrap_or(usize::MAX).min(of.len());
        let (begin, rest) = match after {
            Some(after) if after < self.head.len() as u64 => (after, self.head.get(at(after, &self.head)..)),
            _ => {
                let most = if after.is_some() { TAIL } else { PIECE } as u64;
                let begin = self.total.saturating_sub(most).max(after.unwrap_or_default()).min(self.total);
                let held = self.total - self.tail.len() as u64;
                (begin, self.tail.get(at(begin.saturating_sub(held), &self.tail)..))
            }
        };
        let rest = rest.unwrap_or_default();
        let asked = after.unwrap_or(begin);
        // A character whose beginning was left out is nobody's.
        let is_cut = begin != asked || (after.is_none() && begin > 0);
        let cut = if is_cut { rest.iter().take_while(|byte| **byte & 0xc0 == 0x80).take(3).count() } else { 0 };
        let rest = rest.get(cut..).unwrap_or_default();
        let begin = begin + cut as u64;
        let mut piece = rest.get(..PIECE.min(rest.len())).unwrap_or_default();
        let more = begin + (piece.len() as u64) < self.total;
        if more {
            piece = piece.get(..whole_characters(piece)).unwrap_or_default();
        }
        let mut text = String::from_utf8_lossy(piece).into_owned();
        text.truncate(text.floor_char_boundary(PIECE));
        let next = (begin + piece.len() as u64).max(asked);
        LogPiece { text, next, dropped: begin.saturating_sub(asked), more, end: false }
    }
}

/// How many of these bytes come before a character that is not whole.
fn whole_characters(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => error.valid_up_to(),
        _ => bytes.len(),
    }
}

/// Finds, in JSON as it comes, the strings that are the log: those of the member `logs`, else those of no member. What is no JSON is
/// the log itself.
#[derive(Default)]
struct Strings {
    place: Place,
    /// Whether each value around the next is an object; no more than an answer of Ray's has.
    around: Vec<bool>,
    expects_key: bool,
    key: Vec<u8>,
    is_key: bool,
    found: bool,
    escape: Escape,
    /// The first half of a character that JSON writes in two.
    half: Option<u16>,
    out: Vec<u8>,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Start,
    Plain,
    Between,
    Within,
}

#[derive(Default, Clone, Copy)]
enum Escape {
    #[default]
    None,
    Begun,
    Digits(u16, u8),
}

/// Bytes of the log that are handed on at once.
const HANDED: usize = 16 << 10;
const DEEPEST: usize = 16;

impl Strings {
    fn read(&mut self, bytes: &[u8], log: &mut impl FnMut(&[u8])) {
        for byte in bytes {
            match self.place {
                Place::Start if byte.is_ascii_whitespace() => {}
                Place::Start if matches!(byte, b'{' | b'[' | b'"') => {
                    self.place = Place::Between;
                    self.between(*byte);
                }
                Place::Start => {
                    (self.place, self.found) = (Place::Plain, true);
                    self.out.push(*byte);
                }
                Place::Plain => self.out.push(*byte),
                Place::Between => self.between(*byte),
                Place::Within => self.within(*byte),
            }
            if self.out.len() >= HANDED {
                self.flush(log);
            }
        }
    }

    fn flush(&mut self, log: &mut impl FnMut(&[u8])) {
        if !self.out.is_empty() {
            log(&self.out);
            self.out.clear();
        }
    }

    /// Whether nothing is missing.
    fn is_whole(&self) -> bool {
        match self.place {
            Place::Start | Place::Within => false,
            Place::Plain => true,
            Place::Between => self.around.is_empty() && self.found,
        }
    }

    fn between(&mut self, byte: u8) {
        match byte {
            b'"' => {
                self.place = Place::Within;
                self.is_key = self.expects_key;
                if self.is_key {
                    self.key.clear();
                } else {
                    self.found |= self.is_log();
                }
            }
            b'{' | b'[' if self.around.len() < DEEPEST => {
                self.around.push(byte == b'{');
                self.expects_key = byte == b'{';
                // An empty list is a log with nothing in it.
                self.found |= byte == b'[' && self.is_log();
            }
            b'}' | b']' => {
                self.around.pop();
                self.expects_key = false;
            }
            b',' => self.expects_key = self.around.last() == Some(&true),
            b':' => self.expects_key = false,
            // `null`, for a log that is not there yet.
            b'n' => self.found |= self.is_log(),
            _ => {}
        }
    }

    fn is_log(&self) -> bool {
        self.key == b"logs" || (self.key.is_empty() && !self.around.contains(&true))
    }

    fn within(&mut self, byte: u8) {
        match (self.escape, byte) {
            (Escape::None, b'"') => {
                self.lone();
                self.place = Place::Between;
                // Lines of a list may come without their ends.
                if !self.is_key
                    && self.is_log()
                    && self.around.last() == Some(&false)
                    && self.out.last() != Some(&b'\n')
                {
                    self.out.push(b'\n');
                }
            }
            (Escape::None, b'\\') => self.escape = Escape::Begun,
            (Escape::None, byte) => {
                self.lone();
                self.push(&[byte]);
            }
            (Escape::Begun, b'u') => self.escape = Escape::Digits(0, 0),
            (Escape::Begun, byte) => {
                self.escape = Escape::None;
                self.lone();
                self.push(&[match byte {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    b'b' => 8,
                    b'f' => 12,
                    other => other,
                }]);
            }
            (Escape::Digits(code, digits), byte) => {
                let digit =
                    char::from(byte).to_digit(16).and_then(|digit| u16::try_from(digit).ok()).unwrap_or_default();
                let code = code << 4 | digit;
                if digits == 3 {
                    self.escape = Escape::None;
                    self.unit(code);
                } else {
                    self.escape = Escape::Digits(code, digits + 1);
                }
            }
        }
    }

    /// A character, or half of one.
    fn unit(&mut self, code: u16) {
        let pair = self.half.take();
        let units = pair.into_iter().chain([code]);
        if pair.is_none() && (0xd800..0xdc00).contains(&code) {
            self.half = Some(code);
            return;
        }
        for character in char::decode_utf16(units).map(|read| read.unwrap_or(char::REPLACEMENT_CHARACTER)) {
            self.push(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }

    fn lone(&mut self) {
        if self.half.take().is_some() {
            self.push(char::REPLACEMENT_CHARACTER.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        if !self.is_key {
            if self.is_log() {
                self.out.extend_from_slice(bytes);
            }
        } else if self.key.len() < 64 {
            self.key.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kept(body: &str, step: usize) -> Option<Kept> {
        let mut reading = Reading::default();
        body.as_bytes().chunks(step).for_each(|piece| reading.add(piece));
        reading.end()
    }

    fn read(body: &str, after: Option<u64>, step: usize) -> Option<LogPiece> {
        Some(kept(body, step)?.piece(after))
    }

    #[test]
    fn every_shape_that_a_log_comes_in_is_read() {
        let log = "a \"b\"\\\n\tä\u{2028}😀 \u{1}";
        let ascii = r#"{"logs": "a \"b\"\\\n\t\u00e4\u2028\ud83d\ude00 \u0001"}"#;
        for step in [1, 2, 7, 1000] {
            for body in [ascii, &json!({"type": "x", "n": {"logs2": "no"}, "logs": log, "more": ["no"]}).to_string()] {
                assert_eq!(read(body, Some(0), step).unwrap().text, log, "{body}");
            }
            assert_eq!(read(r#"{"logs": ["a", "b\n", "c"]}"#, Some(0), step).unwrap().text, "a\nb\nc\n");
            assert_eq!(read("plain {text}\n", Some(0), step).unwrap().text, "plain {text}\n");
            assert_eq!(read(r#""only \ud83d a string""#, Some(0), step).unwrap().text, "only \u{fffd} a string");
            assert_eq!(read(r#"{"logs": null}"#, Some(0), step).unwrap().text, "");
        }
    }

    #[test]
    fn what_is_no_log_or_breaks_off_is_none() {
        for body in ["", "{}", r#"{"logs": "ab"#, r#"{"logs": "ab""#, r#"{"error": "x"}"#, r#"[[[["#] {
            assert_eq!(read(body, Some(0), 3), None, "{body}");
        }
    }

    #[test]
    fn pieces_join_to_the_whole() {
        let log = "äöü 0123456789\n".repeat(60_000);
        let kept = kept(&json!({ "logs": log }).to_string(), 8000).unwrap();
        let (mut at, mut all) = (0, String::new());
        loop {
            let piece = kept.piece(Some(at));
            assert!(piece.text.len() <= PIECE && piece.dropped == 0);
            all.push_str(&piece.text);
            at = piece.next;
            if !piece.more {
                break;
            }
        }
        assert_eq!(all.len(), log.len());
        assert_eq!(all, log);
        let last = kept.piece(Some(at));
        assert_eq!((last.text.as_str(), last.next, last.more), ("", at, false));
        assert_eq!(kept.piece(Some(at + 5)).next, at + 5, "a log that became shorter");
    }

    #[test]
    fn of_a_long_log_the_beginning_and_the_end_are_kept() {
        let log = format!("{}é the end\n", "x".repeat(20 << 20));
        let kept = kept(&json!({ "logs": log }).to_string(), 60_000).unwrap();
        let (mut at, mut text, mut dropped) = (0, 0, 0);
        loop {
            let piece = kept.piece(Some(at));
            (at, text, dropped) = (piece.next, text + piece.text.len(), dropped + piece.dropped);
            if !piece.more {
                break;
            }
        }
        assert_eq!((at, text), (log.len() as u64, FOLLOWED + TAIL));
        assert_eq!(dropped, at - text as u64);
        let tail = kept.piece(None);
        assert!(tail.text.ends_with("é the end\n") && tail.text.len() <= PIECE && !tail.more);
        assert!(kept.tail.len() <= 2 * TAIL && kept.head.len() == FOLLOWED);
    }
}
