//! Glue's catalog.

use std::collections::BTreeMap;

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Answer, Call, Service};

/// A catalog with databases and tables in the shape that the real one gives them.
#[derive(Debug, Default)]
pub struct Glue {
    databases: BTreeMap<String, Value>,
    /// By database and name.
    tables: BTreeMap<(String, String), Value>,
    /// What it says about a database or `database.table` that is not to be seen.
    refused: BTreeMap<String, String>,
    repeats: bool,
}

impl Glue {
    /// Holds these records of `Database` and `Table`; a table names its database in `DatabaseName`.
    pub fn new(databases: impl IntoIterator<Item = Value>, tables: impl IntoIterator<Item = Value>) -> Self {
        let text = |record: &Value, name: &str| record[name].as_str().expect(name).to_owned();
        let databases = databases.into_iter().map(|record| (text(&record, "Name"), record));
        let tables = tables.into_iter().map(|record| ((text(&record, "DatabaseName"), text(&record, "Name")), record));
        Self { databases: databases.collect(), tables: tables.collect(), ..Self::default() }
    }

    /// Answers `AccessDeniedException` with this message for a database, `sales`, or a table, `sales.orders`, there or not.
    #[must_use]
    pub fn refusing(mut self, name: &str, message: &str) -> Self {
        self.refused.insert(name.to_owned(), message.to_owned());
        self
    }

    /// Gives the same token with every page from the second.
    #[must_use]
    pub fn repeating(mut self) -> Self {
        self.repeats = true;
        self
    }

    fn is_refused(&self, name: &str) -> Option<Answer> {
        self.refused.get(name).map(|message| Answer::error("AccessDeniedException", message))
    }

    /// One page of records as `list`.
    fn page(&self, list: &str, input: &Value, records: Vec<&Value>) -> Answer {
        let size = input["MaxResults"].as_u64().map_or(100, |size| usize::try_from(size).unwrap());
        let first = match input["NextToken"].as_str() {
            None => 0,
            Some(token) => {
                match STANDARD.decode(token).ok().and_then(|text| String::from_utf8(text).ok()?.parse().ok()) {
                    Some(first) => first,
                    None => return Answer::error("InvalidInputException", "Invalid token"),
                }
            }
        };
        let only_names = input["AttributesToGet"] == json!(["NAME"]);
        let shown = records.iter().skip(first).take(size).map(|record| match only_names {
            true => json!({"Name": record["Name"]}),
            false => (*record).clone(),
        });
        let mut output = json!({list: shown.collect::<Vec<_>>()});
        let next = if self.repeats { size } else { first + size };
        if self.repeats || next < records.len() {
            output["NextToken"] = STANDARD.encode(next.to_string()).into();
        }
        Answer::Output(output)
    }
}

#[async_trait]
impl Service for Glue {
    fn name(&self) -> &'static str {
        "glue"
    }

    async fn answer(&self, call: Call) -> Answer {
        let text = |name: &str| call.input[name].as_str().unwrap_or_default().to_owned();
        let missing =
            |what: &str, name: &str| Answer::error("EntityNotFoundException", &format!("{what} {name} not found."));
        match call.operation.as_str() {
            "GetDatabases" => self.page("DatabaseList", &call.input, self.databases.values().collect()),
            "GetDatabase" => {
                let name = text("Name");
                let found = || self.databases.get(&name).map(|record| Answer::Output(json!({"Database": record})));
                self.is_refused(&name).or_else(found).unwrap_or_else(|| missing("Database", &name))
            }
            "GetTables" => {
                let database = text("DatabaseName");
                if let Some(refused) = self.is_refused(&database) {
                    return refused;
                }
                if !self.databases.contains_key(&database) {
                    return missing("Database", &database);
                }
                let tables = self.tables.iter().filter(|((of, _), _)| *of == database).map(|(_, record)| record);
                self.page("TableList", &call.input, tables.collect())
            }
            "GetTable" => {
                let (database, name) = (text("DatabaseName"), text("Name"));
                let refused = self.is_refused(&database).or_else(|| self.is_refused(&format!("{database}.{name}")));
                let record = self.tables.get(&(database.clone(), name.clone()));
                match (refused, record) {
                    (Some(refused), _) => refused,
                    (None, Some(record)) => Answer::Output(json!({"Table": record})),
                    (None, None) if self.databases.contains_key(&database) => missing("Table", &name),
                    (None, None) => missing("Database", &database),
                }
            }
            other => Answer::error("InvalidInputException", &format!("this fake has no {other}")),
        }
    }
}
