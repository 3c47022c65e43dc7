//! The HTTP of a pull: two kinds of request, each with an answer that is bounded and held against its digest.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::{
    Client, Response, StatusCode,
    header::{ACCEPT, AUTHORIZATION, HeaderValue, LOCATION},
    redirect::Policy,
};
use sha2::{Digest, Sha256};
use url::Url;

use super::{
    credentials::Login,
    error::{Error, quoted},
    manifest,
    reference::{Place, is_here},
    token::{self, Challenge},
};

/// What the specification asks registries to take of a manifest at least.
const MOST_OF_MANIFEST: u64 = 4 << 20;
const MOST_REDIRECTS: usize = 5;
const CONNECT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(30);

/// One artifact's registry, over one pull.
pub(super) struct Registry<'a> {
    place: &'a Place,
    client: Client,
    login: Login,
    authorization: Option<HeaderValue>,
}

impl<'a> Registry<'a> {
    pub(super) fn new(place: &'a Place, login: Login) -> Result<Self, Error> {
        // The one TLS library of the process; refused where it was chosen before.
        let _chosen = rustls::crypto::ring::default_provider().install_default();
        // Redirects are followed by hand, so that each is looked at.
        let client = Client::builder().redirect(Policy::none()).connect_timeout(CONNECT).read_timeout(SILENCE);
        let client = client.user_agent(concat!("enginehouse/", env!("CARGO_PKG_VERSION")));
        // A proxy would carry the plain HTTP of this machine over the network.
        let client = if place.is_here() { client.no_proxy() } else { client };
        let client = client.build().map_err(|error| unavailable(place, error))?;
        Ok(Self { place, client, login, authorization: None })
    }

    /// The manifest and its digest.
    pub(super) async fn manifest(&mut self) -> Result<(Bytes, String), Error> {
        const WHAT: &str = "the manifest";
        let response = self.get(&["manifests", &self.place.version], manifest::ACCEPTED).await?;
        let told =
            response.headers().get("docker-content-digest").and_then(|told| told.to_str().ok()).map(str::to_owned);
        let (body, digest) = self.read(response, MOST_OF_MANIFEST, WHAT).await?;
        // Of what the registry says about it, only a digest of the same kind can be held against it.
        let told = told.filter(|told| told.starts_with("sha256:"));
        for expected in self.place.digest.clone().into_iter().chain(told) {
            self.compare(WHAT, &expected, &digest)?;
        }
        Ok((body, digest))
    }

    /// The bytes of a layer that has `size` of them.
    pub(super) async fn blob(&mut self, digest: &str, size: u64, most: u64) -> Result<Bytes, Error> {
        const WHAT: &str = "the component";
        if size > most {
            return Err(self.too_large(WHAT, most));
        }
        let response = self.get(&["blobs", digest], "*/*").await?;
        let announced = |error| match error {
            Error::TooLarge { .. } => self.misbehaves(format!("it sends more than the {size} bytes that it announced")),
            other => other,
        };
        let (body, got) = self.read(response, size, WHAT).await.map_err(announced)?;
        self.compare(WHAT, digest, &got)?;
        Ok(body)
    }

    /// A good answer to a request for this part of the repository.
    async fn get(&mut self, part: &[&str], accept: &'static str) -> Result<Response, Error> {
        let mut url = self.place.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("v2").extend(self.place.repository.split('/')).extend(part);
        }
        let mut response = self.follow(url.clone(), accept).await?;
        let asked_by_registry = self.is_registry(response.url());
        if response.status() == StatusCode::UNAUTHORIZED && self.authorization.is_none() && asked_by_registry {
            self.authorization = Some(self.authorize(&response).await?);
            response = self.follow(url, accept).await?;
        }
        match response.status() {
            StatusCode::OK => Ok(response),
            StatusCode::NOT_FOUND => Err(Error::NotFound { reference: self.place.given.clone() }),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(self.not_allowed()),
            status => Err(self.unexpected(status)),
        }
    }

    /// The answer after redirects. Only the registry itself is shown who asks.
    async fn follow(&self, mut url: Url, accept: &'static str) -> Result<Response, Error> {
        for _ in 0..=MOST_REDIRECTS {
            let mut request = self.client.get(url.clone()).header(ACCEPT, accept);
            if let Some(authorization) = self.authorization.as_ref().filter(|_| self.is_registry(&url)) {
                request = request.header(AUTHORIZATION, authorization.clone());
            }
            let response = request.send().await.map_err(|error| unavailable(self.place, error))?;
            let location = response.headers().get(LOCATION).filter(|_| response.status().is_redirection());
            let Some(location) = location else { return Ok(response) };
            let location = String::from_utf8_lossy(location.as_bytes());
            url = url.join(&location).map_err(|_| self.misbehaves("it redirects to no address".to_owned()))?;
            self.check(&url)?;
        }
        Err(self.misbehaves(format!("it redirects more than {MOST_REDIRECTS} times")))
    }

    /// The header that answers a registry's challenge.
    async fn authorize(&self, response: &Response) -> Result<HeaderValue, Error> {
        let (realm, service) = match token::challenge(response.headers()) {
            None => return Err(self.not_allowed()),
            Some(Challenge::Basic) => return token::basic(&self.login).ok_or_else(|| self.not_allowed()),
            Some(Challenge::Bearer { realm, service }) => (realm, service),
        };
        let realm = token::realm(&realm).map_err(|reason| self.misbehaves(reason))?;
        self.check(&realm)?;
        let repository = &self.place.repository;
        let response = token::ask(&self.client, &realm, service.as_deref(), repository, &self.login).await;
        let response = response.map_err(|error| unavailable(self.place, error))?;
        match response.status() {
            StatusCode::OK => {}
            status if token::refused(status) => return Err(self.not_allowed()),
            status => return Err(self.unexpected(status)),
        }
        let (answer, _) = self.read(response, token::MOST_BYTES, "the token").await?;
        token::bearer(&answer).map_err(|reason| self.misbehaves(reason))
    }

    /// A body of at most so many bytes, with its SHA-256, which is taken as it comes so that no thread is held by it.
    async fn read(&self, mut response: Response, most: u64, what: &'static str) -> Result<(Bytes, String), Error> {
        let mut body = BytesMut::new();
        let mut digest = Sha256::new();
        if response.content_length().is_some_and(|announced| announced > most) {
            return Err(self.too_large(what, most));
        }
        while let Some(piece) = response.chunk().await.map_err(|error| unavailable(self.place, error))? {
            if (body.len() as u64).saturating_add(piece.len() as u64) > most {
                return Err(self.too_large(what, most));
            }
            digest.update(&piece);
            body.extend_from_slice(&piece);
        }
        Ok((body.freeze(), format!("sha256:{}", hex::encode(digest.finalize()))))
    }

    /// Whether this address may be asked: TLS elsewhere, and this machine only for a registry that is on it.
    fn check(&self, url: &Url) -> Result<(), Error> {
        let may = match (is_here(url), url.scheme()) {
            (true, "http" | "https") => self.place.is_here(),
            (false, scheme) => scheme == "https",
            (true, _) => false,
        };
        // Without its query, which may be as good as a key.
        let shown = || quoted(&format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default()));
        if may { Ok(()) } else { Err(self.misbehaves(format!("it sends its callers to {}", shown()))) }
    }

    fn is_registry(&self, url: &Url) -> bool {
        url.origin() == self.place.base.origin()
    }

    fn compare(&self, what: &'static str, expected: &str, got: &str) -> Result<(), Error> {
        if expected == got {
            return Ok(());
        }
        let expected = quoted(expected).trim_matches('`').to_owned();
        Err(Error::DigestDiffers { reference: self.place.given.clone(), what, expected, got: got.to_owned() })
    }

    fn too_large(&self, what: &'static str, most: u64) -> Error {
        Error::TooLarge { reference: self.place.given.clone(), what, most }
    }

    fn not_allowed(&self) -> Error {
        Error::NotAllowed { reference: self.place.given.clone(), registry: self.place.registry.clone() }
    }

    fn misbehaves(&self, reason: String) -> Error {
        Error::Misbehaves { registry: self.place.registry.clone(), reason }
    }

    fn unexpected(&self, status: StatusCode) -> Error {
        let later = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS].contains(&status);
        let reason = format!("status {}", status.as_u16());
        if later || status.is_server_error() {
            Error::Unavailable { registry: self.place.registry.clone(), reason }
        } else {
            self.misbehaves(reason)
        }
    }
}

/// Without the address, whose query may be as good as a key.
fn unavailable(place: &Place, error: reqwest::Error) -> Error {
    let error = error.without_url();
    let below = std::iter::successors(std::error::Error::source(&error), |error| error.source());
    let reason = below.fold(error.to_string(), |text, error| format!("{text}: {error}"));
    Error::Unavailable { registry: place.registry.clone(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_elsewhere_sends_nobody_to_this_machine() {
        let elsewhere = Place::parse("ghcr.io/owner/name:1").unwrap();
        let here = Place::parse("localhost:5000/name:1").unwrap();
        let may = |place: &Place, url: &str| {
            Registry::new(place, Login::Anonymous).unwrap().check(&Url::parse(url).unwrap()).is_ok()
        };
        for url in ["http://127.0.0.1/", "https://127.0.0.1/", "https://localhost/", "https://[::1]/"] {
            assert!(!may(&elsewhere, url) && may(&here, url), "{url}");
        }
        for url in ["http://example.com/", "http://ghcr.io/", "ftp://example.com/", "file:///etc/passwd", "data:,x"] {
            assert!(!may(&elsewhere, url) && !may(&here, url), "{url}");
        }
        assert!(may(&elsewhere, "https://example.com/") && may(&here, "https://example.com/"));
    }
}
