//! The trait that a plugin implements.

use crate::{
    Attempt, Choice, Description, Draft, Earlier, Failure, Finding, Health, LogChunk, Outcome, Progress, Task,
    bindings::exports::enginehouse::supervisor::supervisor::Guest,
};

/// What a framework's plugin does; `wit/supervisor.wit` says what each function promises.
///
/// Every call gets a fresh instance, so nothing is kept in memory between two calls. In `describe`, `plan` and `validate`
/// only the host functions for settings and the journal answer.
pub trait Supervisor {
    /// What the plugin is. Constant.
    fn describe() -> Description;

    /// Chooses the platform: the one asked for, else the first that the operator has set up.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] where the platform asked for is not set up.
    fn plan(task: &Task) -> Result<Choice, Failure> {
        let asked = task.platform.as_deref();
        let place = match asked {
            Some(asked) => task.places.iter().find(|place| place.platform == asked),
            None => task.places.first(),
        };
        match (place, asked) {
            (Some(place), asked) => Ok(Choice {
                platform: place.platform.clone(),
                reason: match asked {
                    Some(_) => "asked for".to_owned(),
                    None => "the first platform that is set up".to_owned(),
                },
                estimate: None,
            }),
            (None, Some(asked)) => Err(Failure::Unsupported(format!("the platform `{asked}` is not set up here"))),
            (None, None) => Err(Failure::Unsupported("no platform is set up for this framework".to_owned())),
        }
    }

    /// Writes code for the task: one try, at most one call of the code generation agent.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] with what to change, or [`Failure::Host`].
    fn generate(task: &Task, earlier: &[Earlier]) -> Result<Draft, Failure>;

    /// Reads the code and runs none of it. Pure.
    fn validate(task: &Task, code: &str) -> Vec<Finding>;

    /// Starts the work and returns at once with a ticket.
    ///
    /// # Errors
    /// [`Failure::Host`] where a host function failed.
    fn submit(task: &Task, code: &str, attempt: &Attempt) -> Result<String, Failure>;

    /// How far the work is.
    ///
    /// # Errors
    /// [`Failure::Lost`] where the engine lost it, [`Failure::Host`] where a host function failed.
    fn poll(attempt: &Attempt, ticket: &str) -> Result<Progress, Failure>;

    /// What the code printed. By default nothing, which is right where no engine prints.
    ///
    /// # Errors
    /// As for [`Supervisor::poll`].
    fn log(_attempt: &Attempt, _ticket: &str, after: u64) -> Result<LogChunk, Failure> {
        Ok(LogChunk { text: String::new(), next: after, end: true, dropped: 0 })
    }

    /// Asks the engine to stop. An empty ticket: find the work by the attempt's token. By default nothing is asked, which is
    /// right only where the work is over when `submit` returns.
    ///
    /// # Errors
    /// As for [`Supervisor::poll`].
    fn cancel(_attempt: &Attempt, _ticket: &str) -> Result<(), Failure> {
        Ok(())
    }

    /// The results, after a terminal phase.
    ///
    /// # Errors
    /// As for [`Supervisor::poll`].
    fn fetch(attempt: &Attempt, ticket: &str) -> Result<Outcome, Failure>;

    /// Looks at what stands behind the platforms; starts nothing. By default it says nothing of any.
    ///
    /// # Errors
    /// [`Failure::Host`] where a host function failed.
    fn status() -> Result<Vec<Health>, Failure> {
        Ok(Vec::new())
    }
}

impl<T: Supervisor> Guest for T {
    fn describe() -> Description {
        <T as Supervisor>::describe()
    }

    fn plan(task: Task) -> Result<Choice, Failure> {
        <T as Supervisor>::plan(&task)
    }

    fn generate(task: Task, earlier: Vec<Earlier>) -> Result<Draft, Failure> {
        <T as Supervisor>::generate(&task, &earlier)
    }

    fn validate(task: Task, code: String) -> Vec<Finding> {
        <T as Supervisor>::validate(&task, &code)
    }

    fn submit(task: Task, code: String, attempt: Attempt) -> Result<String, Failure> {
        <T as Supervisor>::submit(&task, &code, &attempt)
    }

    fn poll(attempt: Attempt, ticket: String) -> Result<Progress, Failure> {
        <T as Supervisor>::poll(&attempt, &ticket)
    }

    fn log(attempt: Attempt, ticket: String, after: u64) -> Result<LogChunk, Failure> {
        <T as Supervisor>::log(&attempt, &ticket, after)
    }

    fn cancel(attempt: Attempt, ticket: String) -> Result<(), Failure> {
        <T as Supervisor>::cancel(&attempt, &ticket)
    }

    fn fetch(attempt: Attempt, ticket: String) -> Result<Outcome, Failure> {
        <T as Supervisor>::fetch(&attempt, &ticket)
    }

    fn status() -> Result<Vec<Health>, Failure> {
        <T as Supervisor>::status()
    }
}

/// Makes a [`Supervisor`] the component's export. Once in a plugin. Natively it exports nothing: linkers take no such names.
#[macro_export]
macro_rules! register {
    ($supervisor:ident) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
    $crate::bindings::export_plugin!($supervisor with_types_in $crate::bindings);
        };
        #[cfg(not(target_family = "wasm"))]
        const _: fn(&$crate::Task) -> ::std::result::Result<$crate::Choice, $crate::Failure> =
            <$supervisor as $crate::Supervisor>::plan;
    };
}
