//! `doctor --aws` and `config policy`: what the account must allow, whether it does, and nothing that is not needed.

use std::{collections::BTreeSet, fs, path::PathBuf, process::Output};

use enginehouse_fakes::aws::{Bedrock, FakeAws, Fault, ModelReply, S3Proxy, Secrets};
use serde_json::Value;

use crate::house::{BIN, House};

/// Calls whose action has another name.
const OTHER_NAMES: [(&str, &str); 5] = [
    ("ListObjectsV2", "ListBucket"),
    ("HeadObject", "GetObject"),
    ("CreateMultipartUpload", "PutObject"),
    ("Invoke", "InvokeFunction"),
    ("ConverseStream", "InvokeModelWithResponseStream"),
];

struct Clinic {
    house: House,
    s3: FakeAws,
    bedrock: FakeAws,
    secrets: FakeAws,
    config: PathBuf,
    _folder: tempfile::TempDir,
}

impl Clinic {
    async fn open() -> Self {
        let house = House::with(&[("sales", "orders", &[("id", "int")])]).await;
        let s3 = FakeAws::start(S3Proxy::new(house.s3())).await;
        let bedrock =
            FakeAws::start(Bedrock::that_says(std::iter::repeat_n(ModelReply::text("ready"), 50)).await).await;
        let secrets = FakeAws::start(Secrets::new([("tools/token", "sesame")])).await;
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("enginehouse.toml");
        let endpoints = format!("bedrock-runtime = \"{}\"\nsecrets-manager = \"{}\"\n", bedrock.url(), secrets.url());
        let text = house.config(&s3.url()).replace("[objects]", &format!("{endpoints}[objects]"));
        let more = "[codegen]\nbackend = \"bedrock\"\nmodels = [\"some.model\"]\n\
                    [tools.servers.jobs]\nbackend = \"mcp\"\nurl = \"http://127.0.0.1:9/mcp\"\n\
                    auth = { bearer = { secrets-manager = \"tools/token\" } }\n\
                    [frameworks.spark.grants]\nobjects = { read = [\"s3://lake/sales/\"] }\n";
        fs::write(&config, text + more).unwrap();
        Self { house, s3, bedrock, secrets, config, _folder: folder }
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = tokio::process::Command::new(BIN);
        command.arg("--config").arg(&self.config).args(arguments).envs(self.house.environment());
        command.output().await.unwrap()
    }

    /// Whether the doctor is content, and its lines.
    async fn doctor(&self) -> (bool, Vec<String>) {
        let output = self.run(&["doctor", "--aws"]).await;
        let lines = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        (output.status.success(), lines)
    }

    fn services(&self) -> [(&'static str, &FakeAws); 6] {
        [
            ("s3", &self.s3),
            ("glue", &self.house.glue),
            ("lambda", &self.house.lambda),
            ("emr-serverless", &self.house.emr),
            ("bedrock", &self.bedrock),
            ("secretsmanager", &self.secrets),
        ]
    }
}

fn action(service: &str, operation: &str) -> String {
    let other = OTHER_NAMES.iter().find(|(call, _)| *call == operation);
    format!("{service}:{}", other.map_or(operation, |(_, action)| action))
}

#[tokio::test]
async fn every_permission_is_asked_for_and_each_that_is_missing_is_named() {
    let clinic = Clinic::open().await;
    let (well, lines) = clinic.doctor().await;
    assert!(well && lines.iter().all(|line| line.starts_with("ok   ") || line.starts_with("-    ")), "{lines:#?}");
    assert!(clinic.house.emr.count("StartJobRun") == 0 && clinic.s3.count("PutObject") == 0, "nothing is begun");

    let mut refused = Vec::new();
    for (service, fake) in clinic.services() {
        let calls = fake.calls().into_iter().map(|call| call.operation);
        for operation in calls.collect::<BTreeSet<_>>() {
            fake.fault_at(&operation, Fault::Denied);
            let (well, lines) = clinic.doctor().await;
            let missed = format!("MISS {} on ", action(service, &operation));
            assert!(!well && lines.iter().any(|line| line.starts_with(&missed)), "{missed}: {lines:#?}");
            assert_eq!(lines.iter().filter(|line| line.starts_with("MISS")).count(), 1, "{lines:#?}");
            refused.push(action(service, &operation));
        }
    }
    assert!(refused.len() >= 14, "{refused:?}");
    clinic.house.end();
}

#[tokio::test]
async fn the_policy_allows_what_is_called_and_nothing_else() {
    let clinic = Clinic::open().await;
    let output = clinic.run(&["config", "policy"]).await;
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let policy: Value = serde_json::from_slice(&output.stdout).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    let allowed: BTreeSet<_> = statements
        .iter()
        .flat_map(|one| one["Action"].as_array().unwrap())
        .map(|name| name.as_str().unwrap())
        .collect();

    let (well, lines) = clinic.doctor().await;
    assert!(well, "{lines:#?}");
    let named: BTreeSet<_> = lines.iter().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(named, allowed, "the doctor looks at all of it");
    let calls = clinic
        .services()
        .into_iter()
        .flat_map(|(service, fake)| fake.calls().into_iter().map(move |call| action(service, &call.operation)));
    let calls: BTreeSet<_> = calls.collect();
    assert!(calls.iter().all(|call| allowed.contains(call.as_str())), "{calls:?} of {allowed:?}");

    let resources: Vec<_> = statements.iter().flat_map(|one| one["Resource"].as_array().unwrap()).collect();
    assert!(resources.iter().all(|resource| *resource != "*"), "{resources:?}");
    for resource in ["arn:aws:s3:::house/*", "arn:aws:s3:::lake/sales/*", "arn:aws:iam::000000000000:role/jobs"] {
        assert!(resources.iter().any(|one| *one == resource), "{resource}: {resources:?}");
    }
    clinic.house.end();
}

#[tokio::test]
async fn what_is_not_there_is_told_as_such() {
    let clinic = Clinic::open().await;
    let text = fs::read_to_string(&clinic.config).unwrap();
    let wrong =
        [("bucket = \"house\"", "bucket = \"nowhere\""), ("function = \"sparkOnLambda\"", "function = \"gone\"")];
    let wrong = wrong.into_iter().fold(text, |text, (right, wrong)| text.replace(right, wrong));
    let wrong = wrong.replace("application = \"00example0000000\"", "application = \"00another0000000\"");
    fs::write(&clinic.config, wrong.replace("secrets-manager = \"tools/token\"", "secrets-manager = \"tools/none\""))
        .unwrap();
    let (well, lines) = clinic.doctor().await;
    assert!(!well);
    for missed in [
        "s3:ListBucket on s3://nowhere",
        "lambda:InvokeFunction on gone",
        "emr-serverless:GetJobRun on 00another0000000",
    ] {
        assert!(lines.iter().any(|line| line.starts_with(&format!("MISS {missed}"))), "{missed}: {lines:#?}");
    }
    assert!(
        lines.iter().any(|line| line.starts_with("MISS secretsmanager:GetSecretValue on tools/none")),
        "{lines:#?}"
    );
    clinic.house.end();
}
