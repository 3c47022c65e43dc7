//! The application: one API from a plain request to checked code to results.
//!
//! Inside, arrows point one way: `http` → `service` → `run` → `store` and the plugins' runtime.

/// What the C library keeps of memory that was given back grows with each plugin that is swapped; this does not.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod agent;
pub mod app;
mod backends;
mod calls;
mod clear;
pub mod cli;
pub mod config;
pub mod demo;
pub mod events;
pub mod http;
mod measure;
mod model;
pub mod plugins;
mod reading;
pub mod results;
pub mod run;
mod secrets;
pub mod serve;
pub mod service;
pub mod store;
pub mod telemetry;
pub mod tls;
