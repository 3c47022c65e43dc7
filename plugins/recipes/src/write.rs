//! Writes code for a task: by the code generation agent, and where the operator has set up no model, by the recipes.

use enginehouse_sdk::{Draft, Earlier, Failure, Source, Task, agent};

use crate::{NotUnderstood, Plan, plan};

/// How a framework's programs are written.
#[derive(Debug, Clone, Copy)]
pub struct Writer {
    /// What the agent is told of the framework, and of the task's platform.
    pub system: fn(&Task) -> String,
    /// Renders a plan; refuses what the framework cannot do.
    pub render: fn(&Plan, &[Source]) -> Result<String, NotUnderstood>,
}

impl Writer {
    /// One try, at most one call of the agent.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] where there is no model and the recipes do not understand the request; [`Failure::Host`]
    /// where the agent failed or its reply holds no whole program.
    pub fn generate(&self, task: &Task, earlier: &[Earlier]) -> Result<Draft, Failure> {
        if task.prompt.trim().is_empty() {
            return Err(Failure::Unsupported("the prompt is empty: say what to calculate or to show".to_owned()));
        }
        match agent::write(&(self.system)(task), task, earlier)? {
            Some(draft) => Ok(draft),
            None => self.from_recipes(task, earlier),
        }
    }

    /// The recipes give the same program every time: once it has failed there is nothing more to try.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] where they do not understand the request, or have no other program for it.
    pub fn from_recipes(&self, task: &Task, earlier: &[Earlier]) -> Result<Draft, Failure> {
        let refused = |error: NotUnderstood| Failure::Unsupported(error.to_string());
        let planned = plan(&task.prompt, &task.sources).map_err(refused)?;
        let code = (self.render)(&planned.plan, &task.sources).map_err(refused)?;
        if earlier.iter().any(|earlier| earlier.code == code) {
            return Err(Failure::Unsupported(
                "the recipes have no other program for this request than the one that failed: word the request \
                 differently, or set up a model under `[codegen]` in the configuration file"
                    .to_owned(),
            ));
        }
        Ok(Draft { code, author: "recipes".to_owned(), notes: planned.notes })
    }
}
