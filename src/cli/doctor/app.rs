//! What GitHub says about the App: credentials and clock, permissions and events, webhooks, installations.

use std::collections::BTreeMap;

use jiff::Timestamp;
use url::{Host, Url};

use super::{Findings, PATIENCE};
use crate::{
    github::{
        self, Credentials, Endpoints, GitHub,
        examine::{Attempt, HookSettings, Installed, server_time},
        permissions::{EVENTS, PERMISSIONS, Permission},
    },
    render::doctor::{Area, Finding, Level},
    server::settings::Draft,
};

/// From here on the clock is worth a look, in seconds.
const DRIFT: i64 = 30;
/// A JWT that begins later than this, or ended, is refused (`github::app`: backdated by 60 s, valid for 9 minutes).
const AHEAD: i64 = 60;
const BEHIND: i64 = 9 * 60;
const WEBHOOK_PATH: &str = "/api/github/webhooks";

/// The client, once it is clear that GitHub is there and the credentials are some.
pub(super) async fn reach(draft: &Draft, findings: &mut Findings) -> Option<GitHub> {
    let (api, graphql) = (draft.api_url.as_deref()?, draft.graphql_url.as_deref()?);
    let endpoints = match Endpoints::new(api, graphql) {
        Ok(endpoints) => endpoints,
        Err(error) => {
            findings
                .push(Finding::new(Area::App, "reachable", Level::Error, format!("{error}.")).help("Correct GITHUB_API_URL."));
            return None;
        }
    };
    let settings = || github::Settings { request_timeout: PATIENCE, ..github::Settings::default() };
    let is_there = match server_time(endpoints.clone(), settings()).await {
        Ok(time) => {
            clock(time, findings);
            true
        }
        Err(error) => {
            findings.push(
                Finding::new(Area::App, "reachable", Level::Error, format!("GitHub does not answer at {api}: {error}."))
                    .why("Nothing that GitHub knows could be looked at, and `serve` cannot work.")
                    .help("Check GITHUB_API_URL (https://HOST/api/v3 on Enterprise Server), the network, and certificate authorities."),
            );
            false
        }
    };
    let (Some(app_id), Some(private_key)) = (draft.app_id, &draft.private_key) else {
        findings.push(
            Finding::new(Area::App, "credentials", Level::Note, "GitHub was not asked about the App.")
                .why("That takes the App's id and its private key.")
                .help("Set what is missing, as the findings about the settings say."),
        );
        return None;
    };
    let credentials = match Credentials::new(&app_id.to_string(), private_key) {
        Ok(credentials) => credentials,
        Err(error) => {
            findings.push(
                Finding::new(Area::App, "private-key", Level::Error, format!("The private key cannot be used: {error}."))
                    .why("Every request of the App is signed with it.")
                    .help("Generate a new private key on the App's page and set PRIVATE_KEY_PATH to its file."),
            );
            return None;
        }
    };
    findings.ok(Area::App, "private-key", "The private key can be read and signs.");
    if !is_there {
        return None;
    }
    GitHub::new(credentials, endpoints, settings()).ok()
}

fn clock(time: Option<Timestamp>, findings: &mut Findings) {
    let Some(time) = time else {
        findings.push(Finding::new(
            Area::App,
            "clock",
            Level::Note,
            "GitHub's answer has no date, so the clock was not compared.",
        ));
        return;
    };
    let drift = Timestamp::now().as_second() - time.as_second();
    let (away, direction) = (drift.abs(), if drift > 0 { "ahead of" } else { "behind" });
    if away < DRIFT {
        findings.ok(Area::App, "clock", "This machine's clock agrees with GitHub's.");
        return;
    }
    let refused = drift >= AHEAD || drift <= -BEHIND;
    let level = if refused { Level::Error } else { Level::Warning };
    let why = match refused {
        true => "GitHub refuses the App: what it signs seems to be from the future, or to have ended.",
        false => "A minute ahead, or nine behind, and GitHub refuses what the App signs.",
    };
    findings.push(
        Finding::new(Area::App, "clock", level, format!("This machine's clock is {away} seconds {direction} GitHub's."))
            .why(why)
            .help("Let the machine keep time by NTP (`timedatectl set-ntp true`)."),
    );
}

/// Everything that the App itself can ask; where it is installed.
pub(super) async fn examine(github: &GitHub, findings: &mut Findings) -> Vec<Installed> {
    let app = match github.app_settings().await {
        Ok(app) => app,
        Err(error) => {
            refused(&error, findings);
            return Vec::new();
        }
    };
    findings.ok(Area::App, "jwt", format!("GitHub accepts the App's credentials: {} ({}).", app.name, app.html_url));
    permissions(&app.permissions, findings);
    events(&app.events, findings);
    webhooks(github, findings).await;
    match github.installed().await {
        Ok(installed) => {
            installations(&app.html_url, &app.permissions, &installed, findings);
            installed
        }
        Err(error) => {
            findings.unanswered(Area::Installations, "installations", "The App's installations", &error);
            Vec::new()
        }
    }
}

fn refused(error: &github::Error, findings: &mut Findings) {
    let finding = Finding::new(Area::App, "jwt", Level::Error, format!("GitHub does not accept the App: {error}."));
    let finding = finding.why("Without it nothing works: no review, no issue, no comment.");
    findings.push(match error {
        github::Error::Unauthorized { .. } | github::Error::NotFound { .. } => finding.help(
            "Check that APP_ID is the number on the App's page under “About”, that the private key was generated for this App and not \
             deleted there, that GITHUB_API_URL is where the App was registered, and the clock.",
        ),
        _ => finding.help("Run `followthrough doctor` again; if it stays, check the network and https://www.githubstatus.com."),
    });
}

fn grants(granted: &BTreeMap<String, String>, permission: &Permission) -> bool {
    match granted.get(permission.name).map(String::as_str) {
        Some("write" | "admin") => true,
        Some("read") => permission.access == github::Level::Read,
        _ => false,
    }
}

/// As GitHub's pages call it: `Pull requests: Read and write`.
fn as_labelled(permission: &Permission) -> String {
    let name = match permission.name {
        "organization_projects" => "Projects (of the organization)".to_owned(),
        name => {
            name.chars().take(1).flat_map(char::to_uppercase).chain(name.chars().skip(1)).collect::<String>().replace('_', " ")
        }
    };
    let access = if permission.access == github::Level::Write { "Read and write" } else { "Read-only" };
    format!("{name}: {access}")
}

fn permissions(granted: &BTreeMap<String, String>, findings: &mut Findings) {
    let missing: Vec<&Permission> = PERMISSIONS.iter().filter(|permission| !grants(granted, permission)).collect();
    for permission in &missing {
        let level = if permission.without.is_some() { Level::Warning } else { Level::Error };
        let without = permission.without.map(|rest| format!(" Without it: {rest}.")).unwrap_or_default();
        findings.push(
            Finding::new(
                Area::App,
                "permissions",
                level,
                format!("The App does not ask for the permission {}.", as_labelled(permission)),
            )
            .why(format!("{}{without}", permission.reason))
            .help("Add it on the App's page under Permissions & events; each account that installed the App then accepts it."),
        );
    }
    let needless: Vec<&str> =
        granted.keys().map(String::as_str).filter(|name| PERMISSIONS.iter().all(|known| known.name != *name)).collect();
    if !needless.is_empty() {
        findings.push(
            Finding::new(
                Area::App,
                "needless-permissions",
                Level::Note,
                format!("The App has permissions that Followthrough never uses: {}.", needless.join(", ")),
            )
            .help("Take them away on the App's page under Permissions & events; that needs nobody's consent."),
        );
    }
    if missing.is_empty() {
        findings.ok(Area::App, "permissions", "The App asks for every permission that it needs.");
    }
}

fn events(subscribed: &[String], findings: &mut Findings) {
    let missing: Vec<_> = EVENTS.iter().filter(|event| !subscribed.iter().any(|name| name == event.name)).collect();
    for event in &missing {
        findings.push(
            Finding::new(Area::App, "events", Level::Error, format!("The App does not subscribe to the event `{}`.", event.name))
                .why(event.reason)
                .help("Tick it on the App's page under Permissions & events."),
        );
    }
    if missing.is_empty() {
        findings.ok(Area::App, "events", "The App subscribes to every event that it needs.");
    }
}

async fn webhooks(github: &GitHub, findings: &mut Findings) {
    match github.hook_settings().await {
        Ok(hook) => hook_settings(&hook, findings),
        Err(github::Error::NotFound { .. }) => no_hook(findings),
        Err(error) => findings.unanswered(Area::Webhooks, "webhook-url", "The App's webhook", &error),
    }
    match github.last_attempts().await {
        Ok(attempts) => deliveries(&attempts, findings),
        Err(github::Error::NotFound { .. }) => {}
        Err(error) => findings.unanswered(Area::Webhooks, "deliveries", "The log of deliveries", &error),
    }
}

fn no_hook(findings: &mut Findings) {
    findings.push(
        Finding::new(Area::Webhooks, "webhook-url", Level::Error, "The App has no webhook URL.")
            .why("GitHub tells Followthrough nothing, so nothing happens.")
            .help(format!("Set it on the App's page under Webhook: the public address of `serve`, ending in {WEBHOOK_PATH}.")),
    );
}

fn hook_settings(hook: &HookSettings, findings: &mut Findings) {
    let Some(text) = hook.url.as_deref().filter(|url| !url.is_empty()) else {
        no_hook(findings);
        return;
    };
    let change = "Change it on the App's page under Webhook.";
    let mut good = true;
    let mut wrong = |level, message: String, why: &str, help: &str| {
        good = false;
        findings.push(Finding::new(Area::Webhooks, "webhook-url", level, message).why(why).help(help));
    };
    let url = Url::parse(text).ok();
    let is_local = match url.as_ref().and_then(Url::host) {
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    // A GitHub on the same machine, as the demo's, reaches it.
    if is_local {
        wrong(
            Level::Warning,
            format!("The webhook URL {text} is of this machine alone."),
            "github.com cannot reach it.",
            "Set it to a public address of `serve`, or use a proxy: WEBHOOK_PROXY_URL (docs/setup.md).",
        );
    }
    let proxied = url.as_ref().and_then(Url::host_str) == Some("smee.io");
    if !proxied && url.as_ref().is_some_and(|url| !url.path().ends_with(WEBHOOK_PATH)) {
        wrong(
            Level::Warning,
            format!("The webhook URL {text} does not end in {WEBHOOK_PATH}."),
            "That is where `serve` takes webhooks, unless a proxy in front of it rewrites the path.",
            change,
        );
    }
    if !is_local && url.as_ref().is_some_and(|url| url.scheme() == "http") {
        wrong(
            Level::Warning,
            format!("The webhook URL {text} is not encrypted."),
            "What happens in private repositories crosses the network for everybody to read.",
            change,
        );
    }
    if hook.insecure_ssl.as_deref() == Some("1") {
        wrong(
            Level::Warning,
            "GitHub does not check the certificate of the webhook URL.".to_owned(),
            "Anybody on the way can pose as Followthrough.",
            "Enable SSL verification on the App's page under Webhook.",
        );
    }
    if hook.content_type.as_deref() == Some("form") {
        wrong(
            Level::Error,
            "GitHub sends webhooks as forms.".to_owned(),
            "Followthrough takes JSON, and answers everything else with 400.",
            "Set the content type to `application/json` on the App's page under Webhook.",
        );
    }
    if hook.secret.as_deref().unwrap_or_default().is_empty() {
        wrong(
            Level::Error,
            "The App has no webhook secret.".to_owned(),
            "Deliveries come without a signature, and are answered with 401.",
            "Set a secret on the App's page under Webhook, and the same in WEBHOOK_SECRET.",
        );
    }
    if good {
        findings.ok(Area::Webhooks, "webhook-url", format!("GitHub sends webhooks to {text}."));
    }
}

/// What to do about the answers of one status.
fn about_status(attempt: &Attempt) -> &'static str {
    match attempt.status_code {
        401 => "The secrets differ: set WEBHOOK_SECRET to the secret on the App's page, or set both anew.",
        404 | 405 => "The URL is of something else: it ends in /api/github/webhooks.",
        413 => "A proxy in front of `serve` refuses large bodies: allow 25 MB.",
        502..=504 => "A proxy in front of `serve` does not reach it: check that `serve` runs.",
        500..=599 => "`serve` cannot store deliveries: look at the findings about the store, and at its log.",
        0 => "Nothing answers there: check that `serve` runs, and that GitHub can reach it through firewall and DNS.",
        _ => "Look at the answer on the App's page under Advanced.",
    }
}

fn deliveries(attempts: &[Attempt], findings: &mut Findings) {
    let Some(last) = attempts.first() else {
        findings.push(Finding::new(Area::Webhooks, "deliveries", Level::Note, "GitHub has delivered nothing in the last days."));
        return;
    };
    // A later attempt of the same delivery makes an earlier one good; newest come first.
    let mut arrived = BTreeMap::new();
    for attempt in attempts.iter().rev() {
        arrived.insert(attempt.guid.as_str(), attempt);
    }
    let lost: Vec<&&Attempt> = arrived.values().filter(|attempt| !attempt.arrived()).collect();
    if lost.is_empty() {
        findings.ok(Area::Webhooks, "deliveries", format!("The last {} deliveries arrived.", arrived.len()));
        return;
    }
    let mut ways: BTreeMap<(u16, &str), Vec<&Attempt>> = BTreeMap::new();
    for attempt in &lost {
        ways.entry((attempt.status_code, attempt.status.as_str())).or_default().push(attempt);
    }
    let level = if last.arrived() { Level::Warning } else { Level::Error };
    for ((code, status), attempts) in ways {
        let code = if code == 0 { String::new() } else { format!(" ({code})") };
        let message = format!(
            "{} of the last {} deliveries did not arrive: {status}{code}, {} for example.",
            attempts.len(),
            arrived.len(),
            attempts[0].guid
        );
        findings.push(
            Finding::new(Area::Webhooks, "deliveries", level, message)
                .why("What GitHub told in them is not known here; GitHub does not send it again by itself; `serve` catches up from GitHub's log, which goes back three days.")
                .help(about_status(attempts[0])),
        );
    }
}

fn installations(app: &str, asked: &BTreeMap<String, String>, installed: &[Installed], findings: &mut Findings) {
    if installed.is_empty() {
        findings.push(
            Finding::new(Area::Installations, "installations", Level::Warning, "The App is not installed anywhere.")
                .why("It sees only the repositories that it is installed on.")
                .help(format!("Install it: {app}/installations/new")),
        );
    }
    for one in installed {
        if one.suspended {
            findings.push(
                Finding::new(Area::Installations, "suspended", Level::Error, "The installation is suspended.")
                    .about(&one.account)
                    .why("GitHub neither tells the App anything about it nor lets it do anything there.")
                    .help(format!("An owner of the account lifts it: {}", one.html_url)),
            );
            continue;
        }
        let missing: Vec<String> = PERMISSIONS
            .iter()
            .filter(|permission| grants(asked, permission) && !grants(&one.permissions, permission))
            // A personal account has none of the organization's permissions to give.
            .filter(|permission| one.is_organization || !permission.name.starts_with("organization_"))
            .map(as_labelled)
            .collect();
        if missing.is_empty() {
            findings.push(
                Finding::new(
                    Area::Installations,
                    "installations",
                    Level::Ok,
                    "Installed, with every permission the App asks for.",
                )
                .about(&one.account),
            );
        } else {
            findings.push(
                Finding::new(Area::Installations, "granted", Level::Error, format!("Not granted: {}.", missing.join("; ")))
                    .about(&one.account)
                    .why("The App asks for more than the account granted; until somebody accepts, the old permissions stay.")
                    .help(format!("An owner of the account accepts them: {}", one.html_url)),
            );
        }
    }
}
