//! The Ray supervisor.
//!
//! It is not written yet, and therefore not bundled: the server answers that there is no framework `ray`. The crate stands so
//! that the arrows between crates are fixed before it comes.
