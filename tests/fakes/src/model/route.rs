//! Which operations a request may mean.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, Method, Uri};
use bytes::Bytes;

use super::{Protocol, ServiceModel};

/// What a query says under each name; a name may come more than once.
pub(super) type Query = BTreeMap<String, Vec<String>>;

/// An operation that a request may mean by its method and address.
pub(super) struct Route {
    pub(super) operation: String,
    /// What stands in the path at the operation's labels.
    pub(super) labels: BTreeMap<String, String>,
    /// The query without what belongs to the operation's own path.
    pub(super) query: Query,
    /// How much of the address the operation spells out; the more, the more likely it is meant.
    pub(super) literal: usize,
}

impl ServiceModel {
    pub(super) fn routes(&self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Vec<Route> {
        let asked = pairs(uri.query().unwrap_or_default());
        match self.protocol {
            Protocol::Json | Protocol::Query => {
                let name = match self.protocol {
                    Protocol::Json => self.target(headers),
                    _ => pairs(std::str::from_utf8(body).unwrap_or_default())
                        .remove("Action")
                        .and_then(|mut given| given.pop()),
                };
                let fits = method == Method::POST && uri.path() == "/";
                let name = name.filter(|name| fits && self.operations.contains_key(name));
                name.map(|operation| Route { operation, labels: BTreeMap::new(), query: asked, literal: 0 })
                    .into_iter()
                    .collect()
            }
            Protocol::RestJson | Protocol::RestXml => {
                let fitting = self.operations.iter().filter(|(_, operation)| operation.method == method.as_str());
                let routes = fitting.filter_map(|(name, operation)| {
                    let (path, own) = operation.path.split_once('?').unwrap_or((&operation.path, ""));
                    let labels = labels(path, uri.path(), self.protocol)?;
                    let (own, mut query) = (pairs(own), asked.clone());
                    if !own.iter().all(|(name, value)| asked.get(name) == Some(value)) {
                        return None;
                    }
                    query.retain(|name, _| !own.contains_key(name));
                    let literal = 100 * own.len() + path.split('/').filter(|part| !part.starts_with('{')).count();
                    Some(Route { operation: name.clone(), labels, query, literal })
                });
                routes.collect()
            }
        }
    }

    fn target(&self, headers: &HeaderMap) -> Option<String> {
        let target = headers.get("x-amz-target")?.to_str().ok()?;
        Some(target.strip_prefix(&self.target_prefix)?.strip_prefix('.')?.to_owned())
    }
}

fn pairs(query: &str) -> Query {
    let mut pairs = Query::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()).into_owned() {
        pairs.entry(name).or_default().push(value);
    }
    pairs
}

/// What stands in a path at the labels of a pattern.
fn labels(pattern: &str, path: &str, protocol: Protocol) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let (mut given, wanted) = (path.strip_prefix('/')?.split('/'), pattern.strip_prefix('/')?.split('/'));
    for wanted in wanted {
        match wanted.strip_prefix('{').and_then(|label| label.strip_suffix('}')) {
            Some(label) if label.ends_with('+') => {
                let rest = given.by_ref().collect::<Vec<_>>().join("/");
                if rest.is_empty() {
                    return None;
                }
                found.insert(label.trim_end_matches('+').to_owned(), decoded(&rest));
            }
            Some(label) => {
                let value = given.next().filter(|value| !value.is_empty())?;
                found.insert(label.to_owned(), decoded(value));
            }
            None if given.next() == Some(wanted) => {}
            None => return None,
        }
    }
    // `/bucket/` is as good as `/bucket`; elsewhere a slash more is another address.
    match (given.next(), protocol) {
        (None, _) => Some(found),
        (Some(""), Protocol::RestXml) => given.next().is_none().then_some(found),
        _ => None,
    }
}

fn decoded(text: &str) -> String {
    // A plus in a path is a plus.
    let text = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(text.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}
