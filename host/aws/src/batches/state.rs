//! What the service says of a job run, by meaning.

use aws_sdk_emrserverless::types::{JobRun, JobRunState};
use enginehouse_capabilities::{Batch, BatchState};

/// Whether nothing changes any more.
pub(super) fn is_final(state: BatchState) -> bool {
    matches!(state, BatchState::Succeeded | BatchState::Failed | BatchState::Cancelled)
}

/// Whether it has ended, or is about to because somebody cancelled it.
pub(super) fn is_ending(run: &JobRun) -> bool {
    *run.state() == JobRunState::Cancelling || is_final(state(run.state().as_str()))
}

/// The job run as a batch. What is billed counts; until it is known, what is used.
pub(super) fn of(run: &JobRun) -> Batch {
    let word = run.state().as_str();
    let details = run.state_details().trim();
    let (billed, used) = (run.billed_resource_utilization(), run.total_resource_utilization());
    let hours = |hours: f64| Some(hours).filter(|hours| hours.is_finite() && *hours >= 0.0);
    let vcpu = billed.and_then(|billed| billed.v_cpu_hour()).or_else(|| used?.v_cpu_hour());
    let memory = billed.and_then(|billed| billed.memory_gb_hour()).or_else(|| used?.memory_gb_hour());
    Batch {
        id: run.job_run_id().to_owned(),
        state: state(word),
        detail: if details.is_empty() { word.to_owned() } else { format!("{word}: {details}") },
        vcpu_hours: vcpu.and_then(hours),
        memory_gb_hours: memory.and_then(hours),
    }
}

/// A word that is not known here is no end: to take it for one would give up on a batch that runs.
fn state(word: &str) -> BatchState {
    match word {
        "SUBMITTED" | "PENDING" | "SCHEDULED" | "QUEUED" => BatchState::Queued,
        "SUCCESS" => BatchState::Succeeded,
        "FAILED" => BatchState::Failed,
        "CANCELLED" => BatchState::Cancelled,
        _ => BatchState::Running,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_service_has_a_meaning_and_an_unknown_one_is_no_end() {
        let queued = ["SUBMITTED", "PENDING", "SCHEDULED", "QUEUED"];
        assert!(queued.into_iter().all(|word| state(word) == BatchState::Queued));
        for word in ["RUNNING", "CANCELLING", "HIBERNATING", ""] {
            assert_eq!(state(word), BatchState::Running, "{word}");
        }
        let ends = ["SUCCESS", "FAILED", "CANCELLED"].map(state);
        assert_eq!(ends, [BatchState::Succeeded, BatchState::Failed, BatchState::Cancelled]);
        assert!(ends.into_iter().all(is_final) && !is_final(BatchState::Running) && !is_final(BatchState::Queued));
    }
}
