//! The smallest whole supervisor: the framework `hello`, whose programs greet people.
//!
//! Every call gets a fresh instance, so nothing can be kept in memory between two calls: what a later call needs goes into the
//! ticket. `language.rs` has the language itself; this file is what the host sees of it. `wit/supervisor.wit` says what each
//! function promises.

mod language;

use enginehouse_sdk::{
    Attempt, Description, Draft, Earlier, Failure, Finding, Health, LogChunk, Outcome, Phase, Platform, Progress, Rule,
    Setting, Severity, Supervisor, Task, host,
};
use serde_json::json;

/// How people are greeted where the operator does not say otherwise.
const GREETING: &str = "Hello";

struct Hello;

impl Supervisor for Hello {
    /// Constant. The host calls it when it loads the plugin, and refuses options and settings that are not listed.
    fn describe() -> Description {
        let rule = |id: &str, summary: &str| Rule {
            id: id.to_owned(),
            severity: Severity::Error,
            summary: summary.to_owned(),
            page: String::new(),
        };
        let setting = |name: &str, summary: &str, default: &str| Setting {
            name: name.to_owned(),
            summary: summary.to_owned(),
            default: Some(default.to_owned()),
        };
        Description {
            framework: "hello".to_owned(),
            title: "Hello".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            platforms: vec![Platform { name: "here".to_owned(), summary: "within the plugin itself".to_owned() }],
            rules: vec![
                rule("H001", "every line begins with `say`"),
                rule("H002", "`say` is followed by a name"),
                rule("H003", &format!("a program has at most {} bytes", language::MAX_BYTES)),
            ],
            // From callers, in each request. The other one is from the operator, in the server's configuration.
            options: vec![setting("tone", "`plain`, or `loud` for capitals", "plain")],
            settings: vec![setting("greeting", "how people are greeted", GREETING)],
        }
    }

    /// Writes code for a request. What it does not understand it refuses, and says what to write instead: a guess would run.
    /// `earlier` is for plugins that ask a model, and learn from what was wrong the last time.
    fn generate(task: &Task, _earlier: &[Earlier]) -> Result<Draft, Failure> {
        let prompt = task.prompt.split_whitespace().collect::<Vec<_>>().join(" ");
        let people = prompt.strip_prefix("greet ").unwrap_or_default().replace(" and ", ",");
        let says: Vec<_> = people
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(|name| format!("say {name}"))
            .collect();
        if says.is_empty() {
            let text = "Hello understands `greet NAME and NAME`: write, for example, `greet Ada and Alan`";
            return Err(Failure::Unsupported(text.to_owned()));
        }
        Ok(Draft { code: says.join("\n"), author: "recipes".to_owned(), notes: Vec::new() })
    }

    /// Reads code, written above or brought by a caller, and runs none of it. Code with an error never comes to `submit`.
    fn validate(_task: &Task, code: &str) -> Vec<Finding> {
        language::findings(code)
    }

    /// Starts the work and gives a ticket to find it by. Here no engine works: the work itself goes into the ticket, the first
    /// line says how to greet, the others whom.
    fn submit(task: &Task, code: &str, _attempt: &Attempt) -> Result<String, Failure> {
        let greeting = host::setting("greeting").unwrap_or_else(|| GREETING.to_owned());
        let greeting = greeting.lines().next().unwrap_or_default();
        let tone = task.options.iter().find(|(name, _)| name == "tone").map_or("plain", |(_, tone)| tone);
        match tone {
            "plain" => Ok(format!("{greeting}\n{code}")),
            "loud" => Ok(format!("{}\n{code}", greeting.to_uppercase())),
            other => Err(Failure::Unsupported(format!("the option `tone` is `plain` or `loud`, and not `{other}`"))),
        }
    }

    /// How far the work is. With an engine you ask it here; this work is done when it is fetched.
    fn poll(_attempt: &Attempt, _ticket: &str) -> Result<Progress, Failure> {
        Ok(Progress { phase: Phase::Succeeded, detail: None, poll_after_ms: 0 })
    }

    /// The results: tables under the attempt's output prefix, a JSON document, or both.
    fn fetch(_attempt: &Attempt, ticket: &str) -> Result<Outcome, Failure> {
        let (greeting, code) = work(ticket)?;
        let greetings: Vec<_> = language::names(code).map(|name| format!("{greeting}, {name}!")).collect();
        Ok(Outcome { document: Some(json!({ "greetings": greetings }).to_string()), ..Outcome::default() })
    }

    /// What the code printed, from a position that is the plugin's own to choose; here the bytes that were told before.
    fn log(_attempt: &Attempt, ticket: &str, after: u64) -> Result<LogChunk, Failure> {
        let (_, code) = work(ticket)?;
        let printed: String = language::names(code).map(|name| format!("greeted {name}\n")).collect();
        let rest = usize::try_from(after).ok().and_then(|after| printed.get(after..)).unwrap_or_default();
        Ok(LogChunk { text: rest.to_owned(), next: printed.len() as u64, end: true, dropped: 0 })
    }

    /// What stands behind each platform, for people who ask.
    fn status() -> Result<Vec<Health>, Failure> {
        let detail = "needs nothing".to_owned();
        Ok(vec![Health { platform: "here".to_owned(), ready: true, detail }])
    }

    // `plan` chooses the only platform, and `cancel` has nothing to stop: what the SDK does by itself is right for both.
}

enginehouse_sdk::register!(Hello);

/// How to greet, and the program, from the ticket that `submit` gave.
fn work(ticket: &str) -> Result<(&str, &str), Failure> {
    ticket.split_once('\n').ok_or_else(|| Failure::Lost("the ticket is none of this plugin's".to_owned()))
}

#[cfg(test)]
mod tests {
    use enginehouse_sdk::testing::{attempt, task};

    use super::*;

    /// What a task comes to, from its first call to its last.
    fn document(task: &Task) -> Result<String, Failure> {
        let code = Hello::generate(task, &[])?.code;
        assert_eq!(Hello::validate(task, &code), []);
        let attempt = attempt("here");
        let ticket = Hello::submit(task, &code, &attempt)?;
        assert_eq!(Hello::poll(&attempt, &ticket)?.phase, Phase::Succeeded);
        assert_eq!(Hello::fetch(&attempt, &ticket), Hello::fetch(&attempt, &ticket), "any number of times");
        Ok(Hello::fetch(&attempt, &ticket)?.document.unwrap())
    }

    #[test]
    fn a_request_becomes_greetings() {
        let asked = task("greet Ada and Alan", Vec::new());
        assert_eq!(Hello::generate(&asked, &[]).unwrap().code, "say Ada\nsay Alan");
        assert_eq!(document(&asked).unwrap(), r#"{"greetings":["Hello, Ada!","Hello, Alan!"]}"#);
    }

    #[test]
    fn what_is_not_understood_is_refused_with_what_to_write() {
        for prompt in ["", "greet", "greet , ,", "sing for Ada"] {
            let refused = Hello::generate(&task(prompt, Vec::new()), &[]);
            assert!(matches!(&refused, Err(Failure::Unsupported(text)) if text.contains("greet Ada")), "{refused:?}");
        }
    }

    #[test]
    fn a_caller_chooses_the_tone() {
        let with =
            |tone: &str| Task { options: vec![("tone".to_owned(), tone.to_owned())], ..task("greet Ada", Vec::new()) };
        assert_eq!(document(&with("loud")).unwrap(), r#"{"greetings":["HELLO, Ada!"]}"#);
        assert!(matches!(document(&with("rude")), Err(Failure::Unsupported(text)) if text.contains("`rude`")));
    }

    #[test]
    fn a_log_goes_on_where_it_was_left_and_ends() {
        let attempt = attempt("here");
        let ticket = Hello::submit(&task("", Vec::new()), "say Ada\nsay Alan", &attempt).unwrap();
        let first = Hello::log(&attempt, &ticket, 0).unwrap();
        assert_eq!((first.text.as_str(), first.end), ("greeted Ada\ngreeted Alan\n", true));
        assert_eq!(Hello::log(&attempt, &ticket, 12).unwrap().text, "greeted Alan\n");
        assert_eq!(Hello::log(&attempt, &ticket, first.next).unwrap().text, "");
    }
}
