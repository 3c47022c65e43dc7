//! Whether a catalog can be read.

use enginehouse_capabilities::{Catalog, Error, Result};

use super::{Action, GlueCatalog};
use crate::permission::Permission;

/// Looked for where a catalog has no database or table; it is no name that somebody uses.
const NOBODYS: &str = "enginehouse_preflight";

impl GlueCatalog {
    /// Whether what this adapter does is allowed. Looks at the first database and its first table. In the account's own catalog, whether
    /// there is the database `default`, too: Spark asks for it there before anything else.
    pub async fn preflight(&self) -> Vec<Permission> {
        let databases = self.databases(None).await;
        let database = databases.as_ref().ok().and_then(|page| page.names.first()).map_or(NOBODYS, String::as_str);
        let tables = self.tables(database, None).await;
        let table = tables.as_ref().ok().and_then(|page| page.names.first()).map_or(NOBODYS, String::as_str);
        let found = self.table(database, table).await.map(drop);
        let (on_database, on_table) = (format!("the database {database}"), format!("the table {database}.{table}"));
        let mut permissions = vec![
            Permission::on_nothing(Action::Tables.as_str(), on_database, tables.map(drop)),
            Permission::on_nothing(Action::Table.as_str(), on_table, found),
            Permission::new(Action::Databases.as_str(), "the catalog", databases.map(drop)),
        ];
        if self.config.is_own() {
            let found = self.default_database().await;
            permissions.push(Permission::new(Action::Database.as_str(), "the database default", found));
        }
        permissions
    }

    async fn default_database(&self) -> Result<()> {
        let request = self.client.get_database().name("default");
        let found = request.send().await.map_err(self.failed(Action::Database, "the database `default`"));
        match found {
            Err(Error::NotFound(text)) => Err(Error::NotFound(format!(
                "{text}; Spark does not start without a database `default`: create an empty one"
            ))),
            found => found.map(drop),
        }
    }
}
