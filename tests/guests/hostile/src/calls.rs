//! Deeds that are calls of the host: one line for each, with what became of it.

use enginehouse_sdk::{
    Attempt, Error, Place,
    host::{batches, catalog, codegen, functions, objects, processes, tools},
};

/// Every function of every interface that is granted; as for this attempt, or for one that is made up.
pub(crate) fn everything(attempt: Option<&Attempt>) -> Vec<String> {
    let made_up = Attempt {
        token: format!("r{:032x}-1", 7),
        output: "s3://runs/7/1/out/".into(),
        scratch: "s3://runs/7/1/scratch/".into(),
        place: Place { platform: "local".into(), target: "local".into() },
        timeout_seconds: 600,
    };
    let attempt = attempt.unwrap_or(&made_up);
    let target = attempt.place.target.as_str();
    let object = format!("{}x", attempt.scratch);
    let mut lines = vec![model()];
    lines.extend(on_object(&object));
    lines.extend([
        line("objects.list", objects::list(&attempt.scratch, None)),
        line("catalog.databases", catalog::databases(None)),
        line("catalog.tables", catalog::tables("sales", None)),
        line("catalog.table", catalog::table("sales", "orders")),
        line("batches.get", batches::get(target, "batch-1")),
        line("batches.log", batches::log(target, "batch-1", batches::Output::Stdout, 0)),
        line("batches.cancel", batches::cancel(target, "batch-1")),
        line("tools.list", tools::list(target)),
        line("tools.call", tools::call(target, "tool", "{}")),
        line("processes.probe", processes::probe(target)),
    ]);
    lines.extend(with_token(&attempt.token, attempt));
    lines
}

/// How each of them ended, in a word: short enough for a summary.
pub(crate) fn kinds() -> String {
    let lines = everything(None);
    let kinds: Vec<_> = lines.iter().filter_map(|line| line.split_once(": ")?.1.split(':').next()).collect();
    kinds.join(" ")
}

pub(crate) fn model() -> String {
    let message = codegen::Message { role: codegen::Role::User, text: "write".into() };
    let request = codegen::Request { system: String::new(), messages: vec![message], max_tokens: 10 };
    line("codegen.generate", codegen::generate(&request))
}

/// Every function that takes a token.
pub(crate) fn with_token(token: &str, attempt: &Attempt) -> Vec<String> {
    let target = attempt.place.target.as_str();
    let batch = batches::Request {
        token: token.into(),
        target: target.into(),
        name: "batch".into(),
        entry_point: format!("{}main.py", attempt.scratch),
        arguments: Vec::new(),
        properties: Vec::new(),
        jars: Vec::new(),
        timeout_minutes: 1,
    };
    let program = processes::Program {
        token: token.into(),
        engine: target.into(),
        prelude: String::new(),
        code: "print(1)".into(),
        timeout_seconds: 1,
    };
    vec![
        line("functions.start", functions::start(token, target, "{}")),
        line("functions.check", functions::check(token)),
        line("batches.start", batches::start(&batch)),
        line("tools.start", tools::start(token, target, "tool", "{}")),
        line("tools.check", tools::check(token)),
        line("processes.start", processes::start(&program)),
        line("processes.check", processes::check(token)),
        line("processes.log", processes::log(token, processes::Output::Stdout, 0)),
        line("processes.cancel", processes::cancel(token)),
    ]
}

/// Everywhere but where the attempt may go.
pub(crate) fn wander(attempt: &Attempt) -> Vec<String> {
    let own = &attempt.scratch;
    let places = [
        "s3://runs/8/1/out/part-0.csv".to_owned(),
        "s3://runs/8/1/scratch/".to_owned(),
        "s3://other-bucket/7/1/scratch/x".to_owned(),
        "s3://runs/7/1/scratchy/x".to_owned(),
        "file:///etc/passwd".to_owned(),
        format!("{own}../../2/out/x"),
        format!("{own}a/../../../../../etc/passwd"),
        format!("{own}./x"),
        format!("{own}/x"),
        format!("{own}a//b/"),
        format!("{own}a\0b"),
        format!("{own}a\\..\\b"),
        format!("{own}{}", "x".repeat(10_000)),
        own.trim_end_matches('/').to_owned(),
    ];
    let mut lines: Vec<_> = places.iter().flat_map(|place| on_object(place)).collect();
    lines.extend(places.iter().map(|place| line("objects.list", objects::list(place, None))));
    // Results are the program's to write.
    lines.push(line("objects.write", objects::write(&format!("{}x", attempt.output), b"x")));
    lines
}

fn on_object(uri: &str) -> [String; 3] {
    [
        line("objects.head", objects::head(uri)),
        line("objects.read", objects::read(uri, 0, 16)),
        line("objects.write", objects::write(uri, b"x")),
    ]
}

pub(crate) fn write_much(attempt: &Attempt) -> String {
    let body = vec![0; 100_000_000];
    line("objects.write", objects::write(&format!("{}x", attempt.scratch), &body))
}

/// `objects.head: denied: why`
fn line<T>(function: &str, result: Result<T, Error>) -> String {
    let told = match result {
        Ok(_) => "answered".to_owned(),
        Err(Error::Denied(text)) => format!("denied: {text}"),
        Err(Error::Invalid(text)) => format!("invalid: {text}"),
        Err(error) => format!("other: {error:?}"),
    };
    let told: String = told.chars().take(400).collect();
    format!("{function}: {told}")
}
