//! Text to a tree, within bounds: the parser, the tree's visitors and its destructor recurse.

use sqlparser::{
    ast::Statement,
    dialect::{DatabricksDialect, Dialect, SparkSqlDialect},
    parser::{Parser, ParserError},
    tokenizer::{Token, Tokenizer},
};

/// The longest query that is read, in bytes.
const TEXT: usize = 64 * 1024;
/// Brackets and prefix operators within each other.
const DEPTH: usize = 25;
/// Operators that follow each other in one expression, all levels added up: each is a level of the tree.
const LINKS: usize = 500;

/// The statements of a text; none where it is not understood.
pub(super) fn statements(text: &str) -> Option<Vec<Statement>> {
    parsed(text, |parser| parser.parse_statements())
}

/// What `read` makes of a text in Spark's dialect or, where that does not take it, in the one closest to it.
pub(super) fn parsed<T>(text: &str, read: impl Fn(&mut Parser<'_>) -> Result<T, ParserError>) -> Option<T> {
    if text.len() > TEXT || !is_flat(&tokens(text)?) {
        return None;
    }
    let dialects: [&dyn Dialect; 2] = [&SparkSqlDialect, &DatabricksDialect {}];
    dialects.into_iter().find_map(|dialect| {
        let mut parser = Parser::new(dialect).with_recursion_limit(DEPTH).try_with_sql(text).ok()?;
        let read = read(&mut parser).ok()?;
        (parser.peek_token().token == Token::EOF).then_some(read)
    })
}

/// The tokens of a text without spaces and comments; none where it has none in Spark's own dialect.
pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Tokenizer::new(&SparkSqlDialect, text).tokenize().ok()?;
    tokens.retain(|token| !matches!(token, Token::Whitespace(_)));
    Some(tokens)
}

/// Whether no expression is longer than [`LINKS`].
fn is_flat(tokens: &[Token]) -> bool {
    let mut levels = vec![0_usize];
    let mut links = 0_usize;
    for token in tokens {
        let open = levels.len();
        let Some(level) = levels.last_mut() else { return false };
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => levels.push(0),
            Token::RParen | Token::RBracket | Token::RBrace if open > 1 => {
                links -= levels.pop().unwrap_or_default();
            }
            Token::Comma | Token::SemiColon => links -= std::mem::take(level),
            Token::Word(word) if !is_link(&word.value) => {}
            Token::Number(..) | Token::SingleQuotedString(_) | Token::DoubleQuotedString(_) | Token::Period => {}
            _ => {
                *level += 1;
                links += 1;
            }
        }
        if links > LINKS {
            return false;
        }
    }
    true
}

fn is_link(word: &str) -> bool {
    const LINKS: &[&str] = &[
        "and",
        "or",
        "xor",
        "not",
        "is",
        "in",
        "like",
        "ilike",
        "rlike",
        "regexp",
        "between",
        "div",
        "at",
        "collate",
        "union",
        "except",
        "intersect",
        "minus",
        "join",
        "overlaps",
        "similar",
    ];
    LINKS.iter().any(|link| link.eq_ignore_ascii_case(word))
}
