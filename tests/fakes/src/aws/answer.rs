//! From what a fake says to bytes on the wire.

use axum::{
    body::Body,
    http::{Response, StatusCode},
};
use serde_json::{Map, Value, json};

use crate::model::{Member, Place, Protocol, ServiceModel};

/// Errors that every service has, whether its model names them or not.
const EVERYWHERE: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "InternalError",
    "InternalServerException",
    "InvalidAccessKeyId",
    "SlowDown",
    "ThrottlingException",
    "UnrecognizedClientException",
    "ValidationException",
];

/// What a fake says.
#[derive(Debug)]
pub enum Answer {
    /// The members of the operation's output under their names on the wire. The base puts each where the model says.
    Output(Value),
    /// The same with a body of its own: for outputs whose payload is a blob or a stream, and for what only a later model knows, such as a
    /// state that is new.
    Body(Value, Body),
    /// A response that a service gave, handed on as it is.
    Whole(Response<Body>),
    /// An error of the model, or one that every service has.
    Error {
        /// None: as the model says.
        status: Option<u16>,
        /// `EntityNotFoundException`.
        code: String,
        /// For people.
        message: String,
    },
}

impl Answer {
    /// An error of the operation's model.
    pub fn error(code: &str, message: &str) -> Self {
        Self::Error { status: None, code: code.to_owned(), message: message.to_owned() }
    }

    pub(super) fn error_with(status: u16, code: &str, message: &str) -> Self {
        Self::Error { status: Some(status), code: code.to_owned(), message: message.to_owned() }
    }

    /// The response, held against the model.
    ///
    /// # Errors
    /// What the service would not say.
    pub(super) fn into_response(self, model: &ServiceModel, operation: &str) -> Result<Response<Body>, Vec<String>> {
        match self {
            Self::Error { status, code, message } => {
                let known = model.operations.get(operation).is_none_or(|operation| operation.errors.contains(&code));
                match known || EVERYWHERE.contains(&code.as_str()) {
                    true => Ok(error(model, status, &code, &message)),
                    false => Err(vec![format!("the fake of {operation} answers {code}, which is no error of it")]),
                }
            }
            Self::Whole(response) => Ok(response),
            Self::Output(output) => output_of(model, operation, output, None),
            Self::Body(output, body) => output_of(model, operation, output, Some(body)),
        }
    }
}

fn error(model: &ServiceModel, status: Option<u16>, code: &str, message: &str) -> Response<Body> {
    let status = status.unwrap_or_else(|| model.status_of(code));
    let response =
        Response::builder().status(status).header("x-amzn-requestid", "00000000-0000-0000-0000-000000000000");
    match model.protocol {
        Protocol::Json => {
            // JSON-RPC services tell a throttled caller with 400.
            let status = if status == 500 { 500 } else { 400 };
            let body = json!({"__type": code, "message": message});
            response.status(status).header("content-type", "application/x-amz-json-1.1").body(body.to_string().into())
        }
        Protocol::RestJson => {
            let body = json!({"message": message});
            let response = response.header("x-amzn-errortype", code).header("content-type", "application/json");
            response.body(body.to_string().into())
        }
        Protocol::RestXml | Protocol::Query => {
            let error = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
            let body = match model.protocol {
                Protocol::Query => format!("<ErrorResponse>{error}</ErrorResponse>"),
                _ => error,
            };
            response.header("content-type", "text/xml").body(body.into())
        }
    }
    .unwrap()
}

fn output_of(
    model: &ServiceModel,
    name: &str,
    output: Value,
    body: Option<Body>,
) -> Result<Response<Body>, Vec<String>> {
    let operation = &model.operations[name];
    let shape = operation.output.as_deref();
    let wrong = unknown(model, shape, name, &output, body.is_some());
    if !wrong.is_empty() {
        return Err(wrong.into_iter().map(|wrong| format!("the fake answers what no service does: {wrong}")).collect());
    }
    let mut members = output.as_object().cloned().unwrap_or_default();
    let mut response = Response::builder().header("x-amzn-requestid", "00000000-0000-0000-0000-000000000000");
    let mut status = StatusCode::from_u16(operation.status).unwrap();
    let mut content_type = match model.protocol {
        Protocol::Json => Some(format!("application/x-amz-json-{}", model.json_version)),
        Protocol::RestJson => Some("application/json".to_owned()),
        Protocol::RestXml | Protocol::Query => Some("text/xml".to_owned()),
    };
    let mut in_body = Map::new();
    for member in shape.map(|shape| model.shapes.members(shape)).unwrap_or_default() {
        if member.place == Place::Payload && model.shapes.is_event_stream(&member.shape) {
            content_type = Some("application/vnd.amazon.eventstream".to_owned());
        }
        let Some(value) = members.remove(&member.wire).filter(|value| !value.is_null()) else { continue };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match (member.place, value) {
            (Place::Header, _) => {
                content_type.take_if(|_| member.wire.eq_ignore_ascii_case("content-type"));
                response = response.header(&member.wire, text);
            }
            (Place::Status, _) => status = StatusCode::from_u16(text.parse().unwrap()).unwrap(),
            (Place::Payload, Value::Object(payload)) => in_body = payload,
            (_, value) => drop(in_body.insert(member.wire, value)),
        }
    }
    if let Some(content_type) = content_type {
        response = response.header("content-type", content_type);
    }
    let body = match body {
        Some(body) => body,
        None if status == StatusCode::NO_CONTENT => Body::empty(),
        None if model.protocol == Protocol::Query => {
            let result = xml(&format!("{name}Result"), &Value::Object(in_body));
            format!("<{name}Response>{result}</{name}Response>").into()
        }
        None => Body::from(Value::Object(in_body).to_string()),
    };
    Ok(response.status(status).body(body).unwrap())
}

/// What the model does not know about an output. With a body of its own, only what travels beside it counts.
fn unknown(model: &ServiceModel, shape: Option<&str>, name: &str, output: &Value, has_body: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    let Some(shape) = shape else {
        if output.as_object().is_none_or(|members| !members.is_empty()) {
            wrong.push(format!("{name} has no output, and says {output}"));
        }
        return wrong;
    };
    if !has_body {
        model.shapes.check(shape, output, name, &mut wrong);
        return wrong;
    }
    let (members, given) = (model.shapes.members(shape), output.as_object().cloned().unwrap_or_default());
    for (key, value) in &given {
        match members.iter().find(|member| member.wire == *key && member.place != Place::Body) {
            Some(member) => model.shapes.check_member(member, value, &format!("{name}.{key}"), &mut wrong),
            None => wrong.push(format!("{name}.{key} does not travel beside a body")),
        }
    }
    for required in model.shapes.required(shape) {
        let missing = |member: &&Member| member.place == Place::Header && !given.contains_key(&member.wire);
        if members.iter().filter(missing).any(|member| member.name == required) {
            wrong.push(format!("{name} lacks the member `{required}`, which is required"));
        }
    }
    wrong
}

/// Structures and texts alone: lists have many forms in XML.
fn xml(name: &str, value: &Value) -> String {
    let inner = match value {
        Value::Object(members) => members.iter().map(|(name, value)| xml(name, value)).collect(),
        Value::String(text) => text.replace('&', "&amp;").replace('<', "&lt;"),
        other => other.to_string(),
    };
    format!("<{name}>{inner}</{name}>")
}
