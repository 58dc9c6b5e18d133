//! Keys, tokens and secrets stand in nothing that the program writes: not in its log, its answers, or its database.

use followthrough::demo::github::{Config, DEMO_PRIVATE_KEY, Fault, Matching};
use secrecy::ExposeSecret;
use sqlx::{AssertSqlSafe, Connection, Row};

use crate::{
    databases::Database,
    over_both::over_both,
    program::{Program, followthrough, serve},
    world::World,
};

const PASSWORD: &str = "murmur-of-the-database";

/// Everything that must not be seen, as it is looked for.
fn secrets() -> Vec<(&'static str, String)> {
    let config = Config::default();
    let mut secrets = vec![
        ("the webhook secret", config.webhook_secret.expose_secret().to_owned()),
        ("the password of the database", PASSWORD.to_owned()),
        // `ghs_` and all that is like it, of any length.
        ("an installation token", "ghs_".to_owned()),
        // Whatever is in Base64 and begins with `{"`: a JWT, or a token that holds one.
        ("a JWT", "eyJ".to_owned()),
        ("a credential", "Bearer ".to_owned()),
        ("a signature", "sha256=".to_owned()),
    ];
    let key = DEMO_PRIVATE_KEY.lines().filter(|line| !line.starts_with("-----") && line.len() > 20);
    secrets.extend(key.map(|line| ("a line of the private key", line.to_owned())));
    secrets
}

fn assert_silent(place: &str, text: &[u8]) {
    for (what, secret) in secrets() {
        let at = text.windows(secret.len()).position(|part| part == secret.as_bytes());
        if let Some(at) = at {
            let around = String::from_utf8_lossy(&text[at.saturating_sub(300)..(at + 40).min(text.len())]).into_owned();
            panic!("{what} stands in {place}: {around}");
        }
    }
}

/// With a password, which the server of the tests does not ask for.
fn with_password(database: &Database) -> Database {
    let mut url = url::Url::parse(&database.url).unwrap();
    if url.scheme().starts_with("postgres") {
        url.set_password(Some(PASSWORD)).unwrap();
    }
    Database { url: url.into() }
}

/// All that lies in the database: its files as they are, every row as text, and the deliveries' bodies.
async fn stored(database: &Database) -> Vec<u8> {
    let mut all = Vec::new();
    let mut bodies: Vec<Vec<u8>> = Vec::new();
    if let Some(path) = database.url.strip_prefix("sqlite://") {
        for ending in ["", "-wal", "-shm"] {
            all.extend(std::fs::read(format!("{path}{ending}")).unwrap_or_default());
        }
        let mut connection = sqlx::SqliteConnection::connect(&database.url).await.unwrap();
        bodies =
            sqlx::query_scalar("SELECT body FROM deliveries WHERE body IS NOT NULL").fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = sqlx::PgConnection::connect(&database.url).await.unwrap();
        let tables = sqlx::query("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
            .fetch_all(&mut connection)
            .await
            .unwrap();
        assert!(tables.len() > 5);
        for table in tables {
            let table: String = table.get(0);
            let rows = sqlx::query(AssertSqlSafe(format!("SELECT t::text FROM \"{table}\" t")))
                .fetch_all(&mut connection)
                .await
                .unwrap();
            for row in rows {
                all.extend(row.get::<String, _>(0).into_bytes());
            }
        }
        bodies.extend(
            sqlx::query_scalar::<_, Vec<u8>>("SELECT body FROM deliveries WHERE body IS NOT NULL")
                .fetch_all(&mut connection)
                .await
                .unwrap(),
        );
        connection.close().await.unwrap();
    }
    assert!(!bodies.is_empty());
    for body in bodies {
        all.extend(lz4_flex::decompress_size_prepended(&body).unwrap());
    }
    all
}

over_both! {
    async fn nothing_that_is_written_holds_a_secret(database: Database) {
        let database = with_password(&database);
        let world = World::build(&database).await;
        let start = async || {
            let mut command = serve(world.github.url(), &database.url);
            command.env("LOG_LEVEL", "trace");
            let program = Program::start(command).await;
            world.github.set_webhook_url(&program.webhook_url());
            program
        };
        let mut program = start().await;
        let pull = world.propose();
        world.deliver().await;
        program.idle().await;
        // Things go wrong, since most secrets are told by errors: tokens die, answers are lost, limits are met.
        world.github.expire_tokens();
        world.github.faults()
            .next(Matching::graphql("createIssue"), Fault::ErrorBeforeEffect)
            .nth(2, Matching::graphql("createIssue"), Fault::LoseAnswer)
            .next(Matching::graphql("addProjectV2ItemById"), Fault::TooManyRequests { retry_after: Some(1) });
        world.app.merge(pull);
        world.command(pull);
        world.deliver().await;
        // What is forged is answered, too.
        let mut answers = String::new();
        for (signature, body) in [("sha256=00", "{}"), ("", "{}"), ("sha1=hush", "[")] {
            let head = format!("POST /api/github/webhooks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Hub-Signature-256: {signature}\r\nAuthorization: Bearer ghs_sent_by_a_stranger\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            let (status, answer) = program.exchange(&head).await.unwrap();
            assert_eq!(status, 401);
            answers.push_str(&answer);
        }
        program.idle().await;
        world.ending(pull).assert_complete(world.old);
        for path in ["/metrics", "/healthz", "/readyz", "/nothing"] {
            answers.push_str(&program.get(path).await.1);
        }
        program.terminate();
        program.ended().await;
        let log = program.log();
        assert!(log.contains("\"level\":\"TRACE\"") && log.len() > 10_000, "everything is logged");
        let minted = world.github.requests().iter().filter(|request| request.path.contains("access_tokens")).count();
        assert!(minted >= 2, "tokens were asked for");
        assert_silent("an answer", answers.as_bytes());
        assert_silent("the log", log.as_bytes());
        assert_silent("the database", &stored(&database).await);
    }

    async fn what_does_not_start_does_not_say_why_too_well(database: Database) {
        let database = with_password(&database);
        let truncated: String = DEMO_PRIVATE_KEY.lines().take(5).collect::<Vec<_>>().join("\n");
        let damaged = DEMO_PRIVATE_KEY.replace("MII", "MIJ");
        for (name, value) in [
            ("PRIVATE_KEY", truncated.as_str()),
            ("PRIVATE_KEY", &damaged),
            ("PRIVATE_KEY_PATH", DEMO_PRIVATE_KEY),
            ("DATABASE_URL", &format!("postgres://root:{PASSWORD}@127.0.0.1:1/x")),
            ("DATABASE_URL", &format!("postgres://root:{PASSWORD}@127.0.0.1:port/x")),
            ("GITHUB_API_URL", "https://user:murmur-of-the-database@github.example/api/v3"),
        ] {
            let config = Config::default();
            let mut command = followthrough();
            command.arg("serve").envs([
                ("APP_ID", "1"),
                ("PRIVATE_KEY", DEMO_PRIVATE_KEY),
                ("WEBHOOK_SECRET", config.webhook_secret.expose_secret()),
                ("DATABASE_URL", &database.url),
                ("LOG_LEVEL", "trace"),
            ]);
            if name == "PRIVATE_KEY_PATH" {
                command.env_remove("PRIVATE_KEY");
            }
            let output = command.env(name, value).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{name}");
            assert_silent(name, &output.stderr);
            assert_silent(name, &output.stdout);
        }
    }
}
