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
}
