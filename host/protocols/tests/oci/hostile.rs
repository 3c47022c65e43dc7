//! What a real registry would never do.

use std::time::{Duration, Instant};

use axum::{
    body::Body,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use enginehouse_protocols::oci::{Credentials, Error, Limits};
use futures::{StreamExt, stream};

use crate::{
    fake::{Fake, digest, endless, instead, manifest, redirect},
    password, pull, pull_as,
};

const COMPONENT: &[u8] = b"a component";

#[tokio::test]
async fn an_honest_fake_is_pulled_from() {
    let fake = Fake::start(|_, asked| instead(asked, COMPONENT, || COMPONENT.into_response())).await;
    assert_eq!(pull(&fake.reference()).await.unwrap().wasm, COMPONENT);
    let lines: Vec<String> = fake.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(lines, ["GET /v2/spark/manifests/1".to_owned(), format!("GET /v2/spark/blobs/{}", digest(COMPONENT))]);
}

#[tokio::test]
async fn other_bytes_than_announced_are_refused() {
    for other in [&b"A component"[..], b"a componen", b""] {
        let fake = Fake::start(|_, asked| instead(asked, COMPONENT, || other.into_response())).await;
        let error = pull(&fake.reference()).await.unwrap_err();
        assert!(matches!(error, Error::DigestDiffers { what: "the component", .. }), "{error}");
    }
}

#[tokio::test]
async fn another_manifest_than_asked_for_is_refused() {
    let honest = |_: &str, asked: &crate::fake::Asked| instead(asked, COMPONENT, || COMPONENT.into_response());
    let fake = Fake::start(honest).await;
    let pinned = format!("{}/spark@sha256:{}", fake.host, "0".repeat(64));
    let error = pull(&pinned).await.unwrap_err();
    assert!(matches!(error, Error::DigestDiffers { what: "the manifest", .. }), "{error}");
    let fake = Fake::start(|_, _| {
        let told = format!("sha256:{}", "0".repeat(64));
        ([("docker-content-digest", told)], manifest(COMPONENT, 11)).into_response()
    });
    let error = pull(&fake.await.reference()).await.unwrap_err();
    assert!(matches!(error, Error::DigestDiffers { what: "the manifest", .. }), "{error}");
}

#[tokio::test]
async fn more_than_announced_is_not_read() {
    for announced in [None, Some(1 << 40)] {
        let fake = Fake::start(move |_, asked| instead(asked, COMPONENT, || endless(StatusCode::OK, announced))).await;
        let error = pull(&fake.reference()).await.unwrap_err();
        assert!(matches!(error, Error::Misbehaves { .. }) && error.to_string().contains("announced"), "{error}");
    }
}

#[tokio::test]
async fn a_component_that_is_announced_too_large_is_not_asked_for() {
    for size in [(1 << 20) + 1, u64::MAX] {
        let fake = Fake::start(move |_, _| manifest(COMPONENT, size).into_response()).await;
        assert!(matches!(pull(&fake.reference()).await.unwrap_err(), Error::TooLarge { .. }));
        assert_eq!(fake.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_manifest_without_end_is_not_read() {
    for announced in [None, Some(1 << 30)] {
        let fake = Fake::start(move |_, _| endless(StatusCode::OK, announced)).await;
        let error = pull(&fake.reference()).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { what: "the manifest", .. }), "{error}");
    }
}

#[tokio::test]
async fn a_failure_is_told_by_its_status_alone() {
    for status in [400, 403, 404, 418, 429, 500, 503] {
        let status = StatusCode::from_u16(status).unwrap();
        let fake = Fake::start(move |_, _| endless(status, None)).await;
        let error = pull(&fake.reference()).await.unwrap_err();
        let fits = match status.as_u16() {
            403 => matches!(error, Error::NotAllowed { .. }),
            404 => matches!(error, Error::NotFound { .. }),
            429 | 500 | 503 => matches!(error, Error::Unavailable { .. }),
            _ => matches!(error, Error::Misbehaves { .. }),
        };
        assert!(fits, "{status}: {error}");
    }
}

#[tokio::test]
async fn a_redirect_never_leaves_for_plain_http() {
    let places =
        ["http://registry.invalid/x?key=secret", "file:///etc/passwd", "ftp://127.0.0.1/", "http://", "//10.0.0.1/"];
    for place in places {
        let fake = Fake::start(move |_, asked| instead(asked, COMPONENT, || redirect(place))).await;
        let error = pull(&fake.reference()).await.unwrap_err();
        assert!(matches!(error, Error::Misbehaves { .. }), "{place}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn redirects_have_an_end() {
    let fake = Fake::start(|host, _| redirect(&format!("http://{host}/again"))).await;
    assert!(matches!(pull(&fake.reference()).await.unwrap_err(), Error::Misbehaves { .. }));
    assert_eq!(fake.asked().len(), 6);
}

#[tokio::test]
async fn a_redirect_takes_no_password_along() {
    let store = Fake::start(|_, _| COMPONENT.into_response()).await;
    let place = format!("http://{}/blob", store.host);
    let fake = Fake::start(move |_, asked| match &asked.authorization {
        None => (StatusCode::UNAUTHORIZED, [("www-authenticate", "Basic realm=x")]).into_response(),
        Some(_) => instead(asked, COMPONENT, || redirect(&place)),
    });
    let fake = fake.await;
    assert_eq!(pull_as(&fake.reference(), &password("secret")).await.unwrap().wasm, COMPONENT);
    assert!(fake.asked().last().unwrap().authorization.is_some());
    assert_eq!(store.asked().last().unwrap().authorization, None);
    // Nor does another host get it by asking for it.
    let asking = |_: &str, _: &crate::fake::Asked| {
        (StatusCode::UNAUTHORIZED, [("www-authenticate", "Basic realm=x")]).into_response()
    };
    let asking = Fake::start(asking).await;
    let place = format!("http://{}/blob", asking.host);
    let fake = Fake::start(move |_, asked| instead(asked, COMPONENT, || redirect(&place))).await;
    let error = pull_as(&fake.reference(), &password("secret")).await.unwrap_err();
    assert!(matches!(error, Error::NotAllowed { .. }), "{error}");
    assert!(asking.asked().iter().all(|asked| asked.authorization.is_none()) && asking.asked().len() == 1);
}

#[tokio::test]
async fn silence_and_drops_end_in_time() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let drops = || {
        stream::repeat(()).then(|()| async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok::<_, std::io::Error>(Bytes::from_static(b" "))
        })
    };
    let dropping = Fake::start(move |_, _| Response::new(Body::from_stream(drops()))).await;
    for host in [silent.local_addr().unwrap().to_string(), dropping.host] {
        let since = Instant::now();
        let limits = Limits { time: Duration::from_millis(500), ..Limits::default() };
        let pulled =
            enginehouse_protocols::oci::pull(&format!("{host}/spark:1"), &Credentials::Anonymous, limits).await;
        assert!(matches!(pulled.unwrap_err(), Error::Unavailable { .. }));
        assert!(since.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn nobody_there_is_unavailable() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = pull(&format!("{free}/spark:1")).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }) && error.to_string().contains("refused"), "{error}");
}
