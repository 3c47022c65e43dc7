//! From the text of a reference to where its parts are.

use std::net::IpAddr;

use oci_spec::distribution::Reference;
use url::{Host, Url};

use super::error::{Error, quoted};

/// Where an artifact is.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The reference as it was given.
    pub(super) given: String,
    /// The host as it was given, with its port: what one logs in to.
    pub(super) registry: String,
    /// The root of the registry's HTTP interface.
    pub(super) base: Url,
    pub(super) repository: String,
    /// A tag, or the digest.
    pub(super) version: String,
    /// `sha256:` and 64 small hexadecimal digits, where the reference has one.
    pub(super) digest: Option<String>,
}

impl Place {
    pub(super) fn parse(given: &str) -> Result<Self, Error> {
        Self::try_parse(given)
            .map_err(|reason| Error::NotAReference { reference: quoted(given).trim_matches('`').to_owned(), reason })
    }

    fn try_parse(given: &str) -> Result<Self, String> {
        let first = given.split_once('/').map_or("", |(first, _)| first);
        if !(first.contains(['.', ':']) || first == "localhost") {
            return Err("it has to begin with the registry's host, as in `ghcr.io/owner/name:1.0`".to_owned());
        }
        let reference: Reference = given.parse().map_err(|error| format!("{error}"))?;
        let digest = reference.digest().map(str::to_owned);
        if !digest.as_deref().is_none_or(is_sha256) {
            return Err("of digests only `sha256:` with 64 small hexadecimal digits is taken".to_owned());
        }
        Ok(Self {
            base: base(reference.resolve_registry())?,
            given: given.to_owned(),
            registry: reference.registry().to_owned(),
            repository: reference.repository().to_owned(),
            version: digest.as_deref().or(reference.tag()).unwrap_or("latest").to_owned(),
            digest,
        })
    }

    /// Whether the registry runs on this machine: only then is plain HTTP spoken.
    pub(super) fn is_here(&self) -> bool {
        is_here(&self.base)
    }
}

/// Whether a text is `sha256:` with 64 small hexadecimal digits, and so fit for a path.
pub(super) fn is_sha256(digest: &str) -> bool {
    digest.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}

/// Whether an address leads to this machine by how it is written. Names are not resolved.
pub(super) fn is_here(url: &Url) -> bool {
    let here = |address: IpAddr| address.is_loopback() || address.is_unspecified();
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => here(address.into()),
        Some(Host::Ipv6(address)) => here(address.to_canonical()),
        None => false,
    }
}

fn base(host: &str) -> Result<Url, String> {
    let parse =
        |scheme| Url::parse(&format!("{scheme}://{host}/")).map_err(|error| format!("its host is none: {error}"));
    let safe = parse("https")?;
    if is_here(&safe) { parse("http") } else { Ok(safe) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_says_where_its_artifact_is() {
        let place = Place::parse("ghcr.io/owner/deep/name:1.0").unwrap();
        assert_eq!(place.base.as_str(), "https://ghcr.io/");
        assert_eq!((place.repository.as_str(), place.version.as_str()), ("owner/deep/name", "1.0"));
        assert_eq!(Place::parse("ghcr.io/owner/name").unwrap().version, "latest");
        let hub = Place::parse("docker.io/owner/name:1").unwrap();
        assert_eq!((hub.registry.as_str(), hub.base.as_str()), ("docker.io", "https://index.docker.io/"));
    }

    #[test]
    fn a_digest_goes_before_a_tag() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let place = Place::parse(&format!("ghcr.io/owner/name:1.0@{digest}")).unwrap();
        assert_eq!((&place.version, place.digest.as_ref()), (&digest, Some(&digest)));
    }

    #[test]
    fn plain_http_is_spoken_on_this_machine_alone() {
        for host in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.8.8.8:1"] {
            let place = Place::parse(&format!("{host}/name:1")).unwrap();
            assert!(place.is_here() && place.base.scheme() == "http", "{host}");
        }
        for host in ["10.0.0.1:5000", "localhost.example.com", "127.0.0.1.example.com", "example.com:80"] {
            let place = Place::parse(&format!("{host}/name:1")).unwrap();
            assert!(!place.is_here() && place.base.scheme() == "https", "{host}");
        }
    }

    #[test]
    fn an_address_that_leads_here_is_seen() {
        for here in [
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://0.0.0.0/",
            "https://0x7f.1/",
            "http://LOCALHOST./",
        ] {
            assert!(is_here(&Url::parse(here).unwrap()), "{here}");
        }
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        let digits = "a".repeat(64);
        let long = format!("ghcr.io/{}", "a".repeat(100_000));
        let others =
            [format!("ghcr.io/a@sha512:{digits}{digits}"), format!("ghcr.io/a@sha256:{}", digits.to_uppercase()), long];
        let fixed =
            ["", "name", "owner/name:1", "ghcr.io/", "ghcr.io/Owner/name", "https://ghcr.io/a:1", "ghcr.io/../a:1"];
        let fixed =
            fixed.into_iter().chain(["user@ghcr.io/a:1", "ghcr.io:99999/a:1", "ghcr.io/a:1 ", "ghcr.io/a@sha256:12"]);
        for given in fixed.map(str::to_owned).chain(others) {
            let error = Place::parse(&given).unwrap_err();
            assert!(matches!(error, Error::NotAReference { .. }) && error.to_string().len() < 400, "{given}: {error}");
        }
    }
}
