//! `enginehouse doctor`.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use enginehouse_aws::Verdict;
use enginehouse_local::engines::EnginesRoot;

use crate::{
    backends::{self, AtAws},
    config::Config,
};

/// Says what is there on this machine and what is missing; fails where something is.
pub(super) fn machine(engines: &EnginesRoot) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    let checks = engines.doctor();
    for check in &checks {
        writeln!(out, "{:4} {}: {}", if check.ok { "ok" } else { "MISS" }, check.name, check.detail)?;
        if let Some(mend) = &check.mend {
            writeln!(out, "     mend it with: {mend}")?;
        }
    }
    Ok(if checks.iter().all(|check| check.ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Says which of the services at AWS let themselves be used; fails where one does not.
pub(super) async fn aws(config: &Config) -> anyhow::Result<ExitCode> {
    config.check()?;
    let at_aws = AtAws::of(config)?;
    let Some(account) = at_aws.account(&config.aws).await? else {
        writeln!(io::stdout(), "nothing of the configuration is at AWS")?;
        return Ok(ExitCode::SUCCESS);
    };
    let permissions = backends::preflight(&at_aws, &account).await?;
    let mut out = io::stdout().lock();
    let mut well = true;
    for permission in permissions {
        let what = format!("{} on {}", permission.action, permission.on);
        match permission.verdict {
            Verdict::Allowed => writeln!(out, "ok   {what}")?,
            Verdict::Untried(reason) => writeln!(out, "-    {what}: not tried, since {reason}")?,
            Verdict::Failed(error) => {
                well = false;
                writeln!(out, "MISS {what}: {error}")?;
            }
        }
    }
    if well {
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "     all that the account must allow: enginehouse config policy")?;
    Ok(ExitCode::FAILURE)
}
