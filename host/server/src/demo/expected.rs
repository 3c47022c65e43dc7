//! What the demo's questions must be answered with, computed from the CSV without any of the product.

use std::collections::BTreeMap;

use anyhow::ensure;
use serde::Deserialize;
use serde_json::Value;

/// One day in one city.
#[derive(Debug, Deserialize)]
struct Day {
    location: String,
    precipitation: f64,
    temp_max: f64,
    temp_min: f64,
    wind: f64,
    weather: String,
}

/// All days.
pub(super) struct Weather {
    days: Vec<Day>,
}

/// A question with the rows that answer it.
pub(super) struct Question {
    pub(super) prompt: &'static str,
    /// Whether it is about the CSV.
    pub(super) of_the_file: bool,
    rows: Vec<Vec<Cell>>,
}

#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Text(String),
    Number(f64),
}

impl Weather {
    pub(super) fn read(csv: &[u8]) -> anyhow::Result<Self> {
        let days = csv::Reader::from_reader(csv).deserialize().collect::<Result<Vec<Day>, _>>()?;
        ensure!(!days.is_empty(), "the demo's data has no rows");
        Ok(Self { days })
    }

    pub(super) fn questions(&self) -> Vec<Question> {
        vec![
            Question {
                prompt: "Calculate sum of numbers 1-100",
                of_the_file: false,
                rows: vec![vec![Cell::Number((1..=100).map(f64::from).sum())]],
            },
            Question {
                prompt: "total precipitation by location and weather",
                of_the_file: true,
                rows: self
                    .grouped(|day| (day.location.clone(), day.weather.clone()))
                    .into_iter()
                    .map(|((location, weather), days)| {
                        vec![Cell::Text(location), Cell::Text(weather), sum(&days, |day| day.precipitation)]
                    })
                    .collect(),
            },
            Question {
                prompt: "top 3 weather by average wind",
                of_the_file: true,
                rows: {
                    let mut rows: Vec<_> = self
                        .grouped(|day| day.weather.clone())
                        .into_iter()
                        .map(|(weather, days)| (weather, mean(&days, |day| day.wind)))
                        .collect();
                    rows.sort_by(|a, b| b.1.total_cmp(&a.1));
                    rows.into_iter().take(3).map(|(name, mean)| vec![Cell::Text(name), Cell::Number(mean)]).collect()
                },
            },
            Question {
                prompt: "average temp_max and minimum temp_min by location",
                of_the_file: true,
                rows: self
                    .grouped(|day| day.location.clone())
                    .into_iter()
                    .map(|(location, days)| {
                        let lowest = days.iter().map(|day| day.temp_min).fold(f64::INFINITY, f64::min);
                        vec![Cell::Text(location), Cell::Number(mean(&days, |day| day.temp_max)), Cell::Number(lowest)]
                    })
                    .collect(),
            },
            Question {
                prompt: "how many rows where wind is over 8 and weather is rain",
                of_the_file: true,
                rows: vec![vec![Cell::Number(
                    self.days.iter().filter(|day| day.wind > 8.0 && day.weather == "rain").map(|_| 1.0).sum(),
                )]],
            },
        ]
    }

    fn grouped<K: Ord>(&self, key: impl Fn(&Day) -> K) -> BTreeMap<K, Vec<&Day>> {
        let mut groups: BTreeMap<K, Vec<&Day>> = BTreeMap::new();
        for day in &self.days {
            groups.entry(key(day)).or_default().push(day);
        }
        groups
    }
}

fn sum(days: &[&Day], value: impl Fn(&Day) -> f64) -> Cell {
    Cell::Number(days.iter().map(|day| value(day)).sum())
}

fn mean(days: &[&Day], value: impl Fn(&Day) -> f64) -> f64 {
    let count: f64 = days.iter().map(|_| 1.0).sum();
    days.iter().map(|day| value(day)).sum::<f64>() / count
}

impl Question {
    /// Whether an answer holds the same rows in the same order.
    pub(super) fn compare(&self, results: &Value) -> Result<(), String> {
        let rows: Vec<&Vec<Value>> =
            results.get("rows").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_array).collect();
        if rows.len() != self.rows.len() {
            return Err(format!("{} rows, {} expected", rows.len(), self.rows.len()));
        }
        for (number, (got, expected)) in rows.iter().zip(&self.rows).enumerate() {
            let same = got.len() == expected.len() && got.iter().zip(expected).all(|(got, expected)| expected.is(got));
            if !same {
                return Err(format!("row {}: {got:?}, {expected:?} expected", number + 1));
            }
        }
        Ok(())
    }
}

impl Cell {
    /// Numbers may differ in the order of their additions, and in nothing else.
    fn is(&self, got: &Value) -> bool {
        match self {
            Self::Text(text) => got.as_str() == Some(text),
            Self::Number(number) => {
                got.as_f64().is_some_and(|got| (got - number).abs() <= 1e-9 * number.abs().max(1.0))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn question() -> Question {
        Question { prompt: "?", of_the_file: true, rows: vec![vec![Cell::Text("a".into()), Cell::Number(2.5)]] }
    }

    #[test]
    fn the_same_rows_are_right() {
        question().compare(&json!({ "rows": [["a", 2.5]] })).unwrap();
    }

    #[test]
    fn other_rows_are_wrong() {
        for rows in
            [json!([]), json!([["a", 2.6]]), json!([["b", 2.5]]), json!([["a"]]), json!([["a", 2.5], ["a", 2.5]])]
        {
            assert!(question().compare(&json!({ "rows": rows })).is_err(), "{rows}");
        }
    }
}
