//! A registry that wants to know who asks, and where the login comes from.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use base64::{Engine, engine::general_purpose::STANDARD};
use enginehouse_protocols::oci::{Credentials, Error};

use crate::{
    password, pull, pull_as,
    registry::{PASSWORD, TestRegistry, USER},
};

const COMPONENT: &[u8] = b"a component";

async fn private() -> (TestRegistry, String) {
    let registry = TestRegistry::start_private();
    registry.push("spark:1", &[("application/wasm", COMPONENT)], &[]).await;
    let reference = registry.reference("spark:1");
    (registry, reference)
}

#[tokio::test]
async fn a_password_opens_a_private_registry() {
    let (_registry, reference) = private().await;
    assert_eq!(pull_as(&reference, &password(PASSWORD)).await.unwrap().wasm, COMPONENT);
}

#[tokio::test]
async fn without_a_login_the_next_step_is_named() {
    let (registry, reference) = private().await;
    let nothing = tempfile::tempdir().unwrap();
    for error in [
        pull(&reference).await.unwrap_err(),
        pull_as(&reference, &password("wrong secret")).await.unwrap_err(),
        pull_as(&reference, &Credentials::DockerConfigIn(nothing.path().to_owned())).await.unwrap_err(),
    ] {
        assert!(matches!(error, Error::NotAllowed { .. }), "{error}");
        assert!(error.to_string().contains(&format!("docker login {}", registry.host())), "{error}");
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
    assert!(!format!("{:?}", password("wrong secret")).contains("secret"));
}

#[tokio::test]
async fn what_docker_login_left_is_read() {
    let (registry, reference) = private().await;
    let auth = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    for host in [registry.host(), format!("http://{}", registry.host())] {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("config.json"), &format!(r#"{{"auths":{{"{host}":{{"auth":"{auth}"}}}}}}"#));
        let docker = Credentials::DockerConfigIn(folder.path().to_owned());
        assert_eq!(pull_as(&reference, &docker).await.unwrap().wasm, COMPONENT);
    }
}

#[tokio::test]
async fn a_login_that_cannot_be_read_is_an_error_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let docker = Credentials::DockerConfigIn(folder.path().to_owned());
    let cases = [
        "secret",
        r#"{"auths":{"localhost:1":{"auth":"secret!"}}}"#,
        r#"{"credHelpers":{"localhost:1":"that-is-not-there"}}"#,
    ];
    for config in cases {
        write(&folder.path().join("config.json"), config);
        let error = pull_as("localhost:1/spark:1", &docker).await.unwrap_err();
        assert!(matches!(error, Error::Credentials { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    }
}

/// Runs itself again, since the environment belongs to the whole process.
#[tokio::test]
async fn helpers_and_the_environment_are_asked_as_docker_does() {
    const REFERENCE: &str = "ENGINEHOUSE_TEST_REFERENCE";
    if let Ok(reference) = std::env::var(REFERENCE) {
        return as_docker_does(&reference).await;
    }
    let (registry, reference) = private().await;
    let (folder, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let secret = format!(r#"{{"ServerURL":"{0}","Username":"{USER}","Secret":"{PASSWORD}"}}"#, registry.host());
    helper(folder.path(), "good", &format!("read host; [ \"$host\" = {} ] && echo '{secret}'", registry.host()));
    helper(folder.path(), "unknowing", "read host; echo credentials not found in native keychain; exit 1");
    helper(folder.path(), "failing", "read host; echo a secret; echo a secret >&2; exit 1");
    helper(folder.path(), "hanging", "exec sleep 30");
    fs::create_dir(home.path().join(".docker")).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let cases = [
        (format!(r#"{{"credHelpers":{{"{}":"good"}}}}"#, registry.host()), "pulled"),
        (r#"{"credsStore":"good"}"#.to_owned(), "pulled"),
        (r#"{"credsStore":"unknowing"}"#.to_owned(), "not allowed"),
        (r#"{"credsStore":"failing"}"#.to_owned(), "unreadable"),
        (r#"{"credsStore":"hanging"}"#.to_owned(), "late"),
    ];
    for (config, expected) in cases {
        for (name, value, place) in
            [("DOCKER_CONFIG", folder.path(), folder.path()), ("HOME", home.path(), &home.path().join(".docker"))]
        {
            write(&place.join("config.json"), &config);
            let mut again = Command::new(std::env::current_exe().unwrap());
            again.args(["--exact", "private::helpers_and_the_environment_are_asked_as_docker_does", "--nocapture"]);
            again.env_remove("DOCKER_CONFIG").env(name, value).env("PATH", &path).env(REFERENCE, &reference);
            let output = tokio::process::Command::from(again).output().await.unwrap();
            let printed = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && printed.contains(&format!("= {expected} =")), "{config}: {printed}");
            assert!(!printed.contains("secret"), "{printed}");
        }
    }
}

#[allow(clippy::print_stdout, reason = "what it says to the test that runs it")]
async fn as_docker_does(reference: &str) {
    let limits = enginehouse_protocols::oci::Limits { most_bytes: 1024, time: std::time::Duration::from_secs(5) };
    let pulled = enginehouse_protocols::oci::pull(reference, &Credentials::DockerConfig, limits).await;
    let said = match &pulled {
        Ok(_) => "pulled",
        Err(Error::NotAllowed { .. }) => "not allowed",
        Err(Error::Credentials { .. }) => "unreadable",
        Err(Error::Unavailable { .. }) => "late",
        Err(_) => "something else",
    };
    println!("= {said} = {pulled:?}");
    if let Err(error) = pulled {
        println!("{error}");
    }
}

fn helper(folder: &Path, name: &str, script: &str) {
    let path = folder.join(format!("docker-credential-{name}"));
    write(&path, &format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}
