//! The names that callers give.

use super::{Error, Result};

/// A session's id as its caller chose it: 1 to 128 characters of letters, digits, `-`, `_` and `.`.
pub fn session(id: &str) -> Result<&str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if (1..=128).contains(&id.len()) && id.bytes().all(plain) && !id.bytes().all(|b| b == b'.') {
        Ok(id)
    } else {
        Err(Error::Invalid("a session id is 1 to 128 letters, digits, `-`, `_` and `.`".to_owned()))
    }
}

/// A new session's id.
pub fn new_session() -> String {
    format!("session-{}", ulid::Ulid::generate().to_string().to_lowercase())
}

/// The name of an uploaded file as one part of a key.
///
/// Names that mean another place (`../x`, `a/b`) are refused; characters that a key or a program would trip over become
/// `_`.
pub fn file(name: &str) -> Result<String> {
    if name.contains(['/', '\\']) || name.contains("..") {
        return Err(Error::Invalid("a file name is one name, without `/`, `\\` or `..`".to_owned()));
    }
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let name: String = name.trim().chars().map(plain).collect();
    let name = name.trim_start_matches(['.', '_']);
    match name.len() {
        0 => Err(Error::Invalid("the file has no name: send one, such as `sales.csv`".to_owned())),
        1..=200 => Ok(name.to_owned()),
        _ => Err(Error::Invalid("a file name has at most 200 bytes".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_session_id_is_kept_as_it_is() {
        assert_eq!(session("session-123").unwrap(), "session-123");
        assert!(session(&new_session()).is_ok());
    }

    #[test]
    fn what_would_leave_its_folder_is_no_session() {
        for id in ["", "..", "a/b", "a b", "ä", &"x".repeat(129)] {
            assert!(session(id).is_err(), "{id:?}");
        }
    }

    #[test]
    fn file_names_stay_in_their_folder() {
        assert_eq!(file("sales 2024.csv").unwrap(), "sales_2024.csv");
        assert_eq!(file("Größe.csv").unwrap(), "Größe.csv");
        assert_eq!(file(".hidden.csv").unwrap(), "hidden.csv");
        for name in ["../../x.csv", "a/b.csv", "..", "", "   ", "C:\\x.csv", &"x".repeat(300)] {
            assert!(file(name).is_err(), "{name:?}");
        }
    }
}
