//! Reads Python without running it: names, constants, calls, and the rules common to all Python engines.
//!
//! [`Syntax::parse`] answers the tree or what is wrong with the text; [`Program::read`] knows scopes, follows names to what
//! they stand for and folds strings; [`check`] runs the common rules. A framework's own rules are written on
//! [`Program::calls`], [`Program::chains`] and [`Program::texts`].
//!
//! What cannot be resolved is unknown, never wrong. Nothing here panics or recurses beyond [`depth`]'s limits, whatever the
//! text.

pub mod chain;
pub mod depth;
pub mod libraries;
pub mod modules;
pub mod pages;
pub mod paths;
pub mod report;
pub mod value;

mod habits;
mod leftovers;
mod names;
mod program;
mod resolve;
mod rules;
mod safety;
mod scope;
mod syntax;

pub use chain::{Chain, Hop, Root};
pub use program::{Call, Program, Text, argument};
pub use ruff_python_ast as ast;
pub use ruff_text_size::{Ranged, TextRange};
pub use rules::{Policy, check, rules};
pub use scope::{Star, bound_by};
pub use syntax::{Syntax, done};
pub use value::{OUTPUT_PATH, Part, Value};
