//! The text, its tree, and places in it.

use enginehouse_sdk::{Finding, Position, Span};
use ruff_python_ast::{Mod, ModModule, PythonVersion, Stmt};
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::{depth, leftovers, report};

/// The longest code that is read, in bytes.
pub(crate) const CODE: usize = 1 << 20;
/// How many syntax errors are told.
const ERRORS: usize = 10;
/// Bytes between two counts of characters.
const BLOCK: usize = 1024;

/// Is done with what a call has read. A guest's memory goes with its instance, which serves one call: to give it back piece by
/// piece took a tenth of the call.
pub fn done<T>(read: T) {
    if cfg!(target_family = "wasm") {
        std::mem::forget(read);
    }
}

/// A program whose syntax is right, for Python 3.11.
#[derive(Debug)]
pub struct Syntax<'a> {
    lines: Lines<'a>,
    module: ModModule,
}

impl<'a> Syntax<'a> {
    /// Parses code of at most 1 MiB.
    ///
    /// # Errors
    /// Findings of the rules `C001` (syntax; nested too deeply) and `C002` (text that is no code), at least one.
    pub fn parse(code: &'a str) -> Result<Self, Vec<Finding>> {
        if code.len() > CODE {
            return Err(vec![report::error("C001", None, "the code is longer than 1 MiB", "write a shorter program")]);
        }
        let lines = Lines::new(code);
        if let Some((number, encoding)) = encoding(&lines) {
            let message = format!("the code calls itself `{}`, and is UTF-8", report::quote(encoding));
            return Err(vec![report::error("C001", Some(lines.line(number)), message, "leave the line out")]);
        }
        if let Err(deep) = depth::check(code) {
            let span = match deep {
                depth::TooDeep::Blocks(line) => Some(lines.line(line)),
                depth::TooDeep::Brackets | depth::TooDeep::Links => None,
            };
            let hint = "assign parts of it to names, step by step";
            let mut findings = leftovers::find(&lines);
            findings.push(report::error(
                "C001",
                span,
                format!("the code is nested too deeply to be read: {deep}"),
                hint,
            ));
            return Err(findings);
        }
        let options = ParseOptions::from(Mode::Module).with_target_version(PythonVersion::PY311);
        let parsed = parse_unchecked(code, options);
        let mut errors: Vec<(TextRange, String)> = Vec::new();
        errors.extend(parsed.errors().iter().map(|error| (error.location, error.error.to_string())));
        errors.extend(parsed.unsupported_syntax_errors().iter().map(|error| (error.range, error.to_string())));
        match parsed.into_syntax() {
            Mod::Module(module) if errors.is_empty() => Ok(Self { lines, module }),
            _ => Err(explain(&lines, errors)),
        }
    }

    /// The module's statements.
    pub fn body(&self) -> &[Stmt] {
        &self.module.body
    }

    /// Where a node is, for a finding.
    pub fn span(&self, node: &impl Ranged) -> Span {
        self.lines.span(node.range())
    }

    /// The text of a node; empty where the range is none of this code's.
    pub fn text(&self, node: &impl Ranged) -> &'a str {
        self.lines.code.get(node.start().to_usize()..node.end().to_usize()).unwrap_or_default()
    }
}

/// The encoding that one of the first two lines names, with its line, where it would make another program of the text.
fn encoding<'a>(lines: &Lines<'a>) -> Option<(u32, &'a str)> {
    const SAME: &[&str] = &["utf8", "ascii", "usascii", "latin1", "iso88591", "iso885915", "cp1252"];
    for (number, line) in (1..).zip(lines.iter().take(2)) {
        let text = line.trim_start_matches([' ', '\t', '\u{c}', '\u{feff}']);
        if !text.is_empty() && !text.starts_with('#') {
            return None;
        }
        let named = ["coding:", "coding="].iter().filter_map(|word| text.find(word)).min();
        let Some(named) = named.and_then(|at| text.get(at + "coding:".len()..)) else { continue };
        let named = named.trim_start_matches([' ', '\t']);
        let end =
            named.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.')).unwrap_or(named.len());
        let name = named.get(..end).unwrap_or_default();
        let plain = name.to_lowercase().replace(['-', '_'], "");
        return (!name.is_empty() && !SAME.contains(&plain.as_str())).then_some((number, name));
    }
    None
}

/// Syntax errors as findings; a line that is no code at all is told once, as such.
fn explain(lines: &Lines<'_>, mut errors: Vec<(TextRange, String)>) -> Vec<Finding> {
    let mut findings = leftovers::find(lines);
    let told: Vec<u32> = findings.iter().filter_map(|f| f.span.as_ref()).map(|span| span.start.line).collect();
    errors.sort_by_key(|(range, _)| range.start());
    let mut last = 0;
    for (range, message) in errors {
        let span = lines.span(range);
        if span.start.line == last || told.contains(&span.start.line) {
            continue;
        }
        last = span.start.line;
        let message = format!("syntax error: {}", report::quote(&message));
        findings.push(report::error("C001", Some(span), message, "write complete, valid Python 3.11"));
        if findings.len() >= ERRORS {
            break;
        }
    }
    findings
}

/// The text by lines: `\n`, `\r\n` and `\r` end one.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    pub(crate) code: &'a str,
    /// The byte at which each line starts.
    starts: Vec<usize>,
    /// How many characters start before each block of [`BLOCK`] bytes: a line may be as long as the code.
    characters: Vec<usize>,
    /// Every byte is a character then.
    ascii: bool,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(code: &'a str) -> Self {
        let bytes = code.as_bytes();
        let ends = bytes.iter().enumerate().filter(|(i, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(i + 1) != Some(&b'\n'),
            _ => false,
        });
        let starts = std::iter::once(0).chain(ends.map(|(i, _)| i + 1)).collect();
        let blocks = bytes.chunks(BLOCK).scan(0, |before, block| {
            let here = *before;
            *before += characters(block);
            Some(here)
        });
        Self { code, starts, characters: blocks.collect(), ascii: code.is_ascii() }
    }

    pub(crate) fn span(&self, range: TextRange) -> Span {
        Span { start: self.position(range.start()), end: self.position(range.end()) }
    }

    /// All of a line, 1-based.
    pub(crate) fn line(&self, number: u32) -> Span {
        let text = self.iter().nth(number.saturating_sub(1) as usize).unwrap_or_default();
        let columns = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        Span {
            start: Position { line: number, column: 1 },
            end: Position { line: number, column: columns.saturating_add(1) },
        }
    }

    /// The lines, without what ends them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a str> {
        let ends = self.starts.iter().skip(1).copied().chain([self.code.len()]);
        let code = self.code;
        self.starts
            .iter()
            .zip(ends)
            .map(move |(start, end)| code.get(*start..end).unwrap_or_default().trim_end_matches(['\n', '\r']))
    }

    fn position(&self, offset: TextSize) -> Position {
        let offset = offset.to_usize().min(self.code.len());
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let before = match self.code.as_bytes().get(start..offset) {
            Some(line) if line.len() <= BLOCK => characters(line),
            _ => self.characters_before(offset).saturating_sub(self.characters_before(start)),
        };
        Position {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1),
        }
    }

    fn characters_before(&self, offset: usize) -> usize {
        if self.ascii {
            return offset;
        }
        let block = offset / BLOCK;
        let rest = self.code.as_bytes().get(block * BLOCK..offset).unwrap_or_default();
        match self.characters.get(block) {
            Some(before) => before + characters(rest),
            None => self.characters.last().map_or(0, |before| {
                let last = self.characters.len().saturating_sub(1) * BLOCK;
                before + characters(self.code.as_bytes().get(last..offset).unwrap_or_default())
            }),
        }
    }
}

/// How many characters start in these bytes of a text.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_scalar_values_from_one() {
        let lines = Lines::new("é = 1\r\n  日本x\rlast");
        let at = |line, column| Position { line, column };
        assert_eq!(lines.position(TextSize::new(0)), at(1, 1));
        assert_eq!(lines.position(TextSize::new(3)), at(1, 3));
        assert_eq!(lines.position(TextSize::new(16)), at(2, 5));
        assert_eq!(lines.position(TextSize::new(18)), at(3, 1));
        assert_eq!(lines.iter().collect::<Vec<_>>(), ["é = 1", "  日本x", "last"]);
    }

    #[test]
    fn several_errors_are_told_with_their_places() {
        let findings = Syntax::parse("x = (1,\ny = = 2\nprint('a'\n").expect_err("two errors");
        assert!(findings.len() >= 2, "{findings:?}");
        assert!(findings.iter().all(|f| f.rule == "C001" && f.span.is_some()));
        assert!(Syntax::parse("x = 1\n").is_ok());
    }

    #[test]
    fn too_deep_and_too_long_are_findings() {
        let deep = format!("x = {}", "(".repeat(50_000));
        assert!(Syntax::parse(&deep).expect_err("deep")[0].message.contains("too deeply"));
        let long = "#".repeat(CODE + 1);
        assert_eq!(Syntax::parse(&long).expect_err("long")[0].rule, "C001");
    }

    #[test]
    fn newer_syntax_than_the_engines_have_is_an_error() {
        assert!(Syntax::parse("def f[T](x: T) -> T:\n    return x\n").is_err());
        assert!(Syntax::parse("try:\n    pass\nexcept* ValueError:\n    pass\n").is_ok());
    }
}
