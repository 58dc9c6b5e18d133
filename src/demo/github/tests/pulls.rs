use super::*;

#[tokio::test]
async fn files_of_a_pull_request_come_with_patches_and_renames() {
    let client = Client::new().await;
    let app = client.app();
    let text: String = (0..30).map(|n| format!("line {n}\n")).collect();
    app.commit("main", "More", &[Change::write("postmortems/old.md", text.clone()), Change::write("gone.md", "x")]);
    let changes = [
        Change::rename("postmortems/old.md", "postmortems/new.md"),
        Change::delete("gone.md"),
        Change::write("README.md", "# App\n\nMore\n"),
        Change::write("image.png", vec![0, 1, 2]),
    ];
    let pull = app.propose("ada-example", "work", "Change", &changes);
    let files = client.rest("GET", &format!("/repos/acme/app/pulls/{pull}/files"), Value::Null).await.body;
    let summary: Vec<_> = files
        .as_array()
        .unwrap()
        .iter()
        .map(|file| (file["filename"].as_str().unwrap(), file["status"].as_str().unwrap()))
        .collect();
    assert_eq!(
        summary,
        [("README.md", "modified"), ("gone.md", "removed"), ("image.png", "added"), ("postmortems/new.md", "renamed")]
    );
    assert_eq!(files[0]["patch"], "@@ -1 +1,3 @@\n # App\n+\n+More");
    assert_eq!(files[3]["previous_filename"], "postmortems/old.md");
    assert!(files[2].get("patch").is_none());
    app.merge(pull);
    let after = client.rest("GET", &format!("/repos/acme/app/pulls/{pull}/files"), Value::Null).await.body;
    assert_eq!(after.as_array().unwrap().len(), 4, "merging does not empty a pull request");
    let shown = client.rest("GET", &format!("/repos/acme/app/pulls/{pull}"), Value::Null).await.body;
    assert_eq!((&shown["merged"], &shown["state"], &shown["changed_files"]), (&json!(true), &json!("closed"), &json!(4)));
}

#[tokio::test]
async fn a_fork_can_propose_and_its_head_is_read_through_the_base() {
    let client = Client::new().await;
    let (app, fork) = (client.app(), client.app().fork("contributor-example"));
    let head = fork.commit_as("contributor-example", "fix", "Add", &[Change::write("postmortems/f.md", "# F\n")]);
    let pull = app.open_pull_request_from(&fork, "contributor-example", "fix", "From a fork", "", false);
    let query = r#"query($n: Int!, $e: String!) { repository(owner: "acme", name: "app") { object(expression: $e) { ... on Blob { text } } pullRequest(number: $n) { isCrossRepository headRepository { nameWithOwner } files(first: 5) { totalCount } } } }"#;
    let body = client.graphql(query, json!({"n": pull, "e": format!("{head}:postmortems/f.md")})).await;
    let repository = &body["data"]["repository"];
    assert_eq!(repository["object"]["text"], "# F\n");
    assert_eq!(repository["pullRequest"]["headRepository"]["nameWithOwner"], "contributor-example/app");
    let run = client.rest("POST", "/repos/acme/app/check-runs", json!({"name": "F", "head_sha": head, "external_id": "1"})).await;
    assert_eq!((run.status, &run.body["pull_requests"]), (201, &json!([])));
    assert_eq!(
        client.rest("PUT", "/repos/contributor-example/app/contents/x", json!({"message": "m", "content": ""})).await.status,
        403
    );
}

#[tokio::test]
async fn the_app_can_open_a_pull_request_once_per_branch() {
    let client = Client::new().await;
    let head = client.app().head("main").unwrap();
    let made = client.rest("POST", "/repos/acme/app/git/refs", json!({"ref": "refs/heads/links", "sha": head})).await;
    assert_eq!(made.status, 201);
    let pull = json!({"title": "Link issues", "head": "links", "base": "main"});
    assert_eq!(client.rest("POST", "/repos/acme/app/pulls", pull.clone()).await.status, 422, "no commits yet");
    let put = json!({"message": "m", "content": "eA==", "branch": "links"});
    assert_eq!(client.rest("PUT", "/repos/acme/app/contents/a.md", put).await.status, 201);
    assert_eq!(client.rest("POST", "/repos/acme/app/pulls", pull.clone()).await.status, 201);
    let again = client.rest("POST", "/repos/acme/app/pulls", pull).await;
    assert_eq!(again.body["errors"][0]["message"], "A pull request already exists for acme:links.");
    assert_eq!(
        client.rest("POST", "/repos/acme/app/git/refs", json!({"ref": "refs/heads/links", "sha": head})).await.status,
        422
    );
}

#[tokio::test]
async fn contents_are_written_by_compare_and_swap() {
    let client = Client::new().await;
    let found = client.rest("GET", "/repos/acme/app/contents/README.md?ref=main", Value::Null).await.body;
    assert_eq!(found["content"], "IyBBcHAK\n");
    let put = |sha: Value| {
        client.rest("PUT", "/repos/acme/app/contents/README.md", json!({"message": "m", "content": "eA==", "sha": sha}))
    };
    assert_eq!(put(json!(null)).await.status, 422);
    assert_eq!(put(json!("0".repeat(40))).await.status, 409);
    assert_eq!(put(found["sha"].clone()).await.status, 200);
    client.app().protect_branch("main");
    let now = client.rest("GET", "/repos/acme/app/contents/README.md", Value::Null).await.body["sha"].clone();
    assert_eq!(put(now).await.status, 422, "rules hold for Apps too");
    let rules = client.rest("GET", "/repos/acme/app/rules/branches/main", Value::Null).await.body;
    assert_eq!(rules[0]["type"], "pull_request");
    let tree = client.rest("GET", "/repos/acme/app/git/trees/main?recursive=1", Value::Null).await.body;
    assert_eq!(tree["tree"][0]["path"], "README.md");
}

#[tokio::test]
async fn a_check_run_takes_fifty_annotations_at_a_time() {
    let client = Client::new().await;
    let head = client.app().head("main").unwrap();
    let annotations = |n: usize| {
        let one = |line| json!({"path": "README.md", "start_line": line, "end_line": line, "annotation_level": "notice", "message": "m"});
        json!({"title": "t", "summary": "s", "annotations": (1..=n).map(one).collect::<Vec<_>>()})
    };
    let new = |n| json!({"name": "Followthrough", "head_sha": head, "status": "completed", "conclusion": "neutral", "output": annotations(n)});
    assert_eq!(client.rest("POST", "/repos/acme/app/check-runs", new(51)).await.status, 422);
    let made = client.rest("POST", "/repos/acme/app/check-runs", new(50)).await.body;
    client.rest("PATCH", &format!("/repos/acme/app/check-runs/{}", made["id"]), json!({"output": annotations(10)})).await;
    let listed = client
        .rest("GET", &format!("/repos/acme/app/commits/{head}/check-runs?check_name=Followthrough"), Value::Null)
        .await
        .body;
    assert_eq!((&listed["total_count"], &listed["check_runs"][0]["output"]["annotations_count"]), (&json!(1), &json!(60)));
}

#[tokio::test]
async fn permission_of_a_person_is_coarse_and_exact() {
    let client = Client::new().await;
    client.app().set_role("grace-example", Role::Maintain);
    let shown = client.rest("GET", "/repos/acme/app/collaborators/grace-example/permission", Value::Null).await.body;
    assert_eq!((&shown["permission"], &shown["role_name"]), (&json!("write"), &json!("maintain")));
}
