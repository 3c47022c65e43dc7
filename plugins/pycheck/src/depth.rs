//! How deep a program is nested, told before the recursive parser sees it.
//!
//! The parser, the tree's destructor and every visitor recurse once for each level. A guest has 1 MiB of stack, enough for
//! some 1,100 nested brackets; the limits below are far beyond what people write and well within that.

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, lexer};

/// Brackets, prefix operators and string interpolations within each other.
pub const BRACKETS: usize = 120;
/// Blocks within each other: what CPython takes.
pub const BLOCKS: usize = 99;
/// Operators, attributes and calls that follow each other in one expression, all levels added up.
pub const LINKS: usize = 800;

/// What is nested too deeply, with the line where it can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooDeep {
    /// More than [`BLOCKS`] blocks.
    #[error("more than {BLOCKS} blocks are nested at line {0}")]
    Blocks(u32),
    /// More than [`BRACKETS`] brackets.
    #[error("more than {BRACKETS} brackets or prefix operators are nested")]
    Brackets,
    /// More than [`LINKS`] links.
    #[error("an expression has more than {LINKS} operators, attributes or calls in a row")]
    Links,
}

/// Tells whether the code stays within the limits.
///
/// # Errors
/// [`TooDeep`] with the first limit that is passed.
pub fn check(code: &str) -> Result<(), TooDeep> {
    blocks(code)?;
    expressions(code)
}

/// Counts levels of indentation in physical lines: the parser's recovery from an unclosed bracket can turn any line into
/// a block, so brackets and strings are not trusted here.
fn blocks(code: &str) -> Result<(), TooDeep> {
    let mut levels: Vec<usize> = Vec::new();
    let mut number = 0_u32;
    for line in code.split(['\n', '\r']) {
        number = number.saturating_add(1);
        let text = line.trim_start_matches([' ', '\t', '\u{c}']);
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let width = line.len() - text.len();
        while levels.last().is_some_and(|top| *top >= width) {
            levels.pop();
        }
        levels.push(width);
        if levels.len() > BLOCKS + 1 {
            return Err(TooDeep::Blocks(number));
        }
    }
    Ok(())
}

/// One level of brackets: what nests since its last comma, and what nests until it closes.
#[derive(Default)]
struct Level {
    links: usize,
    prefixes: usize,
    /// A comma after it may be a parameter's, so it ends nothing.
    lambdas: usize,
}

fn expressions(code: &str) -> Result<(), TooDeep> {
    let mut lexer = lexer::lex(code, Mode::Module);
    let mut levels = vec![Level::default()];
    let (mut links, mut prefixes, mut lambdas) = (0_usize, 0_usize, 0_usize);
    // An error token can be followed by others without end only if the lexer made no progress; the text bounds them.
    for _ in 0..=code.len().saturating_mul(2).saturating_add(16) {
        let kind = lexer.next_token();
        let open = levels.len();
        let Some(level) = levels.last_mut() else { break };
        match kind {
            TokenKind::EndOfFile => break,
            TokenKind::Lpar
            | TokenKind::Lsqb
            | TokenKind::Lbrace
            | TokenKind::FStringStart
            | TokenKind::TStringStart => {
                level.links += 1;
                links += 1;
                levels.push(Level::default());
            }
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace | TokenKind::FStringEnd | TokenKind::TStringEnd
                if open > 1 =>
            {
                if let Some(closed) = levels.pop() {
                    links -= closed.links;
                    prefixes -= closed.prefixes;
                    lambdas -= closed.lambdas;
                }
            }
            TokenKind::Comma | TokenKind::FStringMiddle | TokenKind::TStringMiddle => {
                links -= level.links;
                prefixes -= level.prefixes;
                (level.links, level.prefixes) = (0, 0);
            }
            TokenKind::Newline | TokenKind::Semi => {
                levels = vec![Level::default()];
                (links, prefixes, lambdas) = (0, 0, 0);
            }
            TokenKind::Lambda => {
                level.lambdas += 1;
                lambdas += 1;
            }
            TokenKind::Not
            | TokenKind::Tilde
            | TokenKind::If
            | TokenKind::Else
            | TokenKind::Await
            | TokenKind::Async
            | TokenKind::Yield
            | TokenKind::DoubleStar
            | TokenKind::ColonEqual
            | TokenKind::Colon => {
                level.prefixes += 1;
                prefixes += 1;
            }
            // Any of these may be a prefix as well; too many of them are caught as links, at a fraction of a bracket's stack.
            TokenKind::Minus | TokenKind::Plus | TokenKind::Star => {
                level.links += 2;
                links += 2;
            }
            TokenKind::Dot => {
                level.links += 1;
                links += 1;
            }
            kind if kind.is_operator() || kind.is_keyword() => {
                level.links += 1;
                links += 1;
            }
            _ => {}
        }
        if levels.len() + prefixes + lambdas > BRACKETS {
            return Err(TooDeep::Brackets);
        }
        if links > LINKS {
            return Err(TooDeep::Links);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_passes() {
        let rows: String =
            (0..5000).map(|i| format!("    (\"name {i}\", {i}, -{i}.5, {{'a': not True}}),\n")).collect();
        let chain: String = (0..200).map(|i| format!("    .withColumn(\"c{i}\", F.col(\"a\") + {i})\n")).collect();
        let elifs: String = (0..2000).map(|i| format!("elif x == {i}:\n    y = {i}\n")).collect();
        for code in [
            format!("rows = [\n{rows}]\n"),
            format!("df = (\n    df\n{chain})\n"),
            format!("if x:\n    pass\n{elifs}"),
            "def f(a: int = 1, *, b: str = '') -> int:\n    return lambda x, y=2: x if y else -x\n".to_owned(),
        ] {
            assert_eq!(check(&code), Ok(()), "{}", &code[..60]);
        }
    }

    #[test]
    fn every_way_to_nest_is_caught() {
        let deep = |open: &str, close: &str| format!("x = {}1{}\n", open.repeat(20_000), close.repeat(20_000));
        for (open, close) in [
            ("(", ")"),
            ("[", "]"),
            ("{1:", "}"),
            ("f(", ")"),
            ("not ", ""),
            ("-", ""),
            ("~", ""),
            ("+ -", ""),
            ("await ", ""),
            ("lambda: ", ""),
            ("lambda a, b: ", ""),
            ("a if b else ", ""),
            ("2 ** ", ""),
            ("1 + ", ""),
            ("a.b", ""),
            ("a and ", ""),
            ("a < ", ""),
            ("(yield ", ")"),
            ("(a := ", ")"),
            ("", "()"),
            ("", "[0]"),
            ("(", ""),
            ("([", ")]"),
            ("f'{", "}'"),
        ] {
            assert!(check(&deep(open, close)).is_err(), "{open}…{close}");
        }
    }

    #[test]
    fn blocks_are_counted_behind_an_open_bracket_too() {
        let ifs: String = (0..300).map(|i| format!("{}if x:\n", " ".repeat(i))).collect();
        assert!(matches!(check(&ifs), Err(TooDeep::Blocks(_))));
        assert!(matches!(check(&format!("x = (\n{ifs}")), Err(TooDeep::Blocks(_))));
        assert!(check(&"async ".repeat(5000)).is_err());
    }
}
