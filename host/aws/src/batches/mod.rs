//! Batches on EMR Serverless.

mod log;
mod parameters;
mod policy;
mod preflight;
mod state;

use std::{collections::BTreeMap, fmt, sync::Arc};

use async_trait::async_trait;
use aws_sdk_emrserverless::{
    Client,
    types::{
        ConfigurationOverrides, JobDriver, JobRun, JobRunExecutionIamPolicy, JobRunMode, MonitoringConfiguration,
        S3MonitoringConfiguration, SparkSubmit,
    },
};
use enginehouse_capabilities::{
    Batch, BatchOutput, BatchRequest, Batches, CallContext, Error, LogChunk, ObjectUri, Objects, Result, known,
};

use crate::{
    account::{Account, Service},
    failure::Failure,
};

/// The most arguments of a script.
const MAX_ARGUMENTS: usize = 1024;

/// The longest a batch may be told to run: seven days.
const MAX_MINUTES: u32 = 7 * 24 * 60;

/// Where batches run, as the operator sets it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchTarget {
    /// The application's id, `00f1abcdefgh0i09`.
    pub application_id: String,
    /// The role that batches run as; each is cut down to what its attempt may touch.
    pub execution_role_arn: String,
    /// The prefix that the service puts logs under; the role must be able to write there, and we to read.
    pub logs: ObjectUri,
    /// Spark properties that every batch has, whatever the plugin says.
    pub properties: Vec<(String, String)>,
}

impl BatchTarget {
    /// Where the logs of all batches of the application are.
    fn logs_of_all(&self) -> Result<ObjectUri> {
        self.logs.join(&format!("applications/{}/", self.application_id))
    }

    /// `aws` in `arn:aws:iam::…`.
    fn partition(&self) -> &str {
        self.execution_role_arn.split(':').nth(1).unwrap_or("aws")
    }
}

/// [`Batches`] over EMR Serverless.
///
/// A start may be sent again: the service knows it by its token, and answers with the same job run.
#[derive(Clone)]
pub struct EmrBatches {
    client: Client,
    objects: Arc<dyn Objects>,
    targets: BTreeMap<String, BatchTarget>,
    name: String,
}

impl EmrBatches {
    /// The places by their names in the operator's settings; logs are read from `objects`. Speaks to nobody yet.
    pub fn new(account: &Account, objects: Arc<dyn Objects>, targets: BTreeMap<String, BatchTarget>) -> Self {
        let client = Client::new(&account.config_of(Service::EmrServerless));
        Self { client, objects, targets, name: account.name("EMR Serverless", Service::EmrServerless) }
    }

    fn target(&self, target: &str) -> Result<&BatchTarget> {
        self.targets.get(target).ok_or_else(|| {
            let known = known(self.targets.keys());
            Error::Unconfigured(format!(
                "no place for batches `{target}` is set up ({known}): the setting is `batches.targets.{target}`"
            ))
        })
    }

    /// The job run as it is now.
    async fn run(&self, target: &str, id: &str) -> Result<JobRun> {
        let target = self.target(target)?;
        must_be_an_id(id)?;
        let call = self.client.get_job_run().application_id(&target.application_id).job_run_id(id);
        let answer = call.send().await.map_err(self.failed("find", id))?;
        answer.job_run.ok_or_else(|| Error::Other {
            message: format!("{} answered without the batch {id}", self.name),
            source: None,
        })
    }

    fn failed<E: Into<Failure>>(&self, verb: &str, what: &str) -> impl FnOnce(E) -> Error {
        move |e| e.into().told(&format!("{} could not {verb} the batch {what}", self.name))
    }
}

#[async_trait]
impl Batches for EmrBatches {
    async fn start(&self, cx: &CallContext, request: BatchRequest) -> Result<String> {
        let target = self.target(&request.target)?;
        let Some(attempt) = &cx.attempt else {
            return Err(Error::Denied("a batch belongs to an attempt of a run, and this call has none".into()));
        };
        let token = attempt.own_token(request.token.as_str())?;
        if request.arguments.len() > MAX_ARGUMENTS {
            return Err(Error::Invalid(format!("a batch takes at most {MAX_ARGUMENTS} arguments")));
        }
        let unmade = |e| Error::other("a request for a batch cannot be made", e);
        let spark = SparkSubmit::builder()
            .entry_point(request.entry_point.to_string())
            .set_entry_point_arguments(Some(request.arguments.clone()).filter(|arguments| !arguments.is_empty()))
            .set_spark_submit_parameters(parameters::of(&request, &target.properties)?)
            .build()
            .map_err(unmade)?;
        let policy = policy::of(attempt, &target.logs_of_all()?, target.partition())?;
        let logs = target.logs.to_string();
        let logs = S3MonitoringConfiguration::builder().log_uri(logs.trim_end_matches('/')).build();
        let monitoring = MonitoringConfiguration::builder().s3_monitoring_configuration(logs).build();
        let name: String = request.name.trim().chars().take(256).collect();
        let call = self
            .client
            .start_job_run()
            .application_id(&target.application_id)
            .client_token(token.as_str())
            .execution_role_arn(&target.execution_role_arn)
            .execution_iam_policy(JobRunExecutionIamPolicy::builder().policy(policy).build())
            .job_driver(JobDriver::SparkSubmit(spark))
            .configuration_overrides(ConfigurationOverrides::builder().monitoring_configuration(monitoring).build())
            .execution_timeout_minutes(request.timeout_minutes.clamp(1, MAX_MINUTES).into())
            .set_name(Some(name).filter(|name| !name.is_empty()))
            .mode(JobRunMode::Batch);
        let started = call.send().await.map_err(self.failed("start", token.as_str()))?;
        Ok(started.job_run_id().to_owned())
    }

    async fn get(&self, target: &str, id: &str) -> Result<Batch> {
        Ok(state::of(&self.run(target, id).await?))
    }

    async fn log(&self, target: &str, id: &str, output: BatchOutput, after: u64) -> Result<LogChunk> {
        // Asked first: what ends in the meantime may have logged more than is read below.
        let over = state::is_final(self.get(target, id).await?.state);
        let name = match output {
            BatchOutput::Stdout => "stdout",
            BatchOutput::Stderr => "stderr",
        };
        let logs = self.target(target)?.logs_of_all()?;
        let uri = logs.join(&format!("jobs/{id}/SPARK_DRIVER/{name}.gz"))?;
        let body = match self.objects.stream(&uri).await {
            Ok(body) => body,
            Err(Error::NotFound(_)) => return Ok(LogChunk { next: after, end: over, ..LogChunk::default() }),
            Err(error) => return Err(error),
        };
        log::read(body, after, over).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData => {
                Error::other(format!("the driver's log `{uri}` is no gzip"), error)
            }
            _ => Error::Unavailable(format!("the driver's log `{uri}` broke off while it was read ({error})")),
        })
    }

    async fn cancel(&self, target: &str, id: &str) -> Result<()> {
        let application = &self.target(target)?.application_id;
        must_be_an_id(id)?;
        let call = self.client.cancel_job_run().application_id(application).job_run_id(id);
        let Err(failure) = call.send().await.map_err(Failure::from) else { return Ok(()) };
        // So the service says that there is nothing to cancel any more, among other things.
        let refused = matches!(failure.code(), "ValidationException" | "ConflictException");
        if refused && self.run(target, id).await.is_ok_and(|run| state::is_ending(&run)) {
            return Ok(());
        }
        Err(self.failed("cancel", id)(failure))
    }
}

/// It becomes a part of paths and keys.
fn must_be_an_id(id: &str) -> Result<()> {
    let plain = id.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase());
    match plain && (1..=64).contains(&id.len()) {
        true => Ok(()),
        false => Err(Error::Invalid("a batch's id is 1 to 64 characters of a-z and 0-9".into())),
    }
}

impl fmt::Debug for EmrBatches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmrBatches").field("name", &self.name).field("targets", &self.targets).finish_non_exhaustive()
    }
}

impl fmt::Display for EmrBatches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
