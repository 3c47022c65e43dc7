//! Whether functions can be called.

use aws_sdk_lambda::types::InvocationType;

use super::{Failure, LambdaFunctions};
use crate::permission::Permission;

impl LambdaFunctions {
    /// Whether each function is there and may be called: by Lambda's own dry run, which calls none.
    pub async fn preflight(&self) -> Vec<Permission> {
        let mut permissions = Vec::new();
        for target in self.targets.values() {
            let call = self.client.invoke().function_name(&target.function).set_qualifier(target.qualifier.clone());
            let called = call.invocation_type(InvocationType::DryRun).send().await;
            let tried = format!("{} would not run the function `{}`", self.name, target.function);
            let called = called.map(drop).map_err(|e| Failure::from(e).told(&tried));
            permissions.push(Permission::new("lambda:InvokeFunction", &target.function, called));
        }
        permissions
    }
}
