//! The rows of a page, or of a piece of a whole table, while it fills.

use enginehouse_capabilities::{Error, ObjectUri, Result};
use serde_json::Value;

use super::{ColumnSchema, MAX_PAGE_BYTES, Page};

/// The most bytes of one row of a whole table, as JSON or in memory.
pub(super) const MAX_ROW_BYTES: usize = 64 << 20;
/// About the bytes that are between decoder and encoder at once, as JSON.
const PIECE_BYTES: usize = 1 << 20;

/// Rows up to a number and a size.
pub(super) struct Rows {
    offset: u64,
    limit: usize,
    /// How many rows lay before the page so far.
    skipped: u64,
    left: Budget,
    rows: Vec<Vec<Value>>,
    more: bool,
}

/// How many bytes a page or a row has left.
#[derive(Clone, Copy)]
pub(super) struct Budget(usize);

/// There is no room for it.
pub(super) struct Full;

impl Budget {
    /// Of one row of a whole table.
    pub(super) fn of_a_row() -> Self {
        Self(MAX_ROW_BYTES)
    }

    /// Takes the bytes of a value, and some for what surrounds it.
    pub(super) fn take(&mut self, bytes: usize) -> std::result::Result<(), Full> {
        self.0 = self.0.checked_sub(bytes.saturating_add(3)).ok_or(Full)?;
        Ok(())
    }
}

impl Rows {
    pub(super) fn new(offset: u64, limit: usize) -> Self {
        Self { offset, limit, skipped: 0, left: Budget(MAX_PAGE_BYTES), rows: Vec::new(), more: false }
    }

    /// Whether the page is complete and there is more behind it.
    pub(super) fn is_full(&self) -> bool {
        self.more
    }

    /// How many rows are yet to be skipped.
    pub(super) fn to_skip(&self) -> u64 {
        self.offset - self.skipped
    }

    /// How many rows there is room for.
    pub(super) fn room(&self) -> usize {
        self.limit - self.rows.len()
    }

    /// Passes over rows that lie before the page.
    pub(super) fn skip(&mut self, rows: u64) {
        self.skipped += rows.min(self.to_skip());
    }

    /// There is more than the page holds.
    pub(super) fn set_full(&mut self) {
        self.more = true;
    }

    /// Takes the next row: passes over it, keeps what `make` makes of it, or sees that the page is full.
    pub(super) fn push(
        &mut self,
        part: &ObjectUri,
        make: impl FnOnce(&mut Budget) -> std::result::Result<Vec<Value>, Full>,
    ) -> Result<()> {
        if self.to_skip() > 0 {
            self.skip(1);
            return Ok(());
        }
        if self.room() == 0 {
            self.set_full();
            return Ok(());
        }
        let mut left = self.left;
        match make(&mut left) {
            Ok(row) => {
                self.left = left;
                self.rows.push(row);
            }
            Err(Full) if self.rows.is_empty() => return Err(too_large(part, self.offset)),
            Err(Full) => self.set_full(),
        }
        Ok(())
    }

    /// Fills every row up with nulls. What is filled up has the room of a page of its own; rows beyond it are left to the next.
    pub(super) fn widen(&mut self, columns: usize) {
        let mut left = Budget(MAX_PAGE_BYTES);
        let fits = |row: &&mut Vec<Value>| left.take(columns.saturating_sub(row.len()) * 4).is_ok();
        let widened = self.rows.iter_mut().take_while(fits).map(|row| row.resize(columns, Value::Null)).count();
        if widened < self.rows.len() {
            self.rows.truncate(widened);
            self.set_full();
        }
    }

    /// The page. `total_rows` may be told where it is known from elsewhere.
    pub(super) fn into_page(self, columns: Vec<ColumnSchema>, total_rows: Option<u64>) -> Page {
        let end = self.skipped + self.rows.len() as u64;
        Page {
            columns,
            next: self.more.then_some(end),
            total_rows: total_rows.or((!self.more).then_some(end)),
            rows: self.rows,
        }
    }
}

/// Some rows of a whole table, between their decoder and what writes them: about [`PIECE_BYTES`], and one row more.
#[derive(Default)]
pub(super) struct Piece {
    pub(super) rows: Vec<Vec<Value>>,
    bytes: usize,
}

impl Piece {
    pub(super) fn is_full(&self) -> bool {
        self.bytes >= PIECE_BYTES
    }

    /// Takes the next row.
    pub(super) fn push(
        &mut self,
        part: &ObjectUri,
        make: impl FnOnce(&mut Budget) -> std::result::Result<Vec<Value>, Full>,
    ) -> Result<()> {
        let mut left = Budget::of_a_row();
        let row = make(&mut left).map_err(|Full| too_large_to_stream(part))?;
        self.bytes += MAX_ROW_BYTES - left.0 + 16;
        self.rows.push(row);
        Ok(())
    }
}

/// One row that no download can hold.
pub(super) fn too_large_to_stream(part: &ObjectUri) -> Error {
    Error::Invalid(format!(
        "a row in `{part}` is larger than {} MiB: download the part itself from /v1/objects",
        MAX_ROW_BYTES >> 20
    ))
}

/// One row that no page can hold.
pub(super) fn too_large(part: &ObjectUri, row: u64) -> Error {
    Error::Invalid(format!(
        "row {row} of the result, in `{part}`, is larger than the {} MiB of a page: download the part, or go on behind it",
        MAX_PAGE_BYTES >> 20
    ))
}
