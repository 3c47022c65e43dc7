//! CSV.

use ::csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};
use bytes::Bytes;
use enginehouse_capabilities::{Error, ObjectUri, Objects, Result};
use futures::{StreamExt, TryStreamExt, stream};

use super::{
    ColumnSchema, MAX_COLUMNS, Page, ResultTable,
    kind::Kind,
    rows::Rows,
    text::{Metered, decode, failed},
};

/// The types are guessed from this many bytes of all parts together.
const SAMPLE: usize = 4 << 20;

/// How the parts are written.
#[derive(Clone, Copy)]
struct Dialect {
    header: bool,
    escape: Option<u8>,
}

/// The columns of a part.
struct Columns {
    names: Vec<String>,
    kinds: Vec<Kind>,
}

pub(super) async fn read(
    objects: &dyn Objects,
    table: &ResultTable,
    parts: &[ObjectUri],
    mut rows: Rows,
) -> Result<Page> {
    let dialect = Dialect { header: table.header, escape: table.escape };
    let columns = columns(objects, dialect, parts).await?;
    for part in parts {
        if rows.is_full() {
            break;
        }
        let kinds = columns.kinds.clone();
        rows = decode(objects, part, move |part, body| take(part, dialect, &kinds, body, rows)).await?;
    }
    let schema = columns.names.into_iter().zip(columns.kinds);
    let schema = schema.map(|(name, kind)| ColumnSchema { name, data_type: kind.name().to_owned() });
    Ok(rows.into_page(schema.collect(), None))
}

/// The columns that all parts agree on.
async fn columns(objects: &dyn Objects, dialect: Dialect, parts: &[ObjectUri]) -> Result<Columns> {
    let share = (SAMPLE / parts.len().max(1)).clamp(16 << 10, 1 << 20);
    // Owned, since a stream over borrowed parts is `Send` for one lifetime only.
    let mut samples = stream::iter(parts.to_vec())
        .map(|part| async move { objects.read(&part, 0, share as u64).await.map(|sample| (part, sample)) })
        .buffered(8);
    let mut all: Option<(ObjectUri, Columns)> = None;
    while let Some((part, sample)) = samples.try_next().await? {
        let whole = sample.len() < share;
        let Some(found) = sampled(&part, dialect, &sample, whole)? else { continue };
        match &mut all {
            None => all = Some((part, found)),
            Some((first, all)) if all.names != found.names => {
                return Err(Error::Invalid(format!(
                    "the parts differ in their columns: `{first}` has {}, `{part}` has {}",
                    shown(&all.names),
                    shown(&found.names)
                )));
            }
            Some((_, all)) => {
                for (kind, found) in all.kinds.iter_mut().zip(found.kinds) {
                    *kind = kind.or(found);
                }
            }
        }
    }
    Ok(all.map_or(Columns { names: Vec::new(), kinds: Vec::new() }, |(_, columns)| columns))
}

/// What the first bytes of a part say; nothing where it is empty.
fn sampled(part: &ObjectUri, dialect: Dialect, sample: &Bytes, whole: bool) -> Result<Option<Columns>> {
    if sample.contains(&0) {
        return Err(Error::Invalid(format!("`{part}` is no CSV: it holds binary data")));
    }
    // The last row of a part that goes on is cut.
    let rows = if whole { Some(sample.len()) } else { sample.iter().rposition(|b| *b == b'\n') };
    let rows = rows.and_then(|end| sample.get(..end)).unwrap_or_default();
    let mut reader = dialect.reader(rows, true);
    let (mut record, mut columns) = (ByteRecord::new(), None::<Columns>);
    while reader.read_byte_record(&mut record).map_err(|e| refused(part, e))? {
        let Columns { kinds, .. } = match &mut columns {
            Some(columns) => columns,
            none => {
                let first = none.insert(dialect.named(part, &record)?);
                if dialect.header {
                    continue;
                }
                first
            }
        };
        for (kind, cell) in kinds.iter_mut().zip(&record) {
            *kind = kind.or(std::str::from_utf8(cell).map_or(Kind::String, Kind::of_text));
        }
    }
    match columns {
        None if !whole => Err(Error::Invalid(format!("`{part}` is no CSV: its first row has no end"))),
        columns => Ok(columns),
    }
}

/// Takes the rows of one part.
fn take(part: &ObjectUri, dialect: Dialect, kinds: &[Kind], body: Metered, mut rows: Rows) -> Result<Rows> {
    let row_end = body.row_end();
    let mut reader = dialect.reader(body, false);
    let (mut record, mut named) = (ByteRecord::new(), !dialect.header);
    while !rows.is_full() && reader.read_byte_record(&mut record).map_err(|e| refused(part, e))? {
        row_end.tell();
        if !named {
            named = true;
            continue;
        }
        if record.len() != kinds.len() {
            return Err(Error::Invalid(format!(
                "`{part}` is no such CSV: a row has {} values where there are {} columns",
                record.len(),
                kinds.len()
            )));
        }
        let cells = record.iter().map(std::str::from_utf8).collect::<std::result::Result<Vec<_>, _>>();
        let cells = cells.map_err(|e| Error::Invalid(format!("`{part}` is no CSV in UTF-8: {e}")))?;
        rows.push(part, |left| kinds.iter().zip(cells).map(|(kind, cell)| kind.cell(cell, left)).collect())?;
    }
    Ok(rows)
}

impl Dialect {
    fn reader<R: std::io::Read>(self, from: R, flexible: bool) -> Reader<R> {
        ReaderBuilder::new().has_headers(false).escape(self.escape).flexible(flexible).from_reader(from)
    }

    /// The columns that the first row names, or as engines name them: `_c0`, `_c1`.
    fn named(self, part: &ObjectUri, first: &ByteRecord) -> Result<Columns> {
        if first.len() > MAX_COLUMNS {
            return Err(Error::Invalid(format!("`{part}` has more than {MAX_COLUMNS} columns")));
        }
        let name = |(at, cell): (usize, &[u8])| match self.header {
            true => std::str::from_utf8(cell).map(|name| name.trim_start_matches('\u{feff}').to_owned()),
            false => Ok(format!("_c{at}")),
        };
        let names = first.iter().enumerate().map(name).collect::<std::result::Result<Vec<_>, _>>();
        let names = names.map_err(|e| Error::Invalid(format!("`{part}` is no CSV in UTF-8: {e}")))?;
        Ok(Columns { kinds: vec![Kind::Nothing; names.len()], names })
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
fn shown(names: &[String]) -> String {
    let some: Vec<String> = names.iter().take(8).map(|name| name.chars().take(40).collect()).collect();
    let more = if names.len() > some.len() { ", …" } else { "" };
    format!("{} ({}{more})", names.len(), some.join(", "))
}
