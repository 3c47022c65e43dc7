//! Secrets of ours, taken out of what others write: many an endpoint repeats the key that it refuses.

use std::{cmp::Reverse, collections::VecDeque};

use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};

/// Tokens change: so many of those that were in use last are known.
const MOST_LATELY: usize = 16;
/// The beginning of a secret tells nothing up to here.
const HARMLESS: usize = 8;
const INSTEAD: &str = "[a secret]";

/// What must not come back in an error.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    always: Vec<SecretString>,
    lately: Mutex<VecDeque<SecretString>>,
}

impl Secrets {
    pub(crate) fn new(always: impl IntoIterator<Item = SecretString>) -> Self {
        Self { always: always.into_iter().collect(), lately: Mutex::default() }
    }

    /// One that is in use from now on.
    pub(crate) fn learn(&self, secret: &SecretString) {
        let mut lately = self.lately.lock();
        if lately.iter().all(|known| known.expose_secret() != secret.expose_secret()) {
            lately.truncate(MOST_LATELY - 1);
            lately.push_front(secret.clone());
        }
    }

    /// The text without them, as they are and as JSON escapes them; nor does it end with the greater part of one, where it was cut
    /// off. To be taken before a text is shortened.
    pub(crate) fn out_of(&self, text: &str) -> String {
        let lately = self.lately.lock();
        let mut forms: Vec<String> = self.always.iter().chain(lately.iter()).flat_map(forms).collect();
        // One may be the beginning of another.
        forms.sort_by_key(|form| Reverse(form.len()));
        let mut clean = text.to_owned();
        for form in forms {
            clean = clean.replace(&form, INSTEAD);
            let is_end = |end: &usize| form.get(..*end).is_some_and(|beginning| clean.ends_with(beginning));
            if let Some(end) = (HARMLESS..form.len()).rev().find(is_end) {
                clean.truncate(clean.len() - end);
                clean.push_str(INSTEAD);
            }
        }
        clean
    }
}

fn forms(secret: &SecretString) -> impl Iterator<Item = String> {
    let plain = secret.expose_secret();
    let escaped = serde_json::Value::from(plain).to_string();
    let escaped = escaped.trim_matches('"').to_owned();
    [plain.to_owned(), escaped].into_iter().filter(|form| !form.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_taken_out_wherever_they_stand() {
        let secrets = Secrets::new(["sk-0123456789".into(), "".into()]);
        secrets.learn(&"sk-0123456789abc".into());
        secrets.learn(&"a\"quote\\".into());
        for (text, clean) in [
            ("", ""),
            ("no such key: sk-0123456789!", "no such key: [a secret]!"),
            ("sk-0123456789abcsk-0123456789", "[a secret][a secret]"),
            ("a\"quote\\", "[a secret]"),
            (r#"{"key": "a\"quote\\"}"#, r#"{"key": "[a secret]"}"#),
            ("cut off: sk-01234567", "cut off: [a secret]"),
            ("it begins with sk-", "it begins with sk-"),
        ] {
            assert_eq!(secrets.out_of(text), clean);
        }
        assert!(!format!("{secrets:?}").contains("0123"));
    }

    #[test]
    fn the_oldest_of_many_is_forgotten_but_not_what_is_always_one() {
        let secrets = Secrets::new(["for ever".into()]);
        for n in 0..20 {
            secrets.learn(&format!("token {n}.").into());
            secrets.learn(&format!("token {n}.").into());
        }
        assert_eq!(secrets.out_of("for ever, token 4. token 19."), "[a secret], [a secret] [a secret]");
        assert_eq!(secrets.out_of("token 3."), "token 3.");
    }
}
