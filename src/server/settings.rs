//! The server's settings: the commented defaults that are compiled in, then a TOML file, then the environment.
//!
//! Every key of the file is a variable of the environment in lower case, so there is one list of settings and one way
//! to say what is wrong with each. All problems are told at once, because a server that is started by a supervisor shows
//! its first words only. Secrets are never shown: not by `Debug`, not in a problem.

use std::{collections::BTreeMap, fmt, fs, path::Path, str::FromStr, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::SignedDuration;
use secrecy::SecretString;
use toml::de::{DeTable, DeValue};
use url::Url;

use crate::{settings::did_you_mean, text::LineIndex};

/// The defaults, as people read them.
pub const DEFAULTS: &str = include_str!("../../config/followthrough.toml");

/// Everything `serve` needs to know.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    pub github: GitHubSettings,
    /// `sqlite:PATH` or `postgres://…`; may hold a password.
    pub database_url: SecretString,
    pub listen: Listen,
    pub log: LogSettings,
    /// Pause between two writes to GitHub for one installation; may be zero.
    pub write_interval: Duration,
    /// How often the App's delivery log is walked for missed deliveries; never zero.
    pub recovery_interval: Duration,
    /// Where webhooks are fetched from, on a machine that GitHub cannot reach. As good as a secret.
    pub webhook_proxy: Option<Url>,
}

/// How to reach GitHub, and as whom.
#[derive(Debug, Clone)]
pub struct GitHubSettings {
    pub app_id: u64,
    /// PEM with line breaks, PKCS#1 or PKCS#8.
    pub private_key: SecretString,
    /// At least one; any of them makes a signature good, so that a secret can be replaced without an outage.
    pub webhook_secrets: Vec<SecretString>,
    /// REST, without a trailing slash.
    pub api_url: String,
    /// Without a trailing slash.
    pub graphql_url: String,
}

/// Where the server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// A name or an address.
    pub host: String,
    /// 0 takes any free port.
    pub port: u16,
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// A level such as `info`, or a filter such as `followthrough=debug,warn`.
    pub level: String,
    pub format: LogFormat,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Everything that is wrong with the settings, each with what to do about it. Never empty, never with a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SettingsError(pub Vec<String>);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server's settings are incomplete or wrong:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n- {problem}"))
    }
}

/// One setting by its two names.
struct Setting {
    key: &'static str,
    env: &'static str,
}

macro_rules! settings {
    ($($name:ident = $key:literal, $env:literal;)*) => {
        $(const $name: Setting = Setting { key: $key, env: $env };)*
        const ALL: &[Setting] = &[$($name),*];
    };
}

settings! {
    APP_ID = "app_id", "APP_ID";
    PRIVATE_KEY = "private_key", "PRIVATE_KEY";
    PRIVATE_KEY_PATH = "private_key_path", "PRIVATE_KEY_PATH";
    WEBHOOK_SECRET = "webhook_secret", "WEBHOOK_SECRET";
    GITHUB_API_URL = "github_api_url", "GITHUB_API_URL";
    GITHUB_GRAPHQL_URL = "github_graphql_url", "GITHUB_GRAPHQL_URL";
    DATABASE_URL = "database_url", "DATABASE_URL";
    HOST = "host", "HOST";
    PORT = "port", "PORT";
    LOG_LEVEL = "log_level", "LOG_LEVEL";
    LOG_FORMAT = "log_format", "LOG_FORMAT";
    WRITE_INTERVAL = "write_interval", "FOLLOWTHROUGH_WRITE_INTERVAL";
    RECOVERY_INTERVAL = "recovery_interval", "FOLLOWTHROUGH_RECOVERY_INTERVAL";
    WEBHOOK_PROXY_URL = "webhook_proxy_url", "WEBHOOK_PROXY_URL";
}

/// The settings by both their names, key of the file and variable of the environment.
pub fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    ALL.iter().map(|setting| (setting.key, setting.env))
}

impl ServerSettings {
    /// Reads the settings: the compiled-in defaults, then `config_file`, then the environment as `env` gives it. An empty
    /// variable counts as not set.
    ///
    /// # Errors
    ///
    /// Every missing or invalid setting, each with what to do about it.
    pub fn load(config_file: Option<&Path>, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        Draft::load(config_file, env).whole()
    }
}

/// The settings as far as they are good, for whoever wants to look at the rest in spite of what is wrong.
#[derive(Debug, Default)]
pub struct Draft {
    pub app_id: Option<u64>,
    pub private_key: Option<SecretString>,
    pub webhook_secrets: Option<Vec<SecretString>>,
    pub api_url: Option<String>,
    pub graphql_url: Option<String>,
    pub database_url: Option<SecretString>,
    pub host: Option<String>,
    pub port: Option<u16>,
    pub level: Option<String>,
    pub format: Option<LogFormat>,
    pub write_interval: Option<Duration>,
    pub recovery_interval: Option<Duration>,
    pub webhook_proxy: Option<Url>,
    /// What is wrong, as in [`SettingsError`].
    pub problems: Vec<String>,
}

impl Draft {
    /// As [`ServerSettings::load`].
    pub fn load(config_file: Option<&Path>, env: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut layers = Layers::default();
        layers.add_file(DEFAULTS, "the defaults");
        if let Some(path) = config_file {
            match fs::read_to_string(path) {
                Ok(text) => layers.add_file(&text, &path.display().to_string()),
                Err(error) => {
                    let problem = format!(
                        "The settings file {} cannot be read ({error}). Check the path after `--config`.",
                        path.display()
                    );
                    layers.problems.push(problem);
                }
            }
        }
        layers.add_environment(env);
        layers.draft()
    }

    fn whole(self) -> Result<ServerSettings, SettingsError> {
        let problems = self.problems.clone();
        self.good().filter(|_| problems.is_empty()).ok_or(SettingsError(problems))
    }

    fn good(self) -> Option<ServerSettings> {
        Some(ServerSettings {
            github: GitHubSettings {
                app_id: self.app_id?,
                private_key: self.private_key?,
                webhook_secrets: self.webhook_secrets?,
                api_url: self.api_url?,
                graphql_url: self.graphql_url?,
            },
            database_url: self.database_url?,
            listen: Listen { host: self.host?, port: self.port? },
            log: LogSettings { level: self.level?, format: self.format? },
            write_interval: self.write_interval?,
            recovery_interval: self.recovery_interval?,
            webhook_proxy: self.webhook_proxy,
        })
    }
}

/// A setting as some layer gives it.
#[derive(Clone)]
struct Given {
    text: String,
    /// The setting and its place, to begin a sentence with: "`PORT` in the environment".
    origin: String,
}

/// The settings as text, and what is wrong so far.
#[derive(Default)]
struct Layers {
    given: BTreeMap<&'static str, Given>,
    problems: Vec<String>,
}

impl Layers {
    fn add_file(&mut self, text: &str, name: &str) {
        let index = LineIndex::new(text);
        let place = |offset: usize| {
            let (line, column) = index.position(text, offset);
            format!("{name}, line {line}, column {column}")
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        // The library's own rendering quotes the line, which may hold a secret.
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            self.problems.push(format!("{} is not TOML: {}.", place(at), error.message()));
        }
        let mut layer = BTreeMap::new();
        for (key, value) in table.get_ref() {
            let at = place(key.span().start);
            let name = key.get_ref().as_ref();
            let Some(setting) = ALL.iter().find(|setting| setting.key == name) else {
                let known = ALL.iter().map(|setting| setting.key);
                let help = did_you_mean(name, known.clone()).map_or_else(
                    || format!("The keys are {}.", known.map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")),
                    |known| format!("Did you mean `{known}`?"),
                );
                self.problems.push(format!("There is no setting `{}` ({at}). {help}", name.escape_debug()));
                continue;
            };
            match text_of(value.get_ref()) {
                Some(text) => {
                    layer.insert(setting.key, Given { text, origin: format!("`{name}` ({at})") });
                }
                None => self.problems.push(format!("`{name}` ({at}) must be a text or a number.")),
            }
        }
        self.add(layer);
    }

    fn add_environment(&mut self, env: &dyn Fn(&str) -> Option<String>) {
        let given = ALL.iter().filter_map(|setting| {
            let text = env(setting.env).filter(|text| !text.trim().is_empty())?;
            Some((setting.key, Given { text, origin: format!("`{}` in the environment", setting.env) }))
        });
        let layer = given.collect();
        self.add(layer);
    }

    fn add(&mut self, layer: BTreeMap<&'static str, Given>) {
        // The key and its path are two ways to say one thing.
        let (key, path) = (layer.get(PRIVATE_KEY.key), layer.get(PRIVATE_KEY_PATH.key));
        if let (Some(key), Some(path)) = (key, path) {
            self.problems.push(format!("{} and {} are both given. Keep one of them.", key.origin, path.origin));
        }
        if key.is_some() || path.is_some() {
            self.given.remove(PRIVATE_KEY.key);
            self.given.remove(PRIVATE_KEY_PATH.key);
        }
        self.given.extend(layer);
    }

    fn draft(mut self) -> Draft {
        let app_id = self.required(&APP_ID, "the App's id: the number on the App's page under \"About\"", |text| {
            text.trim()
                .parse::<u64>()
                .ok()
                .filter(|&id| id > 0)
                .ok_or_else(|| format!("is {}, which is not an App's id: a number", quoted(text)))
        });
        let private_key = self.private_key();
        let webhook_secrets = self.required(&WEBHOOK_SECRET, "the secret that was entered as the App's webhook secret", |text| {
            let secrets: Vec<_> =
                text.split(',').map(str::trim).filter(|secret| !secret.is_empty()).map(SecretString::from).collect();
            if secrets.is_empty() { Err("holds no secret".to_owned()) } else { Ok(secrets) }
        });
        let api_url = self.defaulted(&GITHUB_API_URL, web_address);
        let graphql_url = self.optional(&GITHUB_GRAPHQL_URL, web_address);
        let database_url = self.defaulted(&DATABASE_URL, database_url);
        let host = self.defaulted(&HOST, |text| match text.trim() {
            host if host.contains(|c: char| c.is_whitespace() || c == '/') => {
                Err(format!("is {}; write a name or an address, such as `0.0.0.0`", quoted(text)))
            }
            host => Ok(host.to_owned()),
        });
        let port = self.defaulted(&PORT, |text| {
            text.trim().parse().map_err(|_| format!("is {}; write a number from 0 to 65535", quoted(text)))
        });
        let level = self.defaulted(&LOG_LEVEL, log_level);
        let format = self.defaulted(&LOG_FORMAT, |text| match text.trim().to_lowercase().as_str() {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err(format!("is {}; write `text` or `json`", quoted(text))),
        });
        let write_interval = self.defaulted(&WRITE_INTERVAL, |text| duration(text, Duration::ZERO));
        let recovery_interval = self.defaulted(&RECOVERY_INTERVAL, |text| duration(text, Duration::from_millis(100)));

        let webhook_proxy = self.optional(&WEBHOOK_PROXY_URL, |text| {
            let url = Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
            url.ok_or_else(|| "is no address; make one at https://smee.io/new".to_owned())
        });
        let graphql_url = graphql_url.or_else(|| api_url.as_deref().map(derived_graphql_url));
        Draft {
            app_id,
            private_key,
            webhook_secrets,
            api_url,
            graphql_url,
            database_url,
            host,
            port,
            level,
            format,
            write_interval,
            recovery_interval,
            webhook_proxy,
            problems: self.problems,
        }
    }

    /// The value of a setting that has no default.
    fn required<T>(&mut self, setting: &Setting, what: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        if !self.given.contains_key(setting.key) {
            self.problems.push(format!("`{}` is missing. Set it to {what}.", setting.env));
        }
        self.optional(setting, parse)
    }

    /// The value of a setting that the compiled-in file gives.
    fn defaulted<T>(&mut self, setting: &Setting, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        self.required(setting, "a value", parse)
    }

    fn optional<T>(&mut self, setting: &Setting, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let given = self.given.get(setting.key)?;
        parse(&given.text).map_err(|reason| self.problems.push(format!("{} {reason}.", given.origin))).ok()
    }

    fn private_key(&mut self) -> Option<SecretString> {
        let from_path = self.optional(&PRIVATE_KEY_PATH, |path| {
            fs::read_to_string(path.trim())
                .map_err(|error| format!("names a file that cannot be read ({error}); check the path and who may read the file"))
        });
        if self.given.contains_key(PRIVATE_KEY_PATH.key) {
            let text = from_path?;
            return self.optional(&PRIVATE_KEY_PATH, |_| pem(&text));
        }
        if !self.given.contains_key(PRIVATE_KEY.key) {
            self.problems.push(format!(
                "`{}` or `{}` is missing. Generate a private key on the App's page and set one of them to the key or to its file.",
                PRIVATE_KEY.env, PRIVATE_KEY_PATH.env
            ));
        }
        self.optional(&PRIVATE_KEY, pem)
    }
}

/// A value of the file as it would stand in the environment.
fn text_of(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.clone().into_owned()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Array(entries) => {
            let texts: Option<Vec<_>> = entries.iter().map(|entry| entry.get_ref().as_str().map(str::to_owned)).collect();
            texts.map(|texts| texts.join(","))
        }
        _ => None,
    }
}

fn web_address(text: &str) -> Result<String, String> {
    let text = text.trim();
    match Url::parse(text) {
        Ok(url)
            if matches!(url.scheme(), "https" | "http")
                && url.has_host()
                && url.query().is_none()
                && url.fragment().is_none() =>
        {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err(format!("is {}; write an address such as `https://api.github.com` or `https://HOST/api/v3`", quoted(text))),
    }
}

/// GitHub.com has GraphQL beside REST (`https://api.github.com/graphql`), Enterprise Server beside `/api/v3` (`/api/graphql`).
fn derived_graphql_url(api_url: &str) -> String {
    match api_url.strip_suffix("/api/v3") {
        Some(server) => format!("{server}/api/graphql"),
        None => format!("{api_url}/graphql"),
    }
}

fn database_url(text: &str) -> Result<SecretString, String> {
    let text = text.trim();
    let known = ["sqlite:", "postgres://", "postgresql://"];
    if known.iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme)) {
        Ok(text.into())
    } else {
        // Not shown: it may hold a password.
        Err("is no address of a database; write `sqlite:FILE` or `postgres://USER:PASSWORD@HOST/DATABASE`".to_owned())
    }
}

fn log_level(text: &str) -> Result<String, String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let text = text.trim();
    let is_filter = text.contains(['=', ',']);
    if is_filter {
        return Ok(text.to_owned());
    }
    let level = text.to_lowercase();
    if LEVELS.contains(&level.as_str()) {
        return Ok(level);
    }
    Err(format!(
        "is {}; write one of `error`, `warn`, `info`, `debug`, `trace`, or a filter such as `followthrough=debug,warn`",
        quoted(text)
    ))
}

fn duration(text: &str, least: Duration) -> Result<Duration, String> {
    const MOST: Duration = Duration::from_secs(24 * 60 * 60);
    let duration = SignedDuration::from_str(text.trim()).ok().and_then(|duration| Duration::try_from(duration).ok());
    match duration {
        Some(duration) if (least..=MOST).contains(&duration) => Ok(duration),
        Some(_) => Err(format!("is {}; write a duration from {least:?} to 24h", quoted(text))),
        None => {
            Err(format!("is {}, which is not a duration; write it with its unit, such as `1s`, `500ms` or `5m`", quoted(text)))
        }
    }
}

/// The key as PEM with line breaks, from PEM as it is, with `\n` or blanks for line breaks (as it comes out of many secret
/// stores), or from base64 of either.
fn pem(text: &str) -> Result<SecretString, String> {
    const HELP: &str = "; give the .pem file that GitHub generated, as it is or in base64";
    let text = text.trim();
    let decoded;
    let text = if text.contains("-----BEGIN") {
        text
    } else {
        let compact: String = text.split_whitespace().collect();
        decoded = STANDARD
            .decode(compact)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .filter(|text| text.contains("-----BEGIN"))
            .ok_or_else(|| format!("is no private key{HELP}"))?;
        decoded.trim()
    };
    let kind = ["RSA PRIVATE KEY", "PRIVATE KEY"].into_iter().find(|kind| text.contains(&format!("-----BEGIN {kind}-----")));
    let Some(kind) = kind else {
        return Err(format!("is not an RSA private key{HELP}"));
    };
    let (begin, end) = (format!("-----BEGIN {kind}-----"), format!("-----END {kind}-----"));
    let body = text
        .split_once(&begin)
        .and_then(|(_, rest)| rest.split_once(&end))
        .map(|(body, _)| body.replace("\\r", "").replace("\\n", "\n"));
    let Some(body) = body else {
        return Err(format!("is cut off: its last line is not `{end}`{HELP}"));
    };
    let body: Vec<char> = body.split_whitespace().flat_map(str::chars).collect();
    if body.is_empty() || !body.iter().all(|c| c.is_ascii_alphanumeric() || "+/=".contains(*c)) {
        return Err(format!("is damaged{HELP}"));
    }
    let lines = body.chunks(64).map(|line| line.iter().collect::<String>() + "\n").collect::<String>();
    Ok(format!("{begin}\n{lines}{end}\n").into())
}

/// A piece of what was given, short.
fn quoted(text: &str) -> String {
    let short: String = text.chars().take(60).map(|c| if c.is_control() || c == '`' { ' ' } else { c }).collect();
    format!("`{short}`")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use secrecy::ExposeSecret;

    use super::*;

    const PEM: &str = "-----BEGIN RSA PRIVATE KEY-----\nQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU2Nzg5QUJDREVGR0hJSktM\nTU5PUA==\n-----END RSA PRIVATE KEY-----\n";

    fn load(file: Option<&str>, env: &[(&str, &str)]) -> Result<ServerSettings, SettingsError> {
        let env: HashMap<String, String> = env.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let folder = tempfile::tempdir().expect("a folder");
        let path = file.map(|text| {
            let path = folder.path().join("server.toml");
            fs::write(&path, text).expect("written");
            path
        });
        ServerSettings::load(path.as_deref(), &|name| env.get(name).cloned())
    }

    /// With the required settings.
    fn load_with(env: &[(&str, &str)]) -> Result<ServerSettings, SettingsError> {
        let required = [("APP_ID", "12"), ("PRIVATE_KEY", PEM), ("WEBHOOK_SECRET", "hush")];
        let given =
            required.into_iter().filter(|(name, _)| !env.iter().any(|(other, _)| other == name)).chain(env.iter().copied());
        load(None, &given.collect::<Vec<_>>())
    }

    fn problem(env: &[(&str, &str)]) -> String {
        let mut problems = load_with(env).expect_err("a problem").0;
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems.remove(0)
    }

    #[test]
    fn the_defaults_serve_github_com_from_a_file_in_the_working_directory() {
        let settings = load_with(&[]).expect("good settings");
        assert_eq!(
            (settings.github.api_url.as_str(), settings.github.graphql_url.as_str()),
            ("https://api.github.com", "https://api.github.com/graphql")
        );
        assert_eq!(settings.database_url.expose_secret(), "sqlite:followthrough.db");
        assert_eq!(settings.listen, Listen { host: "0.0.0.0".to_owned(), port: 3000 });
        assert_eq!(settings.log, LogSettings { level: "info".to_owned(), format: LogFormat::Text });
        assert_eq!((settings.write_interval, settings.recovery_interval), (Duration::from_secs(1), Duration::from_secs(300)));
        assert_eq!(settings.github.app_id, 12);
        assert_eq!(settings.github.private_key.expose_secret(), PEM);
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
        let file = format!(
            "app_id = 1\nprivate_key = '''{PEM}'''\nwebhook_secret = [\"new\", \"old\"]\nport = 4000\nhost = \"::1\"\nwrite_interval = \"0s\"\n"
        );
        let settings = load(Some(&file), &[("PORT", "5000"), ("HOST", ""), ("LOG_FORMAT", "json"), ("LOG_LEVEL", "WARN")])
            .expect("good settings");
        assert_eq!(settings.listen, Listen { host: "::1".to_owned(), port: 5000 });
        assert_eq!(settings.github.webhook_secrets.iter().map(ExposeSecret::expose_secret).collect::<Vec<_>>(), ["new", "old"]);
        assert_eq!(settings.write_interval, Duration::ZERO);
        assert_eq!(settings.log, LogSettings { level: "warn".to_owned(), format: LogFormat::Json });
    }

    #[test]
    fn everything_that_is_missing_is_told_at_once() {
        let problems = load(None, &[("PORT", "many"), ("FOLLOWTHROUGH_WRITE_INTERVAL", "5")]).expect_err("problems");
        assert_eq!(
            problems.0,
            [
                "`APP_ID` is missing. Set it to the App's id: the number on the App's page under \"About\".",
                "`PRIVATE_KEY` or `PRIVATE_KEY_PATH` is missing. Generate a private key on the App's page and set one of them to the key or to its file.",
                "`WEBHOOK_SECRET` is missing. Set it to the secret that was entered as the App's webhook secret.",
                "`PORT` in the environment is `many`; write a number from 0 to 65535.",
                "`FOLLOWTHROUGH_WRITE_INTERVAL` in the environment is `5`, which is not a duration; write it with its unit, such as `1s`, `500ms` or `5m`.",
            ]
        );
        assert!(problems.to_string().starts_with("the server's settings are incomplete or wrong:\n- `APP_ID`"));
    }

    #[test]
    fn wrong_keys_and_values_of_the_file_are_told_with_line_and_column() {
        let problems = load(Some("# mine\nprot = 1\nport = true\n[log]\nlevel = 1\n"), &[]).expect_err("problems").to_string();
        assert!(
            problems.contains("There is no setting `prot` (")
                && problems.contains("server.toml, line 2, column 1). Did you mean `port`?"),
            "{problems}"
        );
        assert!(problems.contains("line 3, column 1) must be a text or a number."), "{problems}");
        assert!(problems.contains("There is no setting `log`"), "{problems}");
        let broken = load(Some("port = 1\nwebhook_secret = \"s3cret\n"), &[]).expect_err("problems").to_string();
        assert!(broken.contains("line 2, column") && broken.contains("is not TOML") && !broken.contains("s3cret"), "{broken}");
        let missing = ServerSettings::load(Some(Path::new("/nowhere/x.toml")), &|_| None).expect_err("problems").to_string();
        assert!(missing.contains("/nowhere/x.toml cannot be read"), "{missing}");
    }

    #[test]
    fn a_private_key_is_taken_as_pem_escaped_flattened_or_in_base64() {
        let escaped = PEM.replace('\n', "\\n");
        let flat = PEM.replace('\n', " ");
        let crlf = PEM.replace('\n', "\r\n");
        let base64 = STANDARD.encode(PEM);
        for given in [PEM, &escaped, &flat, &crlf, &base64] {
            let settings = load_with(&[("PRIVATE_KEY", given)]).expect("good settings");
            assert_eq!(settings.github.private_key.expose_secret(), PEM, "{given}");
        }
    }

    #[test]
    fn what_is_no_private_key_says_so_without_showing_it() {
        for (given, said) in [
            ("c2VjcmV0", "is no private key"),
            ("hush-hush", "is no private key"),
            ("-----BEGIN PUBLIC KEY-----\nAA\n-----END PUBLIC KEY-----", "is not an RSA private key"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nAA\n", "is not an RSA private key"),
            ("-----BEGIN RSA PRIVATE KEY-----\nAABB", "is cut off"),
            ("-----BEGIN PRIVATE KEY-----\nhush!\n-----END PRIVATE KEY-----", "is damaged"),
        ] {
            let problem = problem(&[("PRIVATE_KEY", given)]);
            assert!(
                problem.starts_with("`PRIVATE_KEY` in the environment ") && problem.contains(said) && !problem.contains("hush"),
                "{problem}"
            );
        }
    }

    #[test]
    fn a_private_key_may_be_a_file_and_a_later_layer_replaces_either_form() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key.pem");
        fs::write(&path, PEM).expect("written");
        let path = path.to_str().expect("a name");
        let env = [("APP_ID", "1"), ("WEBHOOK_SECRET", "x"), ("PRIVATE_KEY_PATH", path)];
        let settings = load(Some("private_key = \"broken\""), &env).expect("good settings");
        assert_eq!(settings.github.private_key.expose_secret(), PEM);
        let both = load(None, &[&env[..], &[("PRIVATE_KEY", PEM)]].concat()).expect_err("a problem").to_string();
        assert!(both.contains("are both given"), "{both}");
        let missing =
            load(None, &[("APP_ID", "1"), ("WEBHOOK_SECRET", "x"), ("PRIVATE_KEY_PATH", "/nowhere.pem")]).expect_err("a problem");
        assert_eq!(missing.0.len(), 1);
        assert!(missing.to_string().contains("names a file that cannot be read"), "{missing}");
    }

    #[test]
    fn the_graphql_address_follows_the_rest_address() {
        for (rest, graphql) in [
            ("https://git.example/api/v3/", "https://git.example/api/graphql"),
            ("http://127.0.0.1:4567", "http://127.0.0.1:4567/graphql"),
            ("https://api.acme.ghe.com", "https://api.acme.ghe.com/graphql"),
        ] {
            let settings = load_with(&[("GITHUB_API_URL", rest)]).expect("good settings");
            assert_eq!(settings.github.graphql_url, graphql);
        }
        let settings = load_with(&[("GITHUB_GRAPHQL_URL", "https://x.example/q/")]).expect("good settings");
        assert_eq!(settings.github.graphql_url, "https://x.example/q");
    }

    #[test]
    fn invalid_values_say_what_to_write() {
        for (name, value, said) in [
            ("APP_ID", "my-app", "is `my-app`, which is not an App's id"),
            ("WEBHOOK_SECRET", " , ", "holds no secret"),
            ("GITHUB_API_URL", "api.github.com", "write an address such as"),
            ("DATABASE_URL", "mysql://u:hush@h/d", "is no address of a database"),
            ("HOST", "http://x/", "write a name or an address"),
            ("PORT", "70000", "write a number from 0 to 65535"),
            ("LOG_LEVEL", "loud", "write one of `error`"),
            ("LOG_FORMAT", "xml", "write `text` or `json`"),
            ("FOLLOWTHROUGH_WRITE_INTERVAL", "-1s", "is not a duration"),
            ("FOLLOWTHROUGH_RECOVERY_INTERVAL", "0s", "write a duration from 100ms to 24h"),
        ] {
            let problem = problem(&[(name, value)]);
            assert!(problem.starts_with(&format!("`{name}` in the environment")) && problem.contains(said), "{problem}");
            assert!(!problem.contains("hush"), "{problem}");
        }
    }

    #[test]
    fn durations_have_units() {
        for (text, duration) in [
            ("1s", Duration::from_secs(1)),
            ("500ms", Duration::from_millis(500)),
            ("5m", Duration::from_secs(300)),
            ("0s", Duration::ZERO),
            ("1h 30m", Duration::from_secs(5400)),
        ] {
            assert_eq!(
                load_with(&[("FOLLOWTHROUGH_WRITE_INTERVAL", text)]).map(|settings| settings.write_interval),
                Ok(duration),
                "{text}"
            );
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let settings =
            load_with(&[("WEBHOOK_SECRET", "hush,whisper"), ("DATABASE_URL", "postgres://u:murmur@h/d")]).expect("good settings");
        let shown = format!("{settings:?}");
        assert!(!["hush", "whisper", "murmur", "QUJD"].iter().any(|secret| shown.contains(secret)), "{shown}");
    }

    #[test]
    fn the_reference_and_the_default_file_name_every_setting_and_the_examples_are_good() {
        let reference = include_str!("../../docs/configuration.md");
        for (key, env) in names() {
            assert!(reference.contains(&format!("| `{env}` | `{key}` |")), "{key}");
            assert!(DEFAULTS.contains(env) && DEFAULTS.contains(&format!("{key} = ")), "{key}");
        }
        let mut examples = 0;
        for example in reference.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            examples += 1;
            let mut layers = Layers::default();
            layers.add_file(example, "example");
            assert_eq!(layers.problems, Vec::<String>::new());
        }
        assert_eq!(examples, 1);
        let uncommented =
            DEFAULTS.lines().map(|line| line.strip_prefix("# ").filter(|line| line.contains(" = ")).unwrap_or(line));
        let mut layers = Layers::default();
        layers.add_file(&uncommented.collect::<Vec<_>>().join("\n"), "uncommented");
        assert_eq!(layers.problems.len(), 1, "only that the private key is given twice: {:?}", layers.problems);
    }
}
