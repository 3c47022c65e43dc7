//! What is sent, and what the usual answers mean.

use enginehouse_capabilities::Error;
use enginehouse_protocols::ray::{JobState, RayCluster, RayJobs, Submission};
use serde_json::{Value, json};

use crate::{
    cluster,
    fake::{Fake, told},
    jobs,
};

const PROGRAM: Submission<'static> =
    Submission { id: "job-1", code: "print('$(id)`')", output_path: Some("s3://b/o/") };

#[tokio::test]
async fn a_program_is_a_package_and_no_word_of_it_is_in_the_entrypoint() {
    let fake = Fake::start(|_| None).await;
    let environment = json!({"env_vars": {"A": "1"}, "pip": ["x"], "working_dir": "elsewhere"});
    let settings = RayCluster {
        token: Some("sesame".into()),
        driver_cpus: 0.5,
        runtime_env: environment.as_object().unwrap().clone(),
        ..cluster(&[&format!("{}/", fake.url)])
    };
    let jobs = RayJobs::new("trial", settings).unwrap();
    assert!(jobs.submit(PROGRAM).await.unwrap());
    assert!(!jobs.submit(PROGRAM).await.unwrap(), "a name is used once");
    let asked = fake.asked();
    assert!(asked[0].is("GET", "/api/jobs/job-1"), "what there is, is asked first: {:?}", asked[0]);
    assert!(asked.iter().all(|asked| asked.headers["authorization"] == "Bearer sesame"));
    let submitted: Vec<Value> = asked
        .iter()
        .filter(|asked| asked.is("POST", "/api/jobs/"))
        .map(|asked| serde_json::from_slice(&asked.body).unwrap())
        .collect();
    let [(name, zip)] = fake.packages().try_into().unwrap();
    assert!(zip.starts_with(b"PK") && name.starts_with("_ray_pkg_") && name.ends_with(".zip"), "{name}");
    assert_eq!(
        submitted,
        [json!({
            "entrypoint": "python main.py",
            "submission_id": "job-1",
            "entrypoint_num_cpus": 0.5,
            "runtime_env": {
                "env_vars": {"A": "1", "OUTPUT_PATH": "s3://b/o/"}, "pip": ["x"], "working_dir": format!("gcs://{name}")
            }
        })]
    );
    assert!(jobs.submit(Submission { id: "job-2", ..PROGRAM }).await.unwrap());
    assert_eq!(fake.asked().iter().filter(|asked| asked.method == "PUT").count(), 1, "the package is there");
}

#[tokio::test]
async fn who_is_slower_attaches() {
    for status in [400, 500] {
        let fake = Fake::start(move |asked| {
            let text = format!("Traceback\n{}ValueError: Job job-1 already exists.\n", "  File\n".repeat(100));
            let taken = (axum::http::StatusCode::from_u16(status).unwrap(), text);
            asked.is("POST", "/api/jobs/").then(|| axum::response::IntoResponse::into_response(taken))
        })
        .await;
        assert!(!jobs(&fake.url).submit(PROGRAM).await.unwrap());
    }
}

#[tokio::test]
async fn a_job_is_followed_stopped_and_listed() {
    let fake = Fake::start(|_| None).await;
    let jobs = jobs(&fake.url);
    assert_eq!(jobs.version().await.unwrap(), "2.60.0");
    assert!(matches!(jobs.job("job-1").await, Err(Error::NotFound(_))));
    assert!(matches!(jobs.log("job-1", None).await, Err(Error::NotFound(_))));
    assert!(matches!(jobs.stop("job-1").await, Err(Error::NotFound(_))));
    jobs.submit(PROGRAM).await.unwrap();
    assert_eq!(jobs.job("job-1").await.unwrap().state, JobState::Pending);
    fake.job("job-1", told("SOMETHING_NEW"));
    let job = jobs.job("job-1").await.unwrap();
    assert!(!job.state.is_terminal(), "{job:?}");
    let piece = jobs.log("job-1", Some(4)).await.unwrap();
    assert_eq!((piece.text.as_str(), piece.next, piece.dropped, piece.more), ("two\n", 8, 0, false));
    assert!(jobs.stop("job-1").await.unwrap());
    assert_eq!(jobs.job("job-1").await.unwrap().state, JobState::Stopped);
    fake.job("odd", json!("no job"));
    assert_eq!(jobs.jobs().await.unwrap().len(), 1, "what is no job is left out");
}

#[tokio::test]
async fn a_job_that_has_not_begun_is_not_taken_for_stopped() {
    let fake = Fake::start(|_| None).await;
    let jobs = jobs(&fake.url);
    jobs.submit(PROGRAM).await.unwrap();
    let error = jobs.stop("job-1").await.unwrap_err();
    assert!(matches!(&error, Error::Unavailable(text) if text.contains("has not begun")), "{error}");
    fake.job("job-1", told("RUNNING"));
    assert!(jobs.stop("job-1").await.unwrap());
    fake.job("job-1", told("SUCCEEDED"));
    jobs.stop("job-1").await.unwrap();
}

#[tokio::test]
async fn a_proxy_whose_head_is_gone_is_not_asked_where_another_answers() {
    let proxy =
        Fake::start(|_| Some(axum::response::IntoResponse::into_response(axum::http::StatusCode::BAD_GATEWAY))).await;
    let fake = Fake::start(|_| None).await;
    let jobs = RayJobs::new("trial", cluster(&[&proxy.url, &fake.url])).unwrap();
    for _ in 0..3 {
        jobs.version().await.unwrap();
    }
    assert_eq!(proxy.asked().len(), 1);
}

#[tokio::test]
async fn an_operators_variables_stay_beside_the_programs_output() {
    for (variables, expected) in [
        (json!(null), json!({"OUTPUT_PATH": "s3://b/o/"})),
        (json!({"A": "1", "OUTPUT_PATH": "theirs"}), json!({"A": "1", "OUTPUT_PATH": "s3://b/o/"})),
    ] {
        let fake = Fake::start(|_| None).await;
        let environment = json!({ "env_vars": variables });
        let settings = RayCluster { runtime_env: environment.as_object().unwrap().clone(), ..cluster(&[&fake.url]) };
        RayJobs::new("trial", settings).unwrap().submit(PROGRAM).await.unwrap();
        let asked = fake.asked();
        let submitted: Value =
            serde_json::from_slice(&asked.iter().find(|asked| asked.is("POST", "/api/jobs/")).unwrap().body).unwrap();
        assert_eq!(submitted["runtime_env"]["env_vars"], expected);
    }
}

#[tokio::test]
async fn the_address_that_answers_is_found_and_remembered() {
    let fake = Fake::start(|_| None).await;
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone = format!("http://{gone}");
    let jobs = RayJobs::new("trial", cluster(&[&gone, &fake.url])).unwrap();
    for _ in 0..3 {
        jobs.version().await.unwrap();
    }
    let nobody = RayJobs::new("trial", cluster(&[&gone])).unwrap();
    let error = nobody.version().await.unwrap_err();
    assert!(
        matches!(&error, Error::Unavailable(text) if text.contains("`trial`") && text.contains("reached")),
        "{error}"
    );
    let error = nobody.version().await.unwrap_err();
    assert!(matches!(&error, Error::Unavailable(text) if text.contains("a moment ago")), "{error}");
}

#[tokio::test]
async fn names_and_settings_that_cannot_be_are_refused_before_anything_is_sent() {
    let fake = Fake::start(|_| None).await;
    let jobs = jobs(&fake.url);
    for id in ["", "../version", "a/b", "a?b", "ä", &"a".repeat(129)] {
        assert!(matches!(jobs.job(id).await, Err(Error::Invalid(_))), "{id}");
        assert!(matches!(jobs.submit(Submission { id, ..PROGRAM }).await, Err(Error::Invalid(_))), "{id}");
    }
    assert!(fake.asked().is_empty());
    for urls in [&[][..], &["ftp://x"], &["http://u:p@x"], &["x"]] {
        let told = RayJobs::new("trial", cluster(urls)).unwrap_err().to_string();
        assert!(told.contains("`tools.servers.trial.urls`") && !told.contains("u:p"), "{told}");
    }
    let odd = RayCluster { driver_cpus: f64::NAN, ..cluster(&["http://x"]) };
    assert!(matches!(RayJobs::new("trial", odd), Err(Error::Invalid(text)) if text.contains("driver-cpus")));
}
