//! What the tests of validators share: valid programs with their tasks, what is made wrong in them, how much of it is
//! found, and how chance puts programs together.
//!
//! A plugin brings its programs and its own mutations; [`trials`] are its tests.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::single_range_in_vec_init,
    reason = "only tests use it, and a test fails loudly; most faults have one place"
)]

pub mod fuzz;
pub mod mutations;
pub mod trials;

mod edit;
mod mutation;
mod program;
mod score;

pub use mutation::{Make, Mutant, Mutation};
pub use program::{Valid, programs};
pub use score::{Score, Scores, told};
