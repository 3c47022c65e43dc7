//! The application: one API from a plain request to checked code to results.
//!
//! Inside, arrows point one way: `http` → `service` → `run` → `store` and the plugins' runtime.

/// Gives memory back that swapped plugins and large bodies took; the C library's keeps a little more with each.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

pub mod agent;
pub mod app;
mod backends;
mod calls;
mod clear;
pub mod cli;
pub mod config;
pub mod demo;
pub mod events;
mod gateway;
mod hash;
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
