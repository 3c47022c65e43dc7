//! The demo: the main job over HTTP against a server of its own, on real data, held against an independent computation.

mod client;
mod expected;
mod show;

use std::process::ExitCode;

use anyhow::Context;

use self::{client::Client, expected::Weather};
use crate::{cli, config::Config, serve::Server};

/// The daily weather of two cities; where it is from stands in `examples/data/README.md`.
const WEATHER: &[u8] = include_bytes!("../../../../examples/data/weather.csv");
const SESSION: &str = "demo";

/// Code that no caller should get to run.
const BAD_CODE: &str = r#"import os
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
os.system("cat /etc/passwd")
df = spark.read.csv("s3://somebody-else/secrets.csv")
df.show()
"#;

/// Asks four questions and shows what comes of each. Success only where every table equals the one computed from the CSV.
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
    let mut right = 0;
    let questions = weather.questions();
    for (number, question) in questions.iter().enumerate() {
        show::title(&format!("Question {}: {}", number + 1, question.prompt))?;
        let run = client.ask(SESSION, question.prompt).await?;
        client.follow(&run, show::event).await?;
        show::attempts(&client.code(&run).await?)?;
        let results = client.results(&run).await?;
        show::table(&results)?;
        match question.compare(&results) {
            Ok(()) => {
                right += 1;
                show::line("= the same as computed from the CSV by other means")?;
            }
            Err(difference) => show::line(&format!("! NOT what the CSV says: {difference}"))?,
        }
    }
    show::title("Bad code: it is refused before anything runs")?;
    let refused = client.refused(SESSION, BAD_CODE).await?;
    show::refused(BAD_CODE, &refused)?;
    show::title(&format!("{right} of {} tables are right", questions.len()))?;
    Ok(if right == questions.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
