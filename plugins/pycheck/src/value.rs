//! A string as far as it is known without running the program.

/// The variable in which a program finds where to write. The host always sets it, so that a default beside it is never
/// taken.
pub const OUTPUT_PATH: &str = "OUTPUT_PATH";

/// The longest text that is folded, in bytes, and the most parts.
const TEXT: usize = 8192;
const PARTS: usize = 64;

/// A piece of a [`Value`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text that is known.
    Text(String),
    /// The value of an environment variable.
    Env(String),
    /// Anything.
    Unknown,
}

/// A string made of parts. No two texts stand side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    parts: Vec<Part>,
}

impl Value {
    /// Text that is known.
    pub fn text(text: impl Into<String>) -> Self {
        Self { parts: vec![Part::Text(text.into())] }
    }

    /// The value of an environment variable.
    pub fn env(name: impl Into<String>) -> Self {
        Self { parts: vec![Part::Env(name.into())] }
    }

    /// A string of which nothing is known.
    pub fn unknown() -> Self {
        Self { parts: vec![Part::Unknown] }
    }

    /// The parts, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The text, where all of it is known.
    pub fn known(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The text before the first part that is not known; empty when there is none.
    pub fn prefix(&self) -> &str {
        match self.parts.first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// The variable's value and what follows it: `None` unless the string starts with it.
    pub fn after_env(&self, name: &str) -> Option<&[Part]> {
        match self.parts.split_first() {
            Some((Part::Env(found), rest)) if found == name => Some(rest),
            _ => None,
        }
    }

    /// Whether nothing at all is known.
    pub fn is_unknown(&self) -> bool {
        self.parts.iter().all(|part| *part == Part::Unknown)
    }

    /// This string and another behind it.
    #[must_use]
    pub fn then(mut self, other: &Value) -> Self {
        let empty = |part: &Part| matches!(part, Part::Text(text) if text.is_empty());
        self.parts.retain(|part| !empty(part));
        for part in other.parts.iter().filter(|part| !empty(part)) {
            match (self.parts.last_mut(), part) {
                (Some(Part::Text(last)), Part::Text(more)) => last.push_str(more),
                (Some(Part::Unknown), Part::Unknown) => {}
                (_, part) => self.parts.push(part.clone()),
            }
        }
        let length: usize =
            self.parts.iter().map(|part| if let Part::Text(text) = part { text.len() } else { 0 }).sum();
        if length > TEXT || self.parts.len() > PARTS { Self::unknown() } else { self }
    }

    /// What `rstrip`, `lstrip` or `strip` make of it. A variable's value is taken to be free of what is stripped.
    #[must_use]
    pub fn stripped(mut self, start: bool, end: bool, characters: &[char]) -> Self {
        if end && let Some(Part::Text(text)) = self.parts.last_mut() {
            text.truncate(text.trim_end_matches(characters).len());
        }
        if start && let Some(Part::Text(text)) = self.parts.first_mut() {
            *text = text.trim_start_matches(characters).to_owned();
        }
        self.parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        self
    }

    /// `os.path.join`: an absolute part starts anew.
    #[must_use]
    pub fn joined(self, next: &Value) -> Self {
        if next.prefix().starts_with('/') {
            return next.clone();
        }
        if matches!(next.parts.first(), Some(Part::Unknown)) {
            return Self::unknown();
        }
        let slash = matches!(self.parts.last(), Some(Part::Text(text)) if text.ends_with('/')) || self.parts.is_empty();
        let base = if slash { self } else { self.then(&Value::text("/")) };
        base.then(next)
    }

    /// For a message: what is not known stands in braces.
    pub fn display(&self) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Env(name) => format!("{{{name}}}"),
            Part::Unknown => "{…}".to_owned(),
        });
        crate::report::quote(&parts.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_and_strips() {
        let out = Value::env(OUTPUT_PATH).stripped(false, true, &['/']).then(&Value::text("/a/"));
        assert_eq!(out.after_env(OUTPUT_PATH), Some(&[Part::Text("/a/".to_owned())][..]));
        assert_eq!(out.display(), "{OUTPUT_PATH}/a/");
        assert_eq!(Value::text("s3://b/").joined(&Value::text("k")).known(), Some("s3://b/k"));
        assert_eq!(Value::text("a").joined(&Value::text("/k")).known(), Some("/k"));
        assert!(Value::env("A").joined(&Value::unknown()).is_unknown());
    }

    #[test]
    fn a_long_text_becomes_unknown() {
        let half = Value::text("x".repeat(TEXT / 2 + 1));
        assert!(half.clone().then(&half).is_unknown());
    }
}
