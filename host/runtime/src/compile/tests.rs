use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use super::*;

const NONSENSE: Bytes = Bytes::from_static(b"nonsense");

const DIGEST: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn component() -> Bytes {
    wat::parse_str("(component (core module (func (export \"f\"))))").unwrap().into()
}

fn compiler(folder: &Path) -> Arc<Compiler> {
    Arc::new(Compiler::new(Engine::default(), Some(folder), None))
}

fn kept(folder: &Path) -> std::path::PathBuf {
    let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|ending| ending == "cwasm")).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn what_was_compiled_is_found_by_the_next_process_and_by_no_other_user() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("cache");
    compiler(&folder).compile(DIGEST, &component()).await.unwrap();
    assert_eq!((mode(&folder), mode(&folder.join("key")), mode(&kept(&folder))), (0o700, 0o600, 0o600));
    let next = compiler(&folder);
    // Bytes that do not compile: what comes back was kept.
    assert!(next.compile(DIGEST, &NONSENSE).await.is_ok());
    assert!(next.compile(&DIGEST.replace('0', "f"), &NONSENSE).await.is_err());
}

#[tokio::test]
async fn what_is_loaded_again_counts_as_used() {
    let folder = tempfile::tempdir().unwrap();
    compiler(folder.path()).compile(DIGEST, &component()).await.unwrap();
    let path = kept(folder.path());
    let long_ago = std::time::SystemTime::UNIX_EPOCH;
    fs::File::options().append(true).open(&path).unwrap().set_modified(long_ago).unwrap();
    compiler(folder.path()).compile(DIGEST, &NONSENSE).await.unwrap();
    assert!(fs::metadata(&path).unwrap().modified().unwrap() > long_ago);
}

#[tokio::test]
async fn a_damaged_file_is_compiled_anew() {
    let folder = tempfile::tempdir().unwrap();
    compiler(folder.path()).compile(DIGEST, &component()).await.unwrap();
    let path = kept(folder.path());
    let whole = fs::read(&path).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for damaged in [&flipped[..], &whole[..whole.len() - 1], &whole[..10], b""] {
        fs::write(&path, damaged).unwrap();
        let compiler = compiler(folder.path());
        assert!(compiler.compile(DIGEST, &NONSENSE).await.is_err(), "the damaged file was believed");
        assert!(compiler.compile(DIGEST, &component()).await.is_ok());
        assert_eq!(fs::read(&path).unwrap().len(), whole.len(), "and was not mended");
    }
}

#[tokio::test]
async fn a_file_from_elsewhere_is_not_believed() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    compiler(theirs.path()).compile(DIGEST, &component()).await.unwrap();
    let forged = kept(theirs.path());
    compiler(ours.path());
    fs::copy(&forged, ours.path().join(forged.file_name().unwrap())).unwrap();
    assert!(compiler(ours.path()).compile(DIGEST, &NONSENSE).await.is_err());
    // Nor under the name of another component.
    compiler(ours.path()).compile(DIGEST, &component()).await.unwrap();
    let other = DIGEST.replace('0', "f");
    let name = kept(ours.path()).file_name().unwrap().to_string_lossy().replace(DIGEST, &other);
    fs::copy(kept(ours.path()), ours.path().join(name)).unwrap();
    assert!(compiler(ours.path()).compile(&other, &NONSENSE).await.is_err());
}

#[tokio::test]
async fn a_key_that_others_could_read_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    compiler(folder.path()).compile(DIGEST, &component()).await.unwrap();
    let key = folder.path().join("key");
    let old = fs::read(&key).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(compiler(folder.path()).compile(DIGEST, &NONSENSE).await.is_err());
    assert_ne!(fs::read(&key).unwrap(), old);
    assert_eq!(mode(&key), 0o600);
}

#[tokio::test]
async fn without_a_folder_it_still_compiles() {
    let compiler = compiler(Path::new("/dev/null/cache"));
    assert!(compiler.compile(DIGEST, &component()).await.is_ok());
}
