//! The exports of one component, found once.

use wasmtime::{
    Store,
    component::{ComponentExportIndex, ComponentNamedList, Instance, InstancePre, Lift, Lower},
};

use crate::{Stage, bindings::PluginPre, call::CallState};

const INTERFACE: &str = "enginehouse:supervisor/supervisor@0.1.0";

/// Makes instances, and looks up in them the one function that a call is about: checking the types of all ten would cost
/// more than many calls do.
pub(crate) struct Exports {
    pre: PluginPre<CallState>,
    functions: Vec<(Stage, ComponentExportIndex)>,
}

impl Exports {
    /// The exports of a component that is linked.
    pub(crate) fn of(pre: InstancePre<CallState>) -> wasmtime::Result<Self> {
        let pre = PluginPre::new(pre)?;
        let component = pre.instance_pre().component();
        let missing = |what: &str| wasmtime::Error::msg(format!("the component does not export {what}"));
        let interface = component.get_export_index(None, INTERFACE).ok_or_else(|| missing(INTERFACE))?;
        let find = |stage: Stage| {
            let name = stage.to_string();
            let index = component.get_export_index(Some(&interface), &name);
            Ok((stage, index.ok_or_else(|| missing(&format!("`{name}` of {INTERFACE}")))?))
        };
        let functions = Stage::ALL.into_iter().map(find).collect::<wasmtime::Result<_>>()?;
        Ok(Self { pre, functions })
    }

    /// Checks the types of all exports against the contract.
    pub(crate) async fn check(&self, store: &mut Store<CallState>) -> wasmtime::Result<()> {
        self.pre.instantiate_async(store).await?;
        Ok(())
    }

    pub(crate) async fn instantiate(&self, store: &mut Store<CallState>) -> wasmtime::Result<Instance> {
        self.pre.instance_pre().instantiate_async(store).await
    }

    /// Calls an export of an instance of this component.
    pub(crate) async fn call<P, R>(
        &self,
        instance: &Instance,
        store: &mut Store<CallState>,
        stage: Stage,
        parameters: P,
    ) -> wasmtime::Result<R>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        R: Lift + Send + Sync + 'static,
    {
        let found = self.functions.iter().find(|(of, _)| *of == stage);
        let (_, index) = found.ok_or_else(|| wasmtime::Error::msg(format!("there is no export `{stage}`")))?;
        let function = instance.get_typed_func::<P, (R,)>(&mut *store, index)?;
        let (answer,) = function.call_async(store, parameters).await?;
        Ok(answer)
    }
}
