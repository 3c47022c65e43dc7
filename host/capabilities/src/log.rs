//! Pieces of a log.

/// A piece of a log, as it was printed: bytes that are no UTF-8 are replaced, and a piece never splits a character.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogChunk {
    /// What was printed, at most 256 KiB.
    pub text: String,
    /// Hand it back to get what follows. Opaque; 0 is the start.
    pub next: u64,
    /// Nothing will follow.
    pub end: bool,
    /// Bytes left out before this piece because the backend or a limit dropped them.
    pub dropped: u64,
}

impl LogChunk {
    /// The most bytes of text in one piece.
    pub const MAX_BYTES: usize = 256 * 1024;

    /// Text of at most 256 KiB from the front of `bytes`, and how many of them it stands for. A character that is cut off at
    /// the end is left for the next piece unless this is `all`.
    pub fn decode(bytes: &[u8], all: bool) -> (String, usize) {
        let mut text = String::new();
        let mut used = 0;
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            for character in chunk.valid().chars() {
                if text.len() + character.len_utf8() > Self::MAX_BYTES {
                    return (text, used);
                }
                text.push(character);
                used += character.len_utf8();
            }
            let invalid = chunk.invalid();
            let cut_off =
                chunks.peek().is_none() && std::str::from_utf8(invalid).is_err_and(|e| e.error_len().is_none());
            if invalid.is_empty() || (cut_off && !all) {
                continue;
            }
            if text.len() + '\u{fffd}'.len_utf8() > Self::MAX_BYTES {
                return (text, used);
            }
            text.push('\u{fffd}');
            used += invalid.len();
        }
        (text, used)
    }
}
