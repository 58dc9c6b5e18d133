use super::*;

async fn shown(url: &str) -> (u16, String) {
    let answer = request(url.to_owned(), "GET", None, Value::Null).await.expect("an answer");
    (answer.status, answer.body.as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn every_address_the_api_gives_out_is_a_page() {
    let client = Client::new().await;
    let app = client.app();
    let board = client.github.add_project("acme", 7, "Board", &[FieldSeed::single_select("Status", &["Triage"])]);
    let text: String = (0..40).map(|n| format!("- [ ] item {n} <b>\n")).collect();
    let pull = app.propose("ada-example", "pm/a", "A <script>", &[Change::write("postmortems/a b.md", text)]);
    let made = client
        .rest(
            "POST",
            "/repos/acme/app/issues",
            json!({"title": "One <i>", "body": "<!-- unseen --><script>alert(1)</script>", "labels": ["x"]}),
        )
        .await
        .body;
    board.add_as("ada-example", (&app, made["number"].as_u64().unwrap()));
    board.move_as("ada-example", (&app, made["number"].as_u64().unwrap()), "Triage");
    let comment = client
        .rest("POST", &format!("/repos/acme/app/issues/{pull}/comments"), json!({"body": "<!-- marker -->\n**Plan**"}))
        .await
        .body;
    let head = app.pull_request(pull).head;
    let annotation = json!({"path": "postmortems/a b.md", "start_line": 2, "end_line": 3, "annotation_level": "warning", "title": "vague", "message": "Say <what>"});
    let output = json!({"title": "t", "summary": "s", "annotations": [annotation]});
    let check = client
        .rest("POST", "/repos/acme/app/check-runs", json!({"name": "Followthrough", "head_sha": head, "output": output}))
        .await
        .body;
    let file = client.rest("GET", "/repos/acme/app/contents/postmortems/a%20b.md?ref=pm/a", Value::Null).await.body;

    let issue_page = shown(made["html_url"].as_str().unwrap()).await;
    assert!(issue_page.1.contains("One &lt;i&gt;") && !issue_page.1.contains("unseen") && !issue_page.1.contains("<script>"));
    let pull_page = shown(comment["html_url"].as_str().unwrap()).await;
    assert!(
        pull_page.1.contains(&format!("id=\"issuecomment-{}\"", comment["id"])) && pull_page.1.contains("<strong>Plan</strong>")
    );
    assert!(!pull_page.1.contains("marker") && pull_page.1.contains("Say &lt;what&gt;"));
    assert_eq!(shown(check["html_url"].as_str().unwrap()).await.0, 200);
    let blob = shown(&file["html_url"].as_str().unwrap().replace(' ', "%20")).await;
    assert!(blob.1.contains("id=\"L40\"") && blob.1.contains("id=\"L2-L5\""));
    let board_page = shown(&board.url()).await;
    assert!(board_page.1.contains("Triage") && board_page.1.contains("One &lt;i&gt;"));
    let base = client.github.url();
    let merged = app.merge(pull);
    for path in ["", "/acme", "/acme/app", "/acme/app/issues", "/acme/app/pulls", "/avatars/1001"] {
        assert_eq!(shown(&format!("{base}{path}")).await.0, 200, "{path}");
    }
    assert_eq!(shown(&format!("{base}/acme/app/commit/{merged}")).await.0, 200);
    assert_eq!(shown(&format!("{base}/acme/app/issues/99")).await.0, 404);
    assert_eq!(client.github.unexpected_requests(), Vec::<String>::new());
}
