//! What must hold of a configuration before a port opens.

use enginehouse_aws::Service;
use enginehouse_capabilities::ObjectUri;

use super::{Auth, Batches, Codegen, Config, Error, Functions};

impl Config {
    /// What must hold before a port opens.
    ///
    /// # Errors
    /// [`Error::Open`] for an address that others can reach, [`Error::Homeless`] where there is no data folder.
    pub fn check(&self) -> Result<(), Error> {
        if !self.listen.ip().is_loopback() {
            return Err(Error::Open(self.listen));
        }
        if self.data.as_os_str().is_empty() || self.local.engines.as_os_str().is_empty() {
            return Err(Error::Homeless);
        }
        self.check_backends()?;
        if let Some(header) = &self.callers.header
            && let Err(error) = header.parse::<axum::http::HeaderName>()
        {
            return Err(Error::Setting("callers.header".to_owned(), error.to_string()));
        }
        let caps = [("cost.per-run", self.cost.per_run), ("cost.per-day", self.cost.per_day)];
        let caps = caps.into_iter().filter_map(|(name, cap)| Some((name.to_owned(), cap?)));
        let mut amounts: Vec<(String, f64)> = caps.collect();
        for (name, framework) in &self.frameworks {
            if framework.limits.memory_mib > 1024 {
                let setting = format!("frameworks.{name}.limits.memory-mib");
                return Err(Error::Setting(setting, "at most 1024".to_owned()));
            }
            if let Some((setting, error)) = framework.grants.wrong() {
                return Err(Error::Setting(format!("frameworks.{name}.grants.{setting}"), error));
            }
            for (platform, price) in &framework.prices {
                let setting = format!("frameworks.{name}.prices.{platform}");
                let prices = [price.hour, price.vcpu_hour, price.memory_gb_hour];
                amounts.extend(prices.map(|price| (setting.clone(), price)));
            }
        }
        match amounts.into_iter().find(|(_, amount)| !amount.is_finite() || *amount < 0.0) {
            Some((name, amount)) => Err(Error::Setting(name, format!("{amount} is no amount of money"))),
            None => Ok(()),
        }
    }

    fn check_backends(&self) -> Result<(), Error> {
        let wrong = |setting: String, error: &str| Err(Error::Setting(setting, error.to_owned()));
        for name in self.aws.endpoints.keys() {
            if let Err(error) = name.parse::<Service>() {
                return wrong(format!("aws.endpoints.{name}"), &error.to_string());
            }
        }
        if let Codegen::Bedrock { models, .. } = &self.codegen
            && models.is_empty()
        {
            return wrong("codegen.models".to_owned(), "name at least one model");
        }
        if let Batches::EmrServerless { targets } = &self.batches {
            for (name, target) in targets {
                match target.logs.parse::<ObjectUri>() {
                    Ok(logs) if logs.is_prefix() => {}
                    Ok(_) => return wrong(format!("batches.targets.{name}.logs"), "a prefix ends with `/`"),
                    Err(error) => return wrong(format!("batches.targets.{name}.logs"), &error.to_string()),
                }
            }
        }
        for (name, server) in self.tools.mcp() {
            if let Some(error) = server.auth.as_ref().and_then(Auth::wrong) {
                return wrong(format!("tools.servers.{name}.auth.client-credentials"), error);
            }
        }
        for (name, cluster) in self.tools.clusters() {
            if cluster.urls.is_empty() {
                return wrong(format!("tools.servers.{name}.urls"), "name at least one address");
            }
            if !cluster.driver_cpus.is_finite() || cluster.driver_cpus < 0.0 {
                return wrong(format!("tools.servers.{name}.driver-cpus"), "this is no number of processors");
            }
        }
        let targets = self.targets();
        for (framework, settings) in &self.frameworks {
            for (platform, target) in &settings.places {
                if !targets.contains(&target.as_str()) {
                    let there = targets.join(", ");
                    let text = format!(
                        "there is no function, batch application or server of tools `{target}`; there is: {there}"
                    );
                    return wrong(format!("frameworks.{framework}.places.{platform}"), &text);
                }
            }
        }
        Ok(())
    }

    /// The names of functions, batch applications and servers of tools.
    fn targets(&self) -> Vec<&str> {
        let mut targets: Vec<&str> = Vec::new();
        if let Functions::Lambda { targets: functions } = &self.functions {
            targets.extend(functions.keys().map(String::as_str));
        }
        if let Batches::EmrServerless { targets: batches } = &self.batches {
            targets.extend(batches.keys().map(String::as_str));
        }
        targets.extend(self.tools.servers.keys().map(String::as_str));
        targets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_tokens_are_given_is_said_once() {
        let check = |place: &str| {
            let text = format!(
                "[tools.servers.jobs]\nbackend = \"mcp\"\nurl = \"https://tools.example/mcp\"\n\
                 [tools.servers.jobs.auth.client-credentials]\nclient-id = \"us\"\nclient-secret = {{ env = \"SECRET\" }}\n{place}"
            );
            toml::from_str::<Config>(&text).unwrap().check().map_err(|error| error.to_string())
        };
        let (url, issuer) = ("token-url = \"https://id.example/token\"\n", "issuer = \"https://id.example/\"\n");
        check(url).unwrap();
        check(issuer).unwrap();
        for wrong in ["", &format!("{url}{issuer}")] {
            let told = check(wrong).unwrap_err();
            assert!(told.contains("tools.servers.jobs.auth.client-credentials") && told.contains("`issuer`"), "{told}");
        }
    }
}
