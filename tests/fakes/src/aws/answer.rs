//! From what a fake says to bytes on the wire.

use axum::{
    body::Body,
    http::{Response, StatusCode},
};
use serde_json::{Map, Value, json};

use crate::model::{Place, Protocol, ServiceModel};

/// Errors that every service has, whether its model names them or not.
const EVERYWHERE: &[&str] = &[
    "AccessDeniedException",
    "ExpiredTokenException",
    "InternalServerException",
    "ThrottlingException",
    "UnrecognizedClientException",
    "ValidationException",
];

/// What a fake says.
#[derive(Debug)]
pub enum Answer {
    /// The members of the operation's output under their names on the wire. The base puts each where the model says.
    Output(Value),
    /// The same with a body of its own, for outputs whose payload is a blob or a stream.
    Body(Value, Body),
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
    pub(super) fn into_response(self, model: &ServiceModel, operation: &str) -> Response<Body> {
        match self {
            Self::Error { status, code, message } => {
                let known = model.operations.get(operation).is_none_or(|operation| operation.errors.contains(&code));
                assert!(known || EVERYWHERE.contains(&code.as_str()), "{operation} has no error {code}");
                error(model, status, &code, &message)
            }
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

fn output_of(model: &ServiceModel, name: &str, output: Value, body: Option<Body>) -> Response<Body> {
    let operation = &model.operations[name];
    let mut response = Response::builder().header("x-amzn-requestid", "00000000-0000-0000-0000-000000000000");
    let mut status = StatusCode::from_u16(operation.status).unwrap();
    let content_type = match model.protocol {
        Protocol::Json => "application/x-amz-json-1.1",
        Protocol::RestJson => "application/json",
        Protocol::RestXml | Protocol::Query => "text/xml",
    };
    let mut members = output.as_object().expect("an output is an object").clone();
    let mut in_body = Map::new();
    let mut has_type = false;
    if let Some(shape) = &operation.output {
        let mut wrong = Vec::new();
        if body.is_none() {
            model.shapes.check(shape, &output, name, &mut wrong);
        }
        assert!(wrong.is_empty(), "the fake of {name} says what the service does not: {wrong:?}");
        for member in model.shapes.members(shape) {
            let Some(value) = members.remove(&member.wire) else { continue };
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            match member.place {
                Place::Header => {
                    has_type |= member.wire.eq_ignore_ascii_case("content-type");
                    response = response.header(&member.wire, text);
                }
                Place::Status => status = StatusCode::from_u16(text.parse().unwrap()).unwrap(),
                Place::Payload => match value {
                    Value::Object(payload) => in_body = payload,
                    other => panic!("the payload of {name} is given as a body of its own, and not as {other}"),
                },
                _ => {
                    in_body.insert(member.wire, value);
                }
            }
        }
    }
    assert!(members.is_empty(), "the fake of {name} says what the service does not: {members:?}");
    if !has_type {
        response = response.header("content-type", content_type);
    }
    let body = body.unwrap_or_else(|| Body::from(Value::Object(in_body).to_string()));
    response.status(status).body(body).unwrap()
}
