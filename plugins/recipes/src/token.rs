//! Cuts a request into words, numbers, dates, quoted texts and signs.

use crate::names;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Word(Word),
    /// `[-]digits[.digits]` without separators of thousands.
    Number {
        text: String,
        raw: String,
    },
    /// `2024-01-31`, or with a time.
    Date(String),
    /// What stood between quotes.
    Quoted(String),
    Comma,
    /// A comparison: `=`, `!=`, `<`, `<=`, `>`, `>=`.
    Sign(&'static str),
    /// Any other character that means something somewhere: `(`, `-`, `*`, `%`, …
    Other(char),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Word {
    /// As written.
    pub(crate) raw: String,
    pub(crate) lower: String,
    pub(crate) parts: Vec<String>,
}

impl Token {
    /// As the caller wrote it, for messages and for values.
    pub(crate) fn raw(&self) -> String {
        match self {
            Self::Word(word) => word.raw.clone(),
            Self::Number { raw, .. } => raw.clone(),
            Self::Date(text) | Self::Quoted(text) => text.clone(),
            Self::Comma => ",".to_owned(),
            Self::Sign(sign) => (*sign).to_owned(),
            Self::Other(c) => c.to_string(),
        }
    }
}

pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let characters: Vec<char> = text.chars().collect();
    let mut reader = Reader { characters: &characters, at: 0 };
    let mut tokens = Vec::new();
    while let Some(c) = reader.peek(0) {
        match reader.token(c) {
            Some(token) => tokens.push(token),
            None => reader.at += 1,
        }
    }
    tokens
}

struct Reader<'a> {
    characters: &'a [char],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at + ahead).copied()
    }

    fn previous(&self) -> Option<char> {
        self.at.checked_sub(1).and_then(|at| self.characters.get(at)).copied()
    }

    fn take(&mut self, length: usize) -> String {
        let text = self.characters.iter().skip(self.at).take(length).collect();
        self.at += length;
        text
    }

    /// None for white space and for signs of a sentence's end.
    fn token(&mut self, c: char) -> Option<Token> {
        if let Some(text) = self.quoted(c) {
            return Some(Token::Quoted(text));
        }
        if c.is_ascii_digit() || (c == '-' && self.starts_negative()) {
            if let Some(date) = self.date() {
                return Some(Token::Date(date));
            }
            if let Some(number) = self.number() {
                return Some(number);
            }
        }
        if c.is_alphanumeric() || c == '_' {
            return Some(self.word());
        }
        let sign = match (c, self.peek(1)) {
            ('=', Some('=')) => Some(("=", 2)),
            ('=', _) => Some(("=", 1)),
            ('!', Some('=')) | ('<', Some('>')) => Some(("!=", 2)),
            ('<', Some('=')) => Some(("<=", 2)),
            ('>', Some('=')) => Some((">=", 2)),
            ('<', _) => Some(("<", 1)),
            ('>', _) => Some((">", 1)),
            ('≥', _) => Some((">=", 1)),
            ('≤', _) => Some(("<=", 1)),
            ('≠', _) => Some(("!=", 1)),
            _ => None,
        };
        if let Some((sign, length)) = sign {
            self.at += length;
            return Some(Token::Sign(sign));
        }
        match c {
            ',' | '、' | '，' => {
                self.at += 1;
                Some(Token::Comma)
            }
            c if c.is_whitespace() || matches!(c, '.' | '?' | '!' | ':' | ';' | '$' | '€' | '£') => None,
            c => {
                self.at += 1;
                Some(Token::Other(c))
            }
        }
    }

    fn starts_negative(&self) -> bool {
        self.peek(1).is_some_and(|c| c.is_ascii_digit()) && !self.previous().is_some_and(char::is_alphanumeric)
    }

    /// A quote opens only at the start of a word, and only where it is closed again.
    fn quoted(&mut self, open: char) -> Option<String> {
        let close = match open {
            '"' | '`' | '\'' => open,
            '“' | '„' => '”',
            '‘' => '’',
            '«' => '»',
            _ => return None,
        };
        if self.previous().is_some_and(char::is_alphanumeric) {
            return None;
        }
        // A request holds few words (`parse::MAX_WORDS`), but quotes that never close must not cost a scan of the rest each.
        let length = self.characters.iter().skip(self.at + 1).take(MAX_QUOTED).position(|c| *c == close)?;
        self.at += 1;
        let text = self.take(length);
        self.at += 1;
        Some(text)
    }

    fn date(&mut self) -> Option<String> {
        let digits = |from: usize, count: usize| {
            (from..from + count).all(|ahead| self.peek(ahead).is_some_and(|c| c.is_ascii_digit()))
        };
        if !(digits(0, 4) && self.peek(4) == Some('-') && digits(5, 2) && self.peek(7) == Some('-') && digits(8, 2)) {
            return None;
        }
        let mut length = 10;
        if matches!(self.peek(10), Some('T' | ' ')) && digits(11, 2) && self.peek(13) == Some(':') && digits(14, 2) {
            length = 16;
            if self.peek(16) == Some(':') && digits(17, 2) {
                length = 19;
            }
        }
        if self.peek(length).is_some_and(char::is_alphanumeric) {
            return None;
        }
        let text: String = self.characters.iter().skip(self.at).take(length).collect();
        if !is_calendar_date(&text) {
            return None;
        }
        self.at += length;
        Some(text.replace('T', " "))
    }

    /// None where letters follow: `2nd` is a word; but `10k` is 10,000.
    fn number(&mut self) -> Option<Token> {
        let mut length = usize::from(self.peek(0) == Some('-'));
        let mut fraction = false;
        while let Some(c) = self.peek(length) {
            let digit_follows = self.peek(length + 1).is_some_and(|c| c.is_ascii_digit());
            match c {
                c if c.is_ascii_digit() => {}
                ',' if !fraction && self.groups_thousand(length) => {}
                '.' if !fraction && digit_follows => fraction = true,
                _ => break,
            }
            length += 1;
        }
        let thousands = matches!(self.peek(length), Some('k' | 'K'))
            && !fraction
            && !self.peek(length + 1).is_some_and(|c| c.is_alphanumeric() || c == '_');
        if !thousands && self.peek(length).is_some_and(|c| c.is_alphanumeric() || c == '_') {
            return None;
        }
        let raw = self.take(length + usize::from(thousands));
        let plain: String = raw.chars().filter(|c| *c != ',').collect();
        let text = if thousands { plain.replace(['k', 'K'], "000") } else { plain };
        Some(Token::Number { text: without_zeros(&text), raw })
    }

    fn groups_thousand(&self, at: usize) -> bool {
        (1..=3).all(|ahead| self.peek(at + ahead).is_some_and(|c| c.is_ascii_digit()))
            && !self.peek(at + 4).is_some_and(|c| c.is_ascii_digit())
    }

    /// Hyphens and apostrophes inside belong to it; a possessive `'s` is dropped.
    fn word(&mut self) -> Token {
        let mut length = 0;
        while let Some(c) = self.peek(length) {
            let letter = |c: char| c.is_alphanumeric() || c == '_';
            let follows = self.peek(length + 1).is_some_and(letter);
            if !(letter(c) || (follows && length > 0 && matches!(c, '-' | '\'' | '’'))) {
                break;
            }
            length += 1;
        }
        let raw = self.take(length.max(1));
        let raw = raw.strip_suffix("'s").or_else(|| raw.strip_suffix("’s")).unwrap_or(&raw).to_owned();
        Token::Word(Word { lower: raw.to_lowercase(), parts: names::parts(&raw), raw })
    }
}

const MAX_QUOTED: usize = 512;

/// Whether a text that starts like `2024-02-29` names a day that exists, at a time that exists.
fn is_calendar_date(text: &str) -> bool {
    let field = |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse::<u32>().ok());
    let (Some(year), Some(month), Some(day)) = (field(0, 4), field(5, 7), field(8, 10)) else { return false };
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
        && field(11, 13).is_none_or(|hour| hour < 24)
        && field(14, 16).is_none_or(|minute| minute < 60)
        && field(17, 19).is_none_or(|second| second < 60)
}

fn without_zeros(number: &str) -> String {
    let (sign, digits) = match number.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", number),
    };
    let trimmed = digits.trim_start_matches('0');
    let zero = if trimmed.is_empty() || trimmed.starts_with('.') { "0" } else { "" };
    format!("{sign}{zero}{trimmed}")
}
