//! JSON, one object a line.

use std::{
    collections::HashMap,
    fmt,
    io::{BufRead, BufReader},
    sync::Arc,
};

use enginehouse_capabilities::{Error, ObjectUri, Objects, Result};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

use super::{
    MAX_COLUMNS, MAX_NAMES, Page,
    column::Column,
    rows::{Budget, Full, Piece, Rows},
    text::{Metered, RowEnd, blocking, failed, open},
};

/// How far the columns are looked for behind the page: a writer may leave out what is null.
const LOOK_AHEAD: u64 = 64 << 20;

/// How much is surveyed at once.
const SURVEY_BYTES: u64 = 8 << 20;

/// One line: the fields in their order.
struct Line(Vec<(String, Value)>);

/// What is known of the table so far.
#[derive(Default)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    places: HashMap<String, usize>,
    /// The bytes of all names.
    names: usize,
    rows: u64,
    bytes: u64,
}

pub(super) async fn read(objects: &dyn Objects, parts: &[ObjectUri], rows: Rows) -> Result<Page> {
    let mut state = (Table::default(), rows);
    let mut ended = true;
    for uri in parts {
        let (mut table, mut rows) = state;
        if rows.is_full() && table.bytes > LOOK_AHEAD {
            state = (table, rows);
            ended = false;
            break;
        }
        let mut part = Part::open(objects, uri).await?;
        let (table, rows, to_end) = blocking(uri, move || {
            let to_end = take(&mut part, &mut table, &mut rows)?;
            Ok((table, rows, to_end))
        })
        .await?;
        ended &= to_end;
        state = (table, rows);
    }
    let (table, mut rows) = state;
    // Rows that came before a column was first seen lack it.
    rows.widen(table.columns.len());
    Ok(rows.into_page(table.columns.into_iter().map(Column::described).collect(), ended.then_some(table.rows)))
}

/// Takes the rows of one part; whether it was read to its end.
fn take(part: &mut Part, table: &mut Table, rows: &mut Rows) -> Result<bool> {
    while let Some(read) = part.advance()? {
        if rows.is_full() && table.bytes > LOOK_AHEAD {
            return Ok(false);
        }
        table.bytes += read;
        let Some(fields) = table.see(part)? else { continue };
        if !rows.is_full() {
            rows.push(&part.uri, |left| table.row(fields, left))?;
        }
    }
    Ok(true)
}

/// The columns of all parts, for which all of them are read: any line may have a new one.
pub(super) async fn survey(objects: &dyn Objects, parts: &[ObjectUri]) -> Result<Table> {
    let mut table = Table::default();
    for uri in parts {
        let mut part = Part::open(objects, uri).await?;
        // A piece at a time, so that a caller who hangs up is noticed.
        loop {
            let (returned, surveyed, more) = blocking(uri, move || {
                let until = table.bytes.saturating_add(SURVEY_BYTES);
                while let Some(read) = part.advance()? {
                    table.bytes += read;
                    table.see(&part)?;
                    if table.bytes > until {
                        return Ok((part, table, true));
                    }
                }
                Ok((part, table, false))
            })
            .await?;
            (part, table) = (returned, surveyed);
            if !more {
                break;
            }
        }
    }
    Ok(table)
}

/// The rows of all parts, one after the other.
pub(super) struct Scan {
    table: Arc<Table>,
    parts: std::vec::IntoIter<ObjectUri>,
    open: Option<Part>,
}

impl Scan {
    /// Rows with the columns of a table that was surveyed.
    pub(super) fn new(table: Table, parts: Vec<ObjectUri>) -> Self {
        Self { table: Arc::new(table), parts: parts.into_iter(), open: None }
    }

    /// The next rows and where they are from; none at the end.
    pub(super) async fn next(&mut self, objects: &dyn Objects) -> Result<Option<(ObjectUri, Piece)>> {
        loop {
            let mut part = match self.open.take() {
                Some(part) => part,
                None => match self.parts.next() {
                    Some(uri) => Part::open(objects, &uri).await?,
                    None => return Ok(None),
                },
            };
            let (uri, table) = (part.uri.clone(), Arc::clone(&self.table));
            let (part, piece) = blocking(&uri, move || {
                let mut piece = Piece::default();
                while !piece.is_full() {
                    if part.advance()?.is_none() {
                        return Ok((None, piece));
                    }
                    if let Some(Line(fields)) = part.line()? {
                        piece.push(&part.uri, |left| table.row(fields, left))?;
                    }
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

/// A part that is being read.
struct Part {
    uri: ObjectUri,
    body: BufReader<Metered>,
    row_end: RowEnd,
    line: Vec<u8>,
    lines: u64,
}

impl Part {
    async fn open(objects: &dyn Objects, uri: &ObjectUri) -> Result<Self> {
        let body = open(objects, uri).await?;
        let row_end = body.row_end();
        let body = BufReader::with_capacity(64 << 10, body);
        Ok(Self { uri: uri.clone(), body, row_end, line: Vec::new(), lines: 0 })
    }

    /// Goes to the next line; answers its bytes, none at the end. Blocks.
    fn advance(&mut self) -> Result<Option<u64>> {
        self.line.clear();
        let read = self.body.read_until(b'\n', &mut self.line).map_err(|e| failed(&self.uri, e))?;
        self.row_end.tell();
        self.lines += 1;
        Ok((read > 0).then_some(read as u64))
    }

    /// What the line says; none where it is blank.
    fn line(&self) -> Result<Option<Line>> {
        if self.line.trim_ascii().is_empty() {
            return Ok(None);
        }
        let line = serde_json::from_slice(&self.line);
        line.map(Some)
            .map_err(|e| Error::Invalid(format!("line {} of `{}` is no JSON object: {e}", self.lines, self.uri)))
    }
}

impl Table {
    /// Takes the part's line into account; its fields, none where it is blank.
    fn see(&mut self, part: &Part) -> Result<Option<Vec<(String, Value)>>> {
        let Some(Line(fields)) = part.line()? else { return Ok(None) };
        self.rows += 1;
        for (name, value) in &fields {
            let place = self.places.get(name).copied();
            match place.and_then(|at| self.columns.get_mut(at)) {
                Some(column) => column.see_json(value),
                None if self.places.len() == MAX_COLUMNS => {
                    let text = format!("the rows up to `{}` have more than {MAX_COLUMNS} fields", part.uri);
                    return Err(Error::Invalid(text));
                }
                None if self.names + name.len() > MAX_NAMES => {
                    let (part, most) = (&part.uri, MAX_NAMES >> 20);
                    let text = format!("the names of the fields up to `{part}` take more than {most} MiB together");
                    return Err(Error::Invalid(format!("{text}: download the parts from /v1/objects")));
                }
                None => {
                    self.names += name.len();
                    self.places.insert(name.to_owned(), self.columns.len());
                    let mut column = Column::new(name.to_owned());
                    column.see_json(value);
                    self.columns.push(column);
                }
            }
        }
        Ok(Some(fields))
    }

    fn row(&self, fields: Vec<(String, Value)>, left: &mut Budget) -> std::result::Result<Vec<Value>, Full> {
        left.take(self.columns.len() * 4)?;
        let mut row = vec![Value::Null; self.columns.len()];
        for (name, value) in fields {
            left.take(weight(&value))?;
            if let Some(cell) = self.places.get(&name).and_then(|at| row.get_mut(*at)) {
                *cell = value;
            }
        }
        Ok(row)
    }
}

/// About the bytes of a value as JSON.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 3,
        Value::Array(values) => values.iter().map(weight).sum::<usize>() + 3,
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + weight(value) + 3).sum::<usize>() + 3,
        _ => 8,
    }
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Line;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Line, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Line(fields))
            }
        }
        from.deserialize_map(Fields)
    }
}
