//! What a model leaves around or in its code: fences, thinking, placeholders. Rules `C002` and `C005`.

use enginehouse_sdk::Finding;

use crate::{report, syntax::Lines};

const TAGS: &[&str] = &["<think", "</think", "<answer", "</answer", "<code>", "</code>", "<output>", "</output>"];
const PROSE: &[&str] =
    &["here is ", "here's ", "sure,", "sure!", "certainly", "i'll ", "let me ", "this code ", "this script "];

/// Lines that are no code, in a text that does not parse: a fence or a tag is valid Python only within a string.
pub(crate) fn find(lines: &Lines<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1_u32..).zip(lines.iter()) {
        let line = line.trim().to_lowercase();
        let what = if line.starts_with("```") || line.starts_with("~~~") {
            "a Markdown fence"
        } else if TAGS.iter().any(|tag| line.starts_with(tag)) {
            "a tag from the model's answer"
        } else if PROSE.iter().any(|start| line.starts_with(start)) && !line.contains(['=', '(']) {
            "a sentence"
        } else {
            continue;
        };
        let message = format!("{what} was left in the code");
        findings.push(report::error("C002", Some(lines.line(number)), message, "answer with the program alone"));
        if findings.len() >= 5 {
            break;
        }
    }
    findings
}

const MARKS: &[&str] = &[
    "YOUR_",
    "YOUR-",
    "your_",
    "your-",
    "REPLACE_",
    "REPLACE-",
    "replace_me",
    "replace-me",
    "CHANGE_ME",
    "CHANGEME",
    "changeme",
    "<bucket",
    "<path",
    "<your",
    "<database",
    "<table",
    "<input",
    "<output",
    "<account",
    "<region",
    "<prefix",
    "example.com",
    "path/to/",
    "INSERT_",
    "TODO",
];

/// The placeholder in a text that was never filled in. `true` where the text is a place that would be read or written.
pub(crate) fn placeholder(text: &str) -> Option<(&str, bool)> {
    // The words that people also write in data and messages count only where a place is named.
    const WORDS: &[&str] =
        &["example.com", "path/to/", "TODO", "your-", "your_", "INSERT_", "<table", "<input", "<output", "<path"];
    if !may_hold(text) {
        return None;
    }
    let whole = is_place(text);
    MARKS.iter().find_map(|mark| {
        let at = text.find(mark)?;
        let page = *mark == "example.com" && ["http:", "https:"].iter().any(|scheme| text.starts_with(scheme));
        // A page of the web is data: a program reads none.
        let place = (whole && !page) || is_quoted_place(text, at);
        (place || !WORDS.contains(mark)).then_some((*mark, place))
    })
}

/// Whether a text has the first letters of a mark: most texts have not, and are not searched for each of them.
fn may_hold(text: &str) -> bool {
    text.as_bytes().windows(2).any(|pair| {
        matches!(pair, b"YO" | b"yo" | b"RE" | b"re" | b"CH" | b"ch" | [b'<', _] | b"ex" | b"pa" | b"IN" | b"TO")
    })
}

fn is_place(text: &str) -> bool {
    ["s3:", "s3a:", "s3n:", "http:", "https:", "jdbc:", "hdfs:", "gs:", "/"].iter().any(|start| text.starts_with(start))
}

/// Whether a mark lies in a place that a text quotes, such as a query: `OPTIONS (path "s3://YOUR_BUCKET/x")`.
fn is_quoted_place(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let quoted = before.rfind(['\'', '"', '`']).and_then(|quote| before.get(quote + 1..));
    quoted.is_some_and(|start| is_place(start) && !start.contains(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Syntax;

    #[test]
    fn fences_tags_and_prose_are_told() {
        for code in [
            "```python\nx = 1\n```\n",
            "<thinking>\nhm\n</thinking>\nx = 1\n",
            "Here is the code you asked for:\n\nx = 1\n",
        ] {
            let findings = Syntax::parse(code).expect_err("no code");
            assert_eq!(findings[0].rule, "C002", "{findings:?}");
        }
        assert!(Syntax::parse("doc = '''\n```python\nx\n```\n'''\n").is_ok());
    }

    #[test]
    fn placeholders() {
        assert!(MARKS.iter().all(|mark| may_hold(mark)));
        assert_eq!(placeholder("s3://YOUR_BUCKET/x"), Some(("YOUR_", true)));
        assert_eq!(placeholder("s3://<bucket>/x"), Some(("<bucket", true)));
        assert_eq!(placeholder("jdbc:postgresql://db.example.com/x"), Some(("example.com", true)));
        assert_eq!(placeholder("https://example.com/x"), None);
        assert_eq!(placeholder("USING csv OPTIONS (path \"s3://YOUR_BUCKET/x\")"), Some(("YOUR_", true)));
        assert_eq!(placeholder("SELECT * FROM csv.`/path/to/x`"), Some(("path/to/", true)));
        assert_eq!(placeholder("it's at https://example.com/docs"), None);
        assert_eq!(placeholder("REPLACE_ME"), Some(("REPLACE_", false)));
        assert_eq!(placeholder("@example.com"), None);
        assert_eq!(placeholder("s3://data/sales.csv"), None);
    }
}
