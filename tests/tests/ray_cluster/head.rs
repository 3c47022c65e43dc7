//! The head of a real Ray cluster in a network namespace of its own, reached by sockets in a folder alone.

use std::{
    net::SocketAddr,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use enginehouse_fakes::python;
use tokio::{
    io::{AsyncRead, AsyncWrite, copy_bidirectional},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
};

const PACKAGES: [&str; 3] = ["ray[default]==2.60.0", "pyarrow==26.0.1", "pandas==3.1.1"];
/// Within the namespace.
const DASHBOARD: u16 = 8265;
const S3: u16 = 9000;
/// What the cluster wants to see.
pub(crate) const TOKEN: &str = "a-token-that-is-long-enough-to-be-taken";

/// Ends with the value, and with it everything in its namespace.
pub(crate) struct Head {
    /// Where this machine reaches it.
    pub(crate) url: String,
    folder: tempfile::TempDir,
    keys: Keys,
    child: Child,
}

/// Who the cluster's workers are at S3.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) region: String,
    pub(crate) access: String,
    pub(crate) secret: String,
}

impl Head {
    /// A head whose workers find S3 at this address.
    pub(crate) async fn start(s3: SocketAddr, keys: Keys) -> Self {
        // Sockets have short paths.
        let folder = tempfile::Builder::new().prefix("ray").tempdir_in("/tmp").unwrap();
        let there = folder.path().join("s3.sock");
        let s3_door = UnixListener::bind(there).unwrap();
        tokio::spawn(async move {
            while let Ok((from, _)) = s3_door.accept().await {
                tokio::spawn(async move { join(from, TcpStream::connect(s3).await).await });
            }
        });
        let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", door.local_addr().unwrap());
        let dashboard = folder.path().join("dashboard.sock");
        tokio::spawn(async move {
            while let Ok((from, _)) = door.accept().await {
                let to = dashboard.clone();
                tokio::spawn(async move { join(from, UnixStream::connect(to).await).await });
            }
        });
        let child = begin(folder.path().to_owned(), keys.clone()).await;
        let head = Self { url, folder, keys, child };
        head.is_up().await;
        head
    }

    /// Ends it at once, as a lost machine would.
    pub(crate) fn kill(&mut self) {
        // The namespace's first process has to go: with it goes the rest.
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Another head in the place of one that was killed; it remembers nothing.
    pub(crate) async fn restart(&mut self) {
        self.child = begin(self.folder.path().to_owned(), self.keys.clone()).await;
        self.is_up().await;
    }

    /// Ports on which anything listens in the namespace.
    pub(crate) fn ports(&self) -> Vec<u16> {
        let outer = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{outer}/task/{outer}/children")).unwrap();
        let inner = children.split_whitespace().next().unwrap().to_owned();
        listening(&format!("/proc/{inner}/net"))
    }

    /// How many of the cluster's jobs have not ended.
    pub(crate) async fn open_jobs(&self) -> usize {
        let asked = enginehouse_tests::client().get(format!("{}/api/jobs/", self.url)).bearer_auth(TOKEN);
        let jobs: serde_json::Value = asked.send().await.unwrap().json().await.unwrap();
        let is_open = |job: &&serde_json::Value| matches!(job["status"].as_str(), Some("PENDING" | "RUNNING"));
        jobs.as_array().unwrap().iter().filter(is_open).count()
    }

    async fn is_up(&self) {
        let (client, begun) = (enginehouse_tests::client(), Instant::now());
        loop {
            let asked = client.get(format!("{}/api/version", self.url)).bearer_auth(TOKEN);
            if asked.send().await.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(180), "the head does not come up");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

impl Drop for Head {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Ports on which something listens, from the tables under `/proc`.
pub(crate) fn listening(tables: &str) -> Vec<u16> {
    let tables = ["tcp", "tcp6"].map(|table| std::fs::read_to_string(format!("{tables}/{table}")).unwrap_or_default());
    let port = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let listens = words.get(3) == Some(&"0A");
        listens.then(|| u16::from_str_radix(words[1].rsplit(':').next().unwrap(), 16).unwrap())
    };
    tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(port).collect()
}

async fn begin(folder: PathBuf, keys: Keys) -> Child {
    tokio::task::spawn_blocking(move || spawn(&folder, &keys)).await.unwrap()
}

fn spawn(folder: &Path, keys: &Keys) -> Child {
    let environment = python::environment(&PACKAGES);
    let relay = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ray_cluster/relay.py");
    let _left_by_the_one_before = std::fs::remove_file(folder.join("dashboard.sock"));
    let script = format!(
        "ip link set lo up\n\
         python3 {relay} in:{folder}/dashboard.sock:{DASHBOARD} out:{S3}:{folder}/s3.sock &\n\
         exec ray start --head --block --node-ip-address=127.0.0.1 --dashboard-host=127.0.0.1 \
         --dashboard-port={DASHBOARD} --num-cpus=2 --object-store-memory=200000000 --disable-usage-stats \
         --temp-dir={folder}/ray",
        relay = relay.display(),
        folder = folder.display(),
    );
    let path = format!("{}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", environment.join("bin").display());
    let log = std::fs::File::options().create(true).append(true).open(folder.join("head.log")).unwrap();
    Command::new("unshare")
        .args(["--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", &script])
        .env_clear()
        .env("PATH", path)
        .env("HOME", folder)
        .env("RAY_AUTH_MODE", "token")
        .env("RAY_AUTH_TOKEN", TOKEN)
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{S3}"))
        .env("AWS_REGION", &keys.region)
        .env("AWS_DEFAULT_REGION", &keys.region)
        .env("AWS_ACCESS_KEY_ID", &keys.access)
        .env("AWS_SECRET_ACCESS_KEY", &keys.secret)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .process_group(0)
        .spawn()
        .unwrap()
}

async fn join<T: AsyncRead + AsyncWrite + Unpin>(
    mut one: impl AsyncRead + AsyncWrite + Unpin,
    other: std::io::Result<T>,
) {
    if let Ok(mut other) = other {
        let _whoever_ends_it = copy_bidirectional(&mut one, &mut other).await;
    }
}
