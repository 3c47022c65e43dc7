//! From a manifest to the one layer that counts.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};

use super::{SIGNATURE, error::quoted, reference::is_sha256};

/// What is asked for: artifacts, and what is refused with a word about what it is.
pub(super) const ACCEPTED: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";

const WASM: [&str; 2] = ["application/wasm", "application/vnd.wasm.content.layer.v1+wasm"];

/// The component of an artifact, as its manifest announces it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layer {
    /// `sha256:` and 64 small hexadecimal digits.
    pub(super) digest: String,
    /// In bytes.
    pub(super) size: u64,
    pub(super) signature: Option<Vec<u8>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u64,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<IgnoredAny>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    size: u64,
}

/// The layer with the component, or what the artifact is instead.
pub(super) fn layer(manifest: &[u8]) -> Result<Layer, String> {
    let manifest: Manifest =
        serde_json::from_slice(manifest).map_err(|_| "something whose manifest is not one of OCI".to_owned())?;
    if manifest.manifests.is_some() {
        return Err("an index of several artifacts: name one of them by its digest".to_owned());
    }
    if manifest.schema_version != 2 {
        return Err(format!("something whose manifest is of version {}", manifest.schema_version));
    }
    let layers = manifest.layers.unwrap_or_default();
    let [layer] = layers.as_slice() else {
        let types = layers.iter().take(3).map(|layer| quoted(&layer.media_type)).collect::<Vec<_>>();
        return Err(match layers.len() {
            0 => "an artifact without layers".to_owned(),
            count => format!("an artifact of {count} layers ({}…), where a component has one", types.join(", ")),
        });
    };
    if !WASM.contains(&layer.media_type.as_str()) {
        return Err(format!("an artifact with a layer of type {}", quoted(&layer.media_type)));
    }
    if !is_sha256(&layer.digest) {
        return Err(format!("a component with the digest {}, where only SHA-256 is taken", quoted(&layer.digest)));
    }
    let signature = manifest.annotations.and_then(|mut annotations| annotations.remove(SIGNATURE));
    Ok(Layer { digest: layer.digest.clone(), size: layer.size, signature: signature.map(String::into_bytes) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(layers: &str) -> Result<Layer, String> {
        layer(format!(r#"{{"schemaVersion":2,"config":{{}},"layers":[{layers}]}}"#).as_bytes())
    }

    fn descriptor(media_type: &str, digest: &str) -> String {
        format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":8}}"#)
    }

    #[test]
    fn one_layer_of_wasm_is_taken() {
        let digest = format!("sha256:{}", "0".repeat(64));
        for media_type in WASM {
            assert_eq!(of(&descriptor(media_type, &digest)).unwrap().digest, digest);
        }
    }

    #[test]
    fn anything_else_is_named() {
        let digest = format!("sha256:{}", "0".repeat(64));
        let wasm = descriptor("application/wasm", &digest);
        let cases = [
            (of(""), "without layers"),
            (of(&format!("{wasm},{wasm}")), "2 layers"),
            (of(&descriptor("application/vnd.oci.image.layer.v1.tar+gzip", &digest)), "tar+gzip"),
            (of(&descriptor("application/wasm", "sha256:../../../etc")), "only SHA-256"),
            (of(&wasm.replace(":8", ":-8")), "not one of OCI"),
            (layer(b"<html>"), "not one of OCI"),
            (layer("[".repeat(100_000).as_bytes()), "not one of OCI"),
            (layer(br#"{"schemaVersion":1,"layers":[]}"#), "version 1"),
            (layer(br#"{"schemaVersion":2,"manifests":[]}"#), "an index"),
            (of(&descriptor(&"x\\n".repeat(100_000), &digest)), "…"),
        ];
        for (found, word) in cases {
            let found = found.unwrap_err();
            assert!(found.contains(word) && found.len() < 500 && !found.contains('\n'), "{word}: {found}");
        }
    }
}
