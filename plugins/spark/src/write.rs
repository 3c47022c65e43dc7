//! Writes code for a task.

mod prompt;

use enginehouse_recipes::{Writer, pyspark};

/// PySpark, by the code generation agent or the recipes.
pub(crate) const WRITER: Writer =
    Writer { system: prompt::system, render: |plan, sources| Ok(pyspark::render(plan, sources)) };

#[cfg(test)]
mod tests;
