//! What a model says, told to the journal of its run as it comes.

use std::time::Duration;

use enginehouse_capabilities::Listener;
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use uuid::Uuid;

use crate::{events::Events, store::Store};

/// Pieces are gathered for so long, so that a word is not an entry.
const GATHER: Duration = Duration::from_millis(500);
/// The most bytes of one entry.
const ENTRY: usize = 8 << 10;

/// Where the pieces go.
#[derive(Debug)]
pub(super) struct Ear(UnboundedSender<String>);

impl Listener for Ear {
    fn hear(&self, piece: &str) {
        // Nobody listens to what is said outside a run.
        let _nobody = self.0.send(piece.to_owned());
    }
}

/// Pieces that wait to be told.
#[derive(Debug)]
pub(super) struct Mouth(UnboundedReceiver<String>);

/// What hears, and what tells.
pub(super) fn pair() -> (Ear, Mouth) {
    let (sender, receiver) = unbounded_channel();
    (Ear(sender), Mouth(receiver))
}

impl Mouth {
    /// Tells a run's journal what is said for an attempt, until the ear is gone. A piece that cannot be kept is left out: the code
    /// comes whole with the attempt.
    pub(super) async fn tell(mut self, store: &Store, events: &Events, run: Uuid, attempt: i64) {
        while let Some(mut text) = self.0.recv().await {
            tokio::time::sleep(GATHER).await;
            while text.len() < ENTRY
                && let Ok(more) = self.0.try_recv()
            {
                text.push_str(&more);
            }
            for part in parts(&text) {
                match store.append(run, "writing", &json!({ "number": attempt, "text": part })).await {
                    Ok(()) => events.ring(run),
                    Err(error) => tracing::warn!(%run, %error, "what the model said could not be told"),
                }
            }
        }
    }
}

/// The text in entries, cut between characters.
fn parts(mut text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    while !text.is_empty() {
        let (part, rest) = text.split_at(text.floor_char_boundary(ENTRY));
        parts.push(part);
        text = rest;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_piece_becomes_several_entries_and_no_character_is_cut() {
        let text = "é".repeat(ENTRY);
        let parts = parts(&text);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts.concat(), text);
        assert!(super::parts("").is_empty());
    }
}
