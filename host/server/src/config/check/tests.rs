//! Configurations that cannot work, and what is said of them.

use super::*;

#[test]
fn an_address_with_a_secret_is_refused_without_showing_it() {
    let server = |url: &str, auth: &str| format!("[tools.servers.jobs]\nbackend = \"mcp\"\nurl = \"{url}\"\n{auth}");
    let credentials = |place: &str, url: &str| {
        let auth = format!(
            "[tools.servers.jobs.auth.client-credentials]\nclient-id = \"us\"\nclient-secret = {{ env = \"SECRET\" }}\n\
             {place} = \"{url}\""
        );
        server("https://tools.example/mcp", &auth)
    };
    let cluster = |url: &str| {
        format!("[tools.servers.jobs]\nbackend = \"ray-jobs\"\nurls = [\"http://10.0.0.7:8265\", \"{url}\"]\n")
    };
    let model = |url: &str| format!("[codegen]\nbackend = \"openai\"\nmodel = \"m\"\nurl = \"{url}\"");
    let (login, name) = ("https://us:hunter2@x.example/v1", "https://hunter2@x.example/v1");
    for (setting, text) in [
        ("codegen.url", model(login)),
        ("codegen.url", model(name)),
        ("codegen.url", model("https://x.example/v1?key=hunter2")),
        ("tools.servers.jobs.url", server(login, "")),
        ("tools.servers.jobs.urls", cluster(login)),
        ("tools.servers.jobs.auth.client-credentials.token-url", credentials("token-url", login)),
        ("tools.servers.jobs.auth.client-credentials.issuer", credentials("issuer", name)),
    ] {
        let told = toml::from_str::<Config>(&text).unwrap().check().unwrap_err().to_string();
        assert!(told.contains(&format!("`{setting}`")) && !told.contains("hunter2"), "{told}");
    }
    toml::from_str::<Config>(&model("https://x.example/v1")).unwrap().check().unwrap();
}

#[test]
fn what_cannot_work_is_told_before_a_port_opens() {
    let lambda = "[functions]\nbackend = \"lambda\"\n[functions.targets.small]\nfunction = \"f\"\n\
                  [frameworks.spark.places]\nlambda = \"small\"\n";
    let server =
        "[tools.servers.jobs]\nbackend = \"mcp\"\nurl = \"https://tools.example/mcp\"\nversion = \"2020-01-01\"\n";
    for (wrong, told) in [
        ("[local]\nmax-running = 0\n", "local.max-running"),
        ("[limits.codegen]\nqueue-seconds = 301\n", "limits.codegen.queue-seconds"),
        (server, "tools.servers.jobs.version"),
        ("[tools.servers.jobs]\nbackend = \"ray-jobs\"\nurls = []\n", "tools.servers.jobs.urls"),
        (
            "[tools.servers.jobs]\nbackend = \"ray-jobs\"\nurls = [\"http://a\"]\ndriver-cpus = nan\n",
            "tools.servers.jobs.driver-cpus",
        ),
        (
            "[tools.servers.jobs]\nbackend = \"ray-jobs\"\nurls = [\"http://a\"]\nruntime-env = { working_dir = \"s3://b\" }\n",
            "tools.servers.jobs.runtime-env.working_dir",
        ),
        (
            "[tools.servers.jobs]\nbackend = \"ray-jobs\"\nurls = [\"http://a\"]\nruntime-env = { env_vars = { A = 1 } }\n",
            "tools.servers.jobs.runtime-env.env_vars",
        ),
        (lambda, "objects.backend"),
    ] {
        let error = toml::from_str::<Config>(wrong).unwrap().check().unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
    for right in [
        format!("[objects]\nbackend = \"s3\"\nbucket = \"ours\"\n{lambda}"),
        format!("[aws.endpoints]\nlambda = \"http://127.0.0.1:1\"\n{lambda}"),
    ] {
        toml::from_str::<Config>(&right).unwrap().check().unwrap();
    }
}

#[test]
fn where_tokens_are_given_is_said_once() {
    let check = |place: &str| {
        let text = format!(
            "[tools.servers.jobs]\nbackend = \"mcp\"\nurl = \"https://tools.example/mcp\"\n\
             [tools.servers.jobs.auth.client-credentials]\nclient-id = \"us\"\nclient-secret = {{ env = \"SECRET\" }}\n{place}"
        );
        toml::from_str::<Config>(&text).unwrap().check().map_err(|error| error.to_string())
    };
    let (url, issuer) = ("token-url = \"https://id.example/token\"\n", "issuer = \"https://id.example/\"\n");
    check(url).unwrap();
    check(issuer).unwrap();
    for wrong in ["", &format!("{url}{issuer}")] {
        let told = check(wrong).unwrap_err();
        assert!(told.contains("tools.servers.jobs.auth.client-credentials") && told.contains("`issuer`"), "{told}");
    }
}
