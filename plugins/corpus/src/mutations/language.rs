//! Syntax, names, leftovers: what is wrong in any Python program.

use super::{Beside, at_end, error, in_function, warning};
use crate::mutation::{Mutant, Mutation};

pub(super) fn all(beside: Beside) -> Vec<Mutation> {
    vec![
        error("C001", "a bracket is missing", &[], |valid| {
            let (before, _) = valid.code.split_once("\n)\n")?;
            let in_text = before.matches("\"\"\"").count() % 2 == 1;
            let code = valid.replace("\n)\n", "\n\n").filter(|_| !in_text)?;
            Some(Mutant { places: vec![valid.body()..code.len()], code })
        }),
        error("C001", "the answer was cut off", &[], |valid| {
            let at = valid.code.rfind("os.environ[")?;
            let code = valid.code.get(..at + "os.environ[".len())?.to_owned();
            Some(Mutant { places: vec![valid.body()..code.len()], code })
        }),
        error("C001", "the indentation is off", &[], |valid| at_end(valid, "x_1 = 1\n   x_2 = 2", "x_2")),
        error("C001", "a return outside of a function", &[], |valid| at_end(valid, "return 41", "return 41")),
        error("C001", "a print of Python 2", &[], |valid| {
            at_end(valid, "print \"finished 41\"", "print \"finished 41\"")
        }),
        error("C002", "a fence around it", &["C001"], |valid| {
            Mutant::at(format!("```python\n{}```\n", valid.code), "```")
                .map(|mutant| Mutant { places: vec![0..9, mutant.places[0].clone()], ..mutant })
        }),
        error("C002", "a fence left at the end", &["C001"], |valid| Mutant::at(valid.append("```"), "```")),
        error("C002", "thinking before it", &["C001"], |valid| {
            let code = format!("<think>\nFirst I read the file.\n</think>\n{}", valid.code);
            Some(Mutant { places: vec![0..code.find("</think>")? + 8], code })
        }),
        error("C002", "prose before it", &["C001"], |valid| {
            let code = format!("Here is the program that you asked for:\n\n{}", valid.code);
            Some(Mutant { code, places: vec![0..39] })
        }),
        error("C002", "prose after it", &["C001"], |valid| {
            at_end(valid, "This script reads the data and writes the result.", "This script reads")
        }),
        error("C003", "os is not imported", beside.written, |valid| {
            Mutant::at_any(valid.without(|line| line == "import os")?, "os.")
        }),
        error("C003", "a name is misspelt", &[], |valid| at_end(valid, "print(corpus_resutl)", "corpus_resutl")),
        error("C003", "a name is misspelt in a function", &[], |valid| {
            in_function(valid, "rows = [1]\nreturn len(corpus_rwos)", "corpus_rwos")
        }),
        error("C003", "a name is used after it was deleted", &[], |valid| {
            at_end(valid, "corpus_gone = 1\ndel corpus_gone\nprint(corpus_gone)", "corpus_gone)")
        }),
        error("C003", "a helper is not defined", &[], |valid| {
            at_end(valid, "corpus_log_metrics({\"rows\": 1})", "corpus_log_metrics")
        }),
        error("C005", "the bucket is a placeholder", beside.read, |valid| {
            let uri = valid.uri()?;
            let quoted = format!("\"{uri}\"");
            Mutant::at_any(valid.replace_all(&quoted, "\"s3://YOUR_BUCKET/data.csv\"")?, "YOUR_BUCKET")
        }),
        error("C005", "the output is a placeholder", beside.written, |valid| {
            let code = valid.replace("os.environ[\"OUTPUT_PATH\"]", "\"s3://<bucket>/output/\"")?;
            Mutant::at_any(code, "<bucket>")
        }),
        error("C005", "a path that stands for one", beside.read, |valid| {
            let quoted = format!("\"{}\"", valid.uri()?);
            Mutant::at_any(valid.replace_all(&quoted, "\"/path/to/your/data\"")?, "/path/to/your")
        }),
        error("C008", "a loop without an end", &[], |valid| at_end(valid, "while True:\n    print(41)", "while True")),
        error("C008", "a loop without an end in a function", &[], |valid| {
            in_function(valid, "n = 0\nwhile 1:\n    n += 41", "while 1")
        }),
        error("C008", "a loop that only goes on", &[], |valid| {
            at_end(valid, "while True:\n    if len(str(41)) > 1:\n        continue\n    print(41)", "while True")
        }),
        error("C010", "a library that is not there", &[], |valid| {
            Mutant::at(valid.after_imports("from sklearn.cluster import KMeans")?, "import KMeans")
        }),
        error("C010", "a library that is not there, by another name", &[], |valid| {
            Mutant::at(valid.after_imports("import matplotlib.pyplot as plt")?, "import matplotlib")
        }),
        error("C010", "a library that is not there, in a function", &[], |valid| {
            in_function(valid, "import polars as pl\nreturn pl", "import polars")
        }),
        error("C010", "a module of one's own", &[], |valid| {
            Mutant::at(valid.after_imports("from .helpers import clean")?, "import clean")
        }),
        warning("C007", "failures are hidden", |valid| {
            let statements = "try:\n    print(int(\"41\"))\nexcept Exception:\n    pass";
            Mutant::at(valid.append(statements), "except Exception:\n    pass")
        }),
        warning("C009", "chance without a seed", |valid| {
            let free = !valid.code.contains("random");
            free.then(|| at_end(valid, "import random\nprint(random.random() + 41)", "random.random()"))?
        }),
        warning("C004", "an import without use", |valid| {
            Mutant::at(valid.after_imports("import graphlib")?, "import graphlib")
        }),
    ]
}
