//! The S3 adapter over the embedded endpoint keeps the promises of the trait, and the endpoint its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use std::{os::unix::fs::symlink, path::Path, time::Duration};

use bytes::Bytes;
use enginehouse_aws::{Account, AccountConfig, Buckets, S3Access, S3Config, S3Objects, Service};
use enginehouse_capabilities::{Error, ObjectUri, Objects, conformance};
use enginehouse_fakes::aws::{FakeAws, Fault, S3Proxy};
use enginehouse_local::store::EmbeddedStore;
use futures::{StreamExt, stream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A running endpoint over a folder that goes with it.
struct House {
    _data: tempfile::TempDir,
    store: std::sync::Arc<EmbeddedStore>,
    address: std::net::SocketAddr,
    config: S3Config,
}

async fn house() -> House {
    let data = tempfile::tempdir().unwrap();
    let store = std::sync::Arc::new(EmbeddedStore::open(data.path()).await.unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let endpoint = store.endpoint(address);
    let served = store.clone();
    tokio::spawn(async move { served.serve(listener).await });
    let config = S3Config::own(endpoint.url, endpoint.region, endpoint.access_key, endpoint.secret_key);
    House { _data: data, store, address, config }
}

impl House {
    fn objects(&self) -> S3Objects {
        S3Objects::new(&self.config)
    }

    /// The same objects as an account of AWS has them, each request held against S3's own model.
    async fn of_account(&self) -> (FakeAws, S3Objects) {
        let fake = FakeAws::start(S3Proxy::new(self.address)).await;
        let account = AccountConfig {
            region: Some(self.config.region.clone()),
            keys: Some((self.config.access_key.clone(), self.config.secret_key.clone().into())),
            endpoints: [(Service::S3, fake.url())].into(),
            ..AccountConfig::default()
        };
        let account = Account::open(&account).await.unwrap();
        let objects = S3Objects::of_account(&account, S3Access { buckets: Buckets::Make, open_to_callers: false });
        (fake, objects)
    }

    fn root(&self) -> &Path {
        self.store.root()
    }

    /// Sends a request that no SDK would send, and answers its status line and body.
    async fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("{request}\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

fn uri(text: &str) -> ObjectUri {
    text.parse().unwrap()
}

async fn put(objects: &S3Objects, to: &str, content: &'static str) {
    objects.write(&uri(to), stream::iter([Ok(Bytes::from(content))]).boxed()).await.unwrap();
}

#[tokio::test]
async fn keeps_the_promises_of_an_object_store() {
    let house = house().await;
    conformance::objects(&house.objects(), &uri("s3://conformance/here/"), "not-there").await;
    let left = |folder: &str| std::fs::read_dir(house.root().join(folder)).unwrap().count();
    assert_eq!((left(".drafts/staging"), left(".drafts/uploads")), (0, 0), "nothing half-written is left");
}

#[tokio::test]
async fn an_account_keeps_the_same_promises_with_requests_that_s3_knows() {
    let house = house().await;
    let (fake, objects) = house.of_account().await;
    assert!(!objects.open_to_callers());
    conformance::objects(&objects, &uri("s3://conformance/here/"), "not-there").await;
    let counted = |operation: &str| fake.count(operation) > 0;
    for operation in [
        "PutObject",
        "GetObject",
        "HeadObject",
        "DeleteObject",
        "ListObjectsV2",
        "CreateBucket",
        "CreateMultipartUpload",
        "UploadPart",
        "CompleteMultipartUpload",
        "AbortMultipartUpload",
    ] {
        assert!(counted(operation), "{operation} was held against the model");
    }
    assert_eq!(fake.take_wrong(), Vec::<String>::new());
}

#[tokio::test]
async fn what_was_created_is_not_created_again() {
    let house = house().await;
    let (fake, objects) = house.of_account().await;
    put(&objects, "s3://raw/other", "x").await;
    let create = async |key: &str, size: usize| {
        let body = stream::iter((0..size.div_ceil(1 << 20)).map(|_| Ok(Bytes::from(vec![7; 1 << 20])))).boxed();
        objects.create(&uri(key), body).await
    };
    for (operation, size) in [("PutObject", 1 << 20), ("CompleteMultipartUpload", 9 << 20)] {
        let key = |name: &str| format!("s3://raw/{operation}/{name}");
        let asked = async |name: &str, fault: Fault| {
            let before = fake.count(operation);
            fake.fault_at(operation, fault);
            let answer = create(&key(name), size).await;
            (answer, fake.count(operation) - before)
        };
        let (answer, calls) = asked("lost", Fault::Lost).await;
        assert!(matches!(&answer, Err(Error::Unavailable(_))), "how it went is not known: {answer:?}");
        assert_eq!(calls, 1, "{operation} is not sent again");
        assert_eq!(objects.head(&uri(&key("lost"))).await.unwrap().bytes, size as u64, "but it was done");
        let (answer, calls) = asked("internal", Fault::Internal).await;
        assert!(matches!(&answer, Err(Error::Unavailable(_))) && calls == 1, "{answer:?} after {calls} calls");
        assert!(matches!(objects.head(&uri(&key("internal"))).await, Err(Error::NotFound(_))));
        let (answer, calls) = asked("throttled", Fault::Throttled).await;
        assert_eq!((answer.unwrap(), calls), (size as u64, 2), "what was turned away did nothing");
        let again = create(&key("throttled"), size).await;
        assert!(matches!(&again, Err(Error::Conflict(text)) if text.contains("throttled")), "{again:?}");
    }
    let conditions = fake.calls();
    let conditional = conditions.iter().filter(|call| call.input["If-None-Match"] == "*").count();
    assert_eq!(conditional, 10, "each create says so, and no other write does");
}

#[tokio::test]
async fn what_fails_for_a_moment_is_sent_again_and_the_rest_is_told() {
    let house = house().await;
    let (fake, objects) = house.of_account().await;
    put(&objects, "s3://raw/a", "0123456789").await;
    let place = uri("s3://raw/a");
    for fault in [Fault::Throttled, Fault::Internal, Fault::Cut, Fault::Lost, Fault::Slow(Duration::from_millis(100))] {
        // A client that was throttled goes slow for a while: each has its own.
        let (fake, objects) = house.of_account().await;
        fake.fault_at("GetObject", fault.clone());
        assert_eq!(objects.read(&place, 0, 4).await.unwrap(), "0123", "{fault:?}");
        fake.fault_at("PutObject", fault.clone());
        put(&objects, "s3://raw/b", "whole").await;
    }
    fake.fault_at("GetObject", Fault::Denied);
    assert!(matches!(objects.read(&place, 0, 4).await, Err(Error::Denied(text)) if text.contains("s3://raw/a")));
    fake.fault_at("ListObjectsV2", Fault::Expired);
    let expired = objects.list(&uri("s3://raw/"), None).await;
    assert!(matches!(&expired, Err(Error::Denied(text)) if text.contains("expired")), "{expired:?}");
    fake.fault_at("ListObjectsV2", Fault::Malformed);
    assert!(objects.list(&uri("s3://raw/"), None).await.is_err(), "what cannot be read is no empty list");
    fake.fault_at("GetObject", Fault::Partial);
    let half = objects.read(&place, 0, 10).await;
    let broke_off = |text: &str| text.contains("middle of an answer") && text.contains("s3://raw/a");
    assert!(matches!(&half, Err(Error::Unavailable(text)) if broke_off(text)), "half a body is no body: {half:?}");
    fake.fault_at("GetObject", Fault::Partial);
    let pieces: Vec<_> = objects.stream(&place).await.unwrap().collect().await;
    let told = pieces.last().unwrap().as_ref().unwrap_err().to_string();
    assert!(broke_off(&told) && !told.contains("cannot be reached"), "a stream that breaks off says so: {told}");
    fake.fault_at("GetObject", Fault::Unknown);
    let unknown = objects.read(&place, 0, 4).await;
    assert!(matches!(&unknown, Err(Error::Denied(text)) if text.contains("does not know")), "{unknown:?}");
}

#[tokio::test]
async fn a_presigned_address_is_read_without_credentials_and_only_as_it_was_signed() {
    let house = house().await;
    let (fake, objects) = house.of_account().await;
    put(&objects, "s3://raw/a b+c/é.csv", "secret").await;
    let signed = objects.presign(&uri("s3://raw/a b+c/é.csv"), Duration::from_secs(60)).await.unwrap();
    let target = signed.strip_prefix(&fake.url()).unwrap();
    let host = fake.url().strip_prefix("http://").unwrap().to_owned();
    let get = async |target: &str| {
        let mut stream = TcpStream::connect(&host).await.unwrap();
        let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let answer = get(target).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("secret"), "{answer}");
    for other in [target.replace("X-Amz-Expires=60", "X-Amz-Expires=600"), target.replace("csv", "txt")] {
        let answer = get(&other).await;
        assert!(answer.starts_with("HTTP/1.1 403") && !answer.contains("secret"), "{answer}");
    }
    assert_eq!(fake.count("GetObject"), 3);
    let short = objects.presign(&uri("s3://raw/a b+c/é.csv"), Duration::from_secs(1)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let answer = get(short.strip_prefix(&fake.url()).unwrap()).await;
    assert!(answer.starts_with("HTTP/1.1 403") && !answer.contains("secret"), "{answer}");
}

#[tokio::test]
async fn makes_buckets_only_where_told() {
    let house = house().await;
    let keeper = S3Objects::new(&S3Config { buckets: Buckets::Keep, ..house.config.clone() });
    let written = keeper.write(&uri("s3://fresh/a"), stream::empty().boxed()).await;
    assert!(matches!(written, Err(Error::NotFound(text)) if text.contains("fresh")));
    put(&house.objects(), "s3://fresh/a", "x").await;
    let large = stream::iter((0..9).map(|_| Ok(Bytes::from(vec![0; 1 << 20])))).boxed();
    assert_eq!(house.objects().write(&uri("s3://other/large"), large).await.unwrap(), 9 << 20);
}

#[tokio::test]
async fn who_does_not_sign_is_refused() {
    let house = house().await;
    put(&house.objects(), "s3://raw/a.csv", "secret").await;
    for request in
        ["GET /raw/a.csv HTTP/1.1", "GET / HTTP/1.1", "GET /raw?list-type=2 HTTP/1.1", "DELETE /raw/a.csv HTTP/1.1"]
    {
        let answer = house.raw(request).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{request}: {answer}");
        assert!(!answer.contains("secret"));
    }
    for config in [
        S3Config { secret_key: "0".repeat(64), ..house.config.clone() },
        S3Config { access_key: "EH0000".into(), ..house.config.clone() },
    ] {
        let stranger = S3Objects::new(&config);
        assert!(matches!(stranger.read(&uri("s3://raw/a.csv"), 0, 9).await, Err(Error::Denied(_))));
        let written = stranger.write(&uri("s3://raw/b.csv"), stream::iter([Ok(Bytes::from("x"))]).boxed()).await;
        assert!(matches!(written, Err(Error::Denied(_))));
    }
    assert!(!house.root().join("raw/b.csv").exists());
}

#[tokio::test]
async fn no_key_leaves_its_bucket() {
    let house = house().await;
    put(&house.objects(), "s3://raw/a.csv", "x").await;
    std::fs::write(house.root().parent().unwrap().join("outside"), "secret").unwrap();
    let config = aws_sdk_s3::Config::builder()
        .behavior_version_latest()
        .region(aws_sdk_s3::config::Region::new(house.config.region.clone()))
        .credentials_provider(aws_credential_types::Credentials::new(
            &house.config.access_key,
            &house.config.secret_key,
            None,
            None,
            "test",
        ))
        .force_path_style(true)
        .endpoint_url(house.config.endpoint.clone().unwrap())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let client = aws_sdk_s3::Client::from_conf(config);
    for key in ["../../outside", "../outside", "x/../../../outside", "a//b", "./a.csv", "..", "x\\..\\y"] {
        let read = client.get_object().bucket("raw").key(key).send().await;
        assert_eq!(read.unwrap_err().raw_response().unwrap().status().as_u16(), 400, "GET {key}");
        let written = client.put_object().bucket("raw").key(key).body(Bytes::from("x").into()).send().await;
        assert_eq!(written.unwrap_err().raw_response().unwrap().status().as_u16(), 400, "PUT {key}");
        let copied = client.copy_object().bucket("raw").key("copy").copy_source(format!("raw/{key}")).send().await;
        assert!(copied.is_err(), "COPY {key}");
        assert!(client.delete_object().bucket("raw").key(key).send().await.is_err(), "DELETE {key}");
    }
    let emptied = client.delete_bucket().bucket("raw").send().await;
    assert!(format!("{emptied:?}").contains("BucketNotEmpty"));
    assert_eq!(std::fs::read_to_string(house.root().parent().unwrap().join("outside")).unwrap(), "secret");
    assert!(!house.root().join("raw/copy").exists());
}

#[tokio::test]
async fn links_and_special_files_are_no_objects() {
    let house = house().await;
    let objects = house.objects();
    put(&objects, "s3://raw/real/a.csv", "x").await;
    let raw = house.root().join("raw");
    let outside = house.root().parent().unwrap().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret"), "secret").unwrap();
    symlink(outside.join("secret"), raw.join("link")).unwrap();
    symlink(&outside, raw.join("folder")).unwrap();
    symlink(&outside, house.root().join("linked-bucket")).unwrap();
    let fifo = std::process::Command::new("mkfifo").arg(raw.join("fifo")).status().unwrap();
    assert!(fifo.success());
    for key in ["s3://raw/link", "s3://raw/folder/secret", "s3://linked-bucket/secret", "s3://raw/fifo"] {
        let read = tokio::time::timeout(Duration::from_secs(5), objects.read(&uri(key), 0, 10)).await;
        assert!(matches!(read.unwrap(), Err(Error::NotFound(_))), "{key}");
    }
    let listed = objects.list(&uri("s3://raw/"), None).await.unwrap();
    assert_eq!(listed.entries.iter().map(|entry| entry.uri.key()).collect::<Vec<_>>(), ["real/a.csv"]);
    assert!(objects.write(&uri("s3://raw/folder/new"), stream::empty().boxed()).await.is_err());
    put(&objects, "s3://raw/link", "replaced").await;
    objects.delete(&uri("s3://raw/folder")).await.unwrap();
    assert_eq!(std::fs::read_to_string(outside.join("secret")).unwrap(), "secret", "nothing outside was touched");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);
}

#[tokio::test]
async fn a_file_changed_on_disk_is_served_as_it_is() {
    let house = house().await;
    let objects = house.objects();
    put(&objects, "s3://raw/a.csv", "before").await;
    std::fs::write(house.root().join("raw/a.csv"), "afterwards").unwrap();
    std::fs::create_dir_all(house.root().join("raw/run/part")).unwrap();
    std::fs::write(house.root().join("raw/run/part/0.csv"), "made by an engine").unwrap();
    assert_eq!(objects.read(&uri("s3://raw/a.csv"), 0, 100).await.unwrap(), "afterwards");
    assert_eq!(objects.head(&uri("s3://raw/a.csv")).await.unwrap().bytes, 10);
    let listed = objects.list(&uri("s3://raw/run/"), None).await.unwrap();
    assert_eq!(listed.entries.len(), 1);
    let mut body = objects.stream(&uri("s3://raw/run/part/0.csv")).await.unwrap();
    assert_eq!(body.next().await.unwrap().unwrap(), "made by an engine");
}

#[tokio::test]
async fn a_key_that_cannot_be_a_file_is_told() {
    let house = house().await;
    let objects = house.objects();
    put(&objects, "s3://raw/a", "x").await;
    put(&objects, "s3://raw/b/c", "x").await;
    for key in ["s3://raw/a/b", "s3://raw/b", &format!("s3://raw/{}", "x".repeat(300))] {
        let written = objects.write(&uri(key), stream::iter([Ok(Bytes::from("x"))]).boxed()).await;
        assert!(matches!(written, Err(Error::Invalid(_))), "{key}: {written:?}");
    }
    assert_eq!(objects.read(&uri("s3://raw/a"), 0, 9).await.unwrap(), "x");
    assert_eq!(objects.read(&uri("s3://raw/b/c"), 0, 9).await.unwrap(), "x");
}

#[tokio::test]
async fn a_writer_that_hangs_up_leaves_nothing() {
    let house = house().await;
    let objects = house.objects();
    put(&objects, "s3://raw/other", "x").await;
    let endless = stream::iter((0..20).map(|_| Ok(Bytes::from(vec![0; 1 << 20])))).chain(stream::pending()).boxed();
    let place = uri("s3://raw/large");
    let hung_up = tokio::time::timeout(Duration::from_secs(3), objects.write(&place, endless)).await;
    assert!(hung_up.is_err());
    let uploads = house.root().join(".drafts/uploads");
    for _ in 0..100 {
        if std::fs::read_dir(&uploads).unwrap().count() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(std::fs::read_dir(&uploads).unwrap().count(), 0, "its parts are taken back");
    assert!(matches!(objects.head(&place).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn an_upload_that_was_ended_by_others_is_told_as_that() {
    let house = house().await;
    let objects = house.objects();
    put(&objects, "s3://raw/large", "as it was").await;
    let uploads = house.root().join(".drafts/uploads");
    let cleared = move |n: usize| {
        if n == 20 {
            for upload in std::fs::read_dir(&uploads).unwrap() {
                std::fs::remove_dir_all(upload.unwrap().path()).unwrap();
            }
        }
        Ok(Bytes::from(vec![0; 1 << 20]))
    };
    let place = uri("s3://raw/large");
    let written = objects.write(&place, stream::iter((0..30).map(cleared)).boxed()).await;
    let fits = |text: &str| text.contains("its upload was ended") && text.contains("write it again");
    assert!(matches!(&written, Err(Error::Unavailable(text)) if fits(text)), "{written:?}");
    assert_eq!(objects.read(&place, 0, 9).await.unwrap(), "as it was");
}

#[tokio::test]
async fn a_store_that_is_not_there_is_unavailable() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let house = house().await;
    let objects = S3Objects::new(&S3Config { endpoint: Some(format!("http://{nobody}")), ..house.config.clone() });
    let asked = objects.head(&uri("s3://raw/a")).await;
    assert!(matches!(&asked, Err(Error::Unavailable(text)) if text.contains(&nobody.to_string())), "{asked:?}");
}

#[tokio::test]
async fn the_key_pair_and_the_objects_outlive_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let first = EmbeddedStore::open(data.path()).await.unwrap();
    std::fs::write(first.root().join(".drafts/staging/half"), "x").unwrap();
    let address = "127.0.0.1:1".parse().unwrap();
    let before = first.endpoint(address);
    drop(first);
    let second = EmbeddedStore::open(data.path()).await.unwrap();
    assert_eq!(second.endpoint(address), before);
    assert_eq!(std::fs::read_dir(second.root().join(".drafts/staging")).unwrap().count(), 0);
    assert!(!format!("{second:?}{before:?}").contains(&before.secret_key));
    let anywhere = TcpListener::bind("0.0.0.0:0").await.unwrap();
    assert!(second.serve(anywhere).await.is_err(), "the endpoint stays on loopback");
}
