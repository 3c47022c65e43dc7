//! What a server of tools offers: jobs, or one tool that runs a program and waits for it.

use enginehouse_sdk::{
    Attempt, Error, Failure,
    host::tools::{self, Reply, Tool},
};
use serde_json::Value;

/// What a gateway puts between the name of its target and that of a tool.
const JOINT: &str = "___";
/// The tools of jobs that a run needs.
const JOBS: [&str; 4] = ["submit_job", "job_status", "job_logs", "stop_job"];

/// How programs are run there; the run's ticket from `submit` on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// The tools of jobs, all under this prefix.
    Jobs(String),
    /// This tool takes a program and answers when it has ended.
    Once(String),
}

impl Way {
    /// Looks at what the attempt's server offers.
    pub(super) fn find(attempt: &Attempt) -> Result<Self, Failure> {
        let server = &attempt.place.target;
        let offered = tools::list(server).map_err(Failure::Host)?;
        Self::among(&offered).map_err(|reason| Failure::Unsupported(format!("the server of tools `{server}` {reason}")))
    }

    fn among(offered: &[Tool]) -> Result<Self, String> {
        let has = |name: String| offered.iter().any(|tool| tool.name == name);
        let prefixes = offered.iter().filter_map(|tool| tool.name.strip_suffix(JOBS[0]));
        let mut prefixes = prefixes.filter(|prefix| prefix.is_empty() || prefix.ends_with(JOINT));
        if let Some(prefix) = prefixes.find(|prefix| JOBS.iter().all(|name| has(format!("{prefix}{name}")))) {
            return Ok(Self::Jobs(prefix.to_owned()));
        }
        let programs: Vec<&Tool> = offered.iter().filter(|tool| takes_code_alone(tool)).collect();
        match programs.as_slice() {
            [tool] => Ok(Self::Once(tool.name.clone())),
            [] => Err(format!("offers neither {} nor a tool that takes `code` alone", JOBS.join(", "))),
            [_, ..] => {
                Err("offers several tools that take `code`, and which of them runs it cannot be told".to_owned())
            }
        }
    }

    pub(super) fn ticket(&self) -> String {
        match self {
            Self::Jobs(prefix) => format!("jobs {prefix}"),
            Self::Once(tool) => format!("once {tool}"),
        }
    }

    pub(super) fn of(ticket: &str) -> Result<Self, Failure> {
        match ticket.split_once(' ') {
            Some(("jobs", prefix)) => Ok(Self::Jobs(prefix.to_owned())),
            Some(("once", tool)) => Ok(Self::Once(tool.to_owned())),
            _ => Err(Failure::Host(Error::Other("the ticket is not one of a cluster's".to_owned()))),
        }
    }
}

/// Whether nothing but a program has to be given.
fn takes_code_alone(tool: &Tool) -> bool {
    let schema: Value = serde_json::from_str(&tool.input_schema).unwrap_or_default();
    let code = schema.pointer("/properties/code").is_some();
    let required = schema.get("required").and_then(Value::as_array);
    code && required.is_none_or(|names| names.iter().all(|name| name == "code"))
}

/// Calls a tool that answers at once.
pub(super) fn call(attempt: &Attempt, tool: &str, arguments: &Value) -> Result<Value, Error> {
    let reply = tools::call(&attempt.place.target, tool, &arguments.to_string())?;
    answer(&reply)
}

/// The answer of a tool, or what it says went wrong: `{"error": {"kind": …, "message": …}}`, else whatever it is.
pub(super) fn answer(reply: &Reply) -> Result<Value, Error> {
    let content: Value = serde_json::from_str(&reply.content)
        .map_err(|_| Error::Other("the server of tools answers what is no JSON".to_owned()))?;
    let content = unwrapped(content);
    let part = |name: &str| content.get("error").and_then(|error| error.get(name)).and_then(Value::as_str);
    // Functions behind a gateway have no other way to say so.
    if !reply.is_error && part("kind").is_none() {
        return Ok(content);
    }
    let text = match (part("message"), &content) {
        (Some(message), _) => message.to_owned(),
        (None, Value::String(text)) => text.clone(),
        (None, other) => other.to_string(),
    };
    Err(match part("kind") {
        Some("unavailable" | "timed-out" | "quota-exceeded") => Error::Unavailable(text),
        Some("not-found") => Error::NotFound(text),
        Some("denied") => Error::Denied(text),
        Some("invalid") => Error::Invalid(text),
        Some("unconfigured") => Error::Unconfigured(text),
        Some("conflict") => Error::Conflict(text),
        _ => Error::Other(text),
    })
}

/// What a tool itself answered: some libraries put a text that is JSON into an object of one member, `result`.
fn unwrapped(content: Value) -> Value {
    let inner = match content {
        Value::Object(mut members) if members.len() == 1 && members.contains_key("result") => {
            members.remove("result").unwrap_or_default()
        }
        other => other,
    };
    match &inner {
        Value::String(text) => serde_json::from_str(text).ok().filter(Value::is_object).unwrap_or(inner),
        _ => inner,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(tools: &[(&str, &str)]) -> Vec<Tool> {
        let tool = |(name, schema): &(&str, &str)| Tool {
            name: (*name).to_owned(),
            description: String::new(),
            input_schema: (*schema).to_owned(),
        };
        tools.iter().map(tool).collect()
    }

    const CODE: &str = r#"{"properties": {"code": {}, "ray_cluster_ip": {}}, "required": ["code"]}"#;

    #[test]
    fn jobs_are_found_under_whatever_prefix_before_a_tool_that_waits() {
        for prefix in ["", "ray-target___"] {
            let named: Vec<String> = JOBS.iter().map(|name| format!("{prefix}{name}")).collect();
            let mut tools: Vec<(&str, &str)> = named.iter().map(|name| (name.as_str(), "{}")).collect();
            tools.push(("other___execute", CODE));
            assert_eq!(Way::among(&offered(&tools)), Ok(Way::Jobs(prefix.to_owned())));
            tools.remove(3);
            assert_eq!(Way::among(&offered(&tools)), Ok(Way::Once("other___execute".to_owned())));
        }
    }

    #[test]
    fn one_tool_that_takes_code_alone_is_enough_and_two_are_too_many() {
        let more = r#"{"properties": {"code": {}, "account": {}}, "required": ["code", "account"]}"#;
        let one = offered(&[("target___validate_ray_code", CODE), ("bill", more), ("weather", "{}")]);
        let way = Way::among(&one).unwrap();
        assert_eq!(way, Way::Once("target___validate_ray_code".to_owned()));
        assert_eq!(Way::of(&way.ticket()).unwrap(), way);
        assert!(Way::among(&offered(&[("a", CODE), ("b", CODE)])).unwrap_err().contains("several"));
        assert!(Way::among(&offered(&[("bill", more), ("odd", "no schema")])).unwrap_err().contains("submit_job"));
        assert!(Way::of("").is_err());
    }

    #[test]
    fn what_a_tool_says_went_wrong_keeps_its_meaning() {
        let reply = |content: &str| answer(&Reply { content: content.to_owned(), is_error: true });
        let told = reply(r#"{"error": {"kind": "not-found", "message": "no job"}}"#);
        assert!(matches!(told, Err(Error::NotFound(text)) if text == "no job"));
        let quiet =
            Reply { content: r#"{"error": {"kind": "unavailable", "message": "gone"}}"#.into(), is_error: false };
        assert!(matches!(answer(&quiet), Err(Error::Unavailable(_))));
        assert!(matches!(reply("\"An internal error occurred\""), Err(Error::Other(text)) if text.starts_with("An")));
        assert!(matches!(reply(r#"{"a": 1}"#), Err(Error::Other(_))));
        assert_eq!(answer(&Reply { content: "{}".into(), is_error: false }).unwrap(), serde_json::json!({}));
    }
}
