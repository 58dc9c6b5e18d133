//! Who is asking, and what they may do: App JWTs are really verified, installation tokens really expire, permissions are
//! really checked. Credentials are judged by the machine's clock, never by the story's.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use sha1::{Digest, Sha1};

use super::{
    refusal::Refusal,
    state::{AccountKind, Outcome, State, repositories::Repository},
};

/// Longest life of an App JWT, in seconds.
const LONGEST_JWT: i64 = 600;
/// Clocks may differ this much, in seconds.
const CLOCK_DRIFT: i64 = 60;
/// Life of an installation token, in seconds.
const TOKEN_LIFE: i64 = 3600;

/// An installation token.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub installation: u64,
    pub permissions: BTreeMap<String, String>,
    /// `None`: all repositories of the installation.
    pub repositories: Option<BTreeSet<u64>>,
    pub expires_at: Timestamp,
}

/// Who sent a request.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    Anonymous,
    /// The App itself, by JWT.
    App,
    /// The App on one account, by installation token.
    Installation(Token),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Read,
    Write,
}

fn level(text: &str) -> Option<Level> {
    match text {
        "read" => Some(Level::Read),
        "write" | "admin" => Some(Level::Write),
        _ => None,
    }
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: serde_json::Value,
    iat: i64,
    exp: i64,
}

fn unauthorized(message: &str) -> Refusal {
    Refusal::Unauthorized(message.to_owned())
}

impl State {
    /// Reads the `Authorization` header.
    pub(crate) fn caller(&self, authorization: Option<&str>) -> Outcome<Caller> {
        let Some(header) = authorization else { return Ok(Caller::Anonymous) };
        let (scheme, credential) = header.split_once(' ').unwrap_or_default();
        if !scheme.eq_ignore_ascii_case("bearer") && !scheme.eq_ignore_ascii_case("token") {
            return Err(unauthorized("Bad credentials"));
        }
        let credential = credential.trim();
        if let Some(token) = self.tokens.get(credential) {
            if token.expires_at <= self.config.clock.now() {
                return Err(unauthorized("Bad credentials"));
            }
            let Some(installation) = self.installations.get(&token.installation) else {
                return Err(unauthorized("Bad credentials"));
            };
            if installation.suspended_at.is_some() {
                return Err(Refusal::Forbidden("This installation has been suspended".to_owned()));
            }
            return Ok(Caller::Installation(token.clone()));
        }
        if credential.starts_with("ghs_") || credential.matches('.').count() != 2 {
            return Err(unauthorized("Bad credentials"));
        }
        self.verify_app(credential)?;
        Ok(Caller::App)
    }

    fn verify_app(&self, jwt: &str) -> Outcome<()> {
        let undecodable = || unauthorized("A JSON web token could not be decoded");
        let key = DecodingKey::from_rsa_pem(self.config.public_key.as_bytes()).map_err(|_| undecodable())?;
        let mut rules = Validation::new(Algorithm::RS256);
        // Times and issuer are judged below, by GitHub's rules and with its words.
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.set_required_spec_claims(&["exp"]);
        let claims = jsonwebtoken::decode::<Claims>(jwt, &key, &rules).map_err(|_| undecodable())?.claims;
        let issuer = claims.iss.as_str().map_or_else(|| claims.iss.to_string(), str::to_owned);
        if issuer != self.config.app_id.to_string() {
            return Err(unauthorized("'Issuer' claim ('iss') must be an Integer: an App of that id was not found"));
        }
        let now = self.config.clock.now().as_second();
        if claims.exp <= now {
            return Err(unauthorized(
                "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
            ));
        }
        if claims.exp > now + LONGEST_JWT {
            return Err(unauthorized("'Expiration time' claim ('exp') is too far in the future"));
        }
        if claims.iat > now + CLOCK_DRIFT {
            return Err(unauthorized(
                "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
            ));
        }
        Ok(())
    }

    /// Mints a token for an installation. Asking for more than was granted is refused as a whole.
    pub(crate) fn mint_token(
        &mut self,
        installation: u64,
        permissions: Option<BTreeMap<String, String>>,
        repositories: Option<BTreeSet<u64>>,
    ) -> Outcome<(String, Token)> {
        let granted = self.installations.get(&installation).ok_or_else(Refusal::not_found)?;
        if granted.suspended_at.is_some() {
            return Err(Refusal::Forbidden("This installation has been suspended".to_owned()));
        }
        let permissions = permissions.unwrap_or_else(|| granted.permissions.clone());
        for (name, wanted) in &permissions {
            let has = granted.permissions.get(name).and_then(|have| level(have));
            if level(wanted).is_none() || has < level(wanted) {
                return Err(Refusal::unprocessable("The permissions requested are not granted to this installation."));
            }
        }
        if let Some(wanted) = &repositories {
            let covered = |id: &u64| {
                self.repositories.get(id).is_some_and(|repository| {
                    self.installation_of(repository).is_some_and(|installation| installation.id == granted.id)
                })
            };
            if wanted.len() > 500 || !wanted.iter().all(covered) {
                return Err(Refusal::unprocessable(
                    "There is at least one repository that does not exist or is not accessible to the parent installation.",
                ));
            }
        }
        let mut permissions = permissions;
        permissions.entry("metadata".to_owned()).or_insert_with(|| "read".to_owned());
        let expires_at = self.config.clock.now().saturating_add(SignedDuration::from_secs(TOKEN_LIFE)).unwrap_or(Timestamp::MAX);
        let token =
            Token { installation, permissions, repositories: repositories.or_else(|| granted.repositories.clone()), expires_at };
        // The stateless format of 2026: the App's id and something like a JWT, several hundred characters long.
        let nonce = self.serial();
        let part = |seed: &str| {
            let digests: Vec<u8> = (0..6).flat_map(|n| Sha1::digest(format!("{seed} {n} {nonce}")).to_vec()).collect();
            URL_SAFE_NO_PAD.encode(digests)
        };
        let text = format!(
            "ghs_{}_{}.{}.{}",
            self.config.app_id,
            URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#),
            part("claims"),
            part("signature")
        );
        self.tokens.insert(text.clone(), token.clone());
        Ok((text, token))
    }
}

impl Caller {
    /// How the request log calls the caller.
    pub(crate) fn name(&self, state: &State) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::App => "app".to_owned(),
            Self::Installation(_) => state.login(state.app_bot).to_owned(),
        }
    }

    /// Whether the token covers the repository.
    pub(crate) fn covers(&self, state: &State, repository: &Repository) -> bool {
        let Self::Installation(token) = self else { return false };
        state.installation_of(repository).is_some_and(|installation| installation.id == token.installation)
            && token.repositories.as_ref().is_none_or(|chosen| chosen.contains(&repository.id))
    }

    fn has(&self, permission: &str, needed: Level) -> bool {
        match self {
            Self::Installation(token) => token.permissions.get(permission).and_then(|have| level(have)) >= Some(needed),
            _ => false,
        }
    }

    /// Whether the caller sees that the repository exists.
    pub(crate) fn sees(&self, state: &State, repository: &Repository) -> bool {
        !repository.private || self.covers(state, repository)
    }

    /// Asks for one of several permissions on a repository; GitHub's refusal otherwise: 404 for what is invisible, 403 for
    /// what is not granted. What is public may be read with no grant at all where the App is not installed.
    pub(crate) fn require_any(&self, state: &State, repository: u64, permissions: &[&str], needed: Level) -> Outcome<()> {
        let repository = state.repository(repository)?;
        if !self.sees(state, repository) {
            return Err(Refusal::not_found());
        }
        if self.covers(state, repository) {
            return match permissions.iter().any(|permission| self.has(permission, needed)) {
                true => Ok(()),
                false => Err(Refusal::forbidden_integration()),
            };
        }
        match (self, needed) {
            (Self::App, _) => Err(unauthorized("A JSON web token could not be decoded")),
            (Self::Anonymous, Level::Write) => Err(unauthorized("Requires authentication")),
            (_, Level::Read) => Ok(()),
            (Self::Installation(_), Level::Write) => Err(Refusal::forbidden_integration()),
        }
    }

    pub(crate) fn require(&self, state: &State, repository: u64, permission: &str, needed: Level) -> Outcome<()> {
        self.require_any(state, repository, &[permission], needed)
    }

    /// For routes of the App itself.
    pub(crate) fn require_app(&self) -> Outcome<()> {
        match self {
            Self::App => Ok(()),
            _ => Err(unauthorized("A JSON web token could not be decoded")),
        }
    }

    /// The account that acts with an installation token.
    pub(crate) fn actor(&self, state: &State) -> u64 {
        state.app_bot
    }

    /// Whether the token has an organisation's permission. Personal accounts have none to grant: their boards stay invisible.
    pub(crate) fn has_on_account(&self, state: &State, account: u64, permission: &str, needed: Level) -> bool {
        let Self::Installation(token) = self else { return false };
        let installed = state.installations.get(&token.installation).is_some_and(|installation| installation.account == account);
        let organization = state.accounts.get(&account).is_some_and(|account| account.kind == AccountKind::Organization);
        installed && organization && self.has(permission, needed)
    }

    /// Whether the board can be seen: granted, or public and not a person's.
    pub(crate) fn sees_project(&self, state: &State, project: u64) -> bool {
        let Ok(project) = state.project(project) else { return false };
        let organization = state.accounts.get(&project.owner).is_some_and(|account| account.kind == AccountKind::Organization);
        organization && (project.public || self.has_on_account(state, project.owner, "organization_projects", Level::Read))
    }

    pub(crate) fn updates_project(&self, state: &State, project: u64) -> bool {
        state
            .project(project)
            .is_ok_and(|project| self.has_on_account(state, project.owner, "organization_projects", Level::Write))
    }
}
