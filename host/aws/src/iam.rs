//! The least that an account must allow, as an IAM policy.
//!
//! Resources are named as in the [service authorization reference](https://docs.aws.amazon.com/service-authorization/latest/reference/).
//! Where only names are known, the account's number is `*`: a policy of an identity reaches into no other account that does not let it
//! in.

use std::fmt;

use enginehouse_capabilities::ObjectUri;
use serde_json::{Value, json};

use crate::{AgentCoreConfig, BatchTarget, ConverseConfig, FunctionTarget, GlueConfig, arn};

/// Before the id of a model, these name a profile of AWS's own that sends requests to several regions.
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

    /// All tables of a catalog: callers may look at any. In the account's own catalog, the database `default` too.
    pub fn catalog(&mut self, config: &GlueConfig) {
        // `111122223333`, `s3tablescatalog/bucket`, or both with a colon between.
        let id = config.catalog_id.as_deref().unwrap_or_default();
        let is_account = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        let (account, within) = match id.split_once(':') {
            Some((account, within)) => (account, within),
            None if is_account(id) => (id, ""),
            None => ("*", id),
        };
        let within = arn::escaped(within);
        // Who may look into a catalog may look at all that it lies in.
        let ends = within.match_indices('/').map(|(at, _)| at).chain([within.len()]);
        let outer = ends.filter_map(|end| within.get(..end)).filter(|outer| !outer.is_empty());
        let catalogs = ["catalog".to_owned()].into_iter().chain(outer.map(|outer| format!("catalog/{outer}")));
        let below = if within.is_empty() { String::new() } else { format!("{within}/") };
        let resources = catalogs.chain([format!("database/{below}*"), format!("table/{below}*")]);
        let resources = resources.map(|resource| self.arn("glue", account, &resource)).collect();
        self.allow(&["glue:GetDatabases", "glue:GetTables", "glue:GetTable"], resources);
        if config.is_own() {
            let resources = ["catalog", "database/default"].map(|resource| self.arn("glue", account, resource));
            self.allow(&["glue:GetDatabase"], resources.into());
        }
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
            false => self.arn("secretsmanager", "*", &format!("secret:{}-??????", arn::escaped(id))),
        };
        self.allow(&["secretsmanager:GetSecretValue"], vec![arn]);
    }

    /// A gateway of AgentCore's, by the host name of its address: `gateway-id.gateway.bedrock-agentcore.…`.
    pub fn gateway(&mut self, host: &str) {
        let id = host.split_once(".gateway.").map_or("*", |(id, _)| id);
        let arn = self.arn("bedrock-agentcore", "*", &format!("gateway/{id}"));
        self.allow(&["bedrock-agentcore:InvokeGateway"], vec![arn]);
    }

    /// The model itself, or the profile or router with all that it may send a request to.
    fn of_model(&self, model: &str) -> Vec<String> {
        let Some(resource) = model.strip_prefix("arn:").and_then(|rest| rest.splitn(5, ':').nth(4)) else {
            let Some(id) = behind(model) else {
                return vec![self.arn("bedrock", "", &format!("foundation-model/{model}"))];
            };
            let profile = self.arn("bedrock", "*", &format!("inference-profile/{model}"));
            return [vec![profile], self.in_any_region(id)].concat();
        };
        let own = vec![model.to_owned()];
        match resource.split_once('/') {
            Some(("inference-profile", id)) => [own, self.in_any_region(behind(id).unwrap_or("*"))].concat(),
            // These do not tell what they stand for: models, or profiles of AWS's own.
            Some(("application-inference-profile" | "prompt-router" | "default-prompt-router", _)) => {
                let profiles = vec![self.arn("bedrock", "*", "inference-profile/*")];
                [own, profiles, self.in_any_region("*")].concat()
            }
            _ => own,
        }
    }

    /// A model wherever a profile sends requests for it. Where it may send them anywhere, the region is empty.
    fn in_any_region(&self, id: &str) -> Vec<String> {
        ["*", ""].map(|region| format!("arn:{}:bedrock:{region}::foundation-model/{id}", self.partition)).into()
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

/// The model behind a profile of AWS's own, `amazon.nova-lite-v1:0` behind `eu.amazon.nova-lite-v1:0`.
fn behind(profile: &str) -> Option<&str> {
    let (regions, model) = profile.split_once('.')?;
    REGIONS_OF_PROFILES.contains(&regions).then_some(model)
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let policy = json!({"Version": "2012-10-17", "Statement": self.statements});
        f.write_str(&arn::ascii(&format!("{policy:#}")))
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
                "arn:aws:bedrock:::foundation-model/amazon.nova-lite-v1:0",
                "arn:aws:bedrock:eu-west-1:*:inference-profile/eu.amazon.nova-lite-v1:0",
            ]
        );
        let own = "arn:aws:bedrock:eu-west-1:111122223333";
        let profile = format!("{own}:inference-profile/global.amazon.nova-2-lite-v1:0");
        let everywhere =
            ["*", ""].map(|region| format!("arn:aws:bedrock:{region}::foundation-model/amazon.nova-2-lite-v1:0"));
        let allowed = models(&[&profile]);
        assert!(allowed.len() == 3 && allowed.contains(&profile), "{allowed:?}");
        assert!(everywhere.iter().all(|model| allowed.contains(model)), "{allowed:?}");
        for opaque in ["application-inference-profile/x", "prompt-router/x", "default-prompt-router/anthropic.claude:1"]
        {
            let opaque = format!("{own}:{opaque}");
            let allowed = models(&[&opaque]);
            let profiles = "arn:aws:bedrock:eu-west-1:*:inference-profile/*".to_owned();
            for needed in [opaque, profiles, "arn:aws:bedrock:*::foundation-model/*".to_owned()] {
                assert!(allowed.contains(&needed), "{needed}: {allowed:?}");
            }
        }
        let provisioned = format!("{own}:provisioned-model/x");
        assert_eq!(models(&[&provisioned]), [provisioned]);
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
        let nested = [
            "catalog",
            "catalog/s3tablescatalog",
            "catalog/s3tablescatalog/lake",
            "database/s3tablescatalog/lake/*",
            "table/s3tablescatalog/lake/*",
        ];
        assert_eq!(catalog(Some("s3tablescatalog/lake")), nested.map(|name| arn(&format!("*:{name}"))));
        let theirs = nested.map(|name| arn(&format!("111122223333:{name}")));
        assert_eq!(catalog(Some("111122223333:s3tablescatalog/lake")), theirs);
        assert_eq!(catalog(Some("a*b"))[1], arn("*:catalog/a${*}b"));
    }

    #[test]
    fn the_database_default_is_asked_for_in_the_accounts_own_catalog_alone() {
        let asked = |id: Option<&str>| {
            let mut policy = Policy::new("eu-west-1");
            policy.catalog(&GlueConfig { catalog_id: id.map(str::to_owned) });
            on(&policy, "glue:GetDatabase")
        };
        assert_eq!(asked(None), ["catalog", "database/default"].map(|name| format!("arn:aws:glue:eu-west-1:*:{name}")));
        assert!(asked(Some("s3tablescatalog/lake")).is_empty() && asked(Some("111122223333")).is_empty());
    }

    #[test]
    fn names_stand_for_themselves_and_a_policy_has_no_character_that_iam_refuses() {
        let mut policy = Policy::new("eu-west-1");
        policy.reads(&"s3://lake/a*b?c${d}/日本/".parse().unwrap());
        assert_eq!(on(&policy, "s3:GetObject"), ["arn:aws:s3:::lake/a${*}b${?}c${$}{d}/日本/*"]);
        let text = policy.to_string();
        assert!(text.is_ascii() && text.contains("\\u65e5\\u672c"), "{text}");
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
