use super::*;

const LOAD: &str = r#"query Load($owner: String!, $repo: String!, $docExpr: String!, $pr: Int!, $trackingIssue: Int!, $labels: [String!], $projOwner: String!, $projNumber: Int!) {
  repository(owner: $owner, name: $repo) {
    id
    isArchived
    defaultBranchRef { name target { oid } }
    doc: object(expression: $docExpr) { ... on Blob { oid text isTruncated isBinary byteSize } }
    pullRequest(number: $pr) {
      id merged headRefOid isCrossRepository mergeCommit { oid }
      files(first: 100) { totalCount nodes { path changeType } pageInfo { hasNextPage endCursor } }
      comments(last: 100) { nodes { id fullDatabaseId body viewerDidAuthor } }
    }
    labels(first: 100) { nodes { id name } }
    issueTypes(first: 50) { nodes { id name isEnabled } }
    tracking: issue(number: $trackingIssue) {
      id subIssuesSummary { total }
      subIssues(first: 100) { nodes { id number title body state projectItems(first: 10) { nodes { id project { id } } } } }
    }
    existing: issues(first: 100, filterBy: { labels: $labels }, orderBy: { field: CREATED_AT, direction: DESC }) { nodes { id number url title body state } pageInfo { hasNextPage endCursor } }
  }
  repositoryOwner(login: $projOwner) {
    ... on ProjectV2Owner {
      projectV2(number: $projNumber) {
        id title closed viewerCanUpdate
        fields(first: 100) { nodes { __typename
          ... on ProjectV2FieldCommon { id name dataType }
          ... on ProjectV2SingleSelectField { options { id name } }
          ... on ProjectV2IterationField { configuration { iterations { id title startDate duration } completedIterations { id } } } } }
      }
    }
  }
  a0: user(login: "octocat") { id }
  rateLimit { cost remaining resetAt nodeCount }
}"#;

const CREATE: &str = r#"mutation Create($i0: CreateIssueInput!, $i1: CreateIssueInput!) {
  i0: createIssue(input: $i0) { clientMutationId issue { id number url parent { number } issueType { name } assignees(first: 5) { nodes { login } } labels(first: 10) { nodes { name } } projectItems(first: 10) { nodes { id project { id } } } } }
  i1: createIssue(input: $i1) { clientMutationId issue { id number url projectItems(first: 10) { nodes { id project { id } } } } }
}"#;

const FIELDS: &str = r#"mutation Fields($p: ID!, $it0: ID!, $f0: ID!, $v0: ProjectV2FieldValue!, $it1: ID!, $f1: ID!, $v1: ProjectV2FieldValue!) {
  f0: updateProjectV2ItemFieldValue(input: { projectId: $p, itemId: $it0, fieldId: $f0, value: $v0 }) { projectV2Item { id } }
  f1: updateProjectV2ItemFieldValue(input: { projectId: $p, itemId: $it1, fieldId: $f1, value: $v1 }) { projectV2Item { id } }
}"#;

const FINISH: &str = r#"mutation Finish($c: UpdateIssueCommentInput!, $k: UpdateCheckRunInput!, $g: CreateCommitOnBranchInput!) {
  comment: updateIssueComment(input: $c) { issueComment { id url } }
  check: updateCheckRun(input: $k) { checkRun { id status conclusion } }
  commit: createCommitOnBranch(input: $g) { commit { oid url } ref { name } }
}"#;

const MISC: &str = r#"mutation Misc($id: ID!, $sub: ID!, $proj: ID!, $repo: ID!) {
  add: addProjectV2ItemById(input: { projectId: $proj, contentId: $id }) { item { id } }
  sub: addSubIssue(input: { issueId: $id, subIssueId: $sub, replaceParent: false }) { issue { number } subIssue { number } }
  lab: createLabel(input: { repositoryId: $repo, name: "postmortem", color: "5319e7" }) { label { id } }
  min: minimizeComment(input: { subjectId: $id, classifier: OUTDATED }) { minimizedComment { isMinimized } }
  clr: clearProjectV2ItemFieldValue(input: { projectId: $proj, itemId: $id, fieldId: $sub }) { projectV2Item { id } }
  typ: updateIssueIssueType(input: { issueId: $id, issueTypeId: $sub }) { issue { id } }
}"#;

/// The documents that a merged postmortem needs, executed one after the other as a client would.
#[tokio::test]
async fn a_merged_postmortem_goes_through_in_five_documents() {
    let client = Client::new().await;
    let (github, app) = (&client.github, client.app());
    github.organization("acme").add_issue_type("Task");
    app.set_assignable(&["ada-example"]);
    app.add_label("postmortem");
    let fields = [
        FieldSeed::single_select("Status", &["Triage", "Doing", "Done"]),
        FieldSeed::date("Due"),
        FieldSeed::text("Postmortem"),
        FieldSeed::iteration("Sprint", "2026-11-02".parse().unwrap(), &["1", "2"], 1),
    ];
    github.add_project("acme", 7, "Follow-ups", &fields);
    let tracking = app.create_issue_as("ada-example", "Tracking", "");
    let pull = app.propose("ada-example", "pm", "Add postmortem", &[Change::write("postmortems/a.md", "# A\n\n- [ ] Fix it\n")]);
    let merged = app.merge(pull);

    let variables = json!({"owner": "acme", "repo": "app", "docExpr": format!("{merged}:postmortems/a.md"), "pr": pull,
        "trackingIssue": tracking, "labels": ["postmortem"], "projOwner": "acme", "projNumber": 7});
    let body = client.graphql(LOAD, variables).await;
    let repository = &body["data"]["repository"];
    assert_eq!(repository["doc"]["text"], "# A\n\n- [ ] Fix it\n");
    assert_eq!(repository["pullRequest"]["files"]["nodes"], json!([{"path": "postmortems/a.md", "changeType": "ADDED"}]));
    assert_eq!(repository["pullRequest"]["mergeCommit"]["oid"], merged);
    assert_eq!(repository["existing"]["nodes"], json!([]));
    assert_eq!(body["data"]["a0"], Value::Null);
    assert_eq!(body["errors"][0]["type"], "NOT_FOUND");
    assert_eq!(body["errors"].as_array().unwrap().len(), 1, "{}", body["errors"]);
    let project = &body["data"]["repositoryOwner"]["projectV2"];
    assert_eq!(project["viewerCanUpdate"], true);
    let field = |name: &str| {
        let fields = project["fields"]["nodes"].as_array().unwrap();
        fields.iter().find(|field| field["name"] == name).unwrap().clone()
    };

    let label = repository["labels"]["nodes"].as_array().unwrap().iter().find(|label| label["name"] == "postmortem").unwrap();
    let ada = client.graphql(r#"{ user(login: "ada-example") { id } }"#, json!({})).await["data"]["user"]["id"].clone();
    let new = |title: &str| {
        json!({"repositoryId": repository["id"], "title": title, "body": "b", "labelIds": [label["id"]], "assigneeIds": [ada],
            "issueTypeId": repository["issueTypes"]["nodes"][0]["id"], "parentIssueId": repository["tracking"]["id"],
            "projectV2Ids": [project["id"]], "clientMutationId": title})
    };
    let mut created = client.graphql(CREATE, json!({"i0": new("One"), "i1": new("Two")})).await;
    assert!(created.get("errors").is_none(), "{created}");
    let first = created["data"]["i0"]["issue"].take();
    assert_eq!(created["data"]["i0"]["clientMutationId"], "One");
    assert_eq!(first["parent"]["number"], tracking);
    assert_eq!(first["issueType"]["name"], "Task");
    assert_eq!(first["assignees"]["nodes"][0]["login"], "ada-example");
    let item = first["projectItems"]["nodes"][0]["id"].clone();

    let status = field("Status");
    let variables = json!({"p": project["id"], "it0": item, "f0": status["id"], "v0": {"singleSelectOptionId": status["options"][0]["id"]},
        "it1": item, "f1": field("Due")["id"], "v1": {"date": "2026-12-01"}});
    let body = client.graphql(FIELDS, variables).await;
    assert!(body.get("errors").is_none(), "{body}");
    let board = github.board("acme", 7);
    assert_eq!((board.items.len(), board.items[0].field("Status"), board.items[0].field("Due")), (2, "Triage", "2026-12-01"));
    assert_eq!(board.items[0].updated_by, "followthrough[bot]");

    let comment = client.rest("POST", &format!("/repos/acme/app/issues/{pull}/comments"), json!({"body": "Plan"})).await.body;
    let check =
        client.rest("POST", "/repos/acme/app/check-runs", json!({"name": "Followthrough", "head_sha": merged})).await.body;
    let contents = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, "# A\n\n- [ ] Fix it (#3)\n");
    let finish = |oid: &str| {
        json!({"c": {"id": comment["node_id"], "body": "Done"},
            "k": {"repositoryId": repository["id"], "checkRunId": check["node_id"], "status": "COMPLETED", "conclusion": "SUCCESS",
                "output": {"title": "t", "summary": "s", "annotations": [{"path": "postmortems/a.md", "annotationLevel": "NOTICE", "message": "m", "location": {"startLine": 3, "endLine": 3}}]}},
            "g": {"branch": {"repositoryNameWithOwner": "acme/app", "branchName": "main"}, "expectedHeadOid": oid,
                "message": {"headline": "Link issues"}, "fileChanges": {"additions": [{"path": "postmortems/a.md", "contents": contents}]}}})
    };
    let body = client.graphql(FINISH, finish(&merged)).await;
    assert_eq!(body["data"]["check"]["checkRun"]["conclusion"], "SUCCESS");
    assert_eq!(app.file("main", "postmortems/a.md").unwrap(), "# A\n\n- [ ] Fix it (#3)\n");
    let body = client.graphql(FINISH, finish(&merged)).await;
    assert_eq!(body["errors"][0]["type"], "STALE_DATA");
    assert_eq!(body["errors"][0]["path"], json!(["commit"]));
    assert_eq!(body["data"]["commit"], Value::Null);
    assert_eq!(body["data"]["comment"]["issueComment"]["id"], comment["node_id"], "the other aliases keep their data");
    assert_eq!(app.check_runs()[0].annotations.len(), 2, "annotations are added, never replaced");

    let issue = |number: u64| app.issue(number).node_id;
    let alone = app.create_issue_as("ada-example", "Alone", "");
    let variables = json!({"id": issue(alone), "sub": issue(app.create_issue_as("ada-example", "Child", "")), "proj": project["id"], "repo": repository["id"]});
    let body = client.graphql(MISC, variables).await;
    assert_eq!(body["data"]["sub"]["issue"]["number"], alone);
    let failed: Vec<_> = body["errors"].as_array().unwrap().iter().map(|error| error["path"][0].as_str().unwrap()).collect();
    assert_eq!(failed, ["lab", "min", "clr", "typ"], "{body}");
    assert_eq!(github.unexpected_requests(), Vec::<String>::new());
    assert_eq!(github.request_counts().mutations["createIssue"], 2);
}

#[tokio::test]
async fn invalid_documents_are_graphql_errors_and_not_holes() {
    let client = Client::new().await;
    for (query, variables) in [
        ("query($n: String!) { user(login: $n) { id } }", json!({})),
        ("{ viewer }", json!({})),
        ("{ repository(owner: \"acme\") { id } }", json!({})),
        ("{ viewer { login ", json!({})),
        ("query($n: Int!) { repository(owner: \"a\", name: \"b\") { issue(number: $n) { id } } }", json!({"n": "x"})),
    ] {
        let body = client.graphql(query, variables).await;
        assert!(body["errors"][0]["message"].is_string(), "{query}: {body}");
        assert!(body.get("data").is_none(), "{query}: {body}");
    }
    for (connection, kind) in [("issues", "MISSING_PAGINATION_BOUNDARIES"), ("labels(first: 101)", "EXCESSIVE_PAGINATION")] {
        let query = format!(r#"{{ repository(owner: "acme", name: "app") {{ {connection} {{ nodes {{ id }} }} }} }}"#);
        assert_eq!(client.graphql(&query, json!({})).await["errors"][0]["type"], kind);
    }
    assert_eq!(client.github.unexpected_requests(), Vec::<String>::new());
}

#[tokio::test]
async fn connections_page_forwards_and_backwards() {
    let client = Client::new().await;
    for n in 0..7 {
        client.app().create_issue_as("ada-example", &format!("Issue {n}"), "");
    }
    let query = r#"query($after: String) { repository(owner: "acme", name: "app") { issues(first: 3, after: $after) { totalCount nodes { number } pageInfo { hasNextPage endCursor } } } }"#;
    let (mut after, mut seen) = (Value::Null, Vec::new());
    loop {
        let body = client.graphql(query, json!({"after": after})).await;
        let page = &body["data"]["repository"]["issues"];
        seen.extend(page["nodes"].as_array().unwrap().iter().map(|node| node["number"].as_u64().unwrap()));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7]);
    let last =
        r#"{ repository(owner: "acme", name: "app") { issues(last: 2) { nodes { number } pageInfo { hasPreviousPage } } } }"#;
    let body = client.graphql(last, json!({})).await;
    assert_eq!(
        body["data"]["repository"]["issues"],
        json!({"nodes": [{"number": 6}, {"number": 7}], "pageInfo": {"hasPreviousPage": true}})
    );
}

#[tokio::test]
async fn nodes_answers_null_for_what_is_gone_and_keeps_the_order() {
    let client = Client::new().await;
    let number = client.app().create_issue_as("ada-example", "Here", "");
    let id = client.app().issue(number).node_id;
    let body = client
        .graphql(
            "query($ids: [ID!]!) { found: nodes(ids: $ids) { __typename ... on Issue { number } } }",
            json!({"ids": ["I_gone", id]}),
        )
        .await;
    assert_eq!(body["data"]["found"], json!([null, {"__typename": "Issue", "number": number}]));
    assert_eq!((&body["errors"][0]["type"], &body["errors"][0]["path"]), (&json!("NOT_FOUND"), &json!(["found", 0])));
}

#[tokio::test]
async fn ids_beyond_32_bits_show_in_full_database_id_only() {
    let client = Client::new().await;
    client.app().create_issue_as("ada-example", "Large", "");
    let body = client
        .graphql(r#"{ repository(owner: "acme", name: "app") { issue(number: 1) { databaseId fullDatabaseId } } }"#, json!({}))
        .await;
    let issue = &body["data"]["repository"]["issue"];
    assert_eq!(issue["databaseId"], Value::Null);
    assert!(issue["fullDatabaseId"].as_str().unwrap().parse::<u64>().unwrap() > u64::from(u32::MAX) / 2);
}
