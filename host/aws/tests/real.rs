//! The same suites before a real account: `cargo test --package enginehouse-aws --test real -- --ignored`, with the usual credentials and
//! region in the environment. Each test names in its panic the variable that says what of the account it may use. What they do costs
//! a few cents at most; what they write they delete.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use enginehouse_aws::{
    Account, AccountConfig, AgentCoreConfig, AgentCoreModel, BatchTarget, ConverseConfig, ConverseModel, EmrBatches,
    FunctionTarget, GlueCatalog, GlueConfig, LambdaFunctions, PayloadShape, Permission, S3Access, S3Objects, Verdict,
};
use enginehouse_capabilities::{AttemptScope, CallContext, Catalog, ObjectUri, Objects, Token, conformance};
use futures::{StreamExt, stream};
use uuid::Uuid;

/// What of the account may be used; `meaning` tells who did not say.
fn may_use(variable: &str, meaning: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("set {variable} to {meaning}"))
}

fn bucket() -> String {
    may_use(
        "ENGINEHOUSE_REAL_BUCKET",
        "a bucket in the region, whose prefix `enginehouse-tests/` is written and emptied",
    )
}

async fn account() -> Account {
    Account::open(&AccountConfig::default()).await.unwrap()
}

fn uri(text: &str) -> ObjectUri {
    text.parse().unwrap()
}

/// An attempt of a run of its own, that may use a folder of the bucket.
fn context(bucket: &str, target: &str) -> CallContext {
    let run = Uuid::now_v7();
    let folder = format!("s3://{bucket}/enginehouse-tests/{run}");
    let attempt = AttemptScope {
        token: Token::of_attempt(run, 1),
        inputs: Vec::new(),
        output: uri(&format!("{folder}/output/")),
        scratch: uri(&format!("s3://{bucket}/enginehouse-tests/scratch/")),
        target: target.to_owned(),
        timeout: Duration::from_secs(600),
    };
    CallContext { framework: "spark".into(), digest: "0".repeat(64), run: Some(run), attempt: Some(attempt) }
}

fn all_allowed(permissions: &[Permission]) {
    let failed = permissions.iter().filter(|permission| matches!(permission.verdict, Verdict::Failed(_)));
    let failed: Vec<_> = failed.collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[tokio::test]
#[ignore = "speaks to a real account"]
async fn objects_on_s3() {
    let bucket = bucket();
    let store = S3Objects::of_account(&account().await, S3Access::default());
    all_allowed(&store.preflight(&bucket).await.unwrap());
    let scratch = uri(&format!("s3://{bucket}/enginehouse-tests/{}/", Uuid::new_v4()));
    let missing = format!("enginehouse-no-such-bucket-{}", Uuid::new_v4());
    conformance::objects(&store, &scratch, &missing).await;
    let mut after = None;
    loop {
        let page = store.list(&scratch, after.as_deref()).await.unwrap();
        for entry in page.entries {
            store.delete(&entry.uri).await.unwrap();
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
}

#[tokio::test]
#[ignore = "speaks to a real account"]
async fn the_catalog_of_glue() {
    let catalog = GlueCatalog::new(&account().await, GlueConfig::default());
    all_allowed(&catalog.preflight().await);
    for database in catalog.databases(None).await.unwrap().names {
        for table in catalog.tables(&database, None).await.unwrap().names {
            let described = catalog.table(&database, &table).await.unwrap();
            assert_eq!((described.database, described.name), (database.clone(), table));
        }
    }
}

#[tokio::test]
#[ignore = "speaks to a real account"]
async fn functions_on_lambda() {
    let echo = may_use("ENGINEHOUSE_REAL_ECHO", "a function that returns its event");
    let failing =
        may_use("ENGINEHOUSE_REAL_FAILING", "a function that prints a line and raises ValueError(\"no such column\")");
    let target = |function| FunctionTarget { function, qualifier: None, payload: PayloadShape::AsIs };
    let targets = BTreeMap::from([("echo".to_owned(), target(echo)), ("failing".to_owned(), target(failing))]);
    let functions = LambdaFunctions::new(&account().await, targets);
    all_allowed(&functions.preflight().await);
    conformance::functions(&functions, "echo", "failing", &context("nowhere", "echo")).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "speaks to a real account"]
async fn batches_on_emr_serverless() {
    let bucket = bucket();
    let target = BatchTarget {
        application_id: may_use("ENGINEHOUSE_REAL_APPLICATION", "the id of an application of EMR Serverless for Spark"),
        execution_role_arn: may_use("ENGINEHOUSE_REAL_ROLE", "the ARN of a role that its batches may run as"),
        logs: uri(&format!("s3://{bucket}/enginehouse-tests/logs/")),
        properties: Vec::new(),
    };
    let account = account().await;
    let objects: Arc<dyn Objects> = Arc::new(S3Objects::of_account(&account, S3Access::default()));
    let script = uri(&format!("s3://{bucket}/enginehouse-tests/scratch/main.py"));
    let code = "from pyspark.sql import SparkSession\nprint(SparkSession.builder.getOrCreate().range(10).count())\n";
    objects.write(&script, stream::once(async move { Ok(code.into()) }).boxed()).await.unwrap();
    let batches = EmrBatches::new(&account, objects, BTreeMap::from([("here".to_owned(), target)]));
    all_allowed(&batches.preflight().await);
    conformance::batches(&batches, "here", &script, &|| context(&bucket, "here")).await;
}

#[tokio::test]
#[ignore = "speaks to a real account"]
async fn models_on_bedrock() {
    let models = may_use("ENGINEHOUSE_REAL_MODELS", "ids of models, with commas between");
    let models = models.split(',').map(str::to_owned).collect();
    let model = ConverseModel::new(&account().await, ConverseConfig { models, guardrail: None, temperature: None });
    all_allowed(&model.preflight().await);
}

#[tokio::test]
#[ignore = "speaks to a real account"]
async fn an_agent_on_agentcore() {
    let runtime_arn =
        may_use("ENGINEHOUSE_REAL_AGENT", "the ARN of a runtime, such as `enginehouse codegen-agent` in a container");
    let agent = AgentCoreConfig { runtime_arn, qualifier: None, model_id: None };
    all_allowed(&AgentCoreModel::new(&account().await, agent).preflight().await);
}
