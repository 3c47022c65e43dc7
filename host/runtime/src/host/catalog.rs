//! `catalog`: databases and tables.

use enginehouse_capabilities::{Interface, Result};

use super::{View, at_most};
use crate::{
    Stage,
    bindings::enginehouse::supervisor::catalog::{Host, Names, TableSource},
    values::limit,
};

impl Host for View {
    async fn databases(&mut self, after: Option<String>) -> Result<Names> {
        self.may_browse("catalog.databases", &[after.as_deref().unwrap_or_default()])?;
        self.spend("catalog.databases")?;
        let mut page = self.capabilities.catalog.databases(after.as_deref()).await?;
        if let Some(granted) = self.own.grants.narrowed(Interface::Catalog) {
            page.names.retain(|name| granted.contains(&name.to_lowercase()));
        }
        Ok(page.into())
    }

    async fn tables(&mut self, database: String, after: Option<String>) -> Result<Names> {
        self.may_browse("catalog.tables", &[&database, after.as_deref().unwrap_or_default()])?;
        self.granted(Interface::Catalog, "catalog.tables", &database.to_lowercase())?;
        Ok(self.capabilities.catalog.tables(&database, after.as_deref()).await?.into())
    }

    async fn table(&mut self, database: String, name: String) -> Result<TableSource> {
        self.may_browse("catalog.table", &[&database, &name])?;
        self.granted(Interface::Catalog, "catalog.table", &database.to_lowercase())?;
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
