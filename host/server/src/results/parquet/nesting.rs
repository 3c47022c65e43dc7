//! How deep the columns of a Parquet file are nested, before anything recurses into them.
//!
//! A footer of a few kilobytes can describe a column nested ten thousand deep, and the decoder builds its types by
//! recursion: the stack would overflow, which ends the process. So the list of schema elements is walked here first, in
//! the Thrift compact protocol that footers are written in.

/// The deepest column that is read.
const MAX_DEPTH: usize = 64;

/// Refuses a footer whose columns are nested too deep, or that is none.
pub(super) fn check(footer: &[u8]) -> Result<(), &'static str> {
    Cursor(footer).schema().unwrap_or(Err("its footer is damaged"))
}

struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    /// None where the footer ends too early or is nonsense.
    fn schema(&mut self) -> Option<Result<(), &'static str>> {
        let mut field = 0;
        while let Some(kind) = self.field(&mut field)? {
            if field != 2 {
                self.skip(kind, 0)?;
                continue;
            }
            let (length, LIST_OF_STRUCTS) = self.list()? else { return None };
            // How many children are yet to come on each level.
            let mut open: Vec<u64> = Vec::new();
            for _ in 0..length {
                while open.pop_if(|children| *children == 0).is_some() {}
                if let Some(children) = open.last_mut() {
                    *children -= 1;
                }
                open.push(self.children()?);
                if open.len() > MAX_DEPTH {
                    return Some(Err("its columns are nested too deep"));
                }
            }
            return Some(Ok(()));
        }
        None
    }

    /// Passes over one schema element; answers its number of children.
    fn children(&mut self) -> Option<u64> {
        let (mut field, mut children) = (0, 0);
        while let Some(kind) = self.field(&mut field)? {
            match (field, kind) {
                // Zigzag: a negative number is not one of children.
                (5, 4..=6) => children = Some(self.number()?).filter(|n| n % 2 == 0)? / 2,
                _ => self.skip(kind, 0)?,
            }
        }
        Some(children)
    }

    /// The next field's type; the inner none is the end of the struct.
    fn field(&mut self, last: &mut u64) -> Option<Option<u8>> {
        let head = self.byte()?;
        if head == 0 {
            return Some(None);
        }
        *last = match head >> 4 {
            0 => self.number()? / 2,
            step => *last + u64::from(step),
        };
        Some(Some(head & 0x0f))
    }

    fn list(&mut self) -> Option<(u64, u8)> {
        let head = self.byte()?;
        let length = if head >> 4 == 15 { self.number()? } else { u64::from(head >> 4) };
        Some((length, head & 0x0f))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match kind {
            // A boolean is told by its type.
            1 | 2 => Some(()),
            3 => self.bytes(1),
            4..=6 => self.number().map(drop),
            7 => self.bytes(8),
            8 => {
                let length = self.number()?;
                self.bytes(length)
            }
            9 | 10 => {
                let (length, kind) = self.list()?;
                // In a list a boolean takes its byte.
                let kind = if matches!(kind, 1 | 2) { 3 } else { kind };
                (0..length).try_for_each(|_| self.skip(kind, depth + 1))
            }
            11 => match self.number()? {
                0 => Some(()),
                length => {
                    let kinds = self.byte()?;
                    (0..length).try_for_each(|_| {
                        self.skip(kinds >> 4, depth + 1)?;
                        self.skip(kinds & 0x0f, depth + 1)
                    })
                }
            },
            12 => {
                let mut field = 0;
                while let Some(kind) = self.field(&mut field)? {
                    self.skip(kind, depth + 1)?;
                }
                Some(())
            }
            _ => None,
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn bytes(&mut self, length: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(length).ok()?..)?;
        Some(())
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}

/// The type of structs, where it stands for the elements of a list.
const LIST_OF_STRUCTS: u8 = 12;

#[cfg(test)]
mod tests {
    use super::*;

    /// A footer with groups in groups, and one column in the innermost.
    fn nested(depth: u8) -> Vec<u8> {
        let group = [0x48, 1, b'g', 0x15, 2, 0];
        let leaf = [0x15, 2, 0x38, 1, b'x', 0];
        let list = [0x15, 2, 0x19, 0xfc, depth + 1];
        [list.as_slice(), &group.repeat(usize::from(depth)), &leaf, &[0]].concat()
    }

    #[test]
    fn what_is_nested_too_deep_is_refused() {
        assert_eq!(check(&nested(10)), Ok(()));
        assert_eq!(check(&nested(100)), Err("its columns are nested too deep"));
    }

    #[test]
    fn nonsense_is_no_footer() {
        for bytes in [
            &b""[..],
            b"\x00",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x19\xfc\xff\xff\xff\xff\xff\xff",
        ] {
            assert_eq!(check(bytes), Err("its footer is damaged"), "{bytes:?}");
        }
        let whole = nested(3);
        for end in 0..whole.len() - 2 {
            assert!(check(&whole[..end]).is_err(), "cut at {end}");
        }
    }
}
