//! From what a plugin says to what a function wants to be handed.

use std::collections::BTreeMap;

use enginehouse_capabilities::{Error, Result};
use serde_json::{Map, Value};

/// What a function is handed: functions differ in the names of their members, plugins do not.
#[derive(Debug, Clone, PartialEq)]
pub enum PayloadShape {
    /// What the plugin says, byte for byte.
    AsIs,
    /// An object of its own.
    Members {
        /// From the plugin's names to the function's; what is not named here is left out.
        names: BTreeMap<String, String>,
        /// Members that are always there, whatever the plugin says.
        constants: Map<String, Value>,
    },
}

impl Default for PayloadShape {
    /// `{spark_code, s3_output_path}`.
    fn default() -> Self {
        let names = [("code", "spark_code"), ("output", "s3_output_path")];
        Self::Members { names: names.map(|(from, to)| (from.to_owned(), to.to_owned())).into(), constants: Map::new() }
    }
}

impl PayloadShape {
    /// The text to send for a plugin's payload.
    ///
    /// # Errors
    /// `Invalid` where the payload is no JSON, or no object where members are to be renamed.
    pub(super) fn apply(&self, payload: &str) -> Result<String> {
        let no_json = |e| Error::Invalid(format!("the payload of a function is JSON, and this is not: {e}"));
        match self {
            Self::AsIs => {
                serde_json::from_str::<serde::de::IgnoredAny>(payload).map_err(no_json)?;
                Ok(payload.to_owned())
            }
            Self::Members { names, constants } => {
                let Value::Object(given) = serde_json::from_str(payload).map_err(no_json)? else {
                    return Err(Error::Invalid("the payload of this function is a JSON object".into()));
                };
                let named = given.into_iter().filter_map(|(name, value)| Some((names.get(&name)?.clone(), value)));
                let mut shaped: Map<_, _> = named.collect();
                shaped.extend(constants.clone());
                Ok(Value::Object(shaped).to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shaped(shape: &PayloadShape, payload: &str) -> Value {
        serde_json::from_str(&shape.apply(payload).unwrap()).unwrap()
    }

    #[test]
    fn the_usual_shape_is_the_one_that_functions_for_spark_have() {
        let payload = r#"{"code": "print('é\n')", "output": "s3://b/out/", "token": "r1", "more": [1]}"#;
        assert_eq!(
            shaped(&PayloadShape::default(), payload),
            json!({"spark_code": "print('é\n')", "s3_output_path": "s3://b/out/"})
        );
    }

    #[test]
    fn constants_are_there_whatever_the_plugin_says() {
        let shape = PayloadShape::Members {
            names: [("code".to_owned(), "script".to_owned()), ("x".to_owned(), "iterate".to_owned())].into(),
            constants: json!({"iterate": false, "kind": {"engine": "spark"}}).as_object().unwrap().clone(),
        };
        assert_eq!(
            shaped(&shape, r#"{"code": "a", "x": true}"#),
            json!({"script": "a", "iterate": false, "kind": {"engine": "spark"}})
        );
        assert_eq!(shaped(&shape, "{}"), json!({"iterate": false, "kind": {"engine": "spark"}}));
    }

    #[test]
    fn as_it_is_means_byte_for_byte() {
        for payload in ["{ \"b\": 1,  \"a\": 1.0 }", "[1, 2]", "null"] {
            assert_eq!(PayloadShape::AsIs.apply(payload).unwrap(), payload);
        }
    }

    #[test]
    fn what_is_no_json_or_no_object_is_invalid() {
        for payload in ["", "{", "{\"a\": NaN}"] {
            assert!(matches!(PayloadShape::AsIs.apply(payload), Err(Error::Invalid(_))), "{payload}");
            assert!(matches!(PayloadShape::default().apply(payload), Err(Error::Invalid(_))), "{payload}");
        }
        assert!(matches!(PayloadShape::default().apply("[1]"), Err(Error::Invalid(_))));
    }
}
