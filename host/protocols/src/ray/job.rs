//! A job as its cluster tells it, over all versions of Ray: what is missing is missing, and what is new is kept as it is.

use serde_json::Value;

/// Of what Ray says of a job, this many bytes are kept: some at its beginning, and most at its end, where the log's end is.
const MOST_OF_A_MESSAGE: usize = 4096;
const BEGINNING: usize = 512;
/// A time below it is in seconds, above it in milliseconds.
const SECONDS_END: f64 = 1e11;

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The name that it was submitted under; none for one that was started without.
    pub submission_id: Option<String>,
    /// How far it is.
    pub state: JobState,
    /// What Ray says of it, in 4 KiB; what is left out in the middle is a line `…`.
    pub message: String,
    /// How its program exited, where it did.
    pub exit_code: Option<i64>,
    /// When it began, in milliseconds since 1970.
    pub started_ms: Option<u64>,
    /// When it ended, in milliseconds since 1970.
    pub ended_ms: Option<u64>,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobState {
    /// Its environment is made, or it waits for processors.
    Pending,
    /// It runs.
    Running,
    /// It was stopped.
    Stopped,
    /// It ended well.
    Succeeded,
    /// It did not.
    Failed,
    /// A state that came with a later version; the job has not ended.
    Other(String),
}

impl Job {
    /// None where this is no job.
    pub(super) fn read(told: &Value) -> Option<Self> {
        let text = |name: &str| told.get(name).and_then(Value::as_str);
        let time = |name: &str| {
            let time = told.get(name).and_then(Value::as_f64).filter(|time| *time > 0.0)?;
            let ms = if time < SECONDS_END { time * 1000.0 } else { time };
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a time after 1970, in whole ms"
            )]
            let ms = ms as u64;
            Some(ms)
        };
        Some(Self {
            state: JobState::of(text("status")?),
            submission_id: text("submission_id").map(str::to_owned),
            message: ends_of(text("message").unwrap_or_default()),
            exit_code: told.get("driver_exit_code").and_then(Value::as_i64),
            started_ms: time("start_time"),
            ended_ms: time("end_time"),
        })
    }
}

impl JobState {
    fn of(text: &str) -> Self {
        match text {
            "PENDING" => Self::Pending,
            "RUNNING" => Self::Running,
            "STOPPED" => Self::Stopped,
            "SUCCEEDED" => Self::Succeeded,
            "FAILED" => Self::Failed,
            other => Self::Other(ends_of(other)),
        }
    }

    /// As Ray writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Stopped => "STOPPED",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Other(text) => text,
        }
    }

    /// Whether nothing comes after it.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Stopped | Self::Succeeded | Self::Failed)
    }
}

fn ends_of(text: &str) -> String {
    if text.len() <= MOST_OF_A_MESSAGE {
        return text.to_owned();
    }
    let beginning = text.get(..text.floor_char_boundary(BEGINNING)).unwrap_or_default();
    let from = text.len() - (MOST_OF_A_MESSAGE - BEGINNING - "\n…\n".len());
    format!("{beginning}\n…\n{}", text.get(text.ceil_char_boundary(from)..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn jobs_of_several_versions_are_read() {
        let new = json!({"type": "SUBMISSION", "submission_id": "a", "status": "FAILED", "message": "no",
            "start_time": 1_700_000_000_123_u64, "end_time": 1_700_000_001_000_u64, "driver_exit_code": 3, "later": {}});
        let job = Job::read(&new).unwrap();
        assert_eq!((job.submission_id.as_deref(), job.exit_code), (Some("a"), Some(3)));
        assert_eq!(job.started_ms, Some(1_700_000_000_123));
        let old =
            json!({"status": "RUNNING", "message": null, "start_time": 1_700_000_000, "end_time": 0, "metadata": {}});
        let job = Job::read(&old).unwrap();
        assert_eq!((job.started_ms, job.ended_ms, job.submission_id), (Some(1_700_000_000_000), None, None));
        assert!(Job::read(&json!({"message": "x"})).is_none() && Job::read(&json!([])).is_none());
    }

    #[test]
    fn of_a_long_message_both_ends_are_kept() {
        let told = json!({"status": "FAILED", "message": format!("ä begins {}\nthe end ä", "ä".repeat(9000))});
        let message = Job::read(&told).unwrap().message;
        assert!(message.len() <= MOST_OF_A_MESSAGE && message.len() > MOST_OF_A_MESSAGE - 4, "{}", message.len());
        assert!(message.starts_with("ä begins") && message.ends_with("the end ä") && message.contains("\n…\n"));
    }

    #[test]
    fn a_state_that_nobody_knows_is_no_end() {
        let state = JobState::of("SUSPENDED");
        assert!(!state.is_terminal() && state.as_str() == "SUSPENDED");
        assert!(JobState::of("STOPPED").is_terminal());
    }
}
