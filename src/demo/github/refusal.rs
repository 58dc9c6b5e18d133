//! What GitHub says when it refuses, once for both of its languages: REST reads the status from it, GraphQL the `type`.

use serde_json::{Value, json};

/// One refused act. The messages are GitHub's own wherever they are known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// No credentials, or credentials GitHub does not know (any more).
    #[error("{0}")]
    Unauthorized(String),
    /// Known, and not allowed.
    #[error("{0}")]
    Forbidden(String),
    /// Not there, or not visible to the caller: GitHub does not say which.
    #[error("{0}")]
    NotFound(String),
    /// Well-formed and not acceptable.
    #[error("{0}")]
    Unprocessable(String),
    /// Issues are switched off in this repository.
    #[error("{0}")]
    Gone(String),
    /// A compare-and-swap that lost.
    #[error("{0}")]
    Stale(String),
    /// A request that GitHub itself may understand, the fake does not: always a hole to fill, never a result.
    #[error("the fake GitHub does not know {0}")]
    Unexpected(String),
    /// A GraphQL error of a type that only GraphQL has.
    #[error("{message}")]
    Typed { kind: &'static str, message: String },
}

impl Refusal {
    pub(crate) fn forbidden_integration() -> Self {
        Self::Forbidden("Resource not accessible by integration".to_owned())
    }

    pub(crate) fn archived() -> Self {
        Self::Forbidden("Repository was archived so is read-only.".to_owned())
    }

    pub(crate) fn unprocessable(message: impl Into<String>) -> Self {
        Self::Unprocessable(message.into())
    }

    pub(crate) fn not_found() -> Self {
        Self::NotFound("Not Found".to_owned())
    }

    /// GraphQL's words for an id that names nothing the caller may see.
    pub(crate) fn no_node(id: &str) -> Self {
        Self::NotFound(format!("Could not resolve to a node with the global id of '{id}'"))
    }

    /// The HTTP status of the REST answer.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Unauthorized(_) => 401,
            Self::Forbidden(_) => 403,
            Self::NotFound(_) => 404,
            Self::Unprocessable(_) | Self::Typed { .. } => 422,
            Self::Gone(_) => 410,
            Self::Stale(_) => 409,
            Self::Unexpected(_) => 501,
        }
    }

    /// The top-level `type` of the GraphQL error.
    pub(crate) fn graphql_type(&self) -> &'static str {
        match self {
            Self::Unauthorized(_) | Self::Forbidden(_) => "FORBIDDEN",
            Self::NotFound(_) => "NOT_FOUND",
            Self::Unprocessable(_) | Self::Gone(_) => "UNPROCESSABLE",
            Self::Stale(_) => "STALE_DATA",
            Self::Unexpected(_) => "NOT_IMPLEMENTED_BY_THE_FAKE",
            Self::Typed { kind, .. } => kind,
        }
    }

    /// The body of the REST answer.
    pub(crate) fn body(&self) -> Value {
        let message = self.to_string();
        let documentation_url = "https://docs.github.com/rest";
        match self {
            Self::Unprocessable(_) => json!({
                "message": "Validation Failed", "errors": [{"code": "custom", "message": message}],
                "documentation_url": documentation_url, "status": "422",
            }),
            _ => json!({"message": message, "documentation_url": documentation_url, "status": self.status().to_string()}),
        }
    }
}
