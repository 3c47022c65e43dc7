//! `types`: records and errors.

use enginehouse_capabilities::Error;

use super::View;
use crate::bindings::enginehouse::supervisor::types;

impl types::Host for View {
    fn convert_error(&mut self, error: Error) -> wasmtime::Result<types::Error> {
        Ok(error.into())
    }
}
