//! Every GraphQL document, in representative sizes, against GitHub's published schema.

use std::path::Path;

use apollo_compiler::{ExecutableDocument, Schema};

use super::load_target::{BoardRef, Part, TargetQuery};
use super::{
    board_fields, board_items, change_issues, create_commit, create_issues, create_labels, issue_histories, load_documents,
    load_origins, load_pull_request, load_repository, load_target, read_issues, recent_activity, review_threads,
};
use crate::ids::{IssueNumber, IssueRef, RepositoryName};

/// Where the published schema lies on machines that have it; it is too large to be kept here.
const SCHEMA: &str = "../shared/github/schema.graphql";

fn documents() -> Vec<(String, String)> {
    let query = TargetQuery {
        repository: RepositoryName::new("acme", "shop"),
        labels: vec!["postmortem".to_owned()],
        logins: vec!["ada-example".to_owned()],
        references: vec![IssueRef::new(RepositoryName::new("acme", "other"), IssueNumber(88))],
        issue_type: Some("Task".to_owned()),
        board: Some(BoardRef { owner: "acme".to_owned(), number: 7 }),
    };
    let plain = TargetQuery { issue_type: None, board: None, ..query.clone() };
    let parts = [Part::Label("postmortem"), Part::Login("ada-example"), Part::Reference(&query.references[0])];

    let mut documents = vec![
        ("load_pull_request".to_owned(), load_pull_request::document()),
        ("load_repository".to_owned(), load_repository::document()),
        ("more_comments".to_owned(), load_pull_request::MORE_COMMENTS.to_owned()),
        ("load_target, everything".to_owned(), load_target::document(&query, &parts, true, true).0),
        ("load_target, a later request".to_owned(), load_target::document(&query, &parts, false, false).0),
        ("load_target, nothing".to_owned(), load_target::document(&plain, &[], true, true).0),
        ("more_fields".to_owned(), load_target::more_fields()),
        ("read_issues".to_owned(), read_issues::document(true)),
        ("read_issues, no boards".to_owned(), read_issues::document(false)),
        ("review_threads".to_owned(), review_threads::DOCUMENT.to_owned()),
        ("issue_histories".to_owned(), issue_histories::document(true)),
        ("issue_histories, no boards".to_owned(), issue_histories::document(false)),
        ("create_commit".to_owned(), create_commit::DOCUMENT.to_owned()),
        ("sub_issues".to_owned(), change_issues::SUB_ISSUES.to_owned()),
        ("milestones".to_owned(), change_issues::MILESTONES.to_owned()),
    ];
    for count in [1, 5, 20] {
        documents.push((format!("resolve_review_threads {count}"), review_threads::resolve_document(count)));
        let changes = [
            change_issues::UPDATE,
            change_issues::CLOSE,
            change_issues::REOPEN,
            change_issues::ADD_SUB_ISSUE,
            change_issues::ADD_COMMENT,
        ];
        for change in changes {
            documents.push((format!("change_issues {count}"), change_issues::document(change, count)));
        }
        documents.push((format!("load_documents {count}"), load_documents::document(count)));
        documents.push((format!("recent_activity {count}"), recent_activity::document(count)));
        documents.push((format!("load_origins {count}"), load_origins::document(count)));
        documents.push((format!("create_issues {count}"), create_issues::document(count, true)));
        documents.push((format!("create_issues {count}, no boards"), create_issues::document(count, false)));
        documents.push((format!("create_labels {count}"), create_labels::document(count)));
        documents.push((format!("look up labels {count}"), create_labels::lookup(count)));
        documents.push((format!("add_board_items {count}"), board_items::document(count)));
        documents.push((format!("set_board_fields {count}"), board_fields::document(count)));
    }
    documents
}

#[test]
fn every_document_is_valid_under_githubs_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCHEMA);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("GraphQL documents NOT validated: {SCHEMA} is not here");
        return;
    };
    let schema =
        Schema::parse_and_validate(text, "schema.graphql").unwrap_or_else(|error| panic!("the schema: {}", error.errors));
    let documents = documents();
    for (name, text) in &documents {
        if let Err(error) = ExecutableDocument::parse_and_validate(&schema, text.as_str(), "document.graphql") {
            panic!("{name}:\n{text}\n{}", error.errors);
        }
    }
    eprintln!("{} GraphQL documents validated against {SCHEMA}", documents.len());
}

#[test]
fn nothing_that_people_write_becomes_part_of_a_query() {
    let hostile = "x\") { id } } mutation { deleteRepository";
    let query = TargetQuery {
        repository: RepositoryName::new("acme", hostile),
        labels: vec![hostile.to_owned()],
        logins: vec![hostile.to_owned()],
        references: vec![IssueRef::new(RepositoryName::new(hostile, hostile), IssueNumber(1))],
        issue_type: Some(hostile.to_owned()),
        board: Some(BoardRef { owner: hostile.to_owned(), number: 1 }),
    };
    let parts = [Part::Label(hostile), Part::Login(hostile), Part::Reference(&query.references[0])];
    let (text, variables) = load_target::document(&query, &parts, true, true);
    assert!(!text.contains("deleteRepository"));
    assert_eq!(variables.len(), 10);
}
