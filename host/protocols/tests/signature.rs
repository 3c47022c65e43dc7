//! Signatures and keys as OpenSSL writes them, and what hostile ones come to.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails loudly")]

use std::{path::Path, process::Command};

use base64::{Engine, engine::general_purpose::STANDARD};
use enginehouse_protocols::signature::{Error, Publishers};
use tempfile::TempDir;

const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0 a component";

/// A key pair of OpenSSL's making.
struct Signer(TempDir);

impl Signer {
    fn new() -> Self {
        let signer = Self(tempfile::tempdir().unwrap());
        signer.openssl(&["genpkey", "-algorithm", "ed25519", "-out", "key.pem"]);
        signer.openssl(&["pkey", "-in", "key.pem", "-pubout", "-out", "publisher.pem"]);
        signer
    }

    fn public(&self) -> String {
        std::fs::read_to_string(self.folder().join("publisher.pem")).unwrap()
    }

    fn private(&self) -> String {
        std::fs::read_to_string(self.folder().join("key.pem")).unwrap()
    }

    fn sign(&self, component: &[u8]) -> Vec<u8> {
        std::fs::write(self.folder().join("plugin.wasm"), component).unwrap();
        let files = ["-inkey", "key.pem", "-in", "plugin.wasm", "-out", "plugin.wasm.sig"];
        self.openssl(&[&["pkeyutl", "-sign", "-rawin"][..], &files].concat());
        std::fs::read(self.folder().join("plugin.wasm.sig")).unwrap()
    }

    fn openssl(&self, arguments: &[&str]) -> Vec<u8> {
        let output = Command::new("openssl").args(arguments).current_dir(self.folder()).output();
        let output =
            output.unwrap_or_else(|error| panic!("cannot run `openssl`: install the package `openssl`: {error}"));
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }
}

fn pinned(keys: &[(&str, &str)]) -> Result<Publishers, Error> {
    Publishers::new(keys.iter().map(|(name, pem)| ((*name).to_owned(), (*pem).to_owned())))
}

#[test]
fn what_openssl_signs_is_its_publishers() {
    let (ann, bob) = (Signer::new(), Signer::new());
    let publishers = pinned(&[("ann", &ann.public()), ("bob", &bob.public())]).unwrap();
    for (name, signer) in [("ann", &ann), ("bob", &bob)] {
        let signature = signer.sign(COMPONENT);
        assert_eq!(signature.len(), 64);
        assert_eq!(publishers.verify(COMPONENT, &signature).unwrap(), name);
        assert_eq!(publishers.verify(COMPONENT, STANDARD.encode(&signature).as_bytes()).unwrap(), name);
        let lines = signer.openssl(&["base64", "-in", "plugin.wasm.sig"]);
        assert!(lines.iter().filter(|byte| **byte == b'\n').count() > 1, "OpenSSL breaks lines");
        assert_eq!(publishers.verify(COMPONENT, &lines).unwrap(), name);
    }
}

#[test]
fn a_megabyte_and_nothing_are_signed_alike() {
    let ann = Signer::new();
    let publishers = pinned(&[("ann", &ann.public())]).unwrap();
    for component in [vec![7; 1 << 20], vec![0]] {
        assert_eq!(publishers.verify(&component, &ann.sign(&component)).unwrap(), "ann");
    }
}

#[test]
fn another_key_or_a_changed_byte_is_unknown() {
    let (ann, eve) = (Signer::new(), Signer::new());
    let publishers = pinned(&[("ann", &ann.public())]).unwrap();
    assert!(matches!(publishers.verify(COMPONENT, &eve.sign(COMPONENT)), Err(Error::Unknown)));
    let signature = ann.sign(COMPONENT);
    assert!(matches!(Publishers::default().verify(COMPONENT, &signature), Err(Error::Unknown)));
    for place in 0..COMPONENT.len() {
        let mut changed = COMPONENT.to_vec();
        changed[place] ^= 1;
        assert!(matches!(publishers.verify(&changed, &signature), Err(Error::Unknown)), "byte {place}");
    }
    for place in 0..signature.len() {
        let mut changed = signature.clone();
        changed[place] ^= 1;
        assert!(matches!(publishers.verify(COMPONENT, &changed), Err(Error::Unknown)), "byte {place} of the signature");
    }
    assert!(matches!(publishers.verify(&COMPONENT[1..], &signature), Err(Error::Unknown)));
}

#[test]
fn what_is_no_signature_is_malformed() {
    let ann = Signer::new();
    let publishers = pinned(&[("ann", &ann.public())]).unwrap();
    let signature = ann.sign(COMPONENT);
    let long = [&signature[..], b"\n"].concat();
    let short_text = STANDARD.encode(&signature[..63]);
    let spaces = [STANDARD.encode(&signature).as_bytes(), &[b' '; 1000]].concat();
    let cases = [
        &[][..],
        &signature[..63],
        &long,
        short_text.as_bytes(),
        &spaces,
        &[b'='; 88],
        &[0xff; 88],
        &vec![b'A'; 8 << 20],
    ];
    for (case, signature) in cases.into_iter().enumerate() {
        assert!(matches!(publishers.verify(COMPONENT, signature), Err(Error::Malformed)), "case {case}");
    }
}

#[test]
fn keys_of_small_order_are_refused() {
    let head = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let mut identity = [0; 32];
    identity[0] = 1;
    for point in [[0; 32], identity] {
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            STANDARD.encode([&head[..], &point].concat())
        );
        let error = pinned(&[("ann", &pem)]).unwrap_err();
        assert!(error.to_string().contains("small order"), "{error}");
    }
    // Nor does a signature of small order fit a good key.
    let ann = Signer::new();
    let publishers = pinned(&[("ann", &ann.public())]).unwrap();
    let signature = [identity, [0; 32]].concat();
    assert!(matches!(publishers.verify(COMPONENT, &signature), Err(Error::Unknown)));
}

#[test]
fn what_is_no_public_key_is_refused_and_not_repeated() {
    let ann = Signer::new();
    let elliptic =
        ann.openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "ec.pem"]);
    assert!(elliptic.is_empty());
    let elliptic = String::from_utf8(ann.openssl(&["pkey", "-in", "ec.pem", "-pubout"])).unwrap();
    let (private, public) = (ann.private(), ann.public());
    let half = &public[..public.len() / 2];
    let garbage = public.replace("MCow", "????");
    for pem in ["", "ann", &private, half, &garbage, &elliptic, &"-----BEGIN ".repeat(100_000)] {
        let error = pinned(&[("ann", pem)]).unwrap_err().to_string();
        assert!(error.contains("openssl pkey") && error.len() < 300, "{error}");
        let secret = private.lines().nth(1).unwrap();
        assert!(!error.contains(secret));
    }
}

#[test]
fn a_name_has_one_key_and_a_key_one_name() {
    let (ann, bob) = (Signer::new(), Signer::new());
    let twice = pinned(&[("ann", &ann.public()), ("ann", &bob.public())]).unwrap_err();
    assert!(twice.to_string().contains("same name"), "{twice}");
    let shared = pinned(&[("ann", &ann.public()), ("bob", &ann.public())]).unwrap_err();
    assert!(shared.to_string().contains("another publisher"), "{shared}");
}
