//! What Glue refuses, and who can change that.

use enginehouse_capabilities::Error;

use crate::failure::Failure;

/// A call of Glue's, by its IAM action.
#[derive(Debug, Clone, Copy)]
pub(super) enum Action {
    Databases,
    Database,
    Tables,
    Table,
}

impl Action {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Databases => "glue:GetDatabases",
            Self::Database => "glue:GetDatabase",
            Self::Tables => "glue:GetTables",
            Self::Table => "glue:GetTable",
        }
    }

    fn verb(self) -> &'static str {
        match self {
            Self::Databases | Self::Tables => "list",
            Self::Database | Self::Table => "show",
        }
    }
}

/// The error to hand on where `who` could not show `what`: "the table `sales.orders`".
pub(super) fn told(failure: Failure, who: &str, action: Action, what: &str) -> Error {
    let tried = format!("{who} could not {} {what}", action.verb());
    let text = failure.text();
    match failure.code() {
        "AccessDeniedException" if text.contains("Lake Formation") => {
            let needed = if text.to_ascii_lowercase().contains("select") { "SELECT" } else { "DESCRIBE" };
            // It answers so for what is not there, too, to tell nobody what is.
            Error::Denied(format!(
                "{tried}: the credentials in use lack the Lake Formation permission {needed} on it, or it does not exist; \
                 have it granted, or correct the name ({text})"
            ))
        }
        "AccessDeniedException" => Error::Denied(format!(
            "{tried}: the credentials in use lack the IAM action `{}` on it; have it allowed ({text})",
            action.as_str()
        )),
        "GlueEncryptionException" => Error::Denied(format!(
            "{tried}: the catalog is encrypted, and the credentials in use lack the IAM action `kms:Decrypt` on its key ({text})"
        )),
        code @ ("OperationTimeoutException"
        | "InternalServiceException"
        | "ResourceNotReadyException"
        | "FederationSourceException"
        | "FederationSourceRetryableException") => {
            Error::Unavailable(format!("{tried}: it answered {code} {text}; try again later"))
        }
        _ => failure.told(&tried),
    }
}
