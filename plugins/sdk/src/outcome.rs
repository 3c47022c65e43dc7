//! An outcome to start from.

use crate::Outcome;

/// No table, no document, no failure: name only what there is, and end with `..Outcome::default()`.
impl Default for Outcome {
    fn default() -> Self {
        Self { tables: Vec::new(), document: None, failure: None, figures: Vec::new(), usage: None }
    }
}
