//! Tells those who watch runs that there is something new.

use tokio::sync::broadcast;
use uuid::Uuid;

/// A bell that rings with the id of a run whose journal grew, or that is to be looked at. Carries no data: who hears it
/// reads the store, so nothing is lost when one is missed. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Events {
    sender: broadcast::Sender<Uuid>,
}

impl Events {
    /// A bell that nobody hears yet.
    pub fn new() -> Self {
        Self { sender: broadcast::Sender::new(1024) }
    }

    /// Rings for a run.
    pub fn ring(&self, run: Uuid) {
        // Nobody listening is no failure.
        let _heard_by = self.sender.send(run);
    }

    /// Listens from now on.
    pub fn listen(&self, run: Uuid) -> Listener {
        Listener { run, receiver: self.sender.subscribe() }
    }
}

impl Default for Events {
    fn default() -> Self {
        Self::new()
    }
}

/// Hears the bell for one run.
#[derive(Debug)]
pub struct Listener {
    run: Uuid,
    receiver: broadcast::Receiver<Uuid>,
}

impl Listener {
    /// Returns when the run's bell has rung, or may have.
    pub async fn heard(&mut self) {
        loop {
            match self.receiver.recv().await {
                Ok(run) if run == self.run => return,
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => return,
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}
