//! What a real registry has.

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{
    Signer, SigningKey,
    pkcs8::{EncodePublicKey, spki::der::pem::LineEnding},
};
use enginehouse_protocols::{
    oci::{Error, SIGNATURE},
    signature::Publishers,
};

use crate::{pull, registry::TestRegistry};

const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0 a component";
const WASM: &str = "application/wasm";

#[tokio::test]
async fn a_component_is_pulled_by_tag_and_again_by_its_digest() {
    let registry = TestRegistry::start();
    for media_type in [WASM, "application/vnd.wasm.content.layer.v1+wasm"] {
        let digest = registry.push("plugins/spark:1.0", &[(media_type, COMPONENT)], &[]).await;
        let pulled = pull(&registry.reference("plugins/spark:1.0")).await.unwrap();
        assert_eq!((&pulled.wasm[..], &pulled.manifest_digest), (COMPONENT, &digest));
        assert_eq!((pulled.reference, pulled.signature), (registry.reference("plugins/spark:1.0"), None));
        let again = pull(&registry.reference(&format!("plugins/spark@{digest}"))).await.unwrap();
        assert_eq!((again.wasm, again.manifest_digest), (pulled.wasm, digest));
    }
}

#[tokio::test]
async fn a_digest_names_the_same_bytes_after_its_tag_has_moved() {
    let registry = TestRegistry::start();
    let first = registry.push("spark:latest", &[(WASM, COMPONENT)], &[]).await;
    let second = registry.push("spark:latest", &[(WASM, b"another")], &[]).await;
    assert_ne!(first, second);
    assert_eq!(pull(&registry.reference("spark")).await.unwrap().wasm, &b"another"[..]);
    let pinned = registry.reference(&format!("spark:latest@{first}"));
    assert_eq!(pull(&pinned).await.unwrap().wasm, COMPONENT);
}

#[tokio::test]
async fn a_signature_comes_with_its_component() {
    let registry = TestRegistry::start();
    let key = SigningKey::from_bytes(&[7; 32]);
    let signature = STANDARD.encode(key.sign(COMPONENT).to_bytes());
    registry.push("spark:1", &[(WASM, COMPONENT)], &[(SIGNATURE, &signature), ("other", "x")]).await;
    let pulled = pull(&registry.reference("spark:1")).await.unwrap();
    let public = key.verifying_key().to_public_key_pem(LineEnding::LF).unwrap();
    let publishers = Publishers::new([("ann".to_owned(), public)]).unwrap();
    assert_eq!(publishers.verify(&pulled.wasm, &pulled.signature.unwrap()).unwrap(), "ann");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let registry = TestRegistry::start();
    registry.push("spark:1", &[(WASM, COMPONENT)], &[]).await;
    let digest = format!("spark@sha256:{}", "0".repeat(64));
    for name in ["spark:2", "ray:1", &digest] {
        let error = pull(&registry.reference(name)).await.unwrap_err();
        assert!(matches!(error, Error::NotFound { .. }), "{name}: {error}");
    }
}

#[tokio::test]
async fn what_is_no_component_is_named() {
    let registry = TestRegistry::start();
    let image = "application/vnd.oci.image.layer.v1.tar+gzip";
    registry.push("image:1", &[(image, b"a layer")], &[]).await;
    registry.push("two:1", &[(WASM, COMPONENT), (WASM, b"another")], &[]).await;
    registry.push("empty:1", &[], &[]).await;
    registry.push_index("index:1").await;
    let cases = [("image:1", image), ("two:1", "2 layers"), ("empty:1", "without layers"), ("index:1", "an index")];
    for (name, word) in cases {
        let error = pull(&registry.reference(name)).await.unwrap_err();
        assert!(matches!(error, Error::NotAComponent { .. }) && error.to_string().contains(word), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_component_has_a_bound() {
    let registry = TestRegistry::start();
    let most = vec![7; 1 << 20];
    registry.push("spark:1", &[(WASM, &most)], &[]).await;
    assert_eq!(pull(&registry.reference("spark:1")).await.unwrap().wasm, most);
    registry.push("spark:2", &[(WASM, &[&most[..], b"1"].concat())], &[]).await;
    let error = pull(&registry.reference("spark:2")).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { most: 1_048_576, .. }), "{error}");
}

#[tokio::test]
async fn bytes_that_changed_in_the_registry_are_refused() {
    let registry = TestRegistry::start();
    registry.push("spark:1", &[(WASM, COMPONENT)], &[]).await;
    let mut spoilt = COMPONENT.to_vec();
    spoilt[9] ^= 1;
    registry.spoil(COMPONENT, &spoilt);
    let error = pull(&registry.reference("spark:1")).await.unwrap_err();
    assert!(matches!(error, Error::DigestDiffers { what: "the component", .. }), "{error}");
}
