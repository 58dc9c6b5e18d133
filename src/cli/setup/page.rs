//! The pages of `followthrough setup`: a form, what will be asked of GitHub, and the way back from there.
//!
//! Plain forms and links, so that they work without JavaScript, on a phone, and when read aloud. Nothing is logged, no
//! page holds a credential, and a code is taken only with the `state` that this process made up.

use std::{io, sync::Arc};

use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use minijinja::{Environment, Value, context};
use serde::Deserialize;
use tokio::{net::TcpListener, sync::Mutex};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{Keeping, Kept, complain, is_proxy, parse_url, wishes};
use crate::github::{
    Level,
    manifest::{manifest, registration},
    permissions::{EVENTS, PERMISSIONS},
};

const LAYOUT: &str = include_str!("layout.html");
const FORM: &str = include_str!("form.html");
const REVIEW: &str = include_str!("review.html");
const DONE: &str = include_str!("done.html");
const FAILED: &str = include_str!("failed.html");

/// What was asked for on the command line: the form's first words.
pub(super) struct Wanted {
    pub organization: Option<String>,
    pub url: Option<Url>,
    pub name: String,
}

#[derive(Clone)]
struct Page {
    inner: Arc<Inner>,
}

struct Inner {
    wanted: Wanted,
    keeping: Keeping,
    /// Nobody else can have it sent back with a code.
    state: String,
    /// What was filled in last.
    chosen: Mutex<Chosen>,
    kept: Mutex<Option<Kept>>,
    done: CancellationToken,
}

/// What the answer to a code depends on.
#[derive(Clone)]
struct Chosen {
    /// Says where its Apps are listed.
    organization: Option<String>,
    url: Option<Url>,
}

/// Serves until an App is registered; `None` when somebody ended it before.
pub(super) async fn run(listener: TcpListener, wanted: Wanted, keeping: Keeping) -> io::Result<Option<Kept>> {
    let inner = Inner {
        chosen: Mutex::new(Chosen { organization: wanted.organization.clone(), url: wanted.url.clone() }),
        wanted,
        keeping,
        state: uuid::Uuid::new_v4().simple().to_string(),
        kept: Mutex::default(),
        done: CancellationToken::new(),
    };
    let page = Page { inner: Arc::new(inner) };
    let router = Router::new()
        .route("/", get(form))
        .route("/review", get(review))
        .route("/callback", get(callback))
        .with_state(page.clone());
    let done = page.inner.done.clone();
    tokio::spawn({
        let done = done.clone();
        async move {
            let _ = tokio::signal::ctrl_c().await;
            done.cancel();
        }
    });
    axum::serve(listener, router).with_graceful_shutdown(done.cancelled_owned()).await?;
    let kept = page.inner.kept.lock().await.take();
    Ok(kept)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Filled {
    organization: String,
    name: String,
    url: String,
}

async fn form(State(page): State<Page>) -> Response {
    let wanted = &page.inner.wanted;
    let filled = Filled {
        organization: wanted.organization.clone().unwrap_or_default(),
        name: wanted.name.clone(),
        url: wanted.url.as_ref().map(Url::to_string).unwrap_or_default(),
    };
    show_form(&page, &filled, None)
}

fn show_form(page: &Page, filled: &Filled, problem: Option<&str>) -> Response {
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let context = context! {
        host => page.inner.keeping.endpoints.web_host(),
        organization => filled.organization.as_str(),
        name => filled.name.as_str(),
        url => filled.url.as_str(),
        problem => problem,
    };
    render(status, FORM, "Set up Followthrough", &context)
}

/// What will be asked for, and the button that asks.
async fn review(State(page): State<Page>, headers: HeaderMap, Query(filled): Query<Filled>) -> Response {
    let organization = Some(filled.organization.trim()).filter(|name| !name.is_empty());
    let is_login = |name: &str| name.len() <= 100 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if organization.is_some_and(|name| !is_login(name)) {
        return show_form(&page, &filled, Some("An organization's login has letters, digits and hyphens only."));
    }
    let Some(redirect) = callback_url(&headers) else {
        return show_form(&page, &filled, Some("The browser did not say which address this page has."));
    };
    let endpoints = &page.inner.keeping.endpoints;
    let wishes = parse_url(&filled.url).and_then(|url| wishes(&filled.name, &url, redirect, endpoints));
    let wishes = match wishes {
        Ok(wishes) => wishes,
        Err(why) => return show_form(&page, &filled, Some(&why)),
    };
    *page.inner.chosen.lock().await = Chosen { organization: organization.map(str::to_owned), url: parse_url(&filled.url).ok() };
    let permissions: Vec<Value> = PERMISSIONS
        .iter()
        .map(|permission| {
            let access = if permission.access == Level::Write { "read and write" } else { "read" };
            context! { name => permission.name.replace('_', " "), access => access, reason => code(permission.reason) }
        })
        .collect();
    let events: Vec<Value> =
        EVENTS.iter().map(|event| context! { name => event.name.replace('_', " "), reason => code(event.reason) }).collect();
    let context = context! {
        host => endpoints.web_host(),
        owner => organization.unwrap_or("your own account"),
        name => wishes.name.as_str(),
        webhook => wishes.webhook.as_str(),
        action => registration(endpoints, organization, &page.inner.state).as_str(),
        manifest => manifest(&wishes).to_string(),
        permissions => permissions,
        events => events,
    };
    render(StatusCode::OK, REVIEW, "What Followthrough asks for", &context)
}

/// A text with what stands between backticks told apart, as every second part.
fn code(text: &str) -> Vec<Value> {
    text.split('`').enumerate().map(|(at, text)| context! { text => text, is_code => at % 2 == 1 }).collect()
}

/// This page's own address, as the browser knows it.
fn callback_url(headers: &HeaderMap) -> Option<Url> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text("host").filter(|host| host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b)))?;
    let scheme = if text("x-forwarded-proto") == Some("https") { "https" } else { "http" };
    Url::parse(&format!("{scheme}://{host}/callback")).ok()
}

#[derive(Deserialize)]
struct Returned {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
}

async fn callback(State(page): State<Page>, Query(returned): Query<Returned>) -> Response {
    if returned.state != page.inner.state || returned.code.is_empty() {
        let why = "This did not come from the form of this page, so nothing was done. Begin again.";
        return failed(StatusCode::BAD_REQUEST, why);
    }
    let mut kept = page.inner.kept.lock().await;
    if let Some(kept) = kept.as_ref() {
        return finished(kept, &page);
    }
    let Chosen { organization, url } = page.inner.chosen.lock().await.clone();
    let keeping = Keeping { proxy: url.filter(is_proxy), ..page.inner.keeping.clone() };
    match keeping.redeem(&returned.code, organization.as_deref()).await {
        Ok(app) => {
            let response = finished(&app, &page);
            *kept = Some(app);
            page.inner.done.cancel();
            response
        }
        Err(why) => {
            complain(&why);
            failed(StatusCode::BAD_GATEWAY, &why)
        }
    }
}

fn finished(kept: &Kept, page: &Page) -> Response {
    let context = context! {
        name => kept.name.as_str(),
        install => kept.install.as_str(),
        next => kept.next.as_str(),
        file => page.inner.keeping.file.as_ref().map(|file| file.display().to_string()),
        app_page => kept.app_page.as_str(),
        has_webhook_secret => kept.has_webhook_secret,
    };
    render(StatusCode::OK, DONE, "Registered", &context)
}

fn failed(status: StatusCode, why: &str) -> Response {
    render(status, FAILED, "Not registered", &context! { why => why })
}

fn render(status: StatusCode, template: &'static str, title: &str, context: &Value) -> Response {
    let mut environment = Environment::new();
    let added = environment.add_template("layout.html", LAYOUT).and_then(|()| environment.add_template("page.html", template));
    let page = added.and_then(|()| environment.get_template("page.html")?.render(context)).and_then(|body| {
        let body = Value::from_safe_string(body);
        environment.get_template("layout.html")?.render(context! { title => title, body => body })
    });
    match page {
        Ok(page) => {
            let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";
            let headers = [
                (header::CONTENT_SECURITY_POLICY, policy),
                (header::CACHE_CONTROL, "no-store"),
                // The address of the callback has the code in it.
                (header::REFERRER_POLICY, "strict-origin"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (status, headers, Html(page)).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("the page cannot be shown: {error}\n")).into_response(),
    }
}
