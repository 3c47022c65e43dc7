//! Where an object lives.

use std::{fmt, str::FromStr};

use crate::{Error, Result};

/// `s3://bucket/key`. A key that is empty or ends in `/` means all that lies under it.
///
/// Parsed once at the edge. `s3a://` and `s3n://` are the same place. A key has no `.`, `..` or empty part and no control
/// character, so that it can be laid out as files without a further check. At most 1,024 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectUri {
    bucket: String,
    key: String,
}

impl ObjectUri {
    /// The most bytes of a uri.
    pub const MAX_BYTES: usize = 1024;

    /// Puts a uri together from its parts; the same rules hold as for parsing one.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the rule that was broken.
    pub fn new(bucket: &str, key: &str) -> Result<Self> {
        let broken = |rule: &str| Err(Error::Invalid(format!("`s3://{bucket}/{key}` is no object uri: {rule}")));
        if bucket.len() + key.len() + 6 > Self::MAX_BYTES {
            return Err(Error::Invalid(format!("an object uri has at most {} bytes", Self::MAX_BYTES)));
        }
        let plain = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
        let ends = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        let name = bucket.as_bytes();
        if !(3..=63).contains(&name.len())
            || !name.iter().copied().all(plain)
            || !ends(name.first())
            || !ends(name.last())
        {
            return broken("a bucket is 3 to 63 characters of a-z, 0-9, - and ., a letter or digit first and last");
        }
        if key.chars().any(char::is_control) || key.contains('\\') {
            return broken("a key has no control characters and no backslash");
        }
        let parts = key.strip_suffix('/').unwrap_or(key);
        if !key.is_empty() && parts.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return broken("a key has no empty part, no `.` and no `..`");
        }
        Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() })
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// What follows the bucket, without the first `/`; may be empty.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether it means all that lies under it.
    pub fn is_prefix(&self) -> bool {
        self.key.is_empty() || self.key.ends_with('/')
    }

    /// The same place as a prefix: with a `/` at its end.
    pub fn as_prefix(&self) -> Self {
        let key = if self.is_prefix() { self.key.clone() } else { format!("{}/", self.key) };
        Self { bucket: self.bucket.clone(), key }
    }

    /// What lies at `relative` under it.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the parts do not make a uri.
    pub fn join(&self, relative: &str) -> Result<Self> {
        Self::new(&self.bucket, &format!("{}{relative}", self.as_prefix().key))
    }

    /// Whether `other` is this object or lies under this prefix.
    pub fn covers(&self, other: &Self) -> bool {
        self.bucket == other.bucket
            && (self.key == other.key || (self.is_prefix() && other.key.starts_with(self.key.as_str())))
    }

    /// The last part of the key; the bucket where there is none.
    pub fn name(&self) -> &str {
        let key = self.key.strip_suffix('/').unwrap_or(&self.key);
        key.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(&self.bucket)
    }
}

impl FromStr for ObjectUri {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let rest = ["s3://", "s3a://", "s3n://"].iter().find_map(|scheme| text.strip_prefix(scheme));
        match rest {
            Some(rest) => {
                let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
                Self::new(bucket, key)
            }
            None => Err(Error::Invalid(format!(
                "`{}` is no object uri: write s3://bucket/key",
                text.chars().take(80).collect::<String>()
            ))),
        }
    }
}

impl fmt::Display for ObjectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_schemes_name_one_place() {
        let uri: ObjectUri = "s3://bucket/a/b.csv".parse().unwrap();
        assert_eq!(uri, "s3a://bucket/a/b.csv".parse().unwrap());
        assert_eq!(uri, "s3n://bucket/a/b.csv".parse().unwrap());
        assert_eq!(uri.to_string(), "s3://bucket/a/b.csv");
        assert_eq!((uri.bucket(), uri.key(), uri.name()), ("bucket", "a/b.csv", "b.csv"));
    }

    #[test]
    fn what_leaves_its_place_is_refused() {
        for text in [
            "s3://bucket/../x",
            "s3://bucket/a/../../x",
            "s3://bucket/a//b",
            "s3://bucket//",
            "s3://bucket/./a",
            "s3://../x",
            "s3://Bucket/x",
            "s3://bucket/a\0b",
            "s3://bucket/a\nb",
            "s3://bucket/a\\..\\b",
            "file:///etc/passwd",
            "/etc/passwd",
            "",
        ] {
            assert!(matches!(text.parse::<ObjectUri>(), Err(Error::Invalid(_))), "{text:?}");
        }
        assert!(format!("s3://bucket/{}", "x".repeat(1100)).parse::<ObjectUri>().is_err());
    }

    #[test]
    fn a_prefix_covers_what_lies_under_it_and_nothing_beside_it() {
        let prefix: ObjectUri = "s3://bucket/a/".parse().unwrap();
        assert!(prefix.covers(&"s3://bucket/a/b".parse().unwrap()));
        assert!(prefix.covers(&prefix));
        assert!(!prefix.covers(&"s3://bucket/ab".parse().unwrap()));
        assert!(!prefix.covers(&"s3://bucket2/a/b".parse().unwrap()));
        let object: ObjectUri = "s3://bucket/a".parse().unwrap();
        assert!(!object.covers(&"s3://bucket/a/b".parse().unwrap()));
    }

    #[test]
    fn joining_keeps_the_rules() {
        let prefix: ObjectUri = "s3://bucket/a".parse().unwrap();
        assert_eq!(prefix.join("b/c").unwrap().to_string(), "s3://bucket/a/b/c");
        assert!(prefix.join("../c").is_err());
    }
}
