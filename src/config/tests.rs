//! Errors of settings: each names the setting and what it should be.

use std::io::Write;

use super::*;

fn with(variables: &[(&str, &str)]) -> Environment {
    Environment::of(
        variables
            .iter()
            .map(|(k, v)| ((*k).to_owned(), SecretString::from(*v))),
    )
}

fn problem(text: &str, variables: &[(&str, &str)]) -> String {
    Config::parse(text, &with(variables))
        .unwrap_err()
        .to_string()
}

#[test]
fn a_wrong_setting_is_named_without_its_value() {
    let cases = [
        problem("[discord]\napi_ulr = \"hunter2\"", &[]),
        problem("[ask]\nmax_output_tokens = \"hunter2\"", &[]),
        problem("[ask]\nmax_output_tokens = 3", &[]),
        problem("[store]\nurl = \"mysql://root:hunter2@db\"", &[]),
        problem("[discord]\napi_url = \"hunter2\"", &[]),
        problem("[discord]\napi_url = \"http://hunter2\"", &[]),
        problem("[gateway]\nlisten = \"hunter2\"", &[]),
        problem("[gateway]\ntrusted_proxies = [\"::1\", \"hunter2\"]", &[]),
        problem("[providers.openai]\nbase_url = \"ftp://hunter2\"", &[]),
        problem("[ask]\nsystem_prompt = hunter2", &[]),
        problem("[images.storage]\nendpoint = \"hunter2\"", &[]),
        problem("[images.storage]\nlink_hours = 169", &[]),
        problem("", &[("LATCHKEY_STORE__URI", "hunter2")]),
        problem("", &[("LATCHKEY_ASK__EDIT_INTERVAL_MS", "hunter2")]),
        problem("ask = 3", &[("LATCHKEY_ASK__EDIT_INTERVAL_MS", "1000")]),
    ];
    assert!(
        cases.iter().all(|case| !case.contains("hunter2")),
        "{cases:#?}"
    );
    insta::assert_snapshot!(cases.join("\n"));
}

#[test]
fn the_environment_wins_over_the_file() {
    let text = "[ask]\nmax_output_tokens = 100\nprovider_order = [\"groq\"]";
    let environment = with(&[
        ("LATCHKEY_ASK__MAX_OUTPUT_TOKENS", "200"),
        ("LATCHKEY_PROVIDERS__OPENAI__DEFAULT_MODEL", "gpt-6.1-sol"),
    ]);
    let config = Config::parse(text, &environment).unwrap();
    assert_eq!(config.ask.max_output_tokens, 200);
    assert_eq!(config.ask.provider_order, ["groq"]);
    assert_eq!(
        config.providers["openai"].default_model.as_deref(),
        Some("gpt-6.1-sol")
    );
}

#[test]
fn the_name_of_a_file_of_prices_comes_from_the_environment_as_it_is() {
    let environment = with(&[("LATCHKEY_QUOTA__PRICES_FILE", "/made/up/prices.toml")]);
    let config = Config::parse("", &environment).unwrap();
    assert_eq!(config.quota.prices_file, "/made/up/prices.toml");
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, "/made/up/prices.toml").unwrap();
    let environment = with(&[(
        "LATCHKEY_QUOTA__PRICES_FILE_FILE",
        file.path().to_str().unwrap(),
    )]);
    let config = Config::parse("", &environment).unwrap();
    assert_eq!(config.quota.prices_file, "/made/up/prices.toml");
}

#[test]
fn amounts_come_from_the_environment_too() {
    let environment = with(&[("LATCHKEY_IMAGES__CONFIRM_ABOVE_DOLLARS", "0.5")]);
    let config = Config::parse("", &environment).unwrap();
    assert!((config.images.confirm_above_dollars - 0.5).abs() < f64::EPSILON);
    let wrong = [
        ("LATCHKEY_IMAGES__CONFIRM_ABOVE_DOLLARS", "much"),
        ("LATCHKEY_IMAGES__PREVIEWS", "some"),
        ("LATCHKEY_ASK__STREAM", "perhaps"),
    ];
    insta::assert_snapshot!(problem("", &wrong), @"`ask.stream` must be true or false; `images.confirm_above_dollars` must be a number, such as 0; `images.previews` must be a whole number, such as 0");
}

#[test]
fn a_value_in_the_place_of_a_section_is_told_in_words() {
    let wrong = "ask = 1\nproviders = 2\n[quota]\ntiers = [3]\n[images]\nstorage = \"s3\"";
    insta::assert_snapshot!(problem(wrong, &[]), @"`ask` must be a section with settings; `images.storage` must be a section with settings; `providers` must be a section with settings; `quota.tiers[0]` must be a section with settings");
    insta::assert_snapshot!(problem("[[quota.tiers]]\nbyok = true", &[]), @"`quota.tiers[0]` lacks `name`");
}

#[test]
fn a_secret_comes_from_its_variable_or_its_file() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "made-up-token-from-a-file").unwrap();
    let path = file.path().to_str().unwrap();
    let read = |pairs: &[(&str, &str)]| {
        let secret = with(pairs).secret(&["GEMINI_API_KEY", "GOOGLE_API_KEY"]);
        secret
            .map(|found| found.map(|s| s.expose_secret().to_owned()))
            .map_err(|e| e.to_string())
    };
    assert_eq!(
        read(&[("GOOGLE_API_KEY_FILE", path)]).unwrap().unwrap(),
        "made-up-token-from-a-file"
    );
    assert_eq!(
        read(&[("GOOGLE_API_KEY", "made-up-key")]).unwrap().unwrap(),
        "made-up-key"
    );
    assert_eq!(read(&[]), Ok(None));
    let refused = [
        read(&[("GEMINI_API_KEY", "")]),
        read(&[("GEMINI_API_KEY", "hunter2")]),
        read(&[("GEMINI_API_KEY", "two words here")]),
        read(&[
            ("GEMINI_API_KEY", "made-up-key"),
            ("GEMINI_API_KEY_FILE", path),
        ]),
        read(&[("GEMINI_API_KEY_FILE", "/nowhere")]),
    ];
    let refused: Vec<String> = refused.into_iter().map(Result::unwrap_err).collect();
    insta::assert_snapshot!(refused.join("\n"));
}

#[test]
fn a_secret_file_that_others_may_read_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::set_permissions(
        file.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o644),
    )
    .unwrap();
    let environment = with(&[("BYOK_MASTER_KEY_FILE", file.path().to_str().unwrap())]);
    let problem = environment
        .secret(&["BYOK_MASTER_KEY"])
        .unwrap_err()
        .to_string();
    insta::assert_snapshot!(problem, @"`BYOK_MASTER_KEY_FILE` names a file that others may read; run `chmod 600` on it");
}

#[test]
fn ids_may_be_quoted_and_stand_alone() {
    const OPERATORS: &str = "LATCHKEY_DISCORD__OPERATORS";
    let read = |text: &str, set: &[(&str, &str)]| {
        let config = Config::parse(text, &with(set)).unwrap();
        (config.discord.operators, config.discord.home_server)
    };
    for (set, ids) in [
        ("123", vec![123]),
        ("\"123\"", vec![123]),
        ("123, 456", vec![123, 456]),
        ("[123, \"456\"]", vec![123, 456]),
        ("", vec![]),
    ] {
        assert_eq!(read("", &[(OPERATORS, set)]).0, ids, "{set}");
    }
    let text = "[discord]\noperators = [\"123\", 456]\nhome_server = \"789\"";
    assert_eq!(read(text, &[]), (vec![123, 456], 789));
    let tier = "[[quota.tiers]]\nname = \"community\"\nskus = \"5\"\nroles = [\"6\", 7]\n[discord]\nhome_server = 1";
    let tier = Config::parse(tier, &with(&[]))
        .unwrap()
        .quota
        .tiers
        .remove(0);
    assert_eq!((tier.skus, tier.roles), (vec![5], vec![6, 7]));
    let wrong = "[discord]\noperators = [\"mia\"]\nhome_server = -1\n[[quota.tiers]]\nname = \"a\"\nroles = true";
    let ids = "must be a list of ids of Discord's, such as [123456789012345678]";
    for (set, named) in [
        (
            &[(OPERATORS, "mia")][..],
            format!("`discord.operators` {ids}"),
        ),
        (
            &[],
            "must be an id of Discord's, such as 123456789012345678".into(),
        ),
        (&[], format!("`quota.tiers[0].roles` {ids}")),
    ] {
        let told = problem(wrong, set);
        assert!(told.contains(&named), "{told}");
    }
}

#[test]
fn a_limit_with_several_amounts_is_told_from_one_without() {
    let limit = |amounts: &str| {
        let text = format!("[[quota.tiers]]\nname = \"a\"\nlimits = [{{{amounts} per = \"day\"}}]");
        problem(&text, &[])
    };
    insta::assert_snapshot!(limit("requests = 1, images = 2,"), @"`quota.tiers[0].limits[0]` has several amounts; make each a limit of its own, with its own `per`");
    insta::assert_snapshot!(limit(""), @"`quota.tiers[0].limits[0]` needs one of `requests`, `output_tokens`, `images` and `dollars`");
}

#[test]
fn an_environment_does_not_print_itself() {
    let environment = with(&[("OPENAI_API_KEY", "made-up-key")]);
    assert_eq!(format!("{environment:?}"), "Environment(1 variables)");
}

#[test]
fn the_environment_needs_no_quotes_and_takes_commas() {
    let read = |pairs: &[(&str, &str)]| Config::parse("", &with(pairs)).unwrap();
    let config = read(&[
        ("LATCHKEY_ASK__SYSTEM_PROMPT", "12"),
        ("LATCHKEY_ASK__PROVIDER_ORDER", "openai, anthropic"),
        ("LATCHKEY_ASK__MODELS", "openai/*"),
        ("LATCHKEY_GATEWAY__HOSTS", "a.example,b.example"),
        ("LATCHKEY_GATEWAY__TRUSTED_PROXIES", "10.0.0.0/8"),
    ]);
    assert_eq!(config.ask.system_prompt, "12");
    assert_eq!(config.ask.provider_order, ["openai", "anthropic"]);
    assert_eq!(config.ask.models, ["openai/*"]);
    assert_eq!(config.gateway.hosts, ["a.example", "b.example"]);
    assert_eq!(config.gateway.trusted_proxies, ["10.0.0.0/8"]);
    let config = read(&[("LATCHKEY_ASK__MODELS", "[\"groq/*\"]")]);
    assert_eq!(config.ask.models, ["groq/*"]);
    for (variable, value) in [
        ("LATCHKEY_GATEWAY__LISTEN", "9191"),
        ("LATCHKEY_ASK__MAX_OUTPUT_TOKENS", "-5"),
        ("LATCHKEY_ASK__MAX_OUTPUT_TOKENS", "many"),
        ("LATCHKEY_QUOTA__TIERS", "gold"),
    ] {
        let told = problem("", &[(variable, value)]);
        assert!(
            told.contains("such as") || told.contains("default-config"),
            "{told}"
        );
        assert!(!told.contains(value), "{told}");
    }
}
