//! `catalog`: databases and tables.

use enginehouse_capabilities::Result;

use super::{View, at_most};
use crate::{
    Stage,
    bindings::enginehouse::supervisor::catalog::{Host, Names, TableSource},
    values::limit,
};

impl Host for View {
    async fn databases(&mut self, after: Option<String>) -> Result<Names> {
        self.may_browse("catalog.databases", &[after.as_deref().unwrap_or_default()])?;
        Ok(self.capabilities.catalog.databases(after.as_deref()).await?.into())
    }

    async fn tables(&mut self, database: String, after: Option<String>) -> Result<Names> {
        self.may_browse("catalog.tables", &[&database, after.as_deref().unwrap_or_default()])?;
        Ok(self.capabilities.catalog.tables(&database, after.as_deref()).await?.into())
    }

    async fn table(&mut self, database: String, name: String) -> Result<TableSource> {
        self.may_browse("catalog.table", &[&database, &name])?;
        Ok(self.capabilities.catalog.table(&database, &name).await?.into())
    }
}

impl View {
    fn may_browse(&self, function: &str, names: &[&str]) -> Result<()> {
        if self.stage != Stage::Generate {
            self.attempt(function)?;
        }
        names.iter().try_for_each(|name| at_most("a name", name.len(), limit::URI))
    }
}
