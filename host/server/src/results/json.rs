//! JSON, one object a line.

use std::{
    collections::HashMap,
    fmt,
    io::{BufRead, BufReader},
};

use enginehouse_capabilities::{Error, ObjectUri, Objects, Result};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

use super::{
    ColumnSchema, MAX_COLUMNS, Page,
    kind::Kind,
    rows::{Budget, Full, Rows},
    text::{Metered, decode, failed},
};

/// How far the columns are looked for behind the page: a writer may leave out what is null.
const LOOK_AHEAD: u64 = 64 << 20;

/// One line: the fields in their order.
struct Line(Vec<(String, Value)>);

/// What is known of the table so far.
#[derive(Default)]
struct Table {
    columns: Vec<(String, Kind)>,
    places: HashMap<String, usize>,
    rows: u64,
    bytes: u64,
}

pub(super) async fn read(objects: &dyn Objects, parts: &[ObjectUri], rows: Rows<Vec<Value>>) -> Result<Page> {
    let mut state = (Table::default(), rows);
    let mut ended = true;
    for part in parts {
        let (table, rows) = state;
        if rows.is_full() && table.bytes > LOOK_AHEAD {
            state = (table, rows);
            ended = false;
            break;
        }
        let (table, rows, to_end) = decode(objects, part, move |part, body| take(part, body, table, rows)).await?;
        ended &= to_end;
        state = (table, rows);
    }
    let (table, rows) = state;
    // Rows that came before a column was first seen lack it.
    let width = table.columns.len();
    let rows = rows.map(|mut row| {
        row.resize(width, Value::Null);
        row
    });
    let columns = table.columns.into_iter();
    let columns = columns.map(|(name, kind)| ColumnSchema { name, data_type: kind.name().to_owned() });
    Ok(rows.into_page(columns.collect(), ended.then_some(table.rows)))
}

/// Takes the rows of one part, and whether it was read to its end.
fn take(part: &ObjectUri, body: Metered, mut table: Table, mut rows: Rows) -> Result<(Table, Rows, bool)> {
    let row_end = body.row_end();
    let (mut body, mut line) = (BufReader::with_capacity(64 << 10, body), Vec::new());
    loop {
        line.clear();
        let read = body.read_until(b'\n', &mut line).map_err(|e| failed(part, e))?;
        row_end.tell();
        if read == 0 {
            return Ok((table, rows, true));
        }
        if rows.is_full() && table.bytes > LOOK_AHEAD {
            return Ok((table, rows, false));
        }
        table.bytes += read as u64;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let Line(fields) = serde_json::from_slice(&line).map_err(|e| {
            Error::Invalid(format!("row {} of the result, in `{part}`, is no JSON object: {e}", table.rows))
        })?;
        table.rows += 1;
        for (name, value) in &fields {
            table.see(part, name, value)?;
        }
        if !rows.is_full() {
            rows.push(part, |left| table.row(fields, left))?;
        }
    }
}

impl Table {
    fn see(&mut self, part: &ObjectUri, name: &str, value: &Value) -> Result<()> {
        let found = Kind::of_json(value);
        let place = self.places.get(name).copied();
        match place.and_then(|at| self.columns.get_mut(at)) {
            Some((_, kind)) => *kind = kind.or(found),
            None if self.places.len() == MAX_COLUMNS => {
                return Err(Error::Invalid(format!("the rows up to `{part}` have more than {MAX_COLUMNS} fields")));
            }
            None => {
                self.places.insert(name.to_owned(), self.columns.len());
                self.columns.push((name.to_owned(), found));
            }
        }
        Ok(())
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
