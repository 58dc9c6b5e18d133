use super::*;

const ADD: &str = "mutation($p: ID!, $c: ID!) { addProjectV2ItemById(input: {projectId: $p, contentId: $c}) { item { id } } }";

async fn world() -> (Client, String, String) {
    let client = Client::new().await;
    client.github.add_project(
        "acme",
        7,
        "Board",
        &[FieldSeed::single_select("Status", &["Triage", "Done"]), FieldSeed::number("Points")],
    );
    let number = client.app().create_issue_as("ada-example", "x", "");
    let body = client.graphql(r#"{ organization(login: "acme") { projectV2(number: 7) { id } } }"#, json!({})).await;
    let project = body["data"]["organization"]["projectV2"]["id"].as_str().unwrap().to_owned();
    let issue = client.app().issue(number).node_id;
    (client, project, issue)
}

#[tokio::test]
async fn adding_twice_gives_the_same_item() {
    let (client, project, issue) = world().await;
    let first = client.graphql(ADD, json!({"p": project, "c": issue})).await;
    let again = client.graphql(ADD, json!({"p": project, "c": issue})).await;
    assert_eq!(first["data"], again["data"]);
    client.github.faults().content_already_exists(1);
    let third = client.graphql(ADD, json!({"p": project, "c": issue})).await;
    assert_eq!(third["errors"][0]["message"], "Content already exists in this project");
    assert_eq!(client.github.board("acme", 7).items.len(), 1);
}

#[tokio::test]
async fn a_persons_board_and_an_unpermitted_board_are_not_there() {
    let (client, project, issue) = world().await;
    client.github.user("ada-example").add_project(1, "Private plans", &[]);
    let body = client.graphql(r#"{ repositoryOwner(login: "ada-example") { ... on ProjectV2Owner { projectV2(number: 1) { id } projectsV2(first: 5) { totalCount } } } }"#, json!({})).await;
    assert_eq!(body["errors"][0]["type"], "NOT_FOUND");
    assert_eq!(body["data"]["repositoryOwner"], json!({"projectV2": null, "projectsV2": {"totalCount": 0}}));
    let id = client.github.organization("acme").install();
    let narrow = Client::mint(&client.github, id, json!({"permissions": {"issues": "write"}})).await;
    let narrow = Client { github: client.github.clone(), token: narrow.body["token"].as_str().unwrap().to_owned() };
    let body = narrow.graphql(ADD, json!({"p": project, "c": issue})).await;
    assert_eq!(body["errors"][0]["type"], "NOT_FOUND");
    let body = narrow.graphql(r#"{ organization(login: "acme") { projectV2(number: 7) { id } } }"#, json!({})).await;
    assert_eq!(body["errors"][0]["type"], "NOT_FOUND");
}

#[tokio::test]
async fn field_values_are_checked_and_read_back() {
    let (client, project, issue) = world().await;
    let item = client.graphql(ADD, json!({"p": project, "c": issue})).await["data"]["addProjectV2ItemById"]["item"]["id"].clone();
    let fields = client.graphql("query($p: ID!) { node(id: $p) { ... on ProjectV2 { status: field(name: \"status\") { ... on ProjectV2SingleSelectField { id options(names: [\"TRIAGE\"]) { id name } } } points: field(name: \"Points\") { ... on ProjectV2FieldCommon { id dataType } } none: field(name: \"None\") { __typename } } } }", json!({"p": project})).await;
    let fields = &fields["data"]["node"];
    assert_eq!(fields["none"], Value::Null);
    let set = "mutation($p: ID!, $i: ID!, $f: ID!, $v: ProjectV2FieldValue!) { updateProjectV2ItemFieldValue(input: {projectId: $p, itemId: $i, fieldId: $f, value: $v}) { projectV2Item { fieldValueByName(name: \"Status\") { ... on ProjectV2ItemFieldSingleSelectValue { name optionId } } } } }";
    let body = client.graphql(set, json!({"p": project, "i": item, "f": fields["status"]["id"], "v": {"singleSelectOptionId": fields["status"]["options"][0]["id"]}})).await;
    assert_eq!(body["data"]["updateProjectV2ItemFieldValue"]["projectV2Item"]["fieldValueByName"]["name"], "Triage");
    for wrong in
        [json!({"singleSelectOptionId": "00000000"}), json!({"text": "Triage"}), json!({}), json!({"text": "a", "number": 1.0})]
    {
        let body = client.graphql(set, json!({"p": project, "i": item, "f": fields["status"]["id"], "v": wrong})).await;
        assert_eq!(body["errors"][0]["type"], "UNPROCESSABLE", "{wrong}: {body}");
    }
    let body = client.graphql(set, json!({"p": project, "i": item, "f": fields["points"]["id"], "v": {"number": 3.0}})).await;
    assert!(body.get("errors").is_none(), "{body}");
    let read = "query($i: ID!) { node(id: $i) { ... on Issue { projectItems(first: 5) { nodes { isArchived project { number } fieldValues(first: 20) { nodes { __typename ... on ProjectV2ItemFieldNumberValue { number field { ... on ProjectV2FieldCommon { name } } } ... on ProjectV2ItemFieldTextValue { text } ... on ProjectV2ItemFieldRepositoryValue { repository { nameWithOwner } } } } } } } } }";
    let body = client.graphql(read, json!({"i": issue})).await;
    let values = &body["data"]["node"]["projectItems"]["nodes"][0]["fieldValues"]["nodes"];
    assert_eq!(values[0], json!({"__typename": "ProjectV2ItemFieldTextValue", "text": "x"}));
    assert!(
        values
            .as_array()
            .unwrap()
            .contains(&json!({"__typename": "ProjectV2ItemFieldNumberValue", "number": 3.0, "field": {"name": "Points"}})),
        "{body}"
    );
    assert_eq!(client.github.unexpected_requests(), Vec::<String>::new());
}

#[tokio::test]
async fn people_move_cards_and_it_shows() {
    let (client, project, issue) = world().await;
    client.graphql(ADD, json!({"p": project, "c": issue})).await;
    let (board, app) = (client.github.organization("acme").project(7), client.app());
    board.move_as("manager-example", (&app, 1), "Done");
    assert_eq!(board.board().column("Done")[0].updated_by, "manager-example");
    let events: Vec<_> =
        client.github.pending_deliveries().into_iter().map(|one| (one.event, one.action.unwrap_or_default())).collect();
    assert!(events.contains(&("projects_v2_item".to_owned(), "edited".to_owned())), "{events:?}");
    board.archive_as("manager-example", (&app, 1));
    assert!(board.board().column("Done").is_empty());
}
