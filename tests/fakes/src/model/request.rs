//! From a request on the wire to an operation and its input.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, Method, Uri};
use bytes::Bytes;
use serde_json::{Map, Value};

use super::{Operation, Protocol, ServiceModel, shape::Place};

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

/// A request as the model reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// `StartJobRun`; empty where it is none of the service's.
    pub operation: String,
    /// The members of the input under their names on the wire, wherever they travelled; a body that is one blob stands in it as an
    /// empty text.
    pub input: Value,
    /// What the model does not allow.
    pub wrong: Vec<String>,
}

impl ServiceModel {
    /// Finds the operation, reads its input, and holds that against the model.
    pub fn read(&self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Request {
        let Some((operation, found)) = self.find(method, uri, headers, body) else {
            let wrong = vec![format!("{method} {uri} is no operation of the service")];
            return Request { operation: String::new(), input: Value::Null, wrong };
        };
        let (mut input, mut wrong) = (Map::new(), Vec::new());
        let Operation { input: shape, .. } = &self.operations[&operation];
        let Some(shape) = shape else { return Request { operation, input: Value::Null, wrong } };
        let query = self.query(uri, &operation);
        let members = self.shapes.members(shape);
        let mut known_query = Vec::new();
        let mut known_headers: Vec<String> = Vec::new();
        let mut payload = None;
        for member in &members {
            let kind = self.shapes.kind(&member.shape);
            let text = match member.place {
                Place::Path => found.get(&member.wire).cloned(),
                Place::Query => {
                    known_query.push(member.wire.clone());
                    query.get(&member.wire).cloned()
                }
                Place::Header => {
                    known_headers.push(member.wire.to_ascii_lowercase());
                    headers.get(&member.wire).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
                }
                Place::Headers => {
                    known_headers.push(member.wire.to_ascii_lowercase());
                    None
                }
                Place::Payload => {
                    payload = Some(member);
                    None
                }
                Place::Body | Place::Status => None,
            };
            if let Some(text) = text {
                input.insert(member.wire.clone(), typed(kind, &text));
            }
        }
        for name in query.keys().filter(|name| !known_query.contains(name)) {
            // The client's own marker in every S3 request.
            if name != "x-id" {
                wrong.push(format!("the query has a `{name}`, which {operation} does not know"));
            }
        }
        for name in headers.keys().map(axum::http::HeaderName::as_str) {
            let known = known_headers
                .iter()
                .any(|known| known == name || known.ends_with('-') && name.starts_with(known.as_str()));
            if name.starts_with("x-amz") && !known && !USUAL.contains(&name) {
                wrong.push(format!("there is a header `{name}`, which {operation} does not know"));
            }
        }
        match payload {
            Some(member) => {
                let raw =
                    matches!(self.shapes.kind(&member.shape), "blob" | "string") || self.protocol == Protocol::RestXml;
                if raw && !body.is_empty() {
                    input.insert(member.wire.clone(), Value::String(String::new()));
                } else if !raw {
                    input.insert(member.wire.clone(), json(body, &mut wrong));
                }
            }
            None if self.protocol == Protocol::RestXml => {}
            None if self.protocol == Protocol::Query => {
                for (name, value) in url::form_urlencoded::parse(body) {
                    if name != "Action" && name != "Version" {
                        input.insert(name.into_owned(), Value::String(value.into_owned()));
                    }
                }
            }
            None if body.is_empty() => {}
            None => match json(body, &mut wrong) {
                Value::Object(members) => input.extend(members),
                other => wrong.push(format!("the body is to be an object, and is {other}")),
            },
        }
        let input = Value::Object(input);
        self.shapes.check(shape, &input, &operation, &mut wrong);
        Request { operation, input, wrong }
    }

    fn find(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Option<(String, BTreeMap<String, String>)> {
        match self.protocol {
            Protocol::Json => {
                let target = headers.get("x-amz-target")?.to_str().ok()?;
                let name = target.strip_prefix(&self.target_prefix)?.strip_prefix('.')?;
                let fits = method == Method::POST && uri.path() == "/" && self.operations.contains_key(name);
                fits.then(|| (name.to_owned(), BTreeMap::new()))
            }
            Protocol::Query => {
                let mut form = url::form_urlencoded::parse(body);
                let (_, name) = form.find(|(name, _)| name == "Action")?;
                let fits = method == Method::POST && self.operations.contains_key(&*name);
                fits.then(|| (name.into_owned(), BTreeMap::new()))
            }
            Protocol::RestJson | Protocol::RestXml => {
                let fitting = self.operations.iter().filter(|(_, operation)| operation.method == method.as_str());
                let fitting = fitting.filter_map(|(name, operation)| {
                    let (path, query) = operation.path.split_once('?').unwrap_or((&operation.path, ""));
                    let labels = labels(path, uri.path())?;
                    let asked: BTreeMap<_, _> = pairs(uri.query().unwrap_or_default());
                    let has_all = pairs(query).iter().all(|(name, value)| asked.get(name) == Some(value));
                    has_all.then(|| (query.len(), path.matches('{').count(), name.clone(), labels))
                });
                // The one that says most: with a query of its own, and with the fewest labels.
                let best = fitting.max_by_key(|(query, labels, ..)| (*query, std::cmp::Reverse(*labels)))?;
                Some((best.2, best.3))
            }
        }
    }

    /// The query without what belongs to the operation's own path.
    fn query(&self, uri: &Uri, operation: &str) -> BTreeMap<String, String> {
        let path = &self.operations[operation].path;
        let own = pairs(path.split_once('?').map_or("", |(_, query)| query));
        let mut query = pairs(uri.query().unwrap_or_default());
        query.retain(|name, _| !own.contains_key(name));
        query
    }
}

fn pairs(query: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// What stands in a path at the labels of a pattern.
fn labels(pattern: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let (mut given, wanted) = (path.trim_matches('/').split('/'), pattern.trim_matches('/').split('/'));
    for wanted in wanted {
        match wanted.strip_prefix('{').and_then(|label| label.strip_suffix('}')) {
            Some(greedy) if greedy.ends_with('+') => {
                let rest: Vec<_> = given.by_ref().collect();
                if rest.is_empty() {
                    return None;
                }
                found.insert(greedy.trim_end_matches('+').to_owned(), decoded(&rest.join("/")));
            }
            Some(label) => {
                let value = given.next().filter(|value| !value.is_empty())?;
                found.insert(label.to_owned(), decoded(value));
            }
            None if given.next() == Some(wanted) => {}
            None => return None,
        }
    }
    given.next().is_none().then_some(found)
}

fn decoded(text: &str) -> String {
    let text = text.replace('+', "%2B");
    url::form_urlencoded::parse(format!("x={text}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
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
