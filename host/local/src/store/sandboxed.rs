//! Objects within a sandbox, for engines that only know S3.

use std::{io, path::Path};

use enginehouse_capabilities::ObjectUri;
use tokio::net::TcpListener;

use super::{credentials::Credentials, layout::Layout, service};

/// The key pair, access and secret alike. No secret: the sandbox is alone on its loopback.
const KEY: &str = "sandbox";
/// Threads that wait for the disk: they count among the sandbox's own.
const THREADS: usize = 4;

/// Serves what a program was given and what it writes as one store, of which only an output prefix is writable: `output`
/// is told the store's URL once it is up, and gives that prefix. Blocks until the process ends; who asks before that waits.
///
/// Runs as the program's own user among its own mounts, so that the kernel decides what may be touched: what is refused
/// here is refused to say it in words.
pub(crate) fn serve_sandbox(
    given: &Path,
    written: &Path,
    output: impl FnOnce(&str) -> io::Result<ObjectUri>,
) -> io::Result<()> {
    let credentials = Credentials { access_key: KEY.to_owned(), secret_key: KEY.to_owned() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(THREADS).build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let output = output(&format!("http://{}", listener.local_addr()?))?;
        let layout = Layout::of_run(given, written, &output)?;
        service::serve(service::service(layout, &credentials), listener).await
    })
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use s3s::{S3Error, S3ErrorCode};

    use super::*;
    use crate::store::{
        fault,
        layout::{DRAFTS, Replace},
        listing::{Query, list},
        multipart::Upload,
    };

    /// The two folders of a run that was given `raw/sales.csv` and an earlier result, and writes below `results/r1/out/`.
    struct Run {
        folder: tempfile::TempDir,
        layout: Layout,
    }

    impl Run {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let files =
                [("in/raw/sales.csv", "given"), ("in/raw/b/c.csv", "given"), ("in/results/r1/out/old", "given")];
            for (path, text) in files {
                let path = folder.path().join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            fs::create_dir_all(folder.path().join("out/results/r1/out")).unwrap();
            let output = "s3://results/r1/out".parse().unwrap();
            let layout = Layout::of_run(&folder.path().join("in"), &folder.path().join("out"), &output).unwrap();
            Self { folder, layout }
        }

        fn put(&self, bucket: &str, key: &str) -> fault::Result<()> {
            let mut draft = self.layout.draft()?;
            draft.write_all(b"written")?;
            self.layout.publish(draft.into_temp_path(), bucket, key, Replace::Yes)
        }

        fn get(&self, bucket: &str, key: &str) -> fault::Result<String> {
            Ok(io::read_to_string(self.layout.object(bucket, key)?.0)?)
        }

        fn keys(&self, bucket: &str, prefix: &str, rolled_up: bool) -> Vec<String> {
            let mut keys = Vec::new();
            // One by one: pages must not lose or repeat what two folders share.
            loop {
                let after = keys.last().cloned().unwrap_or_default();
                let query = Query { prefix: prefix.to_owned(), rolled_up, after, most: 1 };
                let page = list(&self.layout, bucket, &query).unwrap();
                keys.extend(page.objects.into_iter().filter_map(|object| object.key));
                keys.extend(page.prefixes.into_iter().filter_map(|prefix| prefix.prefix));
                if !page.truncated {
                    return keys;
                }
            }
        }
    }

    fn code<T>(refused: fault::Result<T>) -> S3ErrorCode {
        S3Error::from(refused.err().unwrap()).code().clone()
    }

    #[test]
    fn both_folders_are_one_store_and_what_was_written_comes_first() {
        let run = Run::new();
        run.put("results", "r1/out/new/part").unwrap();
        assert_eq!(run.get("raw", "sales.csv").unwrap(), "given");
        assert_eq!(run.get("results", "r1/out/old").unwrap(), "given");
        run.put("results", "r1/out/old").unwrap();
        assert_eq!(run.get("results", "r1/out/old").unwrap(), "written");
        assert_eq!(run.keys("raw", "", false), ["b/c.csv", "sales.csv"]);
        assert_eq!(run.keys("raw", "", true), ["b/", "sales.csv"]);
        assert_eq!(run.keys("results", "", false), ["r1/out/new/part", "r1/out/old"]);
        assert_eq!(run.keys("results", "r1/out/", true), ["r1/out/new/", "r1/out/old"]);
        assert_eq!(fs::read_to_string(run.folder.path().join("in/results/r1/out/old")).unwrap(), "given");
    }

    #[test]
    fn nothing_is_written_but_below_the_output() {
        let run = Run::new();
        for (bucket, key) in [("raw", "sales.csv"), ("raw", "x"), ("results", "r1/out"), ("results", "r1/x")] {
            assert_eq!(code(run.put(bucket, key)), S3ErrorCode::AccessDenied, "{key}");
            assert_eq!(code(Upload::create(&run.layout, bucket, key)), S3ErrorCode::AccessDenied, "{key}");
            assert_eq!(code(run.layout.remove(bucket, key)), S3ErrorCode::AccessDenied, "{key}");
        }
        assert_eq!(code(run.layout.make_folders("raw", "new/")), S3ErrorCode::AccessDenied);
        assert_eq!(code(run.layout.make_folders("results", "r2/")), S3ErrorCode::AccessDenied);
        assert_eq!(code(run.layout.remove("results", "r1/out/old")), S3ErrorCode::AccessDenied);
        assert_eq!(code(run.put("private", "x")), S3ErrorCode::AccessDenied);
        assert_eq!(code(run.get("private", "x")), S3ErrorCode::NoSuchBucket);
        // The way to the output is made by clients that think in folders.
        run.layout.make_folders("results", "r1/").unwrap();
        run.layout.make_folders("results", "r1/out/deep/er/").unwrap();
    }

    #[test]
    fn drafts_are_no_objects_and_stay_with_the_output() {
        let run = Run::new();
        let id = Upload::create(&run.layout, "results", "r1/out/big").unwrap();
        let _draft = run.layout.draft().unwrap();
        assert_eq!(run.keys("results", "", false), ["r1/out/old"]);
        assert_eq!(run.keys("results", "r1/out/", true), ["r1/out/old"]);
        let inside = format!("r1/out/{DRAFTS}/uploads/{id}/target");
        assert_eq!(code(run.get("results", &inside)), S3ErrorCode::NoSuchKey);
        assert_eq!(code(run.put("results", &inside)), S3ErrorCode::InvalidArgument);
        run.layout.remove("results", "r1/out/").unwrap();
        run.put("results", "r1/out/after").unwrap();
        assert!(Upload::find(&run.layout, &id, "results", "r1/out/big").is_ok());
    }

    #[test]
    fn a_folder_is_no_object() {
        let run = Run::new();
        assert_eq!(code(run.get("raw", "b")), S3ErrorCode::NoSuchKey);
        assert_eq!(code(run.get("results", "r1/out")), S3ErrorCode::NoSuchKey);
    }
}
