//! Services of AWS over HTTP.

mod answer;
mod fault;
mod server;

pub use self::{
    answer::Answer,
    fault::Fault,
    server::{Call, FakeAws, Service},
};
