//! Who is calling, told by the host and never by the guest.

use std::{fmt, str::FromStr, time::Duration};

use uuid::Uuid;

use crate::{Error, ObjectUri, Result};

/// What the host says about one call of a plugin. Mounts, policies and credentials come from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallContext {
    /// The framework whose plugin calls.
    pub framework: String,
    /// SHA-256 of the component that calls, in hex.
    pub digest: String,
    /// The run the call is about; none for calls outside a run (`describe`, `status`, a bare `generate`).
    pub run: Option<Uuid>,
    /// The attempt the call is held to; none before `submit`.
    pub attempt: Option<AttemptScope>,
}

/// What one attempt of one run may touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptScope {
    /// The attempt's token; the tokens of what it starts begin with it.
    pub token: Token,
    /// Objects and prefixes it may read: the sources' own and its tables' locations.
    pub inputs: Vec<ObjectUri>,
    /// The prefix it may write results under.
    pub output: ObjectUri,
    /// The prefix for the plugin's own files.
    pub scratch: ObjectUri,
    /// The target named by the attempt's place.
    pub target: String,
    /// When the host will cancel, counted from `submit`.
    pub timeout: Duration,
}

impl AttemptScope {
    /// Refuses a token that is neither the attempt's nor the attempt's with an ending of the plugin's.
    ///
    /// # Errors
    /// [`Error::Denied`] for any other token, [`Error::Invalid`] for what is no token at all.
    pub fn own_token(&self, token: &str) -> Result<Token> {
        let named: Token = token.parse()?;
        let ending = token.strip_prefix(self.token.as_str());
        match ending {
            Some(ending) if ending.len() <= Token::MAX_ENDING => Ok(named),
            _ => Err(Error::Denied(format!("the token `{token}` belongs to another attempt; use the attempt's own"))),
        }
    }
}

/// Names one piece of work for ever: 33 to 64 characters of `[a-z0-9-]`, a letter first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(String);

impl Token {
    /// How many characters a plugin may add to its attempt's token.
    pub const MAX_ENDING: usize = 24;

    /// The token of an attempt: `r`, the run's 32 hex digits, `-`, the attempt's number.
    pub fn of_attempt(run: Uuid, attempt: u32) -> Self {
        Self(format!("r{}-{attempt}", run.simple()))
    }

    /// The token as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Token {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let plain = text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if (33..=64).contains(&text.len()) && plain && text.starts_with(|c: char| c.is_ascii_lowercase()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::Invalid("a token is 33 to 64 characters of a-z, 0-9 and -, a letter first".into()))
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> AttemptScope {
        AttemptScope {
            token: Token::of_attempt(Uuid::from_u128(7), 2),
            inputs: Vec::new(),
            output: "s3://runs/a/".parse().unwrap(),
            scratch: "s3://runs/b/".parse().unwrap(),
            target: "here".into(),
            timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn an_attempt_may_name_its_own_token_and_endings_of_it() {
        let scope = scope();
        let own = scope.token.as_str().to_owned();
        assert_eq!(scope.own_token(&own).unwrap(), scope.token);
        assert!(scope.own_token(&format!("{own}-step")).is_ok());
        assert!(matches!(
            scope.own_token(&format!("{own}{}", "x".repeat(25))),
            Err(Error::Denied(_) | Error::Invalid(_))
        ));
    }

    #[test]
    fn another_runs_token_is_denied() {
        let other = Token::of_attempt(Uuid::from_u128(8), 2);
        assert!(matches!(scope().own_token(other.as_str()), Err(Error::Denied(_))));
    }

    #[test]
    fn what_is_no_token_is_invalid() {
        for text in ["", "short", "R0000000000000000000000000000000000", "r../../../../../../../../../../etc/passwd"] {
            assert!(matches!(text.parse::<Token>(), Err(Error::Invalid(_))), "{text}");
        }
    }
}
