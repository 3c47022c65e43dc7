//! Services of AWS over HTTP.

mod answer;
mod emr;
mod fault;
mod lambda;
mod server;

pub use self::{
    answer::Answer,
    emr::EmrServerless,
    fault::Fault,
    lambda::{Lambda, LambdaOutcome},
    server::{Call, FakeAws, Service},
};
