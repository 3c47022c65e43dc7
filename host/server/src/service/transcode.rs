//! Text in any encoding as UTF-8, on its way into the store: every engine reads that, and so does a caller's own code.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use futures::{Stream, StreamExt, stream};

use super::{Error, Result, intake::Fault};

/// How much is looked at from where text first differs between encodings.
const EVIDENCE: usize = 64 * 1024;

/// Which encoding a text turned out to be in, by its name in the WHATWG's standard; known once the text was read.
#[derive(Debug, Clone, Default)]
pub struct Found(Arc<OnceLock<&'static Encoding>>);

impl Found {
    /// `UTF-8` where nothing spoke for another.
    pub fn name(&self) -> &'static str {
        self.0.get().unwrap_or(&UTF_8).name()
    }
}

/// An encoding by any of its labels: `latin1`, `utf-16le`, `shift_jis`.
///
/// # Errors
/// [`Error::Invalid`] for what is none.
pub fn labelled(label: &str) -> Result<&'static Encoding> {
    Encoding::for_label(label.as_bytes()).filter(|encoding| *encoding != encoding_rs::REPLACEMENT).ok_or_else(|| {
        Error::Invalid(format!("`{label}` is no encoding: use a name such as `utf-8`, `windows-1252` or `utf-16le`"))
    })
}

/// The same text as UTF-8 without a byte order mark, held in memory a piece at a time.
///
/// The encoding is the one that was told, else that of the byte order mark, else UTF-16 where every other byte is zero,
/// else told from the first bytes that are not ASCII. What does not fit it fails the stream with [`Fault::NotText`], so
/// that nothing is replaced or lost.
pub fn to_utf8(
    body: impl Stream<Item = io::Result<Bytes>> + Send + Unpin + 'static,
    told: Option<&'static Encoding>,
) -> (impl Stream<Item = io::Result<Bytes>> + Send + 'static, Found) {
    let found = Found::default();
    let text = Text { body, told, found: found.clone(), phase: Phase::Start, held: Vec::new(), read: 0, ended: false };
    let pieces =
        stream::try_unfold(
            text,
            |mut text| async move { Ok(text.next().await?.map(|piece| (Bytes::from(piece), text))) },
        );
    (pieces, found)
}

enum Phase {
    /// Nothing was read yet.
    Start,
    /// All that was read is the same in every encoding.
    Ascii,
    Decoding(&'static Encoding, Decoder),
    End,
}

struct Text<S> {
    body: S,
    told: Option<&'static Encoding>,
    found: Found,
    phase: Phase,
    /// Read from the body, and not passed on.
    held: Vec<u8>,
    /// Bytes of the body before what is held.
    read: u64,
    ended: bool,
}

impl<S: Stream<Item = io::Result<Bytes>> + Unpin> Text<S> {
    async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let piece = match &mut self.phase {
                Phase::Start => {
                    self.hold(4096).await?;
                    self.begin()?;
                    continue;
                }
                Phase::Ascii => {
                    self.hold(1).await?;
                    let plain = self.held.iter().position(|byte| !byte.is_ascii() || *byte == 0);
                    match plain {
                        None if self.ended => {
                            self.phase = Phase::End;
                            self.pass(self.held.len())
                        }
                        None => self.pass(self.held.len()),
                        Some(0) => {
                            self.hold(EVIDENCE).await?;
                            self.decode_as(self.guess()?);
                            continue;
                        }
                        Some(plain) => self.pass(plain),
                    }
                }
                Phase::Decoding(..) => {
                    self.hold(1).await?;
                    self.decode()?
                }
                Phase::End => return Ok(None),
            };
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
        }
    }

    /// Reads on until so many bytes are held, or to the end.
    async fn hold(&mut self, bytes: usize) -> io::Result<()> {
        while self.held.len() < bytes && !self.ended {
            match self.body.next().await {
                Some(piece) => self.held.extend_from_slice(&piece?),
                None => self.ended = true,
            }
        }
        Ok(())
    }

    fn pass(&mut self, bytes: usize) -> Vec<u8> {
        self.read = self.read.saturating_add(bytes as u64);
        self.held.drain(..bytes).collect()
    }

    fn begin(&mut self) -> io::Result<()> {
        if let Some((encoding, mark)) = Encoding::for_bom(&self.held) {
            self.pass(mark);
            self.decode_as(encoding);
        } else if let Some(told) = self.told {
            self.decode_as(told);
        } else if self.held.contains(&0) {
            // A few zeros are no encoding: they are of a file that is no text.
            let zeros = |odd: usize| self.held.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
            let many = |zeros: usize| zeros > self.held.len() / 6;
            let encoding = match (zeros(0), zeros(1)) {
                (0, zeros) if many(zeros) => UTF_16LE,
                (zeros, 0) if many(zeros) => UTF_16BE,
                _ => return Err(self.fault(0, UTF_8)),
            };
            self.decode_as(encoding);
        } else {
            self.phase = Phase::Ascii;
        }
        Ok(())
    }

    /// By what is held, which begins where the text is not ASCII any more.
    fn guess(&self) -> io::Result<&'static Encoding> {
        if self.held.first() == Some(&0) {
            return Err(self.fault(0, UTF_8));
        }
        match std::str::from_utf8(&self.held) {
            Ok(_) => return Ok(UTF_8),
            // Cut off within a character, as where more is to come.
            Err(error) if error.error_len().is_none() && !self.ended => return Ok(UTF_8),
            // Good characters first speak for UTF-8 with a fault in it, which decoding will name.
            Err(error)
                if error.valid_up_to() >= 64 && !self.held.iter().take(error.valid_up_to()).all(u8::is_ascii) =>
            {
                return Ok(UTF_8);
            }
            Err(_) => {}
        }
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(&self.held, self.ended);
        Ok(detector.guess(None, Utf8Detection::Deny))
    }

    fn decode_as(&mut self, encoding: &'static Encoding) {
        let _told_once = self.found.0.set(encoding);
        self.phase = Phase::Decoding(encoding, encoding.new_decoder_without_bom_handling());
    }

    fn decode(&mut self) -> io::Result<Vec<u8>> {
        let Phase::Decoding(encoding, decoder) = &mut self.phase else { return Ok(Vec::new()) };
        let encoding = *encoding;
        let room = decoder.max_utf8_buffer_length_without_replacement(self.held.len());
        let mut text = vec![0; room.ok_or(io::ErrorKind::OutOfMemory)?];
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(&self.held, &mut text, self.ended);
        match result {
            DecoderResult::InputEmpty => {}
            DecoderResult::OutputFull => return Err(io::ErrorKind::OutOfMemory.into()),
            DecoderResult::Malformed(bytes, after) => {
                let at = read.saturating_sub(usize::from(bytes) + usize::from(after));
                return Err(self.fault(at, encoding));
            }
        }
        text.truncate(written);
        if text.contains(&0) {
            return Err(self.fault(0, encoding));
        }
        self.pass(read);
        if self.ended {
            self.phase = Phase::End;
        }
        Ok(text)
    }

    fn fault(&self, at: usize, encoding: &'static Encoding) -> io::Error {
        io::Error::other(Fault::NotText { at: self.read.saturating_add(at as u64), encoding: encoding.name() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text and its encoding, read in pieces of every small size.
    async fn read(bytes: &[u8], told: Option<&'static Encoding>) -> Result<(String, &'static str), Option<Fault>> {
        let mut outcomes = Vec::new();
        for size in [1, 2, 3, 7, 1 << 20] {
            let pieces: Vec<_> = bytes.chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
            let (text, found) = to_utf8(stream::iter(pieces), told);
            let text: Vec<io::Result<Bytes>> = text.collect().await;
            let text: io::Result<Vec<Bytes>> = text.into_iter().collect();
            let text = text.map(|pieces| String::from_utf8(pieces.concat()).unwrap());
            outcomes.push(text.map(|text| (text, found.name())).map_err(|error| Fault::behind(&error)));
        }
        outcomes.dedup();
        assert_eq!(outcomes.len(), 1, "the size of the pieces makes no difference: {outcomes:?}");
        outcomes.remove(0)
    }

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[tokio::test]
    async fn every_encoding_comes_out_as_utf_8() {
        let text = "id,name\n1,Müller\n2,Señor Ångström, später\n3,Größe\n";
        let latin = encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
        let whole = |name| Ok((text.to_owned(), name));
        assert_eq!(read(text.as_bytes(), None).await, whole("UTF-8"));
        assert_eq!(read(format!("\u{feff}{text}").as_bytes(), None).await, whole("UTF-8"));
        assert_eq!(read(&latin, None).await, whole("windows-1252"));
        assert_eq!(read(&latin, Some(labelled("latin1").unwrap())).await, whole("windows-1252"));
        assert_eq!(read(&utf16(text, u16::to_le_bytes), None).await, whole("UTF-16LE"));
        assert_eq!(read(&utf16(text, u16::to_be_bytes), None).await, whole("UTF-16BE"));
        let marked = utf16(&format!("\u{feff}{text}"), u16::to_le_bytes);
        assert_eq!(read(&marked, None).await, whole("UTF-16LE"));
        assert_eq!(read(b"", None).await, Ok((String::new(), "UTF-8")));
        assert_eq!(read(b"a,b\n", None).await, Ok(("a,b\n".to_owned(), "UTF-8")));
    }

    #[tokio::test]
    async fn japanese_and_emoji_survive() {
        let text = "名前,値\n東京の天気は晴れです,1\n大阪の天気は雨です,2\n";
        let shift_jis = encoding_rs::SHIFT_JIS.encode(text).0.into_owned();
        assert_eq!(read(&shift_jis, None).await, Ok((text.to_owned(), "Shift_JIS")));
        let emoji = "a\n😀\n";
        assert_eq!(read(&utf16(emoji, u16::to_le_bytes), Some(UTF_16LE)).await, Ok((emoji.to_owned(), "UTF-16LE")));
    }

    #[tokio::test]
    async fn nothing_is_replaced_or_dropped() {
        for (bytes, at, encoding) in [
            (&b"a,b\n1,\x00\x01\n"[..], 6, "UTF-8"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 0, "UTF-8"),
            (b"\xef\xbb\xbfa\n\xff\n", 5, "UTF-8"),
        ] {
            match read(bytes, None).await {
                Err(Some(Fault::NotText { at: found, encoding: named })) => {
                    assert_eq!(named, encoding, "{bytes:?}");
                    assert!(found <= at + 1, "{bytes:?}: {found}");
                }
                other => panic!("{bytes:?}: {other:?}"),
            }
        }
        assert!(labelled("klingon").is_err());
    }
}
