//! The demo: the main job over HTTP against a server of its own, on real data, held against an independent computation.

mod client;
mod expected;
mod show;

use std::process::ExitCode;

use anyhow::Context;

use self::{
    client::Client,
    expected::{Question, Weather},
};
use crate::{cli, config::Config, serve::Server};

/// The daily weather of two cities; where it is from stands in `examples/data/README.md`.
const WEATHER: &[u8] = include_bytes!("../../../../examples/data/weather.csv");
const SESSION: &str = "demo";
const NO_SOURCES: &str = "demo-numbers";

/// Code that no caller should get to run, on whatever engine.
const BAD_CODE: &str = r#"import os
import subprocess

os.system("cat /etc/passwd")
subprocess.run(["curl", "https://example.org"])
print(open("/etc/passwd").read())
"#;

/// Asks every framework the same questions and shows what comes of each. Success only where every table equals the one computed from the CSV.
///
/// # Errors
/// Where the server does not start or a request fails.
pub async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let folder = tempfile::tempdir().context("cannot make a folder for the demo")?;
    let config = Config { listen: ([127, 0, 0, 1], 0).into(), data: folder.path().join("data"), ..config };
    let server = Server::start(config, cli::own_start()?).await?;
    let client = Client::new(format!("http://{}", server.address));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(server.run(async {
        let _dropped_is_stopped_too = stopped.await;
    }));
    let outcome = tell(&client).await;
    drop(stop);
    serving.await??;
    outcome
}

async fn tell(client: &Client) -> anyhow::Result<ExitCode> {
    let weather = Weather::read(WEATHER)?;
    show::title("Upload: examples/data/weather.csv, the daily weather of Seattle and New York")?;
    let upload = client.upload(SESSION, "weather.csv", WEATHER).await?;
    show::upload(&upload)?;
    let (mut right, mut asked) = (0, 0);
    for (framework, title) in client.frameworks().await? {
        for (number, question) in weather.questions().iter().enumerate() {
            asked += 1;
            show::title(&format!("{title}, question {}: {}", number + 1, question.prompt))?;
            // Who has no sources is asked about none.
            let session = if question.of_the_file { SESSION } else { NO_SOURCES };
            right += usize::from(ask(client, &framework, session, question).await?);
        }
        show::title(&format!("{title}, bad code: it is refused before anything runs"))?;
        let refused = client.refused(&framework, SESSION, BAD_CODE).await?;
        show::refused(BAD_CODE, &refused)?;
    }
    show::title(&format!("{right} of {asked} tables are right"))?;
    Ok(if right == asked && asked > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether the answer is right.
async fn ask(client: &Client, framework: &str, session: &str, question: &Question) -> anyhow::Result<bool> {
    let run = client.ask(framework, session, question.prompt).await?;
    client.follow(&run, show::event).await?;
    show::attempts(&client.code(&run).await?)?;
    let results = client.results(&run).await?;
    show::table(&results)?;
    match question.compare(&results) {
        Ok(()) => show::line("= the same as computed by other means")?,
        Err(difference) => {
            show::line(&format!("! NOT what was computed by other means: {difference}"))?;
            return Ok(false);
        }
    }
    Ok(true)
}
