//! The programs in `corpus/` are what their names say: `valid_`, `names_`, `unsafe_`, `syntax_`.

use std::{fs, path::Path};

use enginehouse_pycheck::{Policy, Program, Syntax, check};
use enginehouse_sdk::{Finding, Severity};

fn findings(code: &str) -> Result<Vec<Finding>, Vec<Finding>> {
    let syntax = Syntax::parse(code)?;
    Ok(check(
        &Program::read(&syntax),
        &Policy { modules: &["pyspark", "pandas", "numpy", "ray", "boto3", "awsglue", "yaml"], ..Policy::default() },
    ))
}

#[test]
fn the_corpus_is_what_its_names_say() {
    let folder = Path::new("tests/corpus");
    for path in fs::read_dir(folder).expect("the corpus is there").map(|entry| entry.expect("an entry").path()) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let findings = findings(&fs::read_to_string(&path).expect("text"));
        let errors: Vec<_> = match &findings {
            Ok(findings) | Err(findings) => findings.iter().filter(|f| f.severity == Severity::Error).collect(),
        };
        match name.split('_').next().unwrap() {
            "valid" => assert!(errors.is_empty(), "{name}: {errors:#?}"),
            "names" => assert!(errors.iter().any(|f| f.rule == "C003"), "{name}"),
            "unsafe" => assert!(errors.iter().any(|f| f.rule.starts_with('X')), "{name}"),
            "syntax" => assert!(findings.is_err(), "{name}"),
            other => panic!("{name}: no program is {other}"),
        }
    }
}
