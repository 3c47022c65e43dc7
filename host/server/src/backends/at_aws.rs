//! What of the configuration is at AWS, in the adapters' own terms: to open them, to see whether they may be used, and what that takes.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::Context as _;
use enginehouse_aws::{
    Account, AccountConfig, AgentCoreConfig, AgentCoreModel, BatchTarget, ConverseConfig, ConverseModel, EmrBatches,
    FunctionTarget, GlueCatalog, GlueConfig, Guardrail, LambdaFunctions, PayloadShape, Permission, Policy, S3Access,
    S3Objects, may_read_secret,
};
use enginehouse_capabilities::ObjectUri;

use crate::config::{self, Auth, Config, Secret};

/// What of the configuration is at AWS.
#[derive(Debug, Default)]
pub(crate) struct AtAws {
    pub(crate) bucket: Option<String>,
    pub(crate) catalog: Option<GlueConfig>,
    pub(crate) functions: BTreeMap<String, FunctionTarget>,
    pub(crate) batches: BTreeMap<String, BatchTarget>,
    pub(crate) model: Option<ModelAtAws>,
    /// Names or ARNs.
    pub(crate) secrets: Vec<String>,
    /// Servers of tools that take signatures, by name.
    pub(crate) gateways: BTreeMap<String, config::Mcp>,
    /// What plugins may read beside uploads and results.
    reads: Vec<ObjectUri>,
    /// Whether one of them is told of no bounds to that.
    reads_anything: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum ModelAtAws {
    Agent(AgentCoreConfig),
    Models(ConverseConfig),
}

impl AtAws {
    /// # Errors
    /// For a prefix that is none.
    pub(crate) fn of(config: &Config) -> anyhow::Result<Self> {
        let mut at_aws = Self::default();
        if let config::Objects::S3 { bucket } = &config.objects {
            at_aws.bucket = Some(bucket.clone());
            let named = config.frameworks.values().map(|framework| framework.grants.readable());
            let named = named.collect::<Result<Vec<_>, _>>()?;
            at_aws.reads_anything = named.is_empty() || named.iter().any(Option::is_none);
            at_aws.reads = named.into_iter().flatten().flatten().collect();
            at_aws.reads.sort_unstable();
            at_aws.reads.dedup();
        }
        if let config::Catalog::Glue { catalog_id } = &config.catalog {
            at_aws.catalog = Some(GlueConfig { catalog_id: catalog_id.clone() });
        }
        if let config::Functions::Lambda { targets } = &config.functions {
            at_aws.functions = targets.iter().map(|(name, target)| (name.clone(), function(target))).collect();
        }
        if let config::Batches::EmrServerless { targets } = &config.batches {
            let targets = targets.iter().map(|(name, target)| anyhow::Ok((name.clone(), batches(target)?)));
            at_aws.batches = targets.collect::<Result<_, _>>()?;
        }
        at_aws.model = model(&config.codegen);
        at_aws.secrets = config.secrets().into_iter().filter_map(|(_, secret)| secret_at_aws(secret)).collect();
        let signed = config.tools.mcp().filter(|(_, server)| matches!(server.auth, Some(Auth::Sigv4(_))));
        at_aws.gateways = signed.map(|(name, server)| (name.clone(), server.clone())).collect();
        Ok(at_aws)
    }

    /// The least that the account must allow.
    pub(crate) fn policy(&self, region: &str) -> Policy {
        let mut policy = Policy::new(region);
        self.bucket.iter().for_each(|bucket| policy.bucket(bucket));
        self.reads.iter().for_each(|prefix| policy.reads(prefix));
        self.catalog.iter().for_each(|catalog| policy.catalog(catalog));
        self.functions.values().for_each(|target| policy.function(target));
        self.batches.values().for_each(|target| policy.batches(target));
        match &self.model {
            Some(ModelAtAws::Agent(agent)) => policy.agent(agent),
            Some(ModelAtAws::Models(models)) => policy.models(models),
            None => {}
        }
        self.secrets.iter().for_each(|id| policy.secret(id));
        let hosts = self.gateways.values().filter_map(|server| server.url.host_str());
        hosts.for_each(|host| policy.gateway(host));
        policy
    }

    /// Whether plugins may read what the policy does not name.
    pub(crate) fn reads_anything(&self) -> bool {
        self.reads_anything
    }

    fn is_empty(&self) -> bool {
        let Self { bucket, catalog, functions, batches, model, secrets, gateways, .. } = self;
        let targets = functions.is_empty() && batches.is_empty() && gateways.is_empty();
        targets && bucket.is_none() && catalog.is_none() && model.is_none() && secrets.is_empty()
    }

    /// The account, where anything is there.
    pub(crate) async fn account(&self, aws: &config::Aws) -> anyhow::Result<Option<Account>> {
        if self.is_empty() {
            return Ok(None);
        }
        let config::Aws { region, profile, endpoints } = aws.clone();
        let endpoints = endpoints.into_iter().map(|(name, url)| Ok((name.parse()?, url.to_string())));
        let endpoints = endpoints.collect::<Result<_, enginehouse_capabilities::Error>>()?;
        let account = Account::open(&AccountConfig { region, profile, endpoints, keys: None }).await;
        Ok(Some(account.context("cannot open the account at AWS")?))
    }

    /// Whether each service lets itself be used, by the least call that shows it. Models are asked for one word.
    pub(crate) async fn preflight(&self, account: &Account) -> anyhow::Result<Vec<Permission>> {
        let mut permissions = Vec::new();
        let objects = S3Objects::of_account(account, S3Access::default());
        if let Some(bucket) = &self.bucket {
            permissions.extend(objects.preflight(bucket).await.context("the setting is `objects.bucket`")?);
        }
        if let Some(catalog) = self.catalog.clone() {
            permissions.extend(GlueCatalog::new(account, catalog).preflight().await);
        }
        permissions.extend(LambdaFunctions::new(account, self.functions.clone()).preflight().await);
        permissions.extend(EmrBatches::new(account, Arc::new(objects), self.batches.clone()).preflight().await);
        match &self.model {
            Some(ModelAtAws::Agent(agent)) => {
                permissions.extend(AgentCoreModel::new(account, agent.clone()).preflight().await);
            }
            Some(ModelAtAws::Models(models)) => {
                permissions.extend(ConverseModel::new(account, models.clone()).preflight().await);
            }
            None => {}
        }
        for id in &self.secrets {
            permissions.push(may_read_secret(account, id).await);
        }
        Ok(permissions)
    }
}

fn function(target: &config::Function) -> FunctionTarget {
    FunctionTarget {
        function: target.function.clone(),
        qualifier: target.qualifier.clone(),
        payload: match target.payload.clone() {
            None => PayloadShape::default(),
            Some(config::Payload::Word(config::AsIs::AsIs)) => PayloadShape::AsIs,
            Some(config::Payload::Members { names, constants }) => PayloadShape::Members { names, constants },
        },
    }
}

fn batches(target: &config::Batch) -> anyhow::Result<BatchTarget> {
    Ok(BatchTarget {
        application_id: target.application.clone(),
        execution_role_arn: target.role.clone(),
        logs: target.logs.parse()?,
        properties: target.properties.clone().into_iter().collect(),
    })
}

fn model(codegen: &config::Codegen) -> Option<ModelAtAws> {
    match codegen.clone() {
        config::Codegen::Agentcore { runtime, qualifier, model } => {
            Some(ModelAtAws::Agent(AgentCoreConfig { runtime_arn: runtime, qualifier, model_id: model }))
        }
        config::Codegen::Bedrock { models, guardrail, temperature } => {
            let guardrail = guardrail.map(|config::Guardrail { id, version }| Guardrail { id, version });
            Some(ModelAtAws::Models(ConverseConfig { models, guardrail, temperature }))
        }
        config::Codegen::Openai { .. } | config::Codegen::Unconfigured => None,
    }
}

fn secret_at_aws(secret: &Secret) -> Option<String> {
    match secret {
        Secret::SecretsManager(id) => Some(id.clone()),
        Secret::Env(_) | Secret::File(_) => None,
    }
}
