use super::*;

fn read(text: &str) -> Result<Tools, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

#[test]
fn a_server_is_one_of_two_kinds_and_says_which() {
    let tools = read(
        "[servers.here]\nbackend = \"ray-jobs\"\nurls = [\"http://10.0.0.7:8265\", \"https://head.example\"]\n\
         token = { env = \"TOKEN\" }\nruntime-env = { pip = [\"x\"], env_vars = { A = \"1\" } }\n\
         [servers.there]\nbackend = \"mcp\"\nurl = \"https://there.example/mcp\"\n",
    )
    .unwrap();
    let (_, cluster) = tools.clusters().next().unwrap();
    assert_eq!((cluster.urls.len(), cluster.driver_cpus), (2, 0.1));
    assert_eq!(cluster.runtime_env["env_vars"]["A"], "1");
    assert_eq!(tools.mcp().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["there"]);
    let secrets = Secret::all(&Codegen::Unconfigured, &tools);
    assert_eq!(secrets[0].0, "tools.servers.here.token");
}

#[test]
fn what_a_server_has_no_word_for_is_refused() {
    for (text, named) in [
        ("url = \"http://a/mcp\"", "backend"),
        ("backend = \"soap\"\nurl = \"http://a/mcp\"", "soap"),
        ("backend = \"ray-jobs\"\nurl = \"http://a/\"", "url"),
        ("backend = \"mcp\"\nurl = \"http://a/\"\ntoken = { env = \"A\" }", "token"),
        ("backend = \"ray-jobs\"\nurls = [\"http://a/\"]\ntoken = \"written\"", "secrets-manager"),
    ] {
        let told = read(&format!("[servers.a]\n{text}\n")).unwrap_err();
        assert!(told.contains(named), "{told}");
    }
}
