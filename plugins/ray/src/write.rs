//! Writes code for a task.

mod prompt;

use enginehouse_recipes::{Writer, ray};

/// Ray, by the code generation agent or the recipes.
pub(crate) const WRITER: Writer = Writer { system: prompt::system, render: ray::render };

#[cfg(test)]
mod tests;
