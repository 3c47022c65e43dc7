//! CSV.

use std::sync::Arc;

use ::csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder, StringRecord};
use bytes::Bytes;
use enginehouse_capabilities::{Error, ObjectUri, Objects, Result};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use super::{
    MAX_COLUMNS, Page, ResultTable,
    column::Column,
    kind::Kind,
    rows::{Budget, Full, Piece, Rows},
    text::{Metered, RowEnd, blocking, failed, open},
};

/// The types are guessed from this many bytes of all parts together.
const SAMPLE: usize = 4 << 20;

/// How the parts are written.
#[derive(Clone, Copy)]
struct Dialect {
    header: bool,
    escape: Option<u8>,
}

/// The columns of a table.
pub(super) struct Columns {
    pub(super) columns: Vec<Column>,
    /// Whether every cell was seen.
    pub(super) whole: bool,
}

pub(super) async fn read(
    objects: &dyn Objects,
    table: &ResultTable,
    parts: &[ObjectUri],
    mut rows: Rows,
) -> Result<Page> {
    let Columns { columns, .. } = columns(objects, table, parts).await?;
    let kinds = kinds(&columns);
    for uri in parts {
        if rows.is_full() {
            break;
        }
        let mut part = Part::open(objects, uri, table.into(), Arc::clone(&kinds)).await?;
        rows = blocking(uri, move || {
            while !rows.is_full() && part.advance()? {
                rows.push(&part.uri, |left| part.row(left))?;
            }
            Ok(rows)
        })
        .await?;
    }
    Ok(rows.into_page(columns.into_iter().map(Column::described).collect(), None))
}

/// The rows of all parts, one after the other.
pub(super) struct Scan {
    dialect: Dialect,
    kinds: Arc<[Kind]>,
    parts: std::vec::IntoIter<ObjectUri>,
    open: Option<Part>,
}

impl Scan {
    /// Reads cells as these columns have them.
    pub(super) fn new(table: &ResultTable, parts: Vec<ObjectUri>, columns: &[Column]) -> Self {
        Self { dialect: table.into(), kinds: kinds(columns), parts: parts.into_iter(), open: None }
    }

    /// The next rows and where they are from; none at the end.
    pub(super) async fn next(&mut self, objects: &dyn Objects) -> Result<Option<(ObjectUri, Piece)>> {
        loop {
            let mut part = match self.open.take() {
                Some(part) => part,
                None => match self.parts.next() {
                    Some(uri) => Part::open(objects, &uri, self.dialect, Arc::clone(&self.kinds)).await?,
                    None => return Ok(None),
                },
            };
            let uri = part.uri.clone();
            let (part, piece) = blocking(&uri, move || {
                let mut piece = Piece::default();
                while !piece.is_full() {
                    if !part.advance()? {
                        return Ok((None, piece));
                    }
                    piece.push(&part.uri, |left| part.row(left))?;
                }
                Ok((Some(part), piece))
            })
            .await?;
            self.open = part;
            if !piece.rows.is_empty() {
                return Ok(Some((uri, piece)));
            }
        }
    }
}

fn kinds(columns: &[Column]) -> Arc<[Kind]> {
    columns.iter().map(|column| column.kind).collect()
}

/// The columns that all parts agree on.
pub(super) async fn columns(objects: &dyn Objects, table: &ResultTable, parts: &[ObjectUri]) -> Result<Columns> {
    let share = (SAMPLE / parts.len().max(1)).clamp(16 << 10, 1 << 20);
    // Owned, since a stream over borrowed parts is `Send` for one lifetime only.
    let mut samples = stream::iter(parts.to_vec())
        .map(|part| async move { objects.read(&part, 0, share as u64).await.map(|sample| (part, sample)) })
        .buffered(8);
    let (mut all, mut all_seen) = (None::<(ObjectUri, Vec<Column>)>, true);
    while let Some((part, sample)) = samples.try_next().await? {
        let whole = sample.len() < share;
        all_seen &= whole;
        let Some(found) = sampled(&part, table.into(), &sample, whole)? else { continue };
        match &mut all {
            None => all = Some((part, found)),
            Some((first, all)) if !all.iter().map(|c| &c.name).eq(found.iter().map(|c| &c.name)) => {
                return Err(Error::Invalid(format!(
                    "the parts differ in their columns: `{first}` has {}, `{part}` has {}",
                    shown(all),
                    shown(&found)
                )));
            }
            Some((_, all)) => all.iter_mut().zip(&found).for_each(|(column, found)| column.or(found)),
        }
    }
    Ok(Columns { columns: all.map(|(_, columns)| columns).unwrap_or_default(), whole: all_seen })
}

/// What the first bytes of a part say; nothing where it is empty.
fn sampled(part: &ObjectUri, dialect: Dialect, sample: &Bytes, whole: bool) -> Result<Option<Vec<Column>>> {
    if sample.contains(&0) {
        return Err(Error::Invalid(format!("`{part}` is no CSV: it holds binary data")));
    }
    // The last row of a part that goes on is cut.
    let rows = if whole { Some(sample.len()) } else { sample.iter().rposition(|b| *b == b'\n') };
    let rows = rows.and_then(|end| sample.get(..end)).unwrap_or_default();
    let mut reader = dialect.reader(rows, true);
    let (mut record, mut columns) = (ByteRecord::new(), None::<Vec<Column>>);
    while reader.read_byte_record(&mut record).map_err(|e| refused(part, e))? {
        let columns = match &mut columns {
            Some(columns) => columns,
            none => {
                let first = none.insert(dialect.named(part, &record)?);
                if dialect.header {
                    continue;
                }
                first
            }
        };
        for (column, cell) in columns.iter_mut().zip(&record) {
            // What is no UTF-8 is as little a number.
            column.see_text(std::str::from_utf8(cell).unwrap_or("?"));
        }
    }
    match columns {
        None if !whole => Err(Error::Invalid(format!("`{part}` is no CSV: its first row has no end"))),
        columns => Ok(columns),
    }
}

/// A part that is being read.
struct Part {
    uri: ObjectUri,
    kinds: Arc<[Kind]>,
    reader: Reader<Metered>,
    row_end: RowEnd,
    record: StringRecord,
    /// Whether the row of names, where there is one, was passed.
    named: bool,
}

impl Part {
    async fn open(objects: &dyn Objects, uri: &ObjectUri, dialect: Dialect, kinds: Arc<[Kind]>) -> Result<Self> {
        let body = open(objects, uri).await?;
        let (row_end, record) = (body.row_end(), StringRecord::new());
        let reader = dialect.reader(body, false);
        Ok(Self { uri: uri.clone(), kinds, reader, row_end, record, named: !dialect.header })
    }

    /// Goes to the next row; whether there is one. Blocks.
    fn advance(&mut self) -> Result<bool> {
        loop {
            if !self.reader.read_record(&mut self.record).map_err(|e| refused(&self.uri, e))? {
                return Ok(false);
            }
            self.row_end.tell();
            if self.named {
                break;
            }
            self.named = true;
        }
        let (values, columns) = (self.record.len(), self.kinds.len());
        if values != columns {
            let text = format!("a row has {values} values where there are {columns} columns");
            return Err(Error::Invalid(format!("`{}` is no such CSV: {text}", self.uri)));
        }
        Ok(true)
    }

    /// The values of the row.
    fn row(&self, left: &mut Budget) -> std::result::Result<Vec<Value>, Full> {
        self.kinds.iter().zip(&self.record).map(|(kind, cell)| kind.cell(cell, left)).collect()
    }
}

impl From<&ResultTable> for Dialect {
    fn from(table: &ResultTable) -> Self {
        Self { header: table.header, escape: table.escape }
    }
}

impl Dialect {
    fn reader<R: std::io::Read>(self, from: R, flexible: bool) -> Reader<R> {
        ReaderBuilder::new().has_headers(false).escape(self.escape).flexible(flexible).from_reader(from)
    }

    /// The columns that the first row names, or as engines name them: `_c0`, `_c1`.
    fn named(self, part: &ObjectUri, first: &ByteRecord) -> Result<Vec<Column>> {
        if first.len() > MAX_COLUMNS {
            return Err(Error::Invalid(format!("`{part}` has more than {MAX_COLUMNS} columns")));
        }
        let name = |(at, cell): (usize, &[u8])| match self.header {
            true => std::str::from_utf8(cell).map(|name| name.trim_start_matches('\u{feff}').to_owned()),
            false => Ok(format!("_c{at}")),
        };
        let names = first.iter().enumerate().map(name);
        let columns = names.map(|name| name.map(Column::new)).collect::<std::result::Result<_, _>>();
        columns.map_err(|e| Error::Invalid(format!("`{part}` is no CSV in UTF-8: {e}")))
    }
}

fn refused(part: &ObjectUri, e: ::csv::Error) -> Error {
    let text = e.to_string();
    match e.into_kind() {
        ErrorKind::Io(e) => failed(part, e),
        _ => Error::Invalid(format!("`{part}` is no such CSV: {text}")),
    }
}

/// Some names, for a message.
fn shown(columns: &[Column]) -> String {
    let some: Vec<String> = columns.iter().take(8).map(|column| column.name.chars().take(40).collect()).collect();
    let more = if columns.len() > some.len() { ", …" } else { "" };
    format!("{} ({}{more})", columns.len(), some.join(", "))
}
