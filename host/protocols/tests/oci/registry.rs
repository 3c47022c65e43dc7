//! A real registry: the Debian package's program over a folder of its own, on a port of this machine alone.

use std::{
    collections::BTreeMap,
    fs,
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use oci_client::{
    Client, Reference,
    client::{ClientConfig, ClientProtocol, Config, ImageLayer},
    manifest::{ImageIndexEntry, OciImageIndex, OciImageManifest},
    secrets::RegistryAuth,
};
use tempfile::TempDir;

pub(crate) const USER: &str = "reader";
pub(crate) const PASSWORD: &str = "open sesame";
/// The line of `htpasswd` for the two, with the cheapest cost there is.
const HTPASSWD: &str = "reader:$2b$04$rYOK1ygQIom3Aquj/i62Juqu63/ri7mty1rrgbvSHicJECq1DFiV2\n";

/// Ends with the value.
pub(crate) struct TestRegistry {
    server: Child,
    folder: TempDir,
    port: u16,
    auth: RegistryAuth,
}

impl TestRegistry {
    pub(crate) fn start() -> Self {
        Self::start_with("", RegistryAuth::Anonymous)
    }

    /// One that lets in [`USER`] alone.
    pub(crate) fn start_private() -> Self {
        let auth = "auth: {htpasswd: {realm: test, path: htpasswd}}\n";
        Self::start_with(auth, RegistryAuth::Basic(USER.to_owned(), PASSWORD.to_owned()))
    }

    fn start_with(more: &str, auth: RegistryAuth) -> Self {
        // Only a port that is free now is known: another program may take it first.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let folder = tempfile::tempdir().unwrap();
            if let Some(server) = serve(&folder, port, more) {
                return Self { server, folder, port, auth };
            }
        }
        panic!("docker-registry ended at once, five times: is it the one of the package `docker-registry`?");
    }

    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn reference(&self, name: &str) -> String {
        format!("{}/{name}", self.host())
    }

    /// Pushes an artifact; the digest of its manifest.
    pub(crate) async fn push(&self, name: &str, layers: &[(&str, &[u8])], annotations: &[(&str, &str)]) -> String {
        let image: Reference = self.reference(name).parse().unwrap();
        let layer = |(media_type, data): &(&str, &[u8])| ImageLayer::new(data.to_vec(), (*media_type).to_owned(), None);
        let layers: Vec<ImageLayer> = layers.iter().map(layer).collect();
        let config = Config::new(&b"{}"[..], "application/vnd.wasm.config.v0+json".to_owned(), None);
        let annotations = annotations.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let annotations: BTreeMap<String, String> = annotations.collect();
        let mut manifest = OciImageManifest::build(&layers, &config, Some(annotations));
        manifest.media_type = Some("application/vnd.oci.image.manifest.v1+json".to_owned());
        let client = client();
        client.push(&image, &layers, config, &self.auth, Some(manifest)).await.unwrap();
        client.fetch_manifest_digest(&image, &self.auth).await.unwrap()
    }

    /// Pushes an index of artifacts that has none.
    pub(crate) async fn push_index(&self, name: &str) {
        let manifests: Vec<ImageIndexEntry> = Vec::new();
        let media_type = Some("application/vnd.oci.image.index.v1+json".to_owned());
        let index = OciImageIndex { schema_version: 2, media_type, manifests, artifact_type: None, annotations: None };
        client().push_manifest_list(&self.reference(name).parse().unwrap(), &self.auth, index).await.unwrap();
    }

    /// Changes what the registry has of these bytes, behind its back.
    pub(crate) fn spoil(&self, bytes: &[u8], spoilt: &[u8]) {
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                } else if fs::read(entry.path()).unwrap() == bytes {
                    fs::write(entry.path(), spoilt).unwrap();
                }
            }
        }
    }
}

impl Drop for TestRegistry {
    fn drop(&mut self) {
        let _ended = self.server.kill();
        let _status = self.server.wait();
    }
}

fn client() -> Client {
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    Client::try_from(ClientConfig { protocol: ClientProtocol::Http, ..ClientConfig::default() }).unwrap()
}

fn serve(folder: &TempDir, port: u16, more: &str) -> Option<Child> {
    let place = |name: &str| folder.path().join(name);
    fs::write(place("htpasswd"), HTPASSWD).unwrap();
    let config = format!(
        "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: \"127.0.0.1:{port}\"}}\n{more}",
        place("data").display(),
    );
    fs::write(place("config.yml"), config).unwrap();
    let mut serve = Command::new("docker-registry");
    serve.arg("serve").arg("config.yml").current_dir(folder.path()).stdin(Stdio::null());
    serve.stdout(Stdio::null()).stderr(fs::File::create(place("log")).unwrap());
    let mut server = serve
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run `docker-registry`: install the package `docker-registry`: {error}"));
    let since = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if server.try_wait().unwrap().is_some() {
            return None;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "docker-registry is not ready after 60 s");
        std::thread::sleep(Duration::from_millis(20));
    }
    // Who answers may be another program, which took the port first.
    std::thread::sleep(Duration::from_millis(100));
    server.try_wait().unwrap().is_none().then_some(server)
}
