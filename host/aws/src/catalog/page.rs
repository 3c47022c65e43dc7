//! Where a listing stands.

use enginehouse_capabilities::{Error, Result};

/// More pages than any catalog has: 200,000 tables in a database are 2,000.
const MOST: u32 = 20_000;

/// How many pages were seen, and Glue's own token for the next one; written as `{pages}.{token}`. The count ends a listing whose
/// tokens go round in a circle, since a caller keeps nothing but the last.
pub(super) struct Position {
    pages: u32,
    token: Option<String>,
}

impl Position {
    pub(super) fn parse(after: Option<&str>) -> Result<Self> {
        let Some(after) = after else { return Ok(Self { pages: 0, token: None }) };
        let parts = after.split_once('.').and_then(|(pages, token)| Some((pages.parse().ok()?, token)));
        match parts {
            Some((pages, token)) => Ok(Self { pages, token: Some(token.to_owned()) }),
            None => {
                Err(Error::Invalid("this is no place in a listing: hand back the `next` of the page before".into()))
            }
        }
    }

    pub(super) fn token(&self) -> Option<String> {
        self.token.clone()
    }

    /// What to hand back for the page after this one.
    pub(super) fn next(&self, token: Option<&str>, who: &str) -> Result<Option<String>> {
        // Some services end with an empty token.
        let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(None) };
        if self.token.as_deref() == Some(token) || self.pages >= MOST {
            let text = format!("{who} repeats its paging token, so the listing would never end; try again later");
            return Err(Error::Unavailable(text));
        }
        Ok(Some(format!("{}.{token}", self.pages + 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_ends_whatever_the_tokens() {
        let mut after = None;
        let mut pages = 0;
        let refused = loop {
            let at = Position::parse(after.as_deref()).unwrap();
            match at.next(Some(if pages % 2 == 0 { "a.b" } else { "c" }), "Glue") {
                Ok(next) => after = next,
                Err(refused) => break refused,
            }
            pages += 1;
        };
        assert!(pages == MOST && refused.to_string().contains("paging token"), "{refused}");
    }

    #[test]
    fn a_position_is_handed_back_as_it_was() {
        let next = Position::parse(None).unwrap().next(Some("x.y=="), "Glue").unwrap();
        assert_eq!(Position::parse(next.as_deref()).unwrap().token().as_deref(), Some("x.y=="));
        assert_eq!(Position::parse(None).unwrap().next(Some(""), "Glue").unwrap(), None);
        for odd in ["", "x", "x.y", "-1.y"] {
            assert!(matches!(Position::parse(Some(odd)), Err(Error::Invalid(_))), "{odd:?}");
        }
    }
}
