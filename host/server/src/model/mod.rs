//! The code generation agent: a model, with what the host adds to whichever it is.
//!
//! From the outside in: answers are kept and budgets held ([`Agent`]), what is said is told to the run's journal as it comes
//! ([`heard`]), calls keep to a pace, and a model that fails is left alone for a while ([`Paced`]).

mod agent;
mod heard;
mod paced;

pub(crate) use self::{
    agent::{Agent, Budgets},
    paced::{Pace, Paced},
};
