//! `followthrough setup`: a GitHub App of one's own, in a few clicks.

mod credentials;
mod page;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::net::TcpListener;
use url::{Host, Url};

use super::{CLEAN, FAILURE, complain, fail, print, say, serve::chain};
use crate::github::{
    self, Endpoints,
    manifest::{ConversionError, NewApp, NewAppWishes, convert_manifest, manifest, settings_page},
};

/// Register the GitHub App that Followthrough works as, and keep its credentials
///
/// Opens a page on this machine that leads to GitHub, which shows what the App may do and
/// asks for consent; GitHub then sends the App's credentials back. They are written to a
/// file that only you can read, and that `followthrough serve --config FILE` takes as it is.
/// They are shown nowhere and logged nowhere.
///
/// On a machine without a browser: forward the port (`ssh -L 3000:127.0.0.1:3000 HOST`),
/// or register by hand with --print-manifest, and turn the code that GitHub gives into
/// credentials with --code.
///
/// Examples:
///   followthrough setup --organization acme --url https://followthrough.acme.example
///   followthrough setup --github-api-url https://git.acme.example/api/v3
///   followthrough setup --code 0123456789abcdef --print-credentials | vault kv put secret/followthrough -
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// The organization that is to own the App [default: the account you are signed in with].
    #[arg(long, value_name = "LOGIN")]
    organization: Option<String>,
    /// The public address of `serve`, or of a webhook proxy such as https://smee.io/CHANNEL.
    #[arg(long, value_name = "URL", value_parser = parse_url, env = "WEBHOOK_PROXY_URL")]
    url: Option<Url>,
    /// The App's name; unique on GitHub.
    #[arg(long, default_value = "Followthrough")]
    name: String,
    /// Where to write the credentials; never overwritten.
    #[arg(long, value_name = "FILE", default_value = "followthrough.toml")]
    file: PathBuf,
    /// Print the credentials to standard output, as JSON by the names of the environment, and write no file.
    #[arg(long)]
    print_credentials: bool,
    /// Print the manifest to standard output, and do nothing else. Needs --url.
    #[arg(long, requires = "url", conflicts_with = "code")]
    print_manifest: bool,
    /// Turn the code that GitHub gave for a manifest into credentials. It works once, within an hour.
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// GitHub's REST API; for Enterprise Server https://HOST/api/v3.
    #[arg(long, value_name = "URL", env = "GITHUB_API_URL", default_value = "https://api.github.com")]
    github_api_url: String,
    /// Where the page is served. Whoever reaches it can register the App: keep it to this machine.
    #[arg(long, env = "HOST", default_value = "127.0.0.1")]
    host: String,
    /// 0 takes any free port.
    #[arg(long, env = "PORT", default_value_t = 3000)]
    port: u16,
}

const WEBHOOK_PATH: &str = "/api/github/webhooks";
const PATIENCE: Duration = Duration::from_secs(30);

fn parse_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
    let plain = |url: &Url| url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    url.filter(plain).ok_or_else(|| "write an address such as https://followthrough.acme.example".to_owned())
}

pub fn run(arguments: &Arguments) -> u8 {
    let endpoints = match Endpoints::from_rest(&arguments.github_api_url) {
        Ok(endpoints) => endpoints,
        Err(error) => return fail(error),
    };
    if let (true, Some(url)) = (arguments.print_manifest, &arguments.url) {
        return print_manifest(arguments, &endpoints, url);
    }
    // Before anything is registered: afterwards the credentials would have nowhere to go.
    if !arguments.print_credentials
        && let Err(why) = credentials::check(&arguments.file)
    {
        return fail(why);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(format_args!("the runtime cannot start: {error}")),
    };
    let keeping = Keeping {
        endpoints,
        api_url: arguments.github_api_url.clone(),
        file: (!arguments.print_credentials).then(|| arguments.file.clone()),
        proxy: arguments.url.clone().filter(is_proxy),
    };
    match &arguments.code {
        Some(code) => runtime.block_on(async {
            match keeping.redeem(code.trim(), arguments.organization.as_deref()).await {
                Ok(kept) => kept.told(),
                Err(why) => fail(why),
            }
        }),
        None => runtime.block_on(serve(arguments, keeping)),
    }
}

fn print_manifest(arguments: &Arguments, endpoints: &Endpoints, url: &Url) -> u8 {
    let Ok(redirect) = Url::parse("http://127.0.0.1:3000/callback") else { return FAILURE };
    let wishes = match wishes(&arguments.name, url, redirect, endpoints) {
        Ok(wishes) => wishes,
        Err(why) => return fail(why),
    };
    let mut new = settings_page(endpoints, arguments.organization.as_deref());
    if let Ok(mut path) = new.path_segments_mut() {
        path.push("new");
    }
    say(&format!(
        "Post this as the form field `manifest` to {new}\nfrom a browser that is signed in. GitHub then leads to 127.0.0.1:3000, where nothing has to answer: take the `code`\n\
         from the browser's address and run `followthrough setup --code CODE` within the hour.\n"
    ));
    print(&(serde_json::to_string_pretty(&manifest(&wishes)).unwrap_or_default() + "\n"))
}

/// What the App is to be, from what a person wrote.
fn wishes(name: &str, url: &Url, redirect: Url, endpoints: &Endpoints) -> Result<NewAppWishes, String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 34 {
        return Err("The name of an App has 1 to 34 characters.".to_owned());
    }
    let github_is_here = is_local(&endpoints.rest);
    if is_local(url) && !github_is_here {
        return Err(format!(
            "{url} is of this machine alone, so GitHub cannot reach it. Give the public address of the service, or, to try it out, \
             the address of a webhook proxy: https://smee.io/new makes one."
        ));
    }
    let mut webhook = url.clone();
    // With a path it is a proxy's channel, or a prefix that somebody chose.
    if webhook.path() == "/" {
        webhook.set_path(WEBHOOK_PATH);
    }
    let mut homepage = url.clone();
    homepage.set_path("/");
    homepage.set_query(None);
    Ok(NewAppWishes { name: name.to_owned(), homepage, webhook, redirect })
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Whether `serve` has to fetch its webhooks from there.
fn is_proxy(url: &Url) -> bool {
    let named = || std::env::var("WEBHOOK_PROXY_URL").ok().and_then(|given| parse_url(&given).ok());
    url.host_str() == Some("smee.io") || named().as_ref() == Some(url)
}

/// Where the credentials go.
#[derive(Clone)]
struct Keeping {
    endpoints: Endpoints,
    api_url: String,
    /// `None`: to standard output.
    file: Option<PathBuf>,
    proxy: Option<Url>,
}

/// An App whose credentials are safe.
struct Kept {
    name: String,
    /// Where it is installed from.
    install: String,
    /// What to run now.
    next: String,
    /// The credentials, when they are to be printed.
    output: Option<String>,
    has_webhook_secret: bool,
    app_page: String,
}

impl Keeping {
    async fn redeem(&self, code: &str, organization: Option<&str>) -> Result<Kept, String> {
        let settings = github::Settings { request_timeout: PATIENCE, ..github::Settings::default() };
        let apps = settings_page(&self.endpoints, organization);
        let app = convert_manifest(self.endpoints.clone(), settings, code).await.map_err(|error| lost(error, &apps, self))?;
        self.keep(&app, &apps)
    }

    fn keep(&self, app: &NewApp, apps: &Url) -> Result<Kept, String> {
        let (next, output) = match &self.file {
            Some(file) => {
                credentials::write(file, app, &self.api_url, self.proxy.as_ref()).map_err(|error| {
                    format!(
                        "The App {} is registered, but {} cannot be written ({error}).\n{}",
                        app.html_url,
                        file.display(),
                        by_hand(apps, self)
                    )
                })?;
                (format!("followthrough serve --config {}", shell_word(file)), None)
            }
            None => ("followthrough serve".to_owned(), Some(credentials::json(app, &self.api_url, self.proxy.as_ref()))),
        };
        Ok(Kept {
            name: app.name.clone(),
            install: format!("{}/installations/new", app.html_url),
            next,
            output,
            has_webhook_secret: app.webhook_secret.is_some(),
            app_page: format!("{apps}/{}", app.slug),
        })
    }
}

fn lost(error: ConversionError, apps: &Url, keeping: &Keeping) -> String {
    let what = match &error {
        ConversionError::BadCode => "GitHub does not know the code: it was used already, is older than an hour, or is not whole.",
        ConversionError::Lost(_) => "GitHub's answer was lost. A code works once, so the credentials will not come again.",
        ConversionError::Build(_) | ConversionError::Github(_) => {
            return format!("The code could not be exchanged: {}.", chain(error));
        }
    };
    format!("{what}\n{}", by_hand(apps, keeping))
}

/// What is left to do when GitHub has shown the credentials to nobody.
fn by_hand(apps: &Url, keeping: &Keeping) -> String {
    let file = keeping.file.as_deref().unwrap_or(Path::new("followthrough.toml")).display().to_string();
    format!(
        "If the App is listed at {apps}, all is not lost. On its page:\n\
         \x20 1. note the App ID, under “About”;\n\
         \x20 2. under “Private keys”, generate a new key; the browser saves a .pem file;\n\
         \x20 3. under “Webhook”, set a new secret, such as the output of `openssl rand -hex 32`.\n\
         Then write {file} for `followthrough serve --config`:\n\
         \x20 app_id = NUMBER\n\
         \x20 private_key_path = \"FILE.pem\"\n\
         \x20 webhook_secret = \"SECRET\"\n\
         Or delete the App there and run `followthrough setup` again."
    )
}

impl Kept {
    /// Says what is done and what comes next; the exit code.
    fn told(&self) -> u8 {
        let code = self.output.as_deref().map_or(CLEAN, print);
        let kept = if self.output.is_some() { "printed" } else { "kept" };
        say(&format!("{} is registered, and its credentials are {kept}.\n\n", self.name));
        if !self.has_webhook_secret {
            say(&format!("GitHub made no webhook secret: set one at {} and as `webhook_secret`.\n\n", self.app_page));
        }
        say(&format!("1. Start the service:         {}\n2. Install the App:           {}\n", self.next, self.install));
        say("3. See that all is well:      followthrough doctor");
        let config = self.next.split_once(" --config ").map(|(_, file)| format!(" --config {file}"));
        say(&format!("{}\n", config.unwrap_or_default()));
        code
    }
}

/// A path as one word of a shell.
fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = text.chars().all(|c| c.is_alphanumeric() || "/._-+@%:,".contains(c));
    if plain { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

async fn serve(arguments: &Arguments, keeping: Keeping) -> u8 {
    let listener = match TcpListener::bind((arguments.host.as_str(), arguments.port)).await {
        Ok(listener) => listener,
        Err(error) => {
            return fail(format_args!(
                "cannot listen on {}:{}: {error}; set another port with --port",
                arguments.host, arguments.port
            ));
        }
    };
    let address = match listener.local_addr() {
        Ok(address) => address,
        Err(error) => return fail(error),
    };
    if !address.ip().is_loopback() {
        complain("whoever reaches this page can register the App in your place; keep it to people you trust");
    }
    let shown = match address.ip().is_unspecified() {
        true => format!("127.0.0.1:{}", address.port()),
        false => address.to_string(),
    };
    say(&format!("Open http://{shown}/ in a browser that is signed in to {}. Ctrl-C ends it.\n", keeping.endpoints.web_host()));
    let wanted =
        page::Wanted { organization: arguments.organization.clone(), url: arguments.url.clone(), name: arguments.name.clone() };
    match page::run(listener, wanted, keeping).await {
        Ok(Some(kept)) => kept.told(),
        Ok(None) => FAILURE,
        Err(error) => fail(error),
    }
}
