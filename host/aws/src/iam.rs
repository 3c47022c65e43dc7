//! The least that an account must allow, as an IAM policy.
//!
//! Resources are named as in the [service authorization reference](https://docs.aws.amazon.com/service-authorization/latest/reference/).
//! Where only names are known, the account's number is `*`: a policy of an identity reaches into no other account that does not let it
//! in.

use std::fmt;

use enginehouse_capabilities::ObjectUri;
use serde_json::{Value, json};

use crate::{AgentCoreConfig, BatchTarget, ConverseConfig, FunctionTarget, GlueConfig, arn};

/// Before the id of a model, these name a profile that sends requests to several regions.
const REGIONS_OF_PROFILES: [&str; 8] = ["us", "eu", "apac", "jp", "au", "ca", "us-gov", "global"];

/// A policy for the identity that the server runs as. Shown, it is JSON. A managed policy may have 6,144 characters without white space.
#[derive(Debug, Clone)]
pub struct Policy {
    partition: &'static str,
    region: String,
    statements: Vec<Value>,
}

impl Policy {
    /// One that allows nothing yet, in a region.
    pub fn new(region: &str) -> Self {
        let partition = match region {
            cn if cn.starts_with("cn-") => "aws-cn",
            gov if gov.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        Self { partition, region: region.to_owned(), statements: Vec::new() }
    }

    /// The bucket for uploads and results. A key of KMS that it is encrypted with is not in it.
    pub fn bucket(&mut self, bucket: &str) {
        let arn = format!("arn:{}:s3:::{bucket}", self.partition);
        let actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"];
        self.allow(&actions, vec![format!("{arn}/*")]);
        self.allow(&["s3:ListBucket"], vec![arn]);
    }

    /// What is only read: an object, or what lies below a prefix.
    pub fn reads(&mut self, prefix: &ObjectUri) {
        self.allow(&["s3:GetObject"], vec![arn::of_objects(prefix, self.partition)]);
        let below = if prefix.is_prefix() { "*" } else { "" };
        let names = json!({"StringLike": {"s3:prefix": format!("{}{below}", arn::escaped(prefix.key()))}});
        self.allow_where(&["s3:ListBucket"], vec![format!("arn:{}:s3:::{}", self.partition, prefix.bucket())], &names);
    }

    /// All tables of a catalog: callers may look at any.
    pub fn catalog(&mut self, config: &GlueConfig) {
        // `111122223333`, `s3tablescatalog/bucket`, or both with a colon between.
        let id = config.catalog_id.as_deref().unwrap_or_default();
        let is_account = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        let (account, within) = match id.split_once(':') {
            Some((account, within)) => (account, within),
            None if is_account(id) => (id, ""),
            None => ("*", id),
        };
        let catalog = match within {
            "" => "catalog".to_owned(),
            within => format!("catalog/{within}"),
        };
        let below = if within.is_empty() { String::new() } else { format!("{within}/") };
        let resources = [catalog, format!("database/{below}*"), format!("table/{below}*")];
        let resources = resources.map(|resource| self.arn("glue", account, &resource));
        let actions = ["glue:GetDatabases", "glue:GetDatabase", "glue:GetTables", "glue:GetTable"];
        self.allow(&actions, resources.into());
    }

    /// A function.
    pub fn function(&mut self, target: &FunctionTarget) {
        let full = match target.function.starts_with("arn:") {
            true => target.function.clone(),
            false => {
                let name = target.function.rsplit("function:").next().unwrap_or_default();
                self.arn("lambda", "*", &format!("function:{name}"))
            }
        };
        let arn = match &target.qualifier {
            Some(qualifier) => format!("{full}:{qualifier}"),
            None => full,
        };
        self.allow(&["lambda:InvokeFunction"], vec![arn]);
    }

    /// A place for batches: the application, the role that is handed to it, and its logs.
    pub fn batches(&mut self, target: &BatchTarget) {
        let application = self.arn("emr-serverless", "*", &format!("/applications/{}", target.application_id));
        self.allow(
            &["emr-serverless:GetJobRun", "emr-serverless:CancelJobRun"],
            vec![format!("{application}/jobruns/*")],
        );
        self.allow(&["emr-serverless:StartJobRun"], vec![application]);
        let to = json!({"StringLike": {"iam:PassedToService": "emr-serverless.amazonaws.com"}});
        self.allow_where(&["iam:PassRole"], vec![target.execution_role_arn.clone()], &to);
        self.reads(&target.logs);
    }

    /// An agent.
    pub fn agent(&mut self, config: &AgentCoreConfig) {
        let arn = &config.runtime_arn;
        let endpoint = config.qualifier.as_deref().unwrap_or("DEFAULT");
        let resources = vec![arn.clone(), format!("{arn}/runtime-endpoint/{endpoint}")];
        self.allow(&["bedrock-agentcore:InvokeAgentRuntime"], resources);
    }

    /// Models, and the guardrail that they are asked with.
    pub fn models(&mut self, config: &ConverseConfig) {
        let mut resources: Vec<String> = config.models.iter().flat_map(|model| self.of_model(model)).collect();
        resources.sort_unstable();
        resources.dedup();
        self.allow(&["bedrock:InvokeModelWithResponseStream"], resources);
        if let Some(guardrail) = &config.guardrail {
            let arn = match guardrail.id.starts_with("arn:") {
                true => guardrail.id.clone(),
                false => self.arn("bedrock", "*", &format!("guardrail/{}", guardrail.id)),
            };
            self.allow(&["bedrock:ApplyGuardrail"], vec![arn]);
        }
    }

    /// A secret, by name or ARN.
    pub fn secret(&mut self, id: &str) {
        let arn = match id.starts_with("arn:") {
            true => id.to_owned(),
            // Secrets Manager puts six characters of its own behind a name.
            false => self.arn("secretsmanager", "*", &format!("secret:{id}-??????")),
        };
        self.allow(&["secretsmanager:GetSecretValue"], vec![arn]);
    }

    /// A gateway of AgentCore's, by the host name of its address: `gateway-id.gateway.bedrock-agentcore.…`.
    pub fn gateway(&mut self, host: &str) {
        let id = host.split_once(".gateway.").map_or("*", |(id, _)| id);
        let arn = self.arn("bedrock-agentcore", "*", &format!("gateway/{id}"));
        self.allow(&["bedrock-agentcore:InvokeGateway"], vec![arn]);
    }

    fn of_model(&self, model: &str) -> Vec<String> {
        let everywhere = |id: &str| format!("arn:{}:bedrock:*::foundation-model/{id}", self.partition);
        if model.starts_with("arn:") {
            // Such a profile does not tell which model it stands for.
            let behind = model.contains("inference-profile/").then(|| everywhere("*"));
            return [model.to_owned()].into_iter().chain(behind).collect();
        }
        match model.split_once('.') {
            Some((regions, id)) if REGIONS_OF_PROFILES.contains(&regions) => {
                vec![self.arn("bedrock", "*", &format!("inference-profile/{model}")), everywhere(id)]
            }
            _ => vec![self.arn("bedrock", "", &format!("foundation-model/{model}"))],
        }
    }

    fn arn(&self, service: &str, account: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{account}:{resource}", self.partition, self.region)
    }

    fn allow(&mut self, actions: &[&str], resources: Vec<String>) {
        self.statements.push(json!({"Effect": "Allow", "Action": actions, "Resource": resources}));
    }

    fn allow_where(&mut self, actions: &[&str], resources: Vec<String>, condition: &Value) {
        self.statements
            .push(json!({"Effect": "Allow", "Action": actions, "Resource": resources, "Condition": condition}));
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", json!({"Version": "2012-10-17", "Statement": self.statements}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a policy allows an action on.
    fn on(policy: &Policy, action: &str) -> Vec<String> {
        let value: Value = serde_json::from_str(&policy.to_string()).unwrap();
        let statements = value["Statement"].as_array().unwrap().iter();
        let fitting = statements.filter(|one| one["Action"].as_array().unwrap().iter().any(|name| name == action));
        let resources = fitting.flat_map(|one| one["Resource"].as_array().unwrap().clone());
        resources.map(|resource| resource.as_str().unwrap().to_owned()).collect()
    }

    fn function(function: &str, qualifier: Option<&str>) -> String {
        let mut policy = Policy::new("eu-west-1");
        let payload = crate::PayloadShape::default();
        let qualifier = qualifier.map(str::to_owned);
        policy.function(&FunctionTarget { function: function.to_owned(), qualifier, payload });
        on(&policy, "lambda:InvokeFunction").remove(0)
    }

    #[test]
    fn a_function_is_named_however_it_is_called() {
        let arn = "arn:aws:lambda:eu-west-1:111122223333:function:f";
        assert_eq!(function(arn, None), arn);
        assert_eq!(function(arn, Some("live")), format!("{arn}:live"));
        assert_eq!(function("f", None), "arn:aws:lambda:eu-west-1:*:function:f");
        assert_eq!(function("111122223333:function:f", Some("2")), "arn:aws:lambda:eu-west-1:*:function:f:2");
    }

    #[test]
    fn a_model_behind_a_profile_is_allowed_where_the_profile_sends_it() {
        let models = |models: &[&str]| {
            let mut policy = Policy::new("eu-west-1");
            let models = models.iter().map(|&model| model.to_owned()).collect();
            policy.models(&ConverseConfig { models, guardrail: None, temperature: None });
            on(&policy, "bedrock:InvokeModelWithResponseStream")
        };
        assert_eq!(
            models(&["amazon.nova-lite-v1:0"]),
            ["arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0"]
        );
        assert_eq!(
            models(&["eu.amazon.nova-lite-v1:0", "eu.amazon.nova-lite-v1:0"]),
            [
                "arn:aws:bedrock:*::foundation-model/amazon.nova-lite-v1:0",
                "arn:aws:bedrock:eu-west-1:*:inference-profile/eu.amazon.nova-lite-v1:0",
            ]
        );
        let own = "arn:aws:bedrock:eu-west-1:111122223333:application-inference-profile/x";
        assert_eq!(models(&[own]), ["arn:aws:bedrock:*::foundation-model/*", own]);
    }

    #[test]
    fn a_catalog_is_its_own_or_anothers_or_lies_within_one() {
        let catalog = |id: Option<&str>| {
            let mut policy = Policy::new("cn-north-1");
            policy.catalog(&GlueConfig { catalog_id: id.map(str::to_owned) });
            on(&policy, "glue:GetTable")
        };
        let arn = |rest: &str| format!("arn:aws-cn:glue:cn-north-1:{rest}");
        assert_eq!(catalog(None), ["*:catalog", "*:database/*", "*:table/*"].map(arn));
        let account = ["111122223333:catalog", "111122223333:database/*", "111122223333:table/*"];
        assert_eq!(catalog(Some("111122223333")), account.map(arn));
        assert_eq!(catalog(Some("s3tablescatalog/lake"))[1], arn("*:database/s3tablescatalog/lake/*"));
        assert_eq!(
            catalog(Some("111122223333:s3tablescatalog/lake"))[0],
            arn("111122223333:catalog/s3tablescatalog/lake")
        );
    }

    #[test]
    fn a_batch_is_started_in_its_application_and_with_its_role_alone() {
        let mut policy = Policy::new("eu-west-1");
        policy.batches(&BatchTarget {
            application_id: "00f1".to_owned(),
            execution_role_arn: "arn:aws:iam::111122223333:role/jobs".to_owned(),
            logs: "s3://house/logs/".parse().unwrap(),
            properties: Vec::new(),
        });
        let application = "arn:aws:emr-serverless:eu-west-1:*:/applications/00f1";
        assert_eq!(on(&policy, "emr-serverless:StartJobRun"), [application]);
        assert_eq!(on(&policy, "emr-serverless:CancelJobRun"), [format!("{application}/jobruns/*")]);
        assert_eq!(on(&policy, "iam:PassRole"), ["arn:aws:iam::111122223333:role/jobs"]);
        assert_eq!(on(&policy, "s3:GetObject"), ["arn:aws:s3:::house/logs/*"]);
        assert!(on(&policy, "s3:PutObject").is_empty());
    }

    #[test]
    fn a_secret_and_a_gateway_are_named_by_what_is_known() {
        let mut policy = Policy::new("us-gov-west-1");
        policy.secret("models/key");
        policy.gateway("tools-abc.gateway.bedrock-agentcore.us-gov-west-1.amazonaws.com");
        let secret = "arn:aws-us-gov:secretsmanager:us-gov-west-1:*:secret:models/key-??????";
        assert_eq!(on(&policy, "secretsmanager:GetSecretValue"), [secret]);
        let gateway = "arn:aws-us-gov:bedrock-agentcore:us-gov-west-1:*:gateway/tools-abc";
        assert_eq!(on(&policy, "bedrock-agentcore:InvokeGateway"), [gateway]);
    }
}
