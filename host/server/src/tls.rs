//! The one TLS library of the process.

/// Chooses it for all clients that leave the choice open. To be called before the first of them is made; again is no harm.
pub fn choose() {
    // Refused where it was chosen before.
    let _chosen = rustls::crypto::ring::default_provider().install_default();
}
