//! GitHub's global node ids: opaque to clients, deterministic here. The prefix is the one GitHub uses for the type, the rest
//! names the object.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// What a node id names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum NodeRef {
    Account(u64),
    Repository(u64),
    Thread { repository: u64, number: u64, pull_request: bool },
    Comment(u64),
    Label { repository: u64, id: u64 },
    Milestone { repository: u64, id: u64 },
    IssueType { organization: u64, id: u64 },
    Reaction(u64),
    Review(u64),
    ReviewThread(u64),
    ReviewComment(u64),
    Project(u64),
    Item { project: u64, id: u64 },
    Field { project: u64, id: u64 },
    CheckRun(u64),
    CheckSuite { repository: u64, sha: String },
    Commit { repository: u64, sha: String },
    Tree { repository: u64, sha: String },
    Blob { repository: u64, sha: String },
    Ref { repository: u64, name: String },
}

fn id(prefix: &str, inner: String) -> String {
    format!("{prefix}_kwDO{}", URL_SAFE_NO_PAD.encode(inner))
}

pub(crate) fn user(number: u64) -> String {
    id("U", number.to_string())
}

pub(crate) fn organization(number: u64) -> String {
    id("O", number.to_string())
}

pub(crate) fn bot(number: u64) -> String {
    id("BOT", number.to_string())
}

pub(crate) fn repository(number: u64) -> String {
    id("R", number.to_string())
}

pub(crate) fn issue(repository: u64, number: u64) -> String {
    id("I", format!("{repository}:{number}"))
}

pub(crate) fn pull_request(repository: u64, number: u64) -> String {
    id("PR", format!("{repository}:{number}"))
}

pub(crate) fn comment(number: u64) -> String {
    id("IC", number.to_string())
}

pub(crate) fn label(repository: u64, number: u64) -> String {
    id("LA", format!("{repository}:{number}"))
}

pub(crate) fn milestone(repository: u64, number: u64) -> String {
    id("MI", format!("{repository}:{number}"))
}

pub(crate) fn issue_type(organization: u64, number: u64) -> String {
    id("IT", format!("{organization}:{number}"))
}

pub(crate) fn reaction(number: u64) -> String {
    id("REA", number.to_string())
}

pub(crate) fn review(number: u64) -> String {
    id("PRR", number.to_string())
}

pub(crate) fn review_thread(number: u64) -> String {
    id("PRRT", number.to_string())
}

pub(crate) fn review_comment(number: u64) -> String {
    id("PRRC", number.to_string())
}

/// An entry of a timeline; `prefix` is made from its kind.
pub(crate) fn event(prefix: &str, number: u64) -> String {
    id(prefix, number.to_string())
}

pub(crate) fn project(number: u64) -> String {
    id("PVT", number.to_string())
}

pub(crate) fn item(project: u64, number: u64) -> String {
    id("PVTI", format!("{project}:{number}"))
}

/// `prefix` tells the kinds of fields apart: `PVTF`, `PVTSSF`, `PVTIF`.
pub(crate) fn field(prefix: &str, project: u64, number: u64) -> String {
    id(prefix, format!("{project}:{number}"))
}

pub(crate) fn field_value(item: u64, field: u64) -> String {
    id("PVTFV", format!("{item}:{field}"))
}

pub(crate) fn check_run(number: u64) -> String {
    id("CR", number.to_string())
}

pub(crate) fn check_suite(repository: u64, sha: &str) -> String {
    id("CS", format!("{repository}:{sha}"))
}

pub(crate) fn commit(repository: u64, sha: &str) -> String {
    id("C", format!("{repository}:{sha}"))
}

pub(crate) fn tree(repository: u64, sha: &str) -> String {
    id("T", format!("{repository}:{sha}"))
}

pub(crate) fn blob(repository: u64, sha: &str) -> String {
    id("B", format!("{repository}:{sha}"))
}

pub(crate) fn reference(repository: u64, name: &str) -> String {
    id("REF", format!("{repository}:{name}"))
}

/// Reads an id back; `None` for anything this GitHub never gave out.
pub(crate) fn parse(text: &str) -> Option<NodeRef> {
    let (prefix, rest) = text.split_once("_kwDO")?;
    let inner = String::from_utf8(URL_SAFE_NO_PAD.decode(rest).ok()?).ok()?;
    let number = || inner.parse::<u64>().ok();
    let pair = || {
        let (first, second) = inner.split_once(':')?;
        Some((first.parse::<u64>().ok()?, second.to_owned()))
    };
    let numbers = || {
        let (first, second) = pair()?;
        Some((first, second.parse::<u64>().ok()?))
    };
    Some(match prefix {
        "U" | "O" | "BOT" => NodeRef::Account(number()?),
        "R" => NodeRef::Repository(number()?),
        "I" | "PR" => {
            numbers().map(|(repository, number)| NodeRef::Thread { repository, number, pull_request: prefix == "PR" })?
        }
        "IC" => NodeRef::Comment(number()?),
        "LA" => numbers().map(|(repository, id)| NodeRef::Label { repository, id })?,
        "MI" => numbers().map(|(repository, id)| NodeRef::Milestone { repository, id })?,
        "IT" => numbers().map(|(organization, id)| NodeRef::IssueType { organization, id })?,
        "REA" => NodeRef::Reaction(number()?),
        "PRR" => NodeRef::Review(number()?),
        "PRRT" => NodeRef::ReviewThread(number()?),
        "PRRC" => NodeRef::ReviewComment(number()?),
        "PVT" => NodeRef::Project(number()?),
        "PVTI" => numbers().map(|(project, id)| NodeRef::Item { project, id })?,
        "PVTF" | "PVTSSF" | "PVTIF" => numbers().map(|(project, id)| NodeRef::Field { project, id })?,
        "CR" => NodeRef::CheckRun(number()?),
        "CS" => pair().map(|(repository, sha)| NodeRef::CheckSuite { repository, sha })?,
        "C" => pair().map(|(repository, sha)| NodeRef::Commit { repository, sha })?,
        "T" => pair().map(|(repository, sha)| NodeRef::Tree { repository, sha })?,
        "B" => pair().map(|(repository, sha)| NodeRef::Blob { repository, sha })?,
        "REF" => pair().map(|(repository, name)| NodeRef::Ref { repository, name })?,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_what_it_names() {
        assert_eq!(parse(&issue(12, 88)), Some(NodeRef::Thread { repository: 12, number: 88, pull_request: false }));
        assert_eq!(parse(&field("PVTSSF", 3, 9)), Some(NodeRef::Field { project: 3, id: 9 }));
        assert_eq!(
            parse(&reference(3, "refs/heads/a:b")),
            Some(NodeRef::Ref { repository: 3, name: "refs/heads/a:b".to_owned() })
        );
        assert_eq!(parse("I_nonsense"), None);
    }
}
