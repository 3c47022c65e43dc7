//! Rules from their pages.

use crate::{Rule, Severity};

impl Rule {
    /// A rule as its page tells it: the Markdown begins with `# P009: Rows are brought to the driver after a limit.`, and the two halves
    /// are the rule's id and summary.
    #[must_use]
    pub fn of_page(severity: Severity, page: &str) -> Self {
        let title = page.lines().next().unwrap_or_default().trim_start_matches('#');
        let (id, summary) = title.split_once(':').unwrap_or((title, ""));
        Self { id: id.trim().to_owned(), severity, summary: summary.trim().to_owned(), page: page.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_with_id_and_summary() {
        let rule = Rule::of_page(Severity::Error, "# P002: The given source is read.\n\nElse nothing is known.\n");
        assert_eq!((rule.id.as_str(), rule.summary.as_str()), ("P002", "The given source is read."));
        assert!(rule.page.ends_with("known.\n"));
    }
}
