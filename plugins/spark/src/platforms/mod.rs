//! What each platform does with a program.

pub(crate) mod emr;
pub(crate) mod lambda;
