//! What must hold of a configuration before a port opens.

use enginehouse_aws::Service;
use enginehouse_capabilities::ObjectUri;
use enginehouse_protocols::mcp::McpVersion;
use url::Url;

use super::{Auth, Batches, Codegen, Config, Error, Functions, Objects};

/// The longest that a request may wait for its turn at the model, in seconds.
const MOST_PATIENCE: u32 = 300;

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
        if self.local.max_running == 0 {
            let error = "at least 1";
            return Err(Error::Setting("local.max-running".to_owned(), error.to_owned()));
        }
        if self.limits.codegen.queue_seconds > MOST_PATIENCE {
            let error = format!("at most {MOST_PATIENCE}: a plugin that asks the model has its own time");
            return Err(Error::Setting("limits.codegen.queue-seconds".to_owned(), error));
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
        // Addresses are printed, secrets never are.
        let has_login = |url: &Url| !url.username().is_empty() || url.password().is_some();
        if let Some((setting, _)) = self.addresses().into_iter().find(|(_, url)| has_login(url)) {
            return wrong(
                setting,
                "an address has no name and password in it; keys and tokens have settings of their own",
            );
        }
        if let Codegen::Openai { url, .. } = &self.codegen
            && url.query().is_some()
        {
            return wrong(
                "codegen.url".to_owned(),
                "it ends before the `?`; a key has its own setting, `codegen.api-key`",
            );
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
            if let Some(Err(error)) = server.version.as_deref().map(str::parse::<McpVersion>) {
                return wrong(format!("tools.servers.{name}.version"), &error.to_string());
            }
        }
        for (name, cluster) in self.tools.clusters() {
            if cluster.urls.is_empty() {
                return wrong(format!("tools.servers.{name}.urls"), "name at least one address");
            }
            if !cluster.driver_cpus.is_finite() || cluster.driver_cpus < 0.0 {
                return wrong(format!("tools.servers.{name}.driver-cpus"), "this is no number of processors");
            }
            if let Some((setting, error)) = cluster.wrong_environment() {
                return wrong(format!("tools.servers.{name}.runtime-env.{setting}"), error);
            }
        }
        let targets = self.targets();
        for (framework, settings) in &self.frameworks {
            for (platform, target) in &settings.places {
                if let (Objects::Embedded { bucket }, Some(service)) = (&self.objects, self.at_aws(target)) {
                    let text = format!(
                        "programs at {service} read and write S3, where the bucket `{bucket}` of this machine is somebody else's: set \
                         `objects.backend` to `s3`"
                    );
                    return wrong(format!("frameworks.{framework}.places.{platform}"), &text);
                }
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

    /// Where models, tools, clusters and tokens are, each with its setting.
    fn addresses(&self) -> Vec<(String, &Url)> {
        let mut addresses = Vec::new();
        if let Codegen::Openai { url, .. } = &self.codegen {
            addresses.push(("codegen.url".to_owned(), url));
        }
        for (name, server) in self.tools.mcp() {
            addresses.push((format!("tools.servers.{name}.url"), &server.url));
            if let Some(Auth::ClientCredentials { token_url, issuer, .. }) = &server.auth {
                let setting = |place: &str| format!("tools.servers.{name}.auth.client-credentials.{place}");
                addresses.extend(token_url.iter().map(|url| (setting("token-url"), url)));
                addresses.extend(issuer.iter().map(|url| (setting("issuer"), url.as_ref())));
            }
        }
        for (name, cluster) in self.tools.clusters() {
            addresses.extend(cluster.urls.iter().map(|url| (format!("tools.servers.{name}.urls"), url)));
        }
        addresses
    }

    /// Which service at AWS runs what goes to a target; none where its address is another.
    fn at_aws(&self, target: &str) -> Option<&'static str> {
        let service = match (&self.functions, &self.batches) {
            (Functions::Lambda { targets }, _) if targets.contains_key(target) => Service::Lambda,
            (_, Batches::EmrServerless { targets }) if targets.contains_key(target) => Service::EmrServerless,
            _ => return None,
        };
        (!self.aws.endpoints.contains_key(service.as_str())).then(|| service.as_str())
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
mod tests;
