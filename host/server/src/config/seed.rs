//! The seed's variables of the environment, read where the configuration says nothing.

use std::{collections::BTreeMap, net::Ipv6Addr};

use url::Url;

use super::{Batches, Cluster, Config, Function, Functions, Objects, Secret, Server};

/// What the variables ask for: nothing that the configuration does not already say.
///
/// `SPARK_S3_BUCKET` is the bucket of S3, `SPARK_LAMBDA` the function behind Spark's platform `lambda`; `RAY_PRIVATE_IP` and
/// `RAY_PUBLIC_IP` are addresses of the head behind Ray's platform `cluster`, and its token is in Ray's own variable,
/// `RAY_AUTH_TOKEN`, where there is one. Of the others [`unused`] says what to do instead.
///
/// What the configuration states is `stated`, also where it states a default.
pub(super) fn take(config: &mut Config, stated: &toml::Table, variable: impl Fn(&str) -> Option<String>) {
    let variable = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    let unsaid = |name: &str, setting: &str| variable(name).filter(|_| !stated.contains_key(setting));
    if let Some(bucket) = unsaid("SPARK_S3_BUCKET", "objects") {
        config.objects = Objects::S3 { bucket };
    }
    if let Some(function) = unsaid("SPARK_LAMBDA", "functions") {
        let target = Function { function, qualifier: None, payload: None };
        config.functions = Functions::Lambda { targets: BTreeMap::from([("spark".to_owned(), target)]) };
        let places = &mut config.frameworks.entry("spark".to_owned()).or_default().places;
        places.entry("lambda".to_owned()).or_insert_with(|| "spark".to_owned());
    }
    let heads: Vec<Url> = HEADS.iter().filter_map(|name| head(&unsaid(name, "tools")?)).collect();
    if !heads.is_empty() {
        let token = variable(TOKEN).map(|_| Secret::Env(TOKEN.to_owned()));
        config.tools.servers.insert("ray".to_owned(), Server::RayJobs(Cluster::at(heads, token)));
        let places = &mut config.frameworks.entry("ray".to_owned()).or_default().places;
        places.entry("cluster".to_owned()).or_insert_with(|| "ray".to_owned());
    }
}

/// The private address first: where both lead there, it is the shorter way.
const HEADS: [&str; 2] = ["RAY_PRIVATE_IP", "RAY_PUBLIC_IP"];
const TOKEN: &str = "RAY_AUTH_TOKEN";
/// Where a head listens for jobs.
const PORT: u16 = 8265;

/// An address, of which the seed has the host alone; none where it is none.
fn head(text: &str) -> Option<Url> {
    let text = text.trim();
    if text.contains("://") {
        return Url::parse(text).ok();
    }
    let host = if text.parse::<Ipv6Addr>().is_ok() { format!("[{text}]") } else { text.to_owned() };
    let url = Url::parse(&format!("http://{host}")).ok()?;
    // With a port of its own it stays as it is.
    if url.port().is_some() { Some(url) } else { Url::parse(&format!("http://{host}:{PORT}")).ok() }
}

/// Variables that are set and do nothing, each with what to do instead.
pub(super) fn unused(config: &Config, variable: impl Fn(&str) -> Option<String>) -> Vec<(&'static str, &'static str)> {
    let mut unused = vec![("SPARK_SUPERVISOR_ARN", "the supervisor is a plugin of this server: unset the variable")];
    for name in HEADS {
        if variable(name).is_some_and(|text| head(&text).is_none()) {
            unused.push((name, "it is no address of a cluster"));
        }
    }
    if let Batches::Unconfigured = config.batches {
        let more =
            "a batch also takes a role and a place for its logs: say `[batches.targets.spark]` in the configuration";
        unused.push(("SPARK_EMR_APP", more));
    }
    unused.retain(|(name, _)| variable(name).is_some());
    unused
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set<'a>(variables: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> {
        |name| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn the_seeds_variables_choose_its_backends() {
        let mut config = Config::default();
        let variables = [("SPARK_S3_BUCKET", "data"), ("SPARK_LAMBDA", "sparkOnLambda")];
        take(&mut config, &toml::Table::new(), set(&variables));
        assert!(matches!(&config.objects, Objects::S3 { bucket } if bucket == "data"));
        let Functions::Lambda { targets } = &config.functions else { panic!("{:?}", config.functions) };
        assert_eq!(targets["spark"].function, "sparkOnLambda");
        assert_eq!(config.frameworks["spark"].places["lambda"], "spark");
        config.check().unwrap();
    }

    #[test]
    fn the_seeds_addresses_are_one_cluster() {
        let variables = [("RAY_PRIVATE_IP", "10.0.0.7"), ("RAY_PUBLIC_IP", "head.example"), ("RAY_AUTH_TOKEN", "t")];
        let mut config = Config::default();
        take(&mut config, &toml::Table::new(), set(&variables));
        let (_, cluster) = config.tools.clusters().next().unwrap();
        let urls: Vec<&str> = cluster.urls.iter().map(Url::as_str).collect();
        assert_eq!(urls, ["http://10.0.0.7:8265/", "http://head.example:8265/"]);
        assert_eq!(cluster.token, Some(Secret::Env("RAY_AUTH_TOKEN".to_owned())));
        assert_eq!(config.frameworks["ray"].places["cluster"], "ray");
        config.check().unwrap();
        for (text, url) in [("::1", "http://[::1]:8265/"), ("https://a/ray", "https://a/ray"), ("a:1", "http://a:1/")] {
            assert_eq!(head(text).unwrap().as_str(), url);
        }
        let wrong = set(&[("RAY_PUBLIC_IP", "not an address")]);
        let mut config = Config::default();
        take(&mut config, &toml::Table::new(), &wrong);
        assert!(config.tools.servers.is_empty());
        assert_eq!(unused(&config, &wrong), [("RAY_PUBLIC_IP", "it is no address of a cluster")]);
    }

    #[test]
    fn the_configuration_wins() {
        let taken = |text: &str, lambda: &str| {
            let mut config: Config = toml::from_str(text).unwrap();
            take(
                &mut config,
                &toml::from_str(text).unwrap(),
                set(&[("SPARK_S3_BUCKET", "theirs"), ("SPARK_LAMBDA", lambda), ("RAY_PUBLIC_IP", "10.0.0.7")]),
            );
            config
        };
        let config = taken("[objects]\nbackend = \"s3\"\nbucket = \"mine\"\n[tools.servers]", " ");
        assert!(matches!(&config.objects, Objects::S3 { bucket } if bucket == "mine"));
        assert!(matches!(config.functions, Functions::Unconfigured));
        assert!(config.tools.servers.is_empty(), "no servers are stated");
        let config = taken("[objects]\nbackend = \"embedded\"\n[functions]\nbackend = \"unconfigured\"", "theirs");
        assert!(matches!(config.objects, Objects::Embedded { .. }), "a default that is stated is stated");
        assert!(matches!(config.functions, Functions::Unconfigured));
    }

    #[test]
    fn what_does_nothing_is_told() {
        let told = unused(&Config::default(), set(&[("SPARK_SUPERVISOR_ARN", "arn"), ("SPARK_EMR_APP", "00f")]));
        assert_eq!(told.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["SPARK_SUPERVISOR_ARN", "SPARK_EMR_APP"]);
    }
}
