//! Answers that Ray never gives.

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use axum::{
    body::{Body, Bytes},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use enginehouse_capabilities::Error;
use enginehouse_protocols::ray::{FOLLOWED, RayCluster, RayJobs, Submission, TAIL};
use futures::{StreamExt, stream};

use crate::{
    cluster,
    fake::{Fake, told},
    jobs,
};

fn endless(start: &'static str) -> Response {
    let piece = Bytes::from(vec![b'x'; 1 << 20]);
    let start = stream::iter([Ok::<_, Infallible>(Bytes::from_static(start.as_bytes()))]);
    Body::from_stream(start.chain(stream::repeat_with(move || Ok(piece.clone())))).into_response()
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_read_to_it() {
    let fake = Fake::start(|_| Some(endless("{\"status\": \""))).await;
    let jobs = jobs(&fake.url);
    for error in [jobs.job("a").await.map(drop), jobs.jobs().await.map(drop), jobs.version().await.map(drop)] {
        let error = error.unwrap_err();
        assert!(error.to_string().contains("more than"), "{error}");
    }
}

#[tokio::test]
async fn of_a_log_of_a_hundred_megabytes_little_is_held() {
    let fake = Fake::start(|asked| {
        if !asked.path.ends_with("/logs") {
            return Some(axum::Json(told("SUCCEEDED")).into_response());
        }
        let line = Bytes::from("0123456789abcde\\n".repeat(1 << 16));
        let start = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"{\"logs\": \""))]);
        let lines = stream::repeat_with(move || Ok(line.clone())).take(100);
        let end = stream::iter([Ok(Bytes::from_static(b"the end\"}"))]);
        Some(Body::from_stream(start.chain(lines).chain(end)).into_response())
    })
    .await;
    let jobs = jobs(&fake.url);
    let (mut at, mut text, mut dropped) = (0, 0, 0);
    loop {
        let piece = jobs.log("a", Some(at)).await.unwrap();
        (at, text, dropped) = (piece.next, text + piece.text.len() as u64, dropped + piece.dropped);
        if piece.end {
            assert!(piece.text.ends_with("\nthe end"), "{}", piece.text.len());
            break;
        }
    }
    assert_eq!(at, (100 << 20) + 7);
    assert_eq!((text, text + dropped), ((FOLLOWED + TAIL) as u64, at));
    assert_eq!(fake.asked().iter().filter(|asked| asked.path.ends_with("/logs")).count(), 1, "it is read once");
}

#[tokio::test]
async fn silence_is_not_waited_for() {
    let fake = Fake::start(|asked| {
        if asked.path == "/api/jobs/done" {
            return Some(axum::Json(told("SUCCEEDED")).into_response());
        }
        let begun = asked.path.ends_with("/logs").then_some(Ok::<_, Infallible>(Bytes::from_static(b"{\"logs\": \"a")));
        Some(Body::from_stream(stream::iter(begun).chain(stream::pending())).into_response())
    })
    .await;
    let jobs = jobs(&fake.url);
    let begun = Instant::now();
    let (one, other) = tokio::join!(jobs.job("a"), jobs.log("done", None));
    assert!(matches!(one, Err(Error::Unavailable(_))) && matches!(other, Err(Error::Unavailable(_))));
    assert!(begun.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn what_is_not_rays_is_told_by_its_meaning() {
    for (status, body, expected) in [
        (200, "not JSON", "no JSON"),
        (200, "{}", "state of a job"),
        (200, "[1, 2", "no JSON"),
        (200, r#"{"status": 7}"#, "state of a job"),
        (302, "", "tools.servers.trial.urls"),
        (401, "Unauthorized: Missing authentication token", "tools.servers.trial.token"),
        (403, "", "tools.servers.trial.token"),
        (405, "", "tools.servers.trial.urls"),
        (404, "404 page not found", "tools.servers.trial.urls"),
        (404, "Job a does not exist", "does not exist"),
        (400, "bad\nrequest", "bad request"),
        (500, "Traceback", "Traceback"),
        (503, "", "503"),
        (418, "tea", "tea"),
    ] {
        let fake = Fake::start(move |_| {
            let status = StatusCode::from_u16(status).unwrap();
            Some((status, [("location", "http://127.0.0.1:9/")], body).into_response())
        })
        .await;
        let error = jobs(&fake.url).job("a").await.unwrap_err();
        assert!(error.to_string().contains(expected), "{status}: {error}");
        match status {
            200 | 418 => assert!(matches!(error, Error::Other { .. }), "{error:?}"),
            404 if body.contains("does not exist") => assert!(matches!(error, Error::NotFound(_)), "{error:?}"),
            302 | 404 | 405 => assert!(matches!(error, Error::Unconfigured(_)), "{error:?}"),
            401 | 403 => assert!(matches!(error, Error::Denied(_)), "{error:?}"),
            400 => assert!(matches!(error, Error::Invalid(_)), "{error:?}"),
            _ => assert!(matches!(error, Error::Unavailable(_)), "{error:?}"),
        }
    }
}

#[tokio::test]
async fn who_answers_in_the_place_of_a_cluster_that_was_there_ends_no_job() {
    let fake = Fake::start(|asked| (asked.path == "/api/jobs/a").then(|| StatusCode::NOT_FOUND.into_response())).await;
    let jobs = jobs(&fake.url);
    jobs.version().await.unwrap();
    let error = jobs.job("a").await.unwrap_err();
    assert!(matches!(&error, Error::Unavailable(text) if text.contains("tools.servers.trial.urls")), "{error}");
}

#[tokio::test]
async fn a_token_that_the_cluster_repeats_is_not_told() {
    for status in [StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND, StatusCode::INTERNAL_SERVER_ERROR] {
        let fake =
            Fake::start(move |_| Some((status, "bad header: Bearer opensesame-17 does not exist").into_response()))
                .await;
        let settings = RayCluster { token: Some("opensesame-17".into()), ..cluster(&[&fake.url]) };
        let error = RayJobs::new("trial", settings).unwrap().job("a").await.unwrap_err().to_string();
        assert!(error.contains("Bearer [a secret]") && !error.contains("sesame"), "{error}");
    }
}

#[tokio::test]
async fn an_error_without_an_end_is_cut_and_a_submission_that_fails_says_why() {
    let fake = Fake::start(|asked| {
        asked.is("POST", "/api/jobs/").then(|| {
            let mut answer = endless("Failed to start");
            *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            answer
        })
    })
    .await;
    let error =
        jobs(&fake.url).submit(Submission { id: "a", code: "", output_path: None }).await.unwrap_err().to_string();
    assert!(error.contains("HTTP 500") && error.len() < 1000, "{}", error.len());
}
