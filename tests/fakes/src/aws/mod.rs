//! Services of AWS over HTTP.

mod answer;
mod fault;
mod glue;
mod s3;
mod server;

pub use self::{
    answer::Answer,
    fault::Fault,
    glue::Glue,
    s3::S3Proxy,
    server::{Call, FakeAws, Service},
};
