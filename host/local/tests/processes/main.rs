//! Programs in real sandboxes: what they may, what they may not, and what is left of them.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the lints know a test by its attribute, not the helpers that tests share"
)]

mod ahead;
mod hostile;
mod house;
mod life;
mod limits;
mod ray;
mod ray_held;
mod spark;
