//! Tasks that are made up: small, and as large as the contract allows.

use enginehouse_runtime::{Column, Description, ObjectSource, Place, Source, Task, limit};

/// The one object that there is to read.
pub(crate) const SOURCE: &str = "s3://conformance/sales.csv";
/// What it holds.
pub(crate) const ROWS: &str = "region,amount,day\nnorth,3,2024-01-01\nsouth,4,2024-01-02\n";
/// What a plain task asks for.
pub(crate) const PROMPT: &str = "Calculate the sum of amount by region";

const COLUMNS: [(&str, &str); 3] = [("region", "string"), ("amount", "bigint"), ("day", "date")];
/// Columns of each source of the large task. The contract allows four times as many; a guest needs a fifth of its
/// computing time only to take those over.
const MANY: usize = 500;

/// A plain task over one source with known columns.
pub(crate) fn plain(description: &Description, prompt: &str) -> Task {
    Task {
        prompt: prompt.to_owned(),
        sources: vec![csv(SOURCE, columns(COLUMNS.map(|(name, kind)| (name.to_owned(), kind))), Some(ROWS))],
        ..empty(description)
    }
}

/// A task without prompt and sources, for code of a caller's own.
pub(crate) fn empty(description: &Description) -> Task {
    Task {
        prompt: String::new(),
        sources: Vec::new(),
        output: None,
        platform: None,
        places: places(description),
        options: Vec::new(),
    }
}

/// As many sources as the contract allows, with many columns each.
pub(crate) fn large(description: &Description) -> Task {
    let source = |number: usize| {
        let named = (0..MANY).map(|column| (format!("column_{number}_{column}"), "decimal(10,2)"));
        csv(&format!("s3://conformance/large/{number}.csv"), columns(named), None)
    };
    Task { sources: (0..limit::SOURCES).map(source).collect(), ..plain(description, PROMPT) }
}

/// A prompt as long as the contract allows.
pub(crate) fn wordy(description: &Description) -> Task {
    let sentence = "and then show the sum of amount by region where day is after 2024-01-01 ";
    let prompt = sentence.repeat(limit::PROMPT / sentence.len());
    plain(description, &prompt)
}

/// One place for each platform; the target is named as the framework, as hosts name those of their own machine.
fn places(description: &Description) -> Vec<Place> {
    let target = &description.framework;
    let place = |name: &String| Place { platform: name.clone(), target: target.clone() };
    description.platforms.iter().map(|platform| place(&platform.name)).collect()
}

fn csv(uri: &str, columns: Vec<Column>, sample: Option<&str>) -> Source {
    Source::Objects(ObjectSource {
        uri: uri.to_owned(),
        format: Some("csv".to_owned()),
        bytes: Some(ROWS.len() as u64),
        columns,
        properties: vec![("header".to_owned(), "true".to_owned()), ("delimiter".to_owned(), ",".to_owned())],
        sample: sample.map(str::to_owned),
    })
}

fn columns<'a>(of: impl IntoIterator<Item = (String, &'a str)>) -> Vec<Column> {
    let column = |(name, kind): (String, &str)| Column { name, data_type: Some(kind.to_owned()), comment: None };
    of.into_iter().map(column).collect()
}
