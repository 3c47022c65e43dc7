//! The table catalog of Glue.

mod describe;
mod page;
mod preflight;
mod refused;

use std::fmt;

use async_trait::async_trait;
use aws_sdk_glue::{
    Client,
    types::{DatabaseAttributes, TableAttributes},
};
use enginehouse_capabilities::{Catalog, Error, Names, Result, Table};

use self::{
    page::Position,
    refused::{Action, told},
};
use crate::{
    account::{Account, Service},
    failure::Failure,
};

/// The most names that Glue gives at once.
const PAGE: i32 = 100;

/// Which catalog of Glue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GlueConfig {
    /// The account that the catalog belongs to, or a catalog within it; none: the account in use.
    pub catalog_id: Option<String>,
}

impl GlueConfig {
    /// Whether it is the one that engines of the account look into by themselves.
    pub(crate) fn is_own(&self) -> bool {
        self.catalog_id.is_none()
    }
}

/// [`Catalog`] over Glue; read-only. Needs `glue:GetDatabases`, `glue:GetTables` and `glue:GetTable`, and where Lake Formation rules,
/// DESCRIBE or SELECT on what is to be seen.
///
/// A call is one page, sent up to four times. Names are 1 to 255 characters. A table whose rows do not lie in S3 is of kind
/// `Other` and has no location.
#[derive(Clone)]
pub struct GlueCatalog {
    client: Client,
    config: GlueConfig,
    name: String,
}

impl GlueCatalog {
    /// A client of one catalog. Speaks to nobody yet.
    pub fn new(account: &Account, config: GlueConfig) -> Self {
        Self {
            client: Client::new(&account.config_of(Service::Glue)),
            config,
            name: account.name("Glue", Service::Glue),
        }
    }

    fn failed<E: Into<Failure>>(&self, action: Action, what: &str) -> impl FnOnce(E) -> Error {
        let what = what.to_owned();
        move |e| told(e.into(), &self.name, action, &what)
    }
}

#[async_trait]
impl Catalog for GlueCatalog {
    async fn databases(&self, after: Option<&str>) -> Result<Names> {
        let at = Position::parse(after)?;
        let request = self.client.get_databases().set_catalog_id(self.config.catalog_id.clone()).max_results(PAGE);
        let request = request.attributes_to_get(DatabaseAttributes::Name).set_next_token(at.token());
        let page = request.send().await.map_err(self.failed(Action::Databases, "the databases"))?;
        let names = page.database_list().iter().map(|database| lower(database.name())).collect();
        Ok(Names { names, next: at.next(page.next_token(), &self.name)? })
    }

    async fn tables(&self, database: &str, after: Option<&str>) -> Result<Names> {
        let database = checked("a database", database)?;
        let at = Position::parse(after)?;
        let request = self.client.get_tables().set_catalog_id(self.config.catalog_id.clone()).database_name(&database);
        let request = request.max_results(PAGE).attributes_to_get(TableAttributes::Name).set_next_token(at.token());
        let what = format!("the database `{database}`");
        let page = request.send().await.map_err(self.failed(Action::Tables, &what))?;
        let names = page.table_list().iter().map(|table| lower(table.name())).collect();
        Ok(Names { names, next: at.next(page.next_token(), &self.name)? })
    }

    async fn table(&self, database: &str, name: &str) -> Result<Table> {
        let (database, name) = (checked("a database", database)?, checked("a table", name)?);
        let request = self.client.get_table().set_catalog_id(self.config.catalog_id.clone());
        let what = format!("the table `{database}.{name}`");
        let found = request.database_name(&database).name(&name).send().await;
        match found.map_err(self.failed(Action::Table, &what))?.table {
            Some(table) => Ok(describe::table(database, name, table)),
            None => Err(Error::Unavailable(format!("{self} answered without {what}; try again later"))),
        }
    }
}

impl fmt::Debug for GlueCatalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("GlueCatalog");
        shown.field("name", &self.name).field("config", &self.config).finish_non_exhaustive()
    }
}

impl fmt::Display for GlueCatalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The name in lower case, as Glue keeps it for Hive, if it is one.
fn checked(what: &str, name: &str) -> Result<String> {
    let length = name.chars().count();
    if (1..=255).contains(&length) && !name.chars().any(char::is_control) {
        return Ok(lower(name));
    }
    let shown: String = name.chars().take(40).collect();
    Err(Error::Invalid(format!("{what} is named with 1 to 255 characters and no control characters, not {shown:?}")))
}

fn lower(name: &str) -> String {
    name.to_lowercase()
}
