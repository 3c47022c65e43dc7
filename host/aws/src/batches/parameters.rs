//! The line of parameters that a batch is started with.
//!
//! The service takes one text and splits it as a shell would, in words of its own choosing: so nothing goes into it whose meaning
//! could depend on how it is split.

use std::collections::BTreeMap;

use enginehouse_capabilities::{BatchRequest, Error, ObjectUri, Result};

/// The most characters of the line.
const MAX_CHARACTERS: usize = 102_400;

/// `--jars … --conf a=b …`, none where there is nothing to say. `operators` are the operator's properties: they win.
///
/// # Errors
/// `Invalid` for what cannot be said in it, or for too much of it.
pub(super) fn of(request: &BatchRequest, operators: &[(String, String)]) -> Result<Option<String>> {
    let mut words = Vec::new();
    if !request.jars.is_empty() {
        let jars = request.jars.iter().map(jar).collect::<Result<Vec<_>>>()?;
        words.extend(["--jars".to_owned(), jars.join(",")]);
    }
    let properties: BTreeMap<_, _> =
        request.properties.iter().chain(operators).map(|(key, value)| (key, value)).collect();
    for (key, value) in properties {
        words.extend(["--conf".to_owned(), property(key, value)?]);
    }
    let line = words.join(" ");
    if line.len() > MAX_CHARACTERS {
        return Err(Error::Invalid(format!(
            "the properties and jars of the batch take {} characters, more than {MAX_CHARACTERS}",
            line.len()
        )));
    }
    Ok(Some(line).filter(|line| !line.is_empty()))
}

fn jar(uri: &ObjectUri) -> Result<String> {
    let text = uri.to_string();
    // A comma would make two of one.
    match text.bytes().all(|byte| is_plain(byte) && byte != b',') {
        true => Ok(text),
        false => Err(Error::Invalid(format!("the jar `{uri}` cannot be handed to a batch: give it a plainer name"))),
    }
}

/// `key=value`, in quotes where that keeps it in one piece.
fn property(key: &str, value: &str) -> Result<String> {
    let name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if key.is_empty() || key.starts_with('-') || !key.bytes().all(name) {
        return Err(Error::Invalid(format!("`{}` is no name of a property", key.escape_debug())));
    }
    if value.bytes().all(is_plain) {
        return Ok(format!("{key}={value}"));
    }
    let kept = |character: char| match character {
        '"' | '\'' | '\\' | '$' | '`' | '!' => false,
        _ => !character.is_control() && (character == ' ' || !character.is_whitespace()),
    };
    match value.chars().all(kept) {
        true => Ok(format!("\"{key}={value}\"")),
        false => Err(Error::Invalid(format!(
            "the property `{key}` cannot be handed to a batch: its value has quotes, backslashes, `$`, `!`, backticks or line breaks"
        ))),
    }
}

/// Means itself in every reading of the line.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'/' | b'=' | b',' | b'@' | b'%' | b'+')
}

#[cfg(test)]
mod tests {
    use enginehouse_capabilities::Token;
    use uuid::Uuid;

    use super::*;

    fn request(properties: &[(&str, &str)], jars: &[&str]) -> BatchRequest {
        BatchRequest {
            token: Token::of_attempt(Uuid::from_u128(7), 1),
            target: "spark".into(),
            name: "a name".into(),
            entry_point: "s3://runs/scratch/main.py".parse().unwrap(),
            arguments: vec![],
            properties: owned(properties),
            jars: jars.iter().map(|jar| jar.parse().unwrap()).collect(),
            timeout_minutes: 1,
        }
    }

    fn owned(properties: &[(&str, &str)]) -> Vec<(String, String)> {
        properties.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_operators_properties_win() {
        let request =
            request(&[("spark.executor.cores", "64"), ("spark.a", "1")], &["s3://jars/a.jar", "s3://jars/b.jar"]);
        let line =
            of(&request, &owned(&[("spark.executor.cores", "2"), ("spark.z", "s3://x/y?".trim_end_matches('?'))]));
        assert_eq!(
            line.unwrap().unwrap(),
            "--jars s3://jars/a.jar,s3://jars/b.jar --conf spark.a=1 --conf spark.executor.cores=2 --conf spark.z=s3://x/y"
        );
    }

    #[test]
    fn nothing_to_say_is_nothing_said() {
        assert_eq!(of(&request(&[], &[]), &[]).unwrap(), None);
    }

    #[test]
    fn a_value_of_several_words_stays_one() {
        let request = request(&[("spark.driver.extraJavaOptions", "-Xss4m -Da=b;c"), ("spark.empty", "")], &[]);
        let line = of(&request, &[]).unwrap().unwrap();
        assert_eq!(line, "--conf \"spark.driver.extraJavaOptions=-Xss4m -Da=b;c\" --conf spark.empty=");
    }

    #[test]
    fn what_could_break_out_is_refused() {
        let values = [
            "\"",
            "a\" --class Evil",
            "'",
            "a\nb",
            "a\\",
            "$(id)",
            "`id`",
            "a\tb",
            "a\u{2028}b",
            "a\0",
            "!!",
            "a\u{a0}b",
        ];
        for value in values {
            let told = of(&request(&[("spark.a", value)], &[]), &[]);
            assert!(matches!(&told, Err(Error::Invalid(text)) if text.contains("spark.a")), "{value:?}: {told:?}");
        }
        for key in ["", "a b", "a=b", "--class", "spark.a\n--conf", "sparké", "\"a"] {
            assert!(matches!(of(&request(&[(key, "1")], &[]), &[]), Err(Error::Invalid(_))), "{key:?}");
        }
        for jar in ["s3://jars/a b.jar", "s3://jars/a,b.jar", "s3://jars/a\"b.jar", "s3://jars/$a.jar"] {
            assert!(matches!(of(&request(&[], &[jar]), &[]), Err(Error::Invalid(_))), "{jar:?}");
        }
    }

    #[test]
    fn too_much_is_refused() {
        let long = "x".repeat(MAX_CHARACTERS);
        assert!(matches!(of(&request(&[("spark.a", &long)], &[]), &[]), Err(Error::Invalid(_))));
    }
}
