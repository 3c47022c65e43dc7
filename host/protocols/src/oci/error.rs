/// Why nothing was pulled. What a registry said is repeated in parts and escaped; credentials never are.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text names no artifact, so nothing was asked.
    #[error("`{reference}` is not a reference to an artifact: {reason}")]
    NotAReference {
        /// As it was given, or its beginning.
        reference: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The registry has no such repository, tag or digest, or no such layer.
    #[error("there is no artifact `{reference}` in its registry")]
    NotFound {
        /// As it was given.
        reference: String,
    },
    /// The registry does not let the caller read it. Many say so for what they do not have, too.
    #[error("the registry does not let you read `{reference}`, or has no such artifact: try `docker login {registry}`")]
    NotAllowed {
        /// As it was given.
        reference: String,
        /// The host to log in to.
        registry: String,
    },
    /// The login was there but could not be read: docker's configuration, or a credential helper.
    #[error("cannot read the login for `{registry}`: {reason}")]
    Credentials {
        /// The host whose login was looked for.
        registry: String,
        /// What went wrong, without what was read.
        reason: String,
    },
    /// There is an artifact, but it is something else.
    #[error("`{reference}` is not a WebAssembly component: it is {found}")]
    NotAComponent {
        /// As it was given.
        reference: String,
        /// What it is instead.
        found: String,
    },
    /// It is, or turns out to be, more than may be pulled.
    #[error("{what} of `{reference}` has more than the {most} bytes that may be pulled")]
    TooLarge {
        /// As it was given.
        reference: String,
        /// The part of it.
        what: &'static str,
        /// The bound, in bytes.
        most: u64,
    },
    /// Other bytes came than those that were asked for.
    #[error("{what} of `{reference}` is not what its digest says: expected {expected}, got {got}")]
    DigestDiffers {
        /// As it was given.
        reference: String,
        /// The part of it.
        what: &'static str,
        /// `sha256:…` of what was asked for.
        expected: String,
        /// `sha256:…` of what came.
        got: String,
    },
    /// No answer, or not in time. Worth trying again later.
    #[error("the registry `{registry}` does not answer: {reason}")]
    Unavailable {
        /// The host that was asked.
        registry: String,
        /// What happened.
        reason: String,
    },
    /// An answer that no registry may give, such as a redirect to plain HTTP. Nothing more was asked.
    #[error("`{registry}` does not answer as a registry: {reason}")]
    Misbehaves {
        /// The host that was asked.
        registry: String,
        /// What it did.
        reason: String,
    },
}

/// The beginning of what a stranger wrote, on one line and without control characters.
pub(super) fn quoted(text: &str) -> String {
    const MOST: usize = 120;
    let beginning: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
    let rest = if text.chars().nth(MOST).is_some() { "…" } else { "" };
    format!("`{beginning}{rest}`")
}
