//! Everything around a cluster: S3 that it and our servers share, and the ways to it.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command},
    sync::Arc,
    time::{Duration, Instant},
};

use enginehouse_fakes::python;
use enginehouse_local::store::EmbeddedStore;
use enginehouse_tests::{Parts, TestHost};

use crate::head::{Head, Keys, TOKEN};

pub(crate) const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");
const GATEWAYS_TOKEN: &str = "the-token-of-the-gateway";
/// A head takes a gigabyte: one at a time.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A cluster with its S3.
pub(crate) struct House {
    pub(crate) head: Head,
    s3: SocketAddr,
    keys: Keys,
    folder: tempfile::TempDir,
    _turn: tokio::sync::MutexGuard<'static, ()>,
}

/// Which way a server reaches the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// By tools within its own process.
    InProcess,
    /// By `enginehouse ray-gateway`.
    OurGateway,
    /// By a gateway in Python that offers jobs.
    Python,
    /// By a gateway in Python that offers one tool, which waits.
    Once,
}

impl House {
    pub(crate) async fn open() -> Self {
        let turn = TURN.lock().await;
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(EmbeddedStore::open(folder.path()).await.unwrap());
        std::fs::create_dir_all(store.root().join("house")).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let s3 = listener.local_addr().unwrap();
        let endpoint = store.endpoint(s3);
        tokio::spawn(async move { store.serve(listener).await });
        let keys = Keys { region: endpoint.region, access: endpoint.access_key, secret: endpoint.secret_key };
        let head = Head::start(s3, keys.clone()).await;
        Self { head, s3, keys, folder, _turn: turn }
    }

    /// A server whose platform `cluster` is reached this way, and what stands between.
    pub(crate) async fn server(&self, way: Way) -> (TestHost, Option<Gateway>) {
        let gateway = self.gateway(way).await;
        let server = match &gateway {
            None => self.tools(&self.head.url),
            Some(gateway) => format!(
                "[tools.servers.there]\nbackend = \"mcp\"\nurl = \"{}\"\nauth = {{ bearer = {{ env = \"GATEWAY_TOKEN\" }} }}\n",
                gateway.url
            ),
        };
        (self.server_with(&server).await, gateway)
    }

    /// A server with these tools, of which `there` is its platform `cluster`.
    pub(crate) async fn server_with(&self, tools: &str) -> TestHost {
        let config = format!(
            "[aws]\nregion = \"{}\"\n[aws.endpoints]\ns3 = \"http://{}\"\n[objects]\nbackend = \"s3\"\nbucket = \"house\"\n\
             {tools}[frameworks.ray.places]\ncluster = \"there\"\n",
            self.keys.region, self.s3
        );
        let environment = vec![
            ("AWS_ACCESS_KEY_ID", self.keys.access.clone()),
            ("AWS_SECRET_ACCESS_KEY", self.keys.secret.clone()),
            ("RAY_AUTH_TOKEN", TOKEN.to_owned()),
            ("GATEWAY_TOKEN", GATEWAYS_TOKEN.to_owned()),
        ];
        TestHost::start_with(BIN, Parts { config, environment, ..Parts::default() }).await.unwrap()
    }

    /// The cluster at an address, as tools.
    pub(crate) fn tools(&self, url: &str) -> String {
        format!(
            "[tools.servers.there]\nbackend = \"ray-jobs\"\nurls = [\"{url}\"]\ntoken = {{ env = \"RAY_AUTH_TOKEN\" }}\n"
        )
    }

    async fn gateway(&self, way: Way) -> Option<Gateway> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = match way {
            Way::InProcess => return None,
            Way::OurGateway => {
                let config = self.folder.path().join("gateway.toml");
                std::fs::write(&config, self.tools(&self.head.url)).unwrap();
                let token = self.folder.path().join("gateway.token");
                std::fs::write(&token, format!("{GATEWAYS_TOKEN}\n")).unwrap();
                let mut command = Command::new(BIN);
                command.arg("--config").arg(config).arg("ray-gateway").arg("--token-file").arg(token);
                command.args(["--listen", &format!("127.0.0.1:{port}")]);
                command
            }
            Way::Python | Way::Once => {
                let environment =
                    tokio::task::spawn_blocking(|| python::environment(&["fastmcp==4.1.2"])).await.unwrap();
                let mut command = Command::new(environment.join("bin/python3"));
                command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ray_cluster/gateway.py"));
                let kind = if way == Way::Once { "once" } else { "jobs" };
                command.args([port.to_string().as_str(), &self.head.url, kind]);
                command
            }
        };
        let child = command.env("RAY_AUTH_TOKEN", TOKEN).spawn().unwrap();
        let mut gateway = Gateway { url: format!("http://127.0.0.1:{port}/mcp"), child };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(gateway.child.try_wait().unwrap().is_none(), "the gateway ended at once");
            assert!(begun.elapsed() < Duration::from_secs(120), "the gateway does not come up");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Some(gateway)
    }
}

/// Ends with the value.
pub(crate) struct Gateway {
    pub(crate) url: String,
    child: Child,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}
