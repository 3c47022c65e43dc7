//! The seed's variables of the environment, read where the configuration says nothing.

use std::collections::BTreeMap;

use super::{Batches, Config, Function, Functions, Objects};

/// What the variables ask for: nothing that the configuration does not already say.
///
/// `SPARK_S3_BUCKET` is the bucket of S3, `SPARK_LAMBDA` the function behind Spark's platform `lambda`. Of the others
/// [`unused`] says what to do instead.
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
}

/// Variables that are set and do nothing, each with what to do instead.
pub(super) fn unused(config: &Config, variable: impl Fn(&str) -> Option<String>) -> Vec<(&'static str, &'static str)> {
    let mut unused = vec![
        ("SPARK_SUPERVISOR_ARN", "the supervisor is a plugin of this server: unset the variable"),
        ("RAY_PRIVATE_IP", "this version reaches no cluster: programs run on this machine"),
        ("RAY_PUBLIC_IP", "this version reaches no cluster: programs run on this machine"),
    ];
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
    fn the_configuration_wins() {
        let taken = |text: &str, lambda: &str| {
            let mut config: Config = toml::from_str(text).unwrap();
            take(
                &mut config,
                &toml::from_str(text).unwrap(),
                set(&[("SPARK_S3_BUCKET", "theirs"), ("SPARK_LAMBDA", lambda)]),
            );
            config
        };
        let config = taken("[objects]\nbackend = \"s3\"\nbucket = \"mine\"", " ");
        assert!(matches!(&config.objects, Objects::S3 { bucket } if bucket == "mine"));
        assert!(matches!(config.functions, Functions::Unconfigured));
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
