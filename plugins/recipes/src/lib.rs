//! Writes code without a model: plain English requests over known columns.
//!
//! [`plan()`] reads a request into a [`Plan`], which no engine knows of; [`pyspark`] and [`mod@ray`] render a plan
//! as a program. Nothing is
//! guessed: every word of a request is either understood, or one of the few filler words in `words.rs`, or the request is
//! refused with [`NotUnderstood`], which says what to do next.

pub mod csv;
mod error;
mod join;
mod kind;
mod names;
mod numbers;
mod overview;
mod parse;
pub mod plan;
pub mod pyspark;
pub mod ray;
mod sample;
mod scope;
mod text;
mod token;
mod words;
mod write;

pub use error::NotUnderstood;
pub use parse::{Planned, plan};
pub use plan::Plan;
pub use write::Writer;

#[cfg(test)]
mod tests;
