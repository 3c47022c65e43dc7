//! A place in the tokens. Small and copied: a clause that does not fit puts the old one back.

use crate::{scope::Scope, token::Token, words};

/// Names have at most this many words.
const MAX_NAME: usize = 6;

#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(tokens: &'a [Token], at: usize) -> Self {
        Self { tokens, at }
    }

    pub(super) fn is_done(self) -> bool {
        self.at >= self.tokens.len()
    }

    pub(super) fn is_first(self) -> bool {
        self.at == 0
    }

    pub(super) fn token(self, ahead: usize) -> Option<&'a Token> {
        self.tokens.get(self.at + ahead)
    }

    /// The word in lower case; empty where there is none.
    pub(super) fn word(self, ahead: usize) -> &'a str {
        match self.token(ahead) {
            Some(Token::Word(word)) => &word.lower,
            _ => "",
        }
    }

    pub(super) fn step(&mut self) -> Option<&'a Token> {
        let token = self.token(0);
        self.at += 1;
        token
    }

    pub(super) fn skip(&mut self, count: usize) {
        self.at += count;
    }

    /// Takes these words, all or none.
    pub(super) fn phrase(&mut self, phrase: &str) -> bool {
        let fits = phrase.split(' ').enumerate().all(|(ahead, word)| self.word(ahead) == word);
        if fits {
            self.at += phrase.split(' ').count();
        }
        fits
    }

    /// Takes the first of these phrases that fits.
    pub(super) fn any(&mut self, phrases: &[&'static str]) -> Option<&'static str> {
        phrases.iter().copied().find(|phrase| self.phrase(phrase))
    }

    pub(super) fn sign(&mut self, c: char) -> bool {
        let fits = self.token(0) == Some(&Token::Other(c));
        self.at += usize::from(fits);
        fits
    }

    pub(super) fn articles(&mut self) {
        while words::ARTICLES.contains(&self.word(0)) {
            self.at += 1;
        }
    }

    /// Takes commas and "and".
    pub(super) fn separator(&mut self) -> bool {
        let start = self.at;
        while self.token(0) == Some(&Token::Comma)
            || matches!(self.word(0), "and" | "&")
            || self.token(0) == Some(&Token::Other('&'))
        {
            self.at += 1;
        }
        self.at > start
    }

    pub(super) fn follows_separator(self) -> bool {
        let Some(before) = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)) else { return false };
        matches!(before, Token::Comma | Token::Other('&')) || matches!(before, Token::Word(word) if word.lower == "and")
    }

    /// A whole number above 0, in digits or as a word.
    pub(super) fn count(&mut self) -> Option<u64> {
        let found = match self.token(0)? {
            Token::Number { text, .. } => text.parse().ok(),
            Token::Word(word) => words::number(&word.lower),
            _ => None,
        };
        let found = found.filter(|count| (1..=1_000_000_000).contains(count))?;
        self.at += 1;
        Some(found)
    }

    /// Names that may start here, longest first: how many tokens, and their words.
    pub(super) fn names(self) -> impl Iterator<Item = (usize, Vec<String>)> {
        let mut names = Vec::new();
        let mut parts: Vec<String> = Vec::new();
        for ahead in 0..MAX_NAME {
            match self.token(ahead) {
                Some(Token::Word(word)) => parts.extend(word.parts.iter().cloned()),
                Some(Token::Number { raw, .. }) if ahead > 0 => parts.push(raw.clone()),
                _ => break,
            }
            names.push((ahead + 1, parts.clone()));
        }
        names.into_iter().rev()
    }

    /// How many tokens name a table here.
    pub(super) fn table_length(self, scope: &Scope) -> Option<usize> {
        if let Some(Token::Quoted(text)) = self.token(0) {
            return scope.is_table(&crate::names::parts(text)).then_some(1);
        }
        self.names().find(|(_, parts)| scope.is_table(parts)).map(|(length, _)| length)
    }

    /// Whether "left", "outer", … here belongs to a join.
    pub(super) fn leads_to_join(self) -> bool {
        (0..3).map(|ahead| self.word(ahead)).find(|word| words::join_kind(word).is_none()).is_some_and(words::join)
    }

    /// The words of the column after "on".
    pub(super) fn key_words(self) -> Option<Vec<String>> {
        let mut after = self;
        after.step();
        after.articles();
        match after.token(0) {
            Some(Token::Word(_)) => {
                let mut parts = Vec::new();
                while let Some(Token::Word(word)) = after.token(0) {
                    if words::STOPS.contains(&word.lower.as_str()) {
                        break;
                    }
                    parts.extend(word.parts.iter().cloned());
                    after.step();
                }
                Some(parts)
            }
            Some(Token::Quoted(text)) => Some(crate::names::parts(text)),
            _ => None,
        }
    }
}
