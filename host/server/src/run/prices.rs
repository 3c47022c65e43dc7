//! What work on a platform costs, by the operator's prices.

use std::collections::BTreeMap;

use enginehouse_runtime::Usage;

use crate::config::{self, Config};

/// The prices of all platforms that have one, and what may be spent.
#[derive(Debug, Clone, Default)]
pub struct Prices {
    by_framework: BTreeMap<String, BTreeMap<String, config::Price>>,
    /// The most that one run may be expected to cost.
    pub(super) per_run: Option<f64>,
    /// The most that the runs of 24 hours may cost.
    pub(super) per_day: Option<f64>,
}

/// A run whose platform has a price cannot be held to a cap.
#[derive(Debug, thiserror::Error)]
pub(super) enum OverBudget {
    /// It is expected to cost more than one run may.
    #[error(
        "the run is expected to cost {expected:.2}, more than the {cap:.2} that `cost.per-run` allows: read less, or choose another platform"
    )]
    Run { expected: f64, cap: f64 },
    /// Nothing says what it will cost.
    #[error(
        "the plugin cannot say what the run will cost on `{0}`, and `cost.per-run` or `cost.per-day` holds runs to a cap: choose another platform"
    )]
    Unknown(String),
}

impl Prices {
    /// Those of a configuration.
    pub(crate) fn of(config: &Config) -> Self {
        let prices = config.frameworks.iter().map(|(name, framework)| (name.clone(), framework.prices.clone()));
        Self { by_framework: prices.collect(), per_run: config.cost.per_run, per_day: config.cost.per_day }
    }

    /// What work of a framework on a platform costs; none where the platform has no price, or the work not the figures that have one.
    pub(super) fn cost(&self, framework: &str, platform: &str, usage: Option<&Usage>) -> Option<f64> {
        let price = self.price(framework, platform)?;
        let usage = usage?;
        let hours = usage.seconds.map(|seconds| seconds as f64 / 3600.0);
        let parts =
            [(price.hour, hours), (price.vcpu_hour, usage.vcpu_hours), (price.memory_gb_hour, usage.memory_gb_hours)];
        // What has a price and no figure makes the whole unknown, not free.
        parts.into_iter().filter(|(price, _)| *price > 0.0).map(|(price, hours)| Some(price * hours?)).sum()
    }

    /// What a planned run is expected to cost.
    ///
    /// # Errors
    /// Where that is more than one run may cost, or cannot be told and there is a cap to be held.
    pub(super) fn expected(
        &self,
        framework: &str,
        platform: &str,
        estimate: Option<&Usage>,
    ) -> Result<Option<f64>, OverBudget> {
        let expected = self.cost(framework, platform, estimate);
        let capped = self.per_run.is_some() || self.per_day.is_some();
        match (expected, self.per_run) {
            (Some(expected), Some(cap)) if expected > cap => Err(OverBudget::Run { expected, cap }),
            (None, _) if capped && self.price(framework, platform).is_some() => {
                Err(OverBudget::Unknown(platform.to_owned()))
            }
            _ => Ok(expected),
        }
    }

    fn price(&self, framework: &str, platform: &str) -> Option<&config::Price> {
        self.by_framework.get(framework)?.get(platform)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prices(per_run: Option<f64>) -> Prices {
        let price = config::Price { hour: 1.0, vcpu_hour: 0.5, memory_gb_hour: 0.25 };
        let platforms = BTreeMap::from([("cloud".to_owned(), price)]);
        Prices { by_framework: BTreeMap::from([("some".to_owned(), platforms)]), per_run, per_day: None }
    }

    fn usage() -> Usage {
        Usage { seconds: Some(1800), vcpu_hours: Some(4.0), memory_gb_hours: Some(8.0) }
    }

    #[test]
    fn hours_of_each_kind_have_their_price() {
        assert_eq!(prices(None).cost("some", "cloud", Some(&usage())), Some(4.5));
        assert_eq!(prices(None).cost("some", "local", Some(&usage())), None);
        assert_eq!(prices(None).cost("other", "cloud", Some(&usage())), None);
        let partly = Usage { seconds: None, ..usage() };
        assert_eq!(prices(None).cost("some", "cloud", Some(&partly)), None, "what is not known is not free");
    }

    #[test]
    fn a_cap_holds_and_what_has_no_price_is_free() {
        let usage = usage();
        assert!(matches!(prices(Some(4.5)).expected("some", "cloud", Some(&usage)), Ok(Some(_))));
        assert!(matches!(prices(Some(4.4)).expected("some", "cloud", Some(&usage)), Err(OverBudget::Run { .. })));
        assert!(matches!(prices(Some(4.4)).expected("some", "local", Some(&usage)), Ok(None)));
        assert!(matches!(prices(Some(4.4)).expected("some", "cloud", None), Err(OverBudget::Unknown(_))));
        assert!(matches!(prices(None).expected("some", "cloud", None), Ok(None)));
    }
}
