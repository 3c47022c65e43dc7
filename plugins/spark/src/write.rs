//! Writes code for a task: by the code generation agent, and where the operator has set up no model, by the recipes.

mod prompt;
mod reply;

use enginehouse_recipes::{plan, pyspark};
use enginehouse_sdk::{Draft, Earlier, Error, Failure, Task, host::codegen};

/// One try, at most one call of the agent.
///
/// # Errors
/// [`Failure::Unsupported`] where there is no model and the recipes do not understand the request; [`Failure::Host`] where
/// the agent failed or its reply holds no whole program.
pub(crate) fn generate(task: &Task, earlier: &[Earlier]) -> Result<Draft, Failure> {
    if task.prompt.trim().is_empty() {
        return Err(Failure::Unsupported("the prompt is empty: say what to calculate or to show".to_owned()));
    }
    match codegen::generate(&prompt::request(task, earlier)) {
        Ok(reply) => reply::draft(&reply),
        Err(Error::Unconfigured(_)) => from_recipes(task, earlier),
        Err(error) => Err(Failure::Host(error)),
    }
}

/// The recipes give the same program every time: once it has failed there is nothing more to try.
fn from_recipes(task: &Task, earlier: &[Earlier]) -> Result<Draft, Failure> {
    let planned = plan(&task.prompt, &task.sources).map_err(|error| Failure::Unsupported(error.to_string()))?;
    let code = pyspark::render(&planned.plan, &task.sources);
    if earlier.iter().any(|earlier| earlier.code == code) {
        return Err(Failure::Unsupported(
            "the recipes have no other program for this request than the one that failed: word the request differently, or \
             set up a model under `[codegen]` in the configuration file"
                .to_owned(),
        ));
    }
    Ok(Draft { code, author: "recipes".to_owned(), notes: planned.notes })
}

#[cfg(test)]
mod tests;
