//! Signatures of requests that no SDK makes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails loudly")]

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use enginehouse_aws::{Account, AccountConfig};
use enginehouse_capabilities::{Signing, Unsigned};

const URL: &str = "https://gateway.example.com/mcp?x=1";

async fn signed(url: &str, body: &[u8]) -> BTreeMap<String, String> {
    let config = AccountConfig {
        region: Some("eu-west-1".into()),
        keys: Some(("AKIDEXAMPLE".into(), "secret".into())),
        ..AccountConfig::default()
    };
    let signer = Account::open(&config).await.unwrap().signer("bedrock-agentcore");
    assert!(!format!("{signer:?}").contains("secret"));
    signer.sign(Unsigned { method: "POST", url, body }).await.unwrap().into_iter().collect()
}

/// The time in `x-amz-date`, `20260728T120000Z`.
fn time(text: &str) -> SystemTime {
    let number = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
    let (year, month, day) = (number(0..4), number(4..6), number(6..8));
    // Days since 1970, after Howard Hinnant.
    let (y, m) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let (era, yoe) = (y.div_euclid(400), y.rem_euclid(400));
    let days = era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + (153 * m + 2) / 5 + day - 1 - 719_468;
    let seconds = days * 86_400 + number(9..11) * 3600 + number(11..13) * 60 + number(13..15);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap())
}

#[tokio::test]
async fn the_signature_is_the_one_that_the_keys_make() {
    let body = br#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let headers = signed(URL, body).await;
    let authorization = &headers["authorization"];
    assert!(authorization.contains("Credential=AKIDEXAMPLE/"), "{authorization}");
    assert!(authorization.contains("/eu-west-1/bedrock-agentcore/aws4_request"), "{authorization}");
    assert!(authorization.contains("SignedHeaders=host;x-amz-date"), "{authorization}");

    let time = time(&headers["x-amz-date"]);
    assert!(time.elapsed().unwrap() < Duration::from_secs(60));
    let identity = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name("bedrock-agentcore")
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let request = SignableRequest::new("POST", URL, std::iter::empty(), SignableBody::Bytes(body)).unwrap();
    let (_, signature) = sign(request, &parameters).unwrap().into_parts();
    assert!(authorization.ends_with(&format!("Signature={signature}")), "{authorization} has not {signature}");
}

#[tokio::test]
async fn another_body_and_another_address_have_other_signatures() {
    let signature =
        |headers: BTreeMap<String, String>| headers["authorization"].split("Signature=").nth(1).map(str::to_owned);
    let one = signature(signed(URL, b"1").await).unwrap();
    assert_ne!(one, signature(signed(URL, b"2").await).unwrap());
    assert_ne!(one, signature(signed("https://gateway.example.com/other", b"1").await).unwrap());
}
