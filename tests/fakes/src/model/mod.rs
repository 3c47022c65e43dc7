//! A service's published API model: botocore's `service-2.json`.

mod request;
mod route;
mod shape;

use std::{collections::BTreeMap, fs, io::Read};

use serde_json::Value;

pub use self::request::Request;
pub(crate) use self::shape::{Member, Place, Shapes};
use crate::python;

/// The release whose models count.
pub const BOTOCORE: &str = "botocore==1.44.5";

/// How a service puts its messages on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// One path, the operation in a header.
    Json,
    /// Paths, query and headers, JSON in the body.
    RestJson,
    /// The same with XML; bodies are not looked into.
    RestXml,
    /// A form.
    Query,
}

/// One service: its operations, and what they take and give.
#[derive(Debug)]
pub struct ServiceModel {
    pub(crate) protocol: Protocol,
    /// The service as signatures name it.
    pub(crate) signing_name: String,
    /// What stands before an operation's name in `X-Amz-Target`.
    pub(crate) target_prefix: String,
    /// `1.1`; empty where bodies are not JSON-RPC.
    pub(crate) json_version: String,
    pub(crate) operations: BTreeMap<String, Operation>,
    pub(crate) shapes: Shapes,
}

#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) method: String,
    /// `/applications/{applicationId}/jobruns`, with a query where that belongs to the operation.
    pub(crate) path: String,
    pub(crate) status: u16,
    /// Names of shapes.
    pub(crate) input: Option<String>,
    pub(crate) output: Option<String>,
    pub(crate) errors: Vec<String>,
}

impl ServiceModel {
    /// The newest model of a service by its folder in botocore: `glue`, `emr-serverless`.
    pub fn load(service: &str) -> Self {
        let folder = python::site_packages(&python::environment(&[BOTOCORE])).join("botocore/data").join(service);
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("no model of {service}: {error}"));
        let newest = entries.map(|entry| entry.unwrap().path()).max().expect("a version");
        let text = match File::of(&newest) {
            File::Plain(path) => fs::read_to_string(path).unwrap(),
            File::Gzip(path) => {
                let mut text = String::new();
                flate2::read::GzDecoder::new(fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
                text
            }
        };
        Self::parse(&serde_json::from_str(&text).unwrap())
    }

    fn parse(model: &Value) -> Self {
        let metadata = &model["metadata"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let protocol = match metadata["protocol"].as_str() {
            Some("json") => Protocol::Json,
            Some("rest-json") => Protocol::RestJson,
            Some("rest-xml") => Protocol::RestXml,
            Some("query") => Protocol::Query,
            other => panic!("the protocol {other:?} is not known here"),
        };
        let signing_name = match &metadata["signingName"] {
            Value::String(name) => name.clone(),
            _ => text(&metadata["endpointPrefix"]),
        };
        let shape = |value: &Value| value["shape"].as_str().map(str::to_owned);
        let operation = |value: &Value| Operation {
            method: text(&value["http"]["method"]),
            path: text(&value["http"]["requestUri"]),
            status: value["http"]["responseCode"].as_u64().map_or(200, |status| u16::try_from(status).unwrap()),
            input: shape(&value["input"]),
            output: shape(&value["output"]),
            errors: value["errors"].as_array().into_iter().flatten().filter_map(shape).collect(),
        };
        let operations = model["operations"].as_object().unwrap();
        Self {
            protocol,
            signing_name,
            target_prefix: text(&metadata["targetPrefix"]),
            json_version: text(&metadata["jsonVersion"]),
            operations: operations.iter().map(|(name, value)| (name.clone(), operation(value))).collect(),
            shapes: Shapes::new(&model["shapes"]),
        }
    }

    /// The status that goes with an error of an operation; 400 for one that every service has.
    pub(crate) fn status_of(&self, code: &str) -> u16 {
        self.shapes.error_status(code).unwrap_or(400)
    }
}

enum File {
    Plain(std::path::PathBuf),
    Gzip(std::path::PathBuf),
}

impl File {
    fn of(folder: &std::path::Path) -> Self {
        let plain = folder.join("service-2.json");
        if plain.exists() { Self::Plain(plain) } else { Self::Gzip(folder.join("service-2.json.gz")) }
    }
}
