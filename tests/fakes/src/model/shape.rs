//! Values held against the shapes of a model.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

/// The shapes of a service, by name.
#[derive(Debug)]
pub(crate) struct Shapes(Map<String, Value>);

/// A member of a structure, and where it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    /// What it is called on the wire.
    pub(crate) wire: String,
    pub(crate) shape: String,
    pub(crate) place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
    /// Headers that begin with `wire`.
    Headers,
    Status,
    /// The whole body.
    Payload,
    Body,
}

impl Shapes {
    pub(crate) fn new(shapes: &Value) -> Self {
        Self(shapes.as_object().unwrap().clone())
    }

    /// The members of a structure.
    pub(crate) fn members(&self, structure: &str) -> Vec<Member> {
        let shape = &self.0[structure];
        let payload = shape["payload"].as_str();
        let members = shape["members"].as_object().into_iter().flatten();
        members
            .map(|(name, member)| Member {
                name: name.clone(),
                wire: member["locationName"].as_str().unwrap_or(name).to_owned(),
                shape: member["shape"].as_str().unwrap().to_owned(),
                place: match member["location"].as_str() {
                    _ if payload == Some(name) => Place::Payload,
                    Some("uri") => Place::Path,
                    Some("querystring") => Place::Query,
                    Some("header") => Place::Header,
                    Some("headers") => Place::Headers,
                    Some("statusCode") => Place::Status,
                    _ => Place::Body,
                },
            })
            .collect()
    }

    pub(crate) fn kind(&self, shape: &str) -> &str {
        self.0[shape]["type"].as_str().unwrap_or_default()
    }

    /// The names of a structure's members that are never missing.
    pub(crate) fn required(&self, structure: &str) -> impl Iterator<Item = &str> {
        self.0[structure]["required"].as_array().into_iter().flatten().filter_map(Value::as_str)
    }

    pub(crate) fn is_event_stream(&self, shape: &str) -> bool {
        self.0[shape]["eventstream"].as_bool() == Some(true)
    }

    /// Whether a body of so many bytes is one of a blob's or a text's.
    pub(crate) fn check_size(&self, shape: &str, bytes: usize, at: &str, wrong: &mut Vec<String>) {
        if matches!(self.kind(shape), "blob" | "string") {
            bounds(&self.0[shape], bytes as f64, "bytes", at, wrong);
        }
    }

    pub(crate) fn error_status(&self, code: &str) -> Option<u16> {
        let shape = self.0.get(code)?;
        let status = shape["error"]["httpStatusCode"].as_u64();
        let usual = if shape["fault"].as_bool() == Some(true) { 500 } else { 400 };
        Some(status.map_or(usual, |status| u16::try_from(status).unwrap()))
    }

    /// What a value has that its shape does not allow; `at` says where in the message it stands.
    pub(crate) fn check(&self, shape: &str, value: &Value, at: &str, wrong: &mut Vec<String>) {
        let rules = &self.0[shape];
        let mut expect = |holds: bool, what: &str| {
            if !holds {
                wrong.push(format!("{at} is to be {what}, and is {value}"));
            }
        };
        match rules["type"].as_str().unwrap_or_default() {
            "structure" if rules["document"].as_bool() == Some(true) => {}
            "structure" => self.structure(shape, value, at, wrong),
            "list" => match value.as_array() {
                Some(items) => {
                    bounds(rules, items.len() as f64, "items", at, wrong);
                    let item = rules["member"]["shape"].as_str().unwrap();
                    for (n, value) in items.iter().enumerate() {
                        self.check(item, value, &format!("{at}[{n}]"), wrong);
                    }
                }
                None => expect(false, "a list"),
            },
            "map" => match value.as_object() {
                Some(entries) => {
                    bounds(rules, entries.len() as f64, "entries", at, wrong);
                    for (key, value) in entries {
                        self.check(rules["key"]["shape"].as_str().unwrap(), &key.clone().into(), at, wrong);
                        self.check(rules["value"]["shape"].as_str().unwrap(), value, &format!("{at}.{key}"), wrong);
                    }
                }
                None => expect(false, "a map"),
            },
            "string" => match value.as_str() {
                Some(text) => {
                    bounds(rules, text.chars().count() as f64, "characters", at, wrong);
                    let allowed = rules["enum"].as_array();
                    if allowed.is_some_and(|allowed| !allowed.contains(value)) {
                        wrong.push(format!("{at} cannot be {value}"));
                    }
                }
                None => expect(false, "a string"),
            },
            "integer" | "long" => match value.as_i64() {
                Some(number) => bounds(rules, number as f64, "", at, wrong),
                None => expect(false, "a whole number"),
            },
            "float" | "double" => match value.as_f64() {
                Some(number) => bounds(rules, number, "", at, wrong),
                None => expect(false, "a number"),
            },
            "boolean" => expect(value.is_boolean(), "true or false"),
            "timestamp" => match rules["timestampFormat"].as_str() {
                Some(format) => expect(value.as_str().is_some_and(is_time), &format!("a time as {format}")),
                None => expect(value.is_number(), "a time in seconds since 1970"),
            },
            "blob" => match value.as_str().and_then(|text| STANDARD.decode(text).ok()) {
                Some(bytes) => bounds(rules, bytes.len() as f64, "bytes", at, wrong),
                None => expect(false, "bytes in base64"),
            },
            other => wrong.push(format!("{at}: the type {other} is not known here")),
        }
    }

    fn structure(&self, shape: &str, value: &Value, at: &str, wrong: &mut Vec<String>) {
        let Some(given) = value.as_object() else {
            wrong.push(format!("{at} is to be a structure, and is {value}"));
            return;
        };
        let members: BTreeMap<_, _> =
            self.members(shape).into_iter().map(|member| (member.wire.clone(), member)).collect();
        for (key, value) in given {
            let at = format!("{at}.{key}");
            match members.get(key) {
                // As the protocols have it, null is as good as nothing.
                Some(_) if value.is_null() => {}
                Some(member) => self.check_member(member, value, &at, wrong),
                None => wrong.push(format!("{at} is no member of {shape}")),
            }
        }
        for name in self.required(shape) {
            let is_there = |member: &Member| given.get(&member.wire).is_some_and(|value| !value.is_null());
            if !members.values().any(|member| member.name == name && is_there(member)) {
                wrong.push(format!("{at} lacks the member `{name}`, which is required"));
            }
        }
        let count = given.values().filter(|value| !value.is_null()).count();
        if self.0[shape]["union"].as_bool() == Some(true) && count != 1 {
            wrong.push(format!("{at} is to have one member of several, and has {count}"));
        }
    }

    /// The same for what a member holds, where it travels.
    pub(crate) fn check_member(&self, member: &Member, value: &Value, at: &str, wrong: &mut Vec<String>) {
        match (member.place, value) {
            // The placeholder of a body that is not looked into.
            (Place::Payload, Value::String(_)) => {}
            // Outside of bodies a time is written out.
            (Place::Query | Place::Header, value) if self.kind(&member.shape) == "timestamp" => {
                if !value.as_str().is_some_and(is_time) {
                    wrong.push(format!("{at} is to be a time, and is {value}"));
                }
            }
            _ => self.check(&member.shape, value, at, wrong),
        }
    }
}

fn bounds(rules: &Value, size: f64, unit: &str, at: &str, wrong: &mut Vec<String>) {
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    if let Some(min) = rules["min"].as_f64().filter(|min| size < *min) {
        wrong.push(format!("{at} has {size}{unit}, and at least {min} are asked for"));
    }
    if let Some(max) = rules["max"].as_f64().filter(|max| size > *max) {
        wrong.push(format!("{at} has {size}{unit}, and at most {max} are allowed"));
    }
}

/// `2026-08-01T10:00:00Z`, or as HTTP writes it: `Sat, 01 Aug 2026 10:00:00 GMT`.
fn is_time(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits >= 12 && (text.ends_with('Z') && text.contains('T') || text.ends_with(" GMT"))
}
