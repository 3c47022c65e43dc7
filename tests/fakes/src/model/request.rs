//! From a request on the wire to an operation and its input.

use std::cmp::Reverse;

use axum::http::{HeaderMap, Method, Uri};
use bytes::Bytes;
use serde_json::{Map, Value};

use super::{
    Protocol, ServiceModel,
    route::Route,
    shape::{Member, Place},
};

/// Headers that a signed request has whatever the operation.
const USUAL: &[&str] = &[
    "x-amz-date",
    "x-amz-target",
    "x-amz-user-agent",
    "x-amz-security-token",
    "x-amz-content-sha256",
    // Checksums, which the models describe apart from the members.
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc64nvme",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-trailer",
    "x-amz-decoded-content-length",
    "x-amz-checksum-mode",
];

/// Headers of HTTP that change what an operation does, so that it has to know them.
const TELLING: &[&str] = &["if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "range"];

/// What a signature adds to the query of an address that is signed ahead.
const SIGNATURE: &[&str] = &[
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
];

/// A request as the model reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// `StartJobRun`; empty where it is none of the service's.
    pub operation: String,
    /// The members of the input under their names on the wire, wherever they travelled; a body that is one blob or is XML stands in
    /// it as an empty text.
    pub input: Value,
    /// What the model does not allow.
    pub wrong: Vec<String>,
}

impl ServiceModel {
    /// Finds the operation, reads its input, and holds that against the model.
    ///
    /// Operations of S3 share addresses, and only query and headers tell them apart: the one is meant that least speaks against.
    pub fn read(&self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Request {
        let routes = self.routes(method, uri, headers, body).into_iter();
        let readings = routes.map(|route| (route.literal, self.reading(route, headers, body)));
        let best = readings.min_by_key(|(literal, Request { input, wrong, .. })| {
            (wrong.len(), Reverse(*literal), Reverse(input.as_object().map_or(0, Map::len)))
        });
        best.map(|(_, request)| request).unwrap_or_else(|| Request {
            operation: String::new(),
            input: Value::Null,
            wrong: vec![format!("{method} {uri} is no operation of the service")],
        })
    }

    fn reading(&self, route: Route, headers: &HeaderMap, body: &Bytes) -> Request {
        let operation = &route.operation;
        let shape = self.operations[operation].input.as_deref();
        let members = shape.map(|shape| self.shapes.members(shape)).unwrap_or_default();
        let (mut input, mut wrong) = (Map::new(), Vec::new());
        for member in &members {
            let value = match member.place {
                Place::Path => route.labels.get(&member.wire).map(|text| typed(self.shapes.kind(&member.shape), text)),
                Place::Query => route.query.get(&member.wire).map(|given| self.of_query(member, given)),
                Place::Header => headers.get(&member.wire).map(|value| {
                    let text = String::from_utf8_lossy(value.as_bytes());
                    match self.shapes.kind(&member.shape) {
                        "list" => text.split(',').map(|item| Value::from(item.trim())).collect(),
                        kind => typed(kind, &text),
                    }
                }),
                Place::Headers | Place::Payload | Place::Body | Place::Status => None,
            };
            input.extend(value.map(|value| (member.wire.clone(), value)));
        }
        unknown_query(&route, &members, &mut wrong);
        unknown_headers(operation, headers, &members, &mut wrong);
        match members.iter().find(|member| member.place == Place::Payload) {
            Some(member) => self.payload(member, body, &mut input, &mut wrong),
            None => self.body(operation, headers, body, &mut input, &mut wrong),
        }
        let input = Value::Object(input);
        if let Some(shape) = shape {
            self.shapes.check(shape, &input, operation, &mut wrong);
        }
        Request { operation: route.operation, input, wrong }
    }

    fn of_query(&self, member: &Member, given: &[String]) -> Value {
        match (self.shapes.kind(&member.shape), given) {
            ("list", items) => items.iter().map(|item| Value::from(item.as_str())).collect(),
            (kind, [text]) => typed(kind, text),
            // Said twice: a list where there is to be none, which the check tells.
            (_, items) => items.iter().map(|item| Value::from(item.as_str())).collect(),
        }
    }

    fn payload(&self, member: &Member, body: &Bytes, input: &mut Map<String, Value>, wrong: &mut Vec<String>) {
        let raw = self.protocol == Protocol::RestXml || matches!(self.shapes.kind(&member.shape), "blob" | "string");
        if body.is_empty() {
            return;
        }
        let value = match raw {
            true => {
                self.shapes.check_size(&member.shape, body.len(), &member.wire, wrong);
                Value::String(String::new())
            }
            false => match json(body, wrong) {
                value @ Value::Object(_) => value,
                other => {
                    wrong.push(format!("the body is to be an object, and is {other}"));
                    return;
                }
            },
        };
        input.insert(member.wire.clone(), value);
    }

    fn body(
        &self,
        operation: &str,
        headers: &HeaderMap,
        body: &Bytes,
        input: &mut Map<String, Value>,
        wrong: &mut Vec<String>,
    ) {
        match self.protocol {
            Protocol::RestXml => {}
            Protocol::Query => {
                for (name, value) in url::form_urlencoded::parse(body) {
                    if name != "Action" && name != "Version" {
                        input.insert(name.into_owned(), Value::String(value.into_owned()));
                    }
                }
            }
            Protocol::RestJson if body.is_empty() => {}
            Protocol::Json | Protocol::RestJson => {
                let wanted = match self.protocol {
                    Protocol::Json => format!("application/x-amz-json-{}", self.json_version),
                    _ => "application/json".to_owned(),
                };
                if headers.get("content-type").is_none_or(|given| given != wanted.as_str()) {
                    wrong.push(format!("the body of {operation} is to be marked as {wanted}"));
                }
                match json(body, wrong) {
                    Value::Object(members) => input.extend(members),
                    other => wrong.push(format!("the body is to be an object, and is {other}")),
                }
            }
        }
    }
}

fn unknown_query(route: &Route, members: &[Member], wrong: &mut Vec<String>) {
    let signed_ahead = route.query.contains_key("X-Amz-Signature");
    for (name, given) in &route.query {
        let operation = &route.operation;
        let known = members.iter().any(|member| member.place == Place::Query && member.wire == *name);
        // The client's own marker in requests to S3.
        let marks = name == "x-id" && given.as_slice() == std::slice::from_ref(operation);
        let signs = signed_ahead && SIGNATURE.contains(&name.as_str());
        if !(known || marks || signs) {
            wrong.push(format!("the query has a `{name}`, which {operation} does not know"));
        }
    }
}

fn unknown_headers(operation: &str, headers: &HeaderMap, members: &[Member], wrong: &mut Vec<String>) {
    for name in headers.keys().map(axum::http::HeaderName::as_str) {
        let known = members.iter().any(|member| match member.place {
            Place::Header => member.wire.eq_ignore_ascii_case(name),
            Place::Headers => name.starts_with(&member.wire.to_ascii_lowercase()),
            _ => false,
        });
        let counts = name.starts_with("x-amz") && !USUAL.contains(&name) || TELLING.contains(&name);
        if counts && !known {
            wrong.push(format!("there is a header `{name}`, which {operation} does not know"));
        }
    }
}

fn typed(kind: &str, text: &str) -> Value {
    match kind {
        "integer" | "long" => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
        "float" | "double" => text.parse::<f64>().map_or_else(|_| text.into(), Value::from),
        "boolean" => text.parse::<bool>().map_or_else(|_| text.into(), Value::from),
        _ => text.into(),
    }
}

fn json(body: &Bytes, wrong: &mut Vec<String>) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|error| {
        wrong.push(format!("the body is no JSON: {error}"));
        Value::Null
    })
}
