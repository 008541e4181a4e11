//! What the configuration promises: layers, types, and one clear line for
//! whatever is wrong.

use std::fs;
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};

use hub_core::settings::{Closes, PriceSettings};
use hub_core::{Settings, Timestamp};
use hub_server::Bind;
use pms_hub::config::{Config, ConfigError};
use serde_json::Value;

/// Pages of this machine.
const LOCAL: [&str; 3] = ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"];

type Variables<'a> = &'a [(&'a str, &'a str)];

fn load(file: Option<&Path>, variables: Variables) -> Result<Config, ConfigError> {
    Config::load(file, variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())))
}

/// Loads a file of this text; `FILE` in the error stands for its path.
fn load_text(text: &str, variables: Variables) -> Result<Config, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hub.toml");
    fs::write(&path, text).unwrap();
    load(Some(&path), variables).map_err(|error| one_line(&error).replace(path.to_str().unwrap(), "FILE"))
}

fn one_line(error: &ConfigError) -> String {
    let text = error.to_string();
    assert!(!text.contains('\n'), "more than one line: {text:?}");
    text
}

fn refused(text: &str, variables: Variables) -> String {
    load_text(text, variables).unwrap_err()
}

/// All but the ends of days.
fn settings(config: &Config) -> Settings {
    Settings { closes: Closes::default(), ..config.settings(Timestamp::default()) }
}

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs").join(name)
}

#[test]
fn nothing_configured_is_the_defaults() {
    assert_eq!(load(None, &[]).unwrap(), Config::default());
    assert_eq!(load_text("[server]\n[demo]\n", &[]).unwrap(), Config::default());
    assert_eq!(settings(&Config::default()), Settings::default());
}

#[test]
fn the_shipped_file_is_exactly_the_defaults_and_mentions_every_key() {
    assert_eq!(load(Some(&shipped("default.toml")), &[]).unwrap(), Config::default());

    let text = fs::read_to_string(shipped("default.toml")).unwrap();
    let Value::Object(sections) = serde_json::to_value(Config::default()).unwrap() else { panic!() };
    for (section, keys) in &sections {
        let body = text.split(&format!("\n[{section}]\n")).nth(1).unwrap_or_else(|| panic!("no [{section}]"));
        let body = body.split("\n[").next().unwrap();
        for (key, default) in keys.as_object().unwrap() {
            let start = if default.is_null() { format!("# {key} = ") } else { format!("{key} = ") };
            assert!(
                body.lines().any(|line| line.starts_with(&start)),
                "{section}.{key} is not in configs/default.toml"
            );
        }
    }
}

#[test]
fn the_file_for_containers_starts() {
    let config = load(Some(&shipped("docker.toml")), &[]).unwrap();
    assert_eq!(config.analytics.bind, Bind::parse(["0.0.0.0:8086"]).unwrap());
    assert_eq!(config.log.path, Path::new("/data/hub.db"));
    assert_eq!(config.allowed_origins(), LOCAL);
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let text = "[server]\nflush_ms = 200\nworkers = 3\n[relay]\ndestinations = ['/topic/a']\n";
    let config = load_text(text, &[("PMS_HUB__SERVER__FLUSH_MS", "300")]).unwrap();
    assert_eq!((config.server.flush_ms, config.server.workers), (300, 3));
    assert_eq!(config.server.resume_horizon_ms, 600_000, "a section set in part keeps its other defaults");
    assert_eq!(config.relay.destinations, ["/topic/a".parse().unwrap()], "a list is replaced, not extended");
}

#[test]
fn variables_become_numbers_flags_lists_and_addresses() {
    let config = load(
        None,
        &[
            ("PMS_HUB__ANALYTICS__BIND", "[::1]:9000"),
            ("PMS_HUB__RTTM__BIND", "localhost:9001, 10.0.0.1:9001"),
            ("PMS_HUB__AUTH__ALLOW_OPEN", "true"),
            ("PMS_HUB__DEMO__ENABLED", "true"),
            ("PMS_HUB__DEMO__INVALID_SHARE", "0.5"),
            ("PMS_HUB__LIMITS__MESSAGE_BYTES", "65536"),
            ("PMS_HUB__RELAY__DESTINATIONS", "/topic/a/**, /topic/b"),
            ("PMS_HUB__SERVER__ALLOWED_ORIGINS", "https://pms.example.com"),
            ("PMS_HUB__SERVER__TLS_KEY", ""),
            ("PMS_HUB_PORT", "tcp://10.0.0.1:8086"),
            ("PATH", "/bin"),
        ],
    )
    .unwrap();
    assert_eq!(config.analytics.bind, Bind::parse(["[::1]:9000"]).unwrap());
    assert_eq!(config.rttm.bind, Bind::parse(["localhost:9001", "10.0.0.1:9001"]).unwrap());
    assert!(config.demo.enabled);
    assert!((config.demo.invalid_share - 0.5).abs() < f64::EPSILON);
    assert_eq!(config.limits.message_bytes, 65536);
    assert_eq!(config.relay.destinations.len(), 2);
    assert_eq!(config.server.allowed_origins, ["https://pms.example.com"]);
    assert_eq!(config.server.tls_key, None);
    let none = load(None, &[("PMS_HUB__RELAY__DESTINATIONS", "")]).unwrap();
    assert_eq!(none.relay.destinations, []);
}

#[test]
fn settings_are_in_milliseconds() {
    let config = load_text(
        "[analytics]\nidempotency_hours = 2\n[server]\nresume_horizon_ms = 5000\n[prices]\nstale_ms = 7\n",
        &[],
    )
    .unwrap();
    let expected = Settings {
        idempotency_horizon_ms: 7_200_000,
        resume_horizon_ms: 5000,
        prices: PriceSettings { stale_ms: 7 },
        ..Settings::default()
    };
    assert_eq!(settings(&config), expected);
    let settings = settings(&load_text("", &[]).unwrap());
    assert_eq!(settings.idempotency_horizon(), None, "an id counts once for ever");
}

#[test]
fn days_end_where_the_configuration_says() {
    let config =
        load_text("[analytics]\ntime_zone = \"Asia/Kolkata\"\nclose_time = \"23:59\"\n", &[]).unwrap();
    let now: Timestamp = "2026-02-07T18:28:59.999Z".parse().unwrap();
    let close = config.settings(now).closes.next(now, None).unwrap();
    assert_eq!(
        (close.date.to_string(), close.at.to_string()),
        ("2026-02-07".into(), "2026-02-07T18:29:00.000Z".into())
    );
    assert_eq!(
        refused("[analytics]\ntime_zone = \"Mars\"\n", &[]),
        "analytics.time_zone = \"Mars\" (FILE): must be a time zone of the tz database, such as UTC or Asia/Kolkata"
    );
    assert_eq!(
        refused("[analytics]\nclose_time = \"24:01\"\n", &[]),
        "analytics.close_time = \"24:01\" (FILE): must be a time of day from 00:01 to 24:00, such as 17:30"
    );
}

/// A letter of a member's name, as the name of a key has it.
fn snake(letter: char) -> impl Iterator<Item = char> {
    letter.is_uppercase().then_some('_').into_iter().chain(letter.to_lowercase())
}

#[test]
fn what_a_service_keeps_is_a_setting_of_the_same_name() {
    let default = serde_json::to_value(Settings::default()).unwrap();
    for (section, member) in [("rttm", "pipeline"), ("autotrader", "autotrader")] {
        for (setting, value) in default[member].as_object().unwrap() {
            let key: String = setting.chars().flat_map(snake).collect();
            let less = value.as_u64().unwrap() - 1;
            let config = load_text(&format!("[{section}]\n{key} = {less}\n"), &[]).unwrap();
            let mut expected = default.clone();
            expected[member][setting] = less.into();
            assert_eq!(serde_json::to_value(settings(&config)).unwrap(), expected);
        }
    }
}

#[test]
fn a_value_of_the_wrong_type_names_key_value_and_place() {
    for (text, message) in [
        (
            "[analytics]\nbind = 'localhost'\n",
            "analytics.bind = \"localhost\" (FILE): must be localhost or an IP address, with a port, such as \
             localhost:8086, 127.0.0.1:8086 or [::1]:8086, or a list of these",
        ),
        (
            "[analytics]\nbind = ['localhost:1', '127.0.0.1:2']\n",
            "analytics.bind = [\"localhost:1\", \"127.0.0.1:2\"] (FILE): must be addresses with one and the same port",
        ),
        ("[analytics]\nbind = 8086\n", "analytics.bind = 8086 (FILE): must be a text or a list of texts"),
        (
            "[analytics]\nbind = ['localhost:1', 1]\n",
            "analytics.bind = [\"localhost:1\", 1] (FILE): must be a text or a list of texts",
        ),
        ("[server]\nworkers = 'two'\n", "server.workers = \"two\" (FILE): must be a whole number, 0 or more"),
        ("[server]\nworkers = -1\n", "server.workers = -1 (FILE): must be a whole number, 0 or more"),
        ("[server]\nworkers = 1.0\n", "server.workers = 1.0 (FILE): must be a whole number, 0 or more"),
        ("[server]\nworkers = true\n", "server.workers = true (FILE): must be a whole number, 0 or more"),
        ("[demo]\nenabled = 'yes'\n", "demo.enabled = \"yes\" (FILE): must be true or false"),
        (
            "[demo]\nseed = 99999999999\nportfolios = 4294967297\n",
            "demo.portfolios = 4294967297 (FILE): must be an unsigned 32 bit integer",
        ),
        ("[demo]\ninvalid_share = '1'\n", "demo.invalid_share = \"1\" (FILE): must be a number"),
        (
            "[server]\nallowed_origins = 'http://a'\n",
            "server.allowed_origins = \"http://a\" (FILE): must be a list of texts",
        ),
        (
            "[server]\nallowed_origins = ['http://a', 1]\n",
            "server.allowed_origins = [\"http://a\", 1] (FILE): must be a list of texts",
        ),
        ("[server]\ntls_key = 1\n", "server.tls_key = 1 (FILE): must be a text"),
        ("[server.flush_ms]\n", "server.flush_ms = {} (FILE): must be a whole number, 0 or more"),
        ("server = 1\n", "server = 1 (FILE): must be a section, [server]"),
        ("[[server]]\nflush_ms = 1\n", "server = [{}] (FILE): must be a section, [server]"),
    ] {
        assert_eq!(refused(text, &[]), message);
    }
}

#[test]
fn a_wrong_element_of_a_list_names_the_list() {
    let message = refused("[relay]\ndestinations = ['/topic/a', 'topic/b']\n", &[]);
    assert!(
        message.starts_with("relay.destinations = [\"/topic/a\", \"topic/b\"] (FILE): a destination is"),
        "{message}"
    );
}

#[test]
fn a_wrong_variable_is_named() {
    for (name, text, message) in [
        (
            "PMS_HUB__SERVER__FLUSH_MS",
            "soon",
            "server.flush_ms = \"soon\" (environment variable PMS_HUB__SERVER__FLUSH_MS): must be a whole number, 0 or more",
        ),
        (
            "PMS_HUB__SERVER__FLUSH_MS",
            "",
            "server.flush_ms = \"\" (environment variable PMS_HUB__SERVER__FLUSH_MS): must be a whole number, 0 or more",
        ),
        (
            "PMS_HUB__SERVER__WORKERS",
            "-1",
            "server.workers = \"-1\" (environment variable PMS_HUB__SERVER__WORKERS): must be a whole number, 0 or more",
        ),
        (
            "PMS_HUB__AUTH__ALLOW_OPEN",
            "1",
            "auth.allow_open = \"1\" (environment variable PMS_HUB__AUTH__ALLOW_OPEN): must be true or false",
        ),
        (
            "PMS_HUB__DEMO__INVALID_SHARE",
            "NaN",
            "demo.invalid_share = NaN (environment variable PMS_HUB__DEMO__INVALID_SHARE): must be 0 to 1",
        ),
    ] {
        assert_eq!(one_line(&load(None, &[(name, text)]).unwrap_err()), message);
    }
}

#[test]
fn the_layer_at_fault_is_the_one_that_won() {
    let message = refused("[server]\nflush_ms = 5\n", &[("PMS_HUB__SERVER__FLUSH_MS", "0")]);
    assert_eq!(
        message,
        "server.flush_ms = 0 (environment variable PMS_HUB__SERVER__FLUSH_MS): must be 1 to 60000"
    );
    let message = refused("[server]\nflush_ms = 0\n", &[("PMS_HUB__SERVER__WORKERS", "1")]);
    assert_eq!(message, "server.flush_ms = 0 (FILE): must be 1 to 60000");
}

#[test]
fn an_unknown_key_is_refused_with_the_one_that_was_meant() {
    for (text, message) in [
        ("[server]\nflushms = 5\n", "server.flushms (FILE): no such key; did you mean server.flush_ms?"),
        (
            "[analytics]\nflush_ms = 5\n",
            "analytics.flush_ms (FILE): no such key; did you mean server.flush_ms?",
        ),
        (
            "[analytic]\nbind = '127.0.0.1:1'\n",
            "analytic.bind (FILE): no such key; did you mean analytics.bind?",
        ),
        ("[weather]\nforecast = 5\n", "weather.forecast (FILE): no such key"),
        ("[weather]\n", "weather (FILE): no such key"),
        ("[server.flush_ms]\nvalue = 1\n", "server.flush_ms.value (FILE): no such key"),
    ] {
        assert_eq!(refused(text, &[]), message);
    }
    for (name, message) in [
        (
            "PMS_HUB__SERVER__FLUSHMS",
            "server.flushms (environment variable PMS_HUB__SERVER__FLUSHMS): no such key; did you mean PMS_HUB__SERVER__FLUSH_MS?",
        ),
        (
            "PMS_HUB__server__flush_ms",
            "server.flush_ms (environment variable PMS_HUB__server__flush_ms): no such key; did you mean PMS_HUB__SERVER__FLUSH_MS?",
        ),
        ("PMS_HUB__SERVER", "server (environment variable PMS_HUB__SERVER): no such key"),
        ("PMS_HUB__", " (environment variable PMS_HUB__): no such key"),
    ] {
        assert_eq!(one_line(&load(None, &[(name, "1")]).unwrap_err()), message);
    }
}

#[test]
fn an_address_others_can_reach_needs_to_be_said_in_words() {
    for address in ["'0.0.0.0:8086'", "'[::]:8086'", "'192.168.1.1:0'", "['localhost:8086', '10.0.0.1:8086']"]
    {
        let message = refused(&format!("[analytics]\nbind = {address}\n"), &[]);
        assert_eq!(
            message,
            format!(
                "analytics.bind = {} (FILE): other machines can reach this address and authentication \
                 is off: bind localhost or, if that is meant, set auth.allow_open = true",
                address.replace('\'', "\"")
            )
        );
        let text = format!("[analytics]\nbind = {address}\n[auth]\nallow_open = true\n");
        let config = load_text(&text, &[]).unwrap();
        assert!(config.allowed_origins().is_empty(), "no page is let in unasked");
    }
    for address in [
        "'localhost:0'",
        "'127.0.0.1:0'",
        "'127.9.9.9:1'",
        "'[::1]:1'",
        "'[::ffff:127.0.0.1]:1'",
        "['127.0.0.1:1', '[::1]:1']",
        "['localhost:1']",
    ] {
        let config = load_text(&format!("[analytics]\nbind = {address}\n"), &[]).unwrap();
        assert_eq!(config.allowed_origins(), LOCAL, "{address}");
    }
}

#[test]
fn services_are_reached_by_every_loopback_address_unless_it_is_said_otherwise() {
    let config = Config::default();
    for (section, bind, _) in config.listeners() {
        assert!(bind.is_loopback(), "{section}");
        let addresses: Vec<_> = bind.listen_addresses().iter().map(|at| at.address.ip()).collect();
        assert_eq!(addresses, [IpAddr::from([127, 0, 0, 1]), Ipv6Addr::LOCALHOST.into()], "{section}");
    }
}

#[test]
fn a_service_may_be_asked_for_by_the_hosts_of_its_pages_and_those_that_are_listed() {
    let text = "[server]\nallowed_origins = ['https://pms.example.com', 'http://[2001:db8::1]:81', 'capacitor://localhost']\n\
                allowed_hosts = ['PMS.internal', 'pms.example.com']\n[gateway]\npublic_url = 'https://Front.example:8443/pms'\n";
    let config = load_text(text, &[]).unwrap();
    let hosts = ["[2001:db8::1]", "front.example", "localhost", "pms.example.com", "pms.internal"];
    assert_eq!(config.allowed_hosts(), hosts);
    assert_eq!(Config::default().allowed_hosts(), [] as [&str; 0]);
    for host in ["", "https://a", "a:80", "a/b", "*.a", "::1", "[::1", "[x]", "a b"] {
        let message = refused(&format!("[server]\nallowed_hosts = ['{host}']\n"), &[]);
        assert!(message.starts_with("server.allowed_hosts = ["), "{host}: {message}");
    }
}

#[test]
fn tls_needs_a_certificate_and_its_key() {
    for (text, key) in [
        (
            "[server]\ntls_certificate = 'c.pem'\n",
            "server.tls_certificate = \"c.pem\" (FILE): needs server.tls_key",
        ),
        ("[server]\ntls_key = 'k.pem'\n", "server.tls_key = \"k.pem\" (FILE): needs server.tls_certificate"),
        ("[analytics]\ntls = true\n", "analytics.tls = true (FILE): needs server.tls_certificate and"),
    ] {
        let message = refused(text, &[]);
        assert!(message.starts_with(key), "{message}");
    }
    let text = "[server]\ntls_certificate = 'c.pem'\ntls_key = 'k.pem'\n[analytics]\ntls = true\n";
    let config = load_text(text, &[]).unwrap();
    assert!(config.analytics.tls);
    let by_tls = LOCAL.map(|origin| origin.replacen("http", "https", 1));
    let both: Vec<_> = LOCAL.into_iter().chain(by_tls.iter().map(String::as_str)).collect();
    assert_eq!(config.allowed_origins(), both, "pages that the hub itself serves by TLS");
}

#[test]
fn values_that_contradict_each_other_are_refused() {
    for (text, start) in [
        (
            "[limits]\nstomp_header_line_bytes = 300000\nmessage_bytes = 200000\n",
            "limits.stomp_header_line_bytes = 300000 (FILE): must be no more than limits.message_bytes",
        ),
        (
            "[limits]\nqueue_bytes = 1048575\n",
            "limits.queue_bytes = 1048575 (FILE): must be at least limits.message_bytes",
        ),
        (
            "[rttm]\ndlq_warning = 51\n",
            "rttm.dlq_critical = 50 (built-in default): must be at least rttm.dlq_warning",
        ),
        (
            "[rttm]\nlatency_critical_ms = 999\n",
            "rttm.latency_critical_ms = 999 (FILE): must be at least rttm.latency_warning_ms",
        ),
        (
            "[limits]\ningest_items = 300000\n",
            "limits.log_queue_records = 200000 (built-in default): must be at least",
        ),
        (
            "[server]\nflush_ms = 2000\nresume_horizon_ms = 1000\n",
            "server.resume_horizon_ms = 1000 (FILE): must be at least server.flush_ms",
        ),
        (
            "[server]\ntls_reload_ms = 99\n",
            "server.tls_reload_ms = 99 (FILE): must be 0 (at SIGHUP only) or 100 to 86400000",
        ),
        ("[demo]\ninvalid_share = nan\n", "demo.invalid_share = NaN (FILE): must be 0 to 1"),
        ("[log]\npath = ''\n", "log.path = \"\" (FILE): must be the path of a file"),
    ] {
        let message = refused(text, &[]);
        assert!(message.starts_with(start), "{message}");
    }
}

#[test]
fn an_origin_is_what_a_browser_sends() {
    let with = |origin: &str| load_text(&format!("[server]\nallowed_origins = ['{origin}']\n"), &[]);
    for origin in [
        "https://pms.example.com",
        "http://localhost:4200",
        "http://localhost:*",
        "http://[::1]:81",
        "http://[::1]",
        "capacitor://localhost",
        "ionic://localhost",
        "tauri://localhost",
        "http://tauri.localhost",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        "web+app.2-x://localhost:*",
    ] {
        assert_eq!(with(origin).unwrap().allowed_origins(), [origin]);
    }
    for origin in [
        "*",
        "localhost",
        "http://",
        "http://a/",
        "http://a/path",
        "HTTP://A",
        "http://a:",
        "http://a:x",
        "http://a:080",
        "http://a:65536",
        "http://a b",
        "ftp:/a",
        "://a",
        "1http://a",
        "a_b://c",
        "Capacitor://localhost",
        "capacitor://",
        "capacitor://localhost/",
        "capacitor:localhost",
        "http://[::1",
        "http://[x]",
        "http://a;b",
        "http://a:80",
        "https://a:443",
        "",
    ] {
        let message = with(origin).unwrap_err();
        assert!(message.starts_with("server.allowed_origins = ["), "{origin}: {message}");
    }
}

#[test]
fn a_file_that_can_not_be_read_or_is_no_toml_is_named() {
    let missing = load(Some(Path::new("/nowhere/hub.toml")), &[]).unwrap_err();
    assert!(one_line(&missing).starts_with("/nowhere/hub.toml: can't be read: "), "{missing}");
    let message = refused("[server]\nflush_ms = \n", &[]);
    let start = "FILE: TOML parse error at line 2, column 12: string values must be quoted";
    assert!(message.starts_with(start) && !message.contains("flush_ms"), "without the drawing: {message}");
    let message = refused("[server]\nflush_ms = 99999999999999999999\n", &[]);
    assert!(message.starts_with("FILE: "), "{message}");
}

#[test]
fn a_long_value_is_cut() {
    let message = refused(&format!("[server]\nworkers = '{}'\n", "é".repeat(5000)), &[]);
    assert!(message.chars().count() < 200, "{message}");
}
