//! A program that is being written: its imports, its helpers and its lines.

use std::collections::BTreeSet;

use super::helpers::Helper;

/// What a program imports; the derived order is that of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Import {
    Decimal,
    Json,
    Os,
    Pandas,
    Arrow,
    Compute,
    Parquet,
    Csv,
}

impl Import {
    fn line(self) -> &'static str {
        match self {
            Self::Decimal => "import decimal",
            Self::Json => "import json",
            Self::Os => "import os",
            Self::Pandas => "import pandas as pd",
            Self::Arrow => "import pyarrow as pa",
            Self::Compute => "import pyarrow.compute as pc",
            Self::Parquet => "import pyarrow.parquet as pq",
            Self::Csv => "from pyarrow import csv",
        }
    }
}

pub(super) struct Code {
    imports: BTreeSet<Import>,
    helpers: BTreeSet<Helper>,
    head: Vec<String>,
    lines: Vec<String>,
}

impl Code {
    /// With the lines that stand before everything but the imports.
    pub(super) fn new(head: Vec<String>) -> Self {
        Self { imports: BTreeSet::new(), helpers: BTreeSet::new(), head, lines: Vec::new() }
    }

    pub(super) fn import(&mut self, import: Import) {
        self.imports.insert(import);
    }

    pub(super) fn helper(&mut self, helper: Helper) {
        self.helpers.insert(helper);
        self.imports.extend(helper.imports());
    }

    pub(super) fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// An empty line, where the line before is not one.
    pub(super) fn blank(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(String::new());
        }
    }

    /// A function of the program, run by Ray where it is remote.
    pub(super) fn function(&mut self, remote: bool, name: &str, parameters: &str, body: &[String]) {
        self.blank();
        self.line("");
        if remote {
            self.line("@ray.remote");
        }
        self.line(format!("def {name}({parameters}):"));
        self.lines.extend(body.iter().map(|line| format!("    {line}")));
        self.line("");
        self.line("");
    }

    /// The whole program.
    pub(super) fn finish(self) -> String {
        let mut lines = Vec::new();
        let (own, others): (Vec<Import>, Vec<Import>) =
            self.imports.into_iter().partition(|import| *import <= Import::Os);
        lines.extend(own.into_iter().map(|import| import.line().to_owned()));
        lines.push(String::new());
        let (plain, from): (Vec<Import>, Vec<Import>) = others.into_iter().partition(|import| *import < Import::Csv);
        lines.extend(plain.into_iter().map(|import| import.line().to_owned()));
        lines.push("import ray".to_owned());
        lines.extend(from.into_iter().map(|import| import.line().to_owned()));
        // The request's comment and the set-up come first, then the helpers, then what was asked for.
        lines.push(String::new());
        lines.extend(self.head);
        for helper in self.helpers {
            lines.extend([String::new(), String::new(), helper.text().trim().to_owned()]);
        }
        lines.extend([String::new(), String::new()]);
        let mut body: Vec<String> = self.lines.into_iter().skip_while(String::is_empty).collect();
        while body.last().is_some_and(String::is_empty) {
            body.pop();
        }
        lines.append(&mut body);
        let text = lines.join("\n");
        format!("{}\n", collapsed(&text))
    }
}

/// At most two empty lines in a row. No literal holds a line break, so that none is touched.
fn collapsed(text: &str) -> String {
    let mut text = text.to_owned();
    while text.contains("\n\n\n\n") {
        text = text.replace("\n\n\n\n", "\n\n\n");
    }
    text
}
