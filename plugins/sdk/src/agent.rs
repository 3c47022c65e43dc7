//! Programs written by the code generation agent: what it is told, and the program taken out of its reply.

mod prompt;
mod reply;

use crate::{Draft, Earlier, Failure, Task, host::codegen};

pub use prompt::request;

/// One call of the agent, with the framework's own instructions. None where the operator has set up no model.
///
/// # Errors
/// [`Failure::Host`] where the agent failed or its reply holds no whole program.
pub fn write(system: &str, task: &Task, earlier: &[Earlier]) -> Result<Option<Draft>, Failure> {
    match codegen::generate(&request(system, task, earlier)) {
        Ok(reply) => reply::draft(&reply).map(Some),
        Err(crate::Error::Unconfigured(_)) => Ok(None),
        Err(error) => Err(Failure::Host(error)),
    }
}

#[cfg(test)]
mod tests;
