//! The numbers, in bytes unless said.

/// Code.
pub const CODE: usize = 1 << 20;
/// What a caller wants, in words.
pub const PROMPT: usize = 64 << 10;
/// `s3://bucket/key`.
pub const URI: usize = 1024;
/// Any name.
pub const NAME: usize = 256;
/// A message, hint or note, a reason, an error's text.
pub const MESSAGE: usize = 2 << 10;
/// The page of a rule.
pub const PAGE: usize = 16 << 10;
/// What an engine or a backend says of itself.
pub const DETAIL: usize = 1 << 10;
/// The first rows of a source.
pub const SAMPLE: usize = 4 << 10;
/// What finds a piece of work again.
pub const TICKET: usize = 4 << 10;
/// A JSON document among the results.
pub const DOCUMENT: usize = 1 << 20;
/// One piece of a log.
pub const LOG: usize = 256 << 10;
/// Sources of a task.
pub const SOURCES: usize = 64;
/// Columns of a source, its partition keys among them.
pub const COLUMNS: usize = 2_000;
/// Findings on one piece of code.
pub const FINDINGS: usize = 1_000;
/// Tables of results.
pub const TABLES: usize = 16;
/// Objects of all tables together.
pub const URIS: usize = 10_000;
/// Pictures.
pub const FIGURES: usize = 100;
/// Entries of any other list.
pub const ENTRIES: usize = 1_000;
