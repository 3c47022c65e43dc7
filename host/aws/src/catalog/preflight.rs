//! Looking ahead whether a program will find its tables.

use enginehouse_capabilities::{Catalog, Error, Result};
use futures::{StreamExt, stream};

use super::{Action, GlueCatalog};

/// Looks at once.
const AT_ONCE: usize = 4;

impl GlueCatalog {
    /// Whether Spark will find its way: it asks Glue for the database `default` before anything else, and then for each table, given as
    /// database and name.
    ///
    /// # Errors
    /// [`Error::Denied`] where a permission is missing, [`Error::NotFound`] where only databases or tables are; one text names all of
    /// them. Where Glue cannot be asked, that error alone.
    pub async fn preflight(&self, tables: &[(String, String)]) -> Result<()> {
        let looks = stream::iter(tables).map(|(database, name)| async move { self.table(database, name).await.err() });
        let mut wrong: Vec<Error> = self.default_database().await.err().into_iter().collect();
        wrong.extend(looks.buffered(AT_ONCE).filter_map(async |error| error).collect::<Vec<_>>().await);
        let (mut denied, mut texts) = (false, Vec::new());
        for error in wrong {
            match error {
                Error::Denied(text) => {
                    denied = true;
                    texts.push(text);
                }
                Error::NotFound(text) | Error::Invalid(text) => texts.push(text),
                other => return Err(other),
            }
        }
        match (texts.is_empty(), denied) {
            (true, _) => Ok(()),
            (false, true) => Err(Error::Denied(texts.join("; "))),
            (false, false) => Err(Error::NotFound(texts.join("; "))),
        }
    }

    async fn default_database(&self) -> Result<()> {
        let request = self.client.get_database().set_catalog_id(self.catalog_id.clone()).name("default");
        let found = request.send().await.map_err(self.failed(Action::Database, "the database `default`"));
        match found {
            Err(Error::NotFound(text)) => Err(Error::NotFound(format!(
                "{text}; Spark does not start without a database `default`: create an empty one"
            ))),
            found => found.map(drop),
        }
    }
}
