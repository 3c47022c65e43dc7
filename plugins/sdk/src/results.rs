//! What a program left under its output prefix, as named tables and figures.

use std::collections::BTreeMap;

use crate::{Attempt, Error, Failure, Outcome, Table, host::objects};

/// The name of what was written to the output prefix itself; also the table shown first.
const MAIN: &str = "result";
/// The contract's limits on an outcome.
const MAX_TABLES: usize = 16;
const MAX_FIGURES: usize = 100;
const MAX_URIS: usize = 10_000;

/// How an engine leaves what it writes.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// What stands before a quote within a quoted cell of its CSV files; none where it is doubled.
    pub csv_escape: Option<char>,
    /// Files whose names begin so are whole only beside a `_SUCCESS`; files under other names were written whole.
    pub success_for: Option<&'static str>,
}

/// Lists the attempt's output and sorts it into tables: each prefix right below it is one, and what lies at the output
/// itself is `result`.
///
/// # Errors
/// [`Failure::Host`] where the output cannot be listed, a table is unfinished or mixed, or there are too many.
pub fn collect(attempt: &Attempt, layout: Layout) -> Result<Outcome, Failure> {
    let (mut uris, mut after) = (Vec::new(), None);
    loop {
        let page = match objects::list(&attempt.output, after.as_deref()) {
            // A bucket comes with its first object: a program that only prints may leave none.
            Err(Error::NotFound(_)) => break,
            page => page.map_err(Failure::Host)?,
        };
        uris.extend(page.entries.into_iter().map(|entry| entry.uri));
        after = match page.next {
            Some(_) if uris.len() > MAX_URIS => return Err(too_many("objects", MAX_URIS)),
            Some(next) => Some(next),
            None => break,
        };
    }
    sort(&attempt.output, uris, layout)
}

#[derive(Default)]
struct Written {
    format: Option<&'static str>,
    uris: Vec<String>,
    finished: bool,
    mixed: bool,
}

fn sort(output: &str, uris: Vec<String>, layout: Layout) -> Result<Outcome, Failure> {
    let mut tables: BTreeMap<String, Written> = BTreeMap::new();
    let mut figures = Vec::new();
    for uri in uris {
        let Some(relative) = uri.strip_prefix(output) else { continue };
        let file = relative.rsplit('/').next().unwrap_or(relative);
        let name = match relative.split_once('/') {
            Some((first, _)) if !first.contains('=') => first,
            _ => MAIN,
        };
        if file == "_SUCCESS" {
            tables.entry(name.to_owned()).or_default().finished = true;
        } else if file.starts_with(['.', '_']) {
            continue;
        } else if is_figure(file) {
            figures.push(uri);
        } else if let Some(format) = format_of(file) {
            let table = tables.entry(name.to_owned()).or_default();
            table.mixed |= table.format.is_some_and(|known| known != format);
            table.format = Some(format);
            table.finished |= !layout.success_for.is_some_and(|parts| file.starts_with(parts));
            table.uris.push(uri);
        }
    }
    if figures.len() > MAX_FIGURES {
        return Err(too_many("figures", MAX_FIGURES));
    }
    let mut found = Vec::new();
    for (name, written) in tables {
        let Some(format) = written.format else { continue };
        if !written.finished {
            return Err(broken(format!("the table `{name}` has no `_SUCCESS`: its write did not finish")));
        }
        if written.mixed {
            return Err(broken(format!(
                "the table `{name}` holds files of several formats: write each to its own prefix"
            )));
        }
        let csv = format == "csv";
        let escape = layout.csv_escape.filter(|_| csv);
        found.push(Table { name, format: format.to_owned(), header: csv, escape, uris: written.uris });
    }
    if found.len() > MAX_TABLES {
        return Err(too_many("tables", MAX_TABLES));
    }
    found.sort_by_key(|table| table.name != MAIN);
    Ok(Outcome { tables: found, figures, ..Outcome::default() })
}

fn format_of(file: &str) -> Option<&'static str> {
    let file = file.to_ascii_lowercase();
    [("parquet", "parquet"), ("csv", "csv"), ("json", "json"), ("jsonl", "json")]
        .into_iter()
        .find(|(ending, _)| file.rsplit_once('.').is_some_and(|(_, found)| found == *ending))
        .map(|(_, format)| format)
}

fn is_figure(file: &str) -> bool {
    file.rsplit_once('.')
        .is_some_and(|(_, ending)| ["png", "svg", "html"].contains(&ending.to_ascii_lowercase().as_str()))
}

fn broken(text: String) -> Failure {
    Failure::Host(Error::Other(text))
}

fn too_many(what: &str, limit: usize) -> Failure {
    Failure::Host(Error::Other(format!("the program wrote more than {limit} {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUT: &str = "s3://house/runs/1/1/output/";
    const SPARK: Layout = Layout { csv_escape: Some('\\'), success_for: Some("part-") };

    fn sorted(relative: &[&str]) -> Result<Outcome, Failure> {
        sort(OUT, relative.iter().map(|key| format!("{OUT}{key}")).collect(), SPARK)
    }

    #[test]
    fn each_sub_prefix_is_a_table_and_the_result_comes_first() {
        let outcome = sorted(&[
            "by_region/_SUCCESS",
            "by_region/part-00000-x.snappy.parquet",
            "by_region/part-00001-x.snappy.parquet",
            "result/_SUCCESS",
            "result/part-00000-x.csv",
            "plot.png",
            "charts/shares.svg",
            "report.HTML",
            "result/._SUCCESS.crc",
        ])
        .unwrap();
        let names: Vec<_> = outcome.tables.iter().map(|t| (t.name.as_str(), t.format.as_str(), t.uris.len())).collect();
        assert_eq!(names, [("result", "csv", 1), ("by_region", "parquet", 2)]);
        let figures = ["plot.png", "charts/shares.svg", "report.HTML"].map(|key| format!("{OUT}{key}"));
        assert_eq!(outcome.figures, figures);
    }

    #[test]
    fn what_lies_at_the_prefix_itself_is_the_result() {
        let outcome = sorted(&["_SUCCESS", "part-00000.json", "year=2024/part-00001.json"]).unwrap();
        assert_eq!(outcome.tables.len(), 1);
        assert_eq!(outcome.tables[0].name, "result");
        assert_eq!(outcome.tables[0].uris.len(), 2);
    }

    #[test]
    fn an_unfinished_or_mixed_table_is_an_error() {
        assert!(sorted(&["result/part-00000.parquet"]).is_err());
        assert!(sorted(&["result/_SUCCESS", "result/part-0.parquet", "result/part-1.csv"]).is_err());
    }

    #[test]
    fn an_engine_without_marks_is_not_waited_for() {
        let uris = vec![format!("{OUT}result/0_abc_000000.csv"), format!("{OUT}part-0.csv")];
        let outcome = sort(OUT, uris, Layout { csv_escape: None, success_for: None }).unwrap();
        assert_eq!(outcome.tables.len(), 1);
        assert_eq!((outcome.tables[0].uris.len(), outcome.tables[0].escape), (2, None));
    }

    #[test]
    fn nothing_written_is_no_table() {
        assert_eq!(sorted(&[]).unwrap().tables, []);
    }
}
