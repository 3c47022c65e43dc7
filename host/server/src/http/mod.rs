//! The HTTP API. Handlers take a request apart, call one service function and wrap its answer.

mod body;
mod caller;
mod catalog;
mod code;
mod doors;
mod error;
mod events;
mod format;
mod frameworks;
mod health;
mod measured;
mod objects;
mod pace;
mod plugins;
mod results;
mod routes;
mod rules;
mod runs;
mod seed;
mod served;
mod sessions;
mod traced;
mod uploads;
mod views;

pub(crate) use doors::holds_token;
pub use error::ApiError;
pub use routes::router;

use std::sync::Arc;

/// What every handler gets first.
pub type AppState = axum::extract::State<Arc<crate::app::App>>;

/// The result of every handler.
pub type Answer<T> = Result<T, ApiError>;
