//! What is told when a request is not understood.

/// The sentence that every refusal ends with: the way out.
const WAY_OUT: &str = "Recipes read plain requests over known columns; for any other wording set up a model under \
                       `[codegen]` in the configuration file.";
const LISTED: usize = 40;

/// Why a request could not be turned into a plan. Each text reads alone and says what to do next.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotUnderstood {
    #[error("Did not understand {}.{} {WAY_OUT}", quoted(.words), known(.columns))]
    Words { words: Vec<String>, columns: Vec<String> },
    #[error("`{word}` could be any of the columns {}: say which. {WAY_OUT}", quoted(.candidates))]
    Ambiguous { word: String, candidates: Vec<String> },
    /// Understood, but not possible over these sources or not in the recipes.
    #[error("{0} {WAY_OUT}")]
    Impossible(String),
}

/// Names in backticks, cut to one line and to a number that can be read.
pub(crate) fn quoted<S: AsRef<str>>(names: &[S]) -> String {
    let mut text =
        names.iter().take(LISTED).map(|name| format!("`{}`", tidy(name.as_ref()))).collect::<Vec<_>>().join(", ");
    if names.len() > LISTED {
        text.push_str(&format!(" and {} more", names.len() - LISTED));
    }
    text
}

/// One line of at most 60 characters.
pub(crate) fn tidy(text: &str) -> String {
    text.chars().take(60).map(|c| if c.is_control() || c == '`' { ' ' } else { c }).collect()
}

fn known(columns: &[String]) -> String {
    match columns {
        [] => " No columns are known.".to_owned(),
        columns => format!(" The columns are {}.", quoted(columns)),
    }
}
