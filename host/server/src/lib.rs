//! The application: one API from a plain request to checked code to results.
//!
//! Inside, arrows point one way: `http` → `service` → `run` → `store` and the plugins' runtime.

pub mod agent;
pub mod app;
mod backends;
mod clear;
pub mod cli;
pub mod config;
pub mod demo;
pub mod events;
pub mod http;
mod measure;
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
