//! Whether batches can be run.

use enginehouse_capabilities::{Error, Result};

use super::{BatchTarget, EmrBatches};
use crate::{failure::Failure, permission::Permission};

/// No batch has this id.
const NONE: &str = "0000000000000000";

impl EmrBatches {
    /// Whether batches may be looked at and cancelled, by asking for one that never was, and whether their logs may be read. To start one
    /// is not tried: it would run.
    pub async fn preflight(&self) -> Vec<Permission> {
        let mut permissions = Vec::new();
        for target in self.targets.values() {
            let application = &target.application_id;
            let look = self.client.get_job_run().application_id(application).job_run_id(NONE).send().await;
            let look = self.on_no_batch(application, "look at", look.map(drop));
            let cancel = self.client.cancel_job_run().application_id(application).job_run_id(NONE).send().await;
            let cancel = self.on_no_batch(application, "cancel", cancel.map(drop));
            let reason = "a batch that is started runs; the first one shows it";
            permissions.extend([
                Permission::new("emr-serverless:GetJobRun", application, look),
                Permission::new("emr-serverless:CancelJobRun", application, cancel),
                Permission::untried("emr-serverless:StartJobRun", application, reason),
                Permission::untried("iam:PassRole", &target.execution_role_arn, reason),
                Permission::on_nothing("s3:GetObject", target.logs.to_string(), self.log_of_no_batch(target).await),
            ]);
        }
        permissions
    }

    /// It is right that there is no such batch, and wrong that there is no such application.
    fn on_no_batch<E: Into<Failure>>(&self, application: &str, verb: &str, asked: Result<(), E>) -> Result<()> {
        let Err(failure) = asked else { return Ok(()) };
        let failure = failure.into();
        let of_the_application = failure.text().starts_with("Application");
        match failure.told(&format!("{} could not {verb} batches of the application `{application}`", self.name)) {
            Error::NotFound(_) if !of_the_application => Ok(()),
            error => Err(error),
        }
    }

    async fn log_of_no_batch(&self, target: &BatchTarget) -> Result<()> {
        let log = target.logs_of_all()?.join(&format!("jobs/{NONE}/SPARK_DRIVER/stdout.gz"))?;
        self.objects.head(&log).await.map(drop)
    }
}
