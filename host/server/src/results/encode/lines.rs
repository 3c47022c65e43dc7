//! Rows as lines of text.

use std::collections::HashSet;

use ::csv::{Terminator, WriterBuilder};
use arrow::datatypes::Schema;
use enginehouse_capabilities::{Error, Result};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{super::column::text, super::scan::Piece, CHUNK_BYTES, Encode};

/// RFC 4180 with the names first, in UTF-8. Nothing and the empty text are both empty.
pub(super) struct Csv {
    out: Vec<u8>,
}

impl Csv {
    pub(super) fn new(schema: &Schema) -> Result<Self> {
        let mut csv = Self { out: Vec::new() };
        if !schema.fields().is_empty() {
            let names = schema.fields().iter().map(|field| field.name().as_bytes());
            csv.records(|writer| writer.write_record(names.clone()).map(|()| false))?;
        }
        Ok(csv)
    }

    /// Hands a writer to `record` until that says that there are no more, or there is enough.
    fn records(
        &mut self,
        mut record: impl FnMut(&mut ::csv::Writer<Vec<u8>>) -> Result<bool, ::csv::Error>,
    ) -> Result<()> {
        // The writer has a buffer of its own, so it lives no longer than what is sent together.
        let out = std::mem::take(&mut self.out);
        let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
        while record(&mut writer).map_err(|e| Error::other("a row cannot be written as CSV", e))?
            && writer.get_ref().len() < CHUNK_BYTES
        {}
        self.out = writer.into_inner().map_err(|e| Error::other("rows cannot be written as CSV", e.into_error()))?;
        Ok(())
    }
}

impl Encode for Csv {
    fn write(&mut self, piece: &Piece, from: usize) -> Result<usize> {
        let (mut next, mut failed) = (from, None);
        self.records(|writer| {
            let row = match piece.row(next) {
                Ok(Some(row)) => row,
                Ok(None) => return Ok(false),
                Err(e) => {
                    failed = Some(e);
                    return Ok(false);
                }
            };
            next += 1;
            for cell in row.iter() {
                writer.write_field(text(cell).as_bytes())?;
            }
            writer.write_record(None::<&[u8]>)?;
            Ok(true)
        })?;
        failed.map_or(Ok(next), Err)
    }

    fn written(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    fn finish(self: Box<Self>) -> Result<Vec<u8>> {
        Ok(self.out)
    }
}

/// One JSON object a line, with every column in its order, `null` for nothing.
pub(super) struct JsonLines {
    /// A name that comes again gets a number: `a`, `a_2`. Else readers would drop all but one.
    names: Vec<String>,
    out: Vec<u8>,
}

impl JsonLines {
    pub(super) fn new(schema: &Schema) -> Self {
        Self { names: distinct(schema.fields().iter().map(|field| field.name().as_str())), out: Vec::new() }
    }
}

impl Encode for JsonLines {
    fn write(&mut self, piece: &Piece, from: usize) -> Result<usize> {
        let mut next = from;
        while self.out.len() < CHUNK_BYTES
            && let Some(row) = piece.row(next)?
        {
            let line = Line { names: &self.names, row: &row };
            serde_json::to_writer(&mut self.out, &line)
                .map_err(|e| Error::other("a row cannot be written as JSON", e))?;
            self.out.push(b'\n');
            next += 1;
        }
        Ok(next)
    }

    fn written(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    fn finish(self: Box<Self>) -> Result<Vec<u8>> {
        Ok(self.out)
    }
}

struct Line<'a> {
    names: &'a [String],
    row: &'a [Value],
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.names.iter().zip(self.row))
    }
}

fn distinct<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Vec<String> {
    let own: HashSet<&str> = names.clone().collect();
    let mut taken = HashSet::new();
    let mut free = |name: &str| {
        if taken.insert(name.to_owned()) {
            return name.to_owned();
        }
        let numbered = (2_u32..).map(|number| format!("{name}_{number}"));
        let mut numbered = numbered.filter(|name| !own.contains(name.as_str()) && taken.insert(name.clone()));
        numbered.next().unwrap_or_default()
    };
    names.map(&mut free).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_come_again_get_numbers() {
        assert_eq!(distinct(["a", "a", "b", "a", "a_2"].into_iter()), ["a", "a_3", "b", "a_4", "a_2"]);
    }
}
