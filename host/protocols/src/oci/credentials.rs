//! Who the caller is to a registry.

use std::{env, fs::File, io, io::BufReader, path::Path, path::PathBuf, thread};

use docker_credential::{CredentialRetrievalError, DockerCredential};
use secrecy::SecretString;
use tokio::sync::oneshot;

use super::{error::Error, reference::Place};

/// What docker files the login for Docker Hub under.
const HUB: [&str; 2] = ["https://index.docker.io/v1/", "index.docker.io"];

/// Where the login for a registry comes from. A registry that has none there is asked anonymously.
#[derive(Debug, Clone, Default)]
pub enum Credentials {
    /// No login.
    #[default]
    Anonymous,
    /// `$DOCKER_CONFIG/config.json`, or else `~/.docker/config.json`: what `docker login` leaves there (`auths`), and the
    /// credential helpers that it names, which are run.
    DockerConfig,
    /// `config.json` in this folder, read in the same way.
    DockerConfigIn(PathBuf),
    /// This name and password, or token, for whichever registry the reference names.
    Password {
        /// As in `docker login --username`.
        username: String,
        /// A password, or a token that the registry takes for one.
        password: SecretString,
    },
}

/// What to show a registry that asks.
#[derive(Debug, Clone)]
pub(super) enum Login {
    Anonymous,
    Password(String, SecretString),
    /// To be traded for a token at the registry's token service.
    IdentityToken(SecretString),
}

/// The login for the registry of `place`.
pub(super) async fn login(credentials: &Credentials, place: &Place) -> Result<Login, Error> {
    let folder = match credentials {
        Credentials::Anonymous => None,
        Credentials::DockerConfig => docker_folder(),
        Credentials::DockerConfigIn(folder) => Some(folder.clone()),
        Credentials::Password { username, password } => {
            return Ok(Login::Password(username.clone(), password.clone()));
        }
    };
    let Some(folder) = folder else { return Ok(Login::Anonymous) };
    let names = match place.registry.as_str() {
        "docker.io" | "index.docker.io" => HUB.map(str::to_owned).to_vec(),
        host => vec![host.to_owned()],
    };
    let failed = |reason| Error::Credentials { registry: place.registry.clone(), reason };
    // Not a thread of the runtime, whose end would wait for a helper that hangs.
    let (tell, told) = oneshot::channel();
    let read = move || {
        let _gone = tell.send(read(&folder, &names));
    };
    thread::Builder::new().name("docker-login".to_owned()).spawn(read).map_err(|error| failed(error.to_string()))?;
    told.await.unwrap_or_else(|_| Err("its reader ended early".to_owned())).map_err(failed)
}

fn docker_folder() -> Option<PathBuf> {
    let named = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    named("DOCKER_CONFIG").or_else(|| Some(named("HOME")?.join(".docker")))
}

fn read(folder: &Path, names: &[String]) -> Result<Login, String> {
    let path = folder.join("config.json");
    for name in names {
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Login::Anonymous),
            Err(error) => return Err(format!("`{}`: {error}", path.display())),
        };
        match docker_credential::get_credential_from_reader(BufReader::new(file), name) {
            Ok(DockerCredential::UsernamePassword(username, password)) => {
                return Ok(Login::Password(username, password.into()));
            }
            Ok(DockerCredential::IdentityToken(token)) => return Ok(Login::IdentityToken(token.into())),
            Err(error) => {
                if let Some(reason) = failure(error) {
                    return Err(format!("`{}`: {reason}", path.display()));
                }
            }
        }
    }
    Ok(Login::Anonymous)
}

/// What went wrong, if anything did, without what was read: a helper may print secrets when it fails.
fn failure(error: CredentialRetrievalError) -> Option<String> {
    use CredentialRetrievalError as Docker;
    match error {
        Docker::NoCredentialConfigured | Docker::ConfigNotFound => None,
        // What docker's own helpers print for a registry that they do not know.
        Docker::HelperFailure { stdout, .. } if stdout.contains("credentials not found") => None,
        Docker::HelperFailure { helper, .. } => Some(format!("`{helper}` failed: run `{helper} get` to see why")),
        Docker::HelperCommunicationError => Some("a credential helper that it names cannot be run".to_owned()),
        Docker::MalformedHelperResponse => Some("a credential helper that it names gave no login".to_owned()),
        Docker::CredentialDecodingError => {
            Some("the `auth` of the registry is not base64 of `user:password`".to_owned())
        }
        Docker::CredentialMismatchError => Some("the `auth` of the registry differs from its `username`".to_owned()),
        Docker::ConfigReadError => Some("this is not docker's configuration".to_owned()),
    }
}
