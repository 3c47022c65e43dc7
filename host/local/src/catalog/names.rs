//! What databases and tables may be called.

use enginehouse_capabilities::{Error, Result};

/// The name in lower case, if it is one.
pub(super) fn checked(what: &str, name: &str) -> Result<String> {
    let lower = name.to_ascii_lowercase();
    let plain = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_');
    if (1..=255).contains(&lower.len()) && lower.bytes().all(plain) {
        return Ok(lower);
    }
    let shown: String = name.chars().take(40).collect();
    Err(Error::Invalid(format!("{what} is named with 1 to 255 of a-z, 0-9 and _, not {shown:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_lower() {
        assert_eq!(checked("a table", "Sales_2024").unwrap(), "sales_2024");
        assert_eq!(checked("a table", &"x".repeat(255)).unwrap().len(), 255);
        for name in ["", "a b", "a.b", "a-b", "a'; DROP TABLE tables; --", "é", "a\0", "../x", &"x".repeat(256)] {
            assert!(matches!(checked("a table", name), Err(Error::Invalid(_))), "{name:?}");
        }
    }
}
