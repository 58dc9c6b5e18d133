//! `followthrough check` and `rules` from outside: what is found, which configuration counts, and how it ends.

use std::{fs, path::Path, process::Command};

use crate::program::followthrough;

const DOCUMENT: &str = "# Postmortem: checkout was down

## Summary

It came down to human error.

## Action items

- [ ] Alert when fewer than 98 % of checkouts succeed
";

fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn the_configuration_is_the_nearest_one_up_to_the_root_of_the_repository() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    // Above the repository: not its configuration.
    write(root, ".github/followthrough.yml", "review: {rules: {human-error: off}}\n");
    write(root, "one/.git/HEAD", "");
    write(root, "one/docs/a.md", DOCUMENT);
    write(root, "two/.git/HEAD", "");
    write(root, "two/.github/followthrough.yml", "review: {profile: light, rules: {human-error: error}}\n");
    write(root, "two/docs/deep/b.md", DOCUMENT);
    let (code, said, _) = run(followthrough().arg("check").arg(root.join("one")).arg(root.join("two")));
    assert_eq!(code, Some(1));
    let of = |name: &str| {
        said.split("\n\n")
            .filter(|finding| finding.contains(name))
            .filter_map(|finding| finding.split(':').next())
            .collect::<Vec<_>>()
    };
    assert!(of("a.md").contains(&"warning[human-error]") && of("a.md").contains(&"warning[missing-owner]"), "{said}");
    assert!(of("b.md").contains(&"error[human-error]") && of("b.md").contains(&"note[missing-owner]"), "{said}");
    // From inside the repository, without an argument.
    let (_, said, _) = run(followthrough().arg("check").current_dir(root.join("two/docs/deep")));
    assert!(said.contains("error[human-error]") && said.contains("--> ./b.md:5:17"), "{said}");
    // A given configuration counts for everything.
    write(root, "quiet.yml", "review: {profile: light, rules: {human-error: off, missing-owner: off, missing-section: off}}\n");
    let (code, said, _) = run(followthrough().arg("check").arg("--config").arg(root.join("quiet.yml")).arg(root.join("two")));
    assert_eq!((code, said.as_str()), (Some(0), "1 document: nothing to suggest.\n"));
}

#[test]
fn a_wrong_configuration_is_told_with_its_place_and_nothing_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.md", DOCUMENT);
    for (yaml, said) in [
        ("review: {rules: {human-eror: off}}\n", "line 1, column 18: There is no rule `human-eror`. Did you mean `human-error`?"),
        ("revew: {}\n", "line 1, column 1: There is no key `revew`. Did you mean `review`?"),
    ] {
        write(folder.path(), ".github/followthrough.yml", yaml);
        let (code, out, complained) = run(followthrough().arg("check").arg(folder.path()));
        assert_eq!((code, out.as_str()), (Some(2), ""));
        assert!(complained.contains(said) && complained.contains("followthrough.yml"), "{complained}");
    }
}

#[test]
fn notes_alone_are_a_clean_run_and_what_cannot_be_read_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.md", "# Notes\n\n## Action items\n\n- [ ] More alerts (@ada-example)\n");
    let (code, said, complained) = run(followthrough().arg("check").arg(folder.path().join("a.md")));
    assert_eq!(code, Some(0), "{said}{complained}");
    assert!(
        said.contains("note[not-verb-first]")
            && said.ends_with("1 note in 1 document. `followthrough rules RULE` explains a rule.\n"),
        "{said}"
    );
    let (code, said, complained) = run(followthrough().arg("check").arg(folder.path()).arg(folder.path().join("b.md")));
    assert_eq!(code, Some(2));
    assert!(said.contains("note[not-verb-first]") && complained.contains("b.md"), "{said}{complained}");
}

#[test]
fn json_has_every_document_and_colour_stays_out_of_pipes() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.md", DOCUMENT);
    write(folder.path(), "b.md", "# Nothing\n");
    let pattern = folder.path().join("*.md");
    let (code, said, _) = run(followthrough().args(["check", "--format", "json"]).arg(&pattern));
    let json: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &json["schema"]), (Some(1), &serde_json::json!("followthrough/check/v1")));
    let paths: Vec<_> = json["documents"].as_array().unwrap().iter().map(|document| document["path"].as_str().unwrap()).collect();
    assert_eq!(paths, [folder.path().join("a.md").to_str().unwrap(), folder.path().join("b.md").to_str().unwrap()]);
    assert_eq!(json["documents"][1]["findings"], serde_json::json!([]));
    assert_eq!(json["documents"][1]["celebrations"], serde_json::json!([]));
    let findings = json["documents"][0]["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["rule"] == "human-error").unwrap();
    let place = ["line", "end_line", "column", "end_column"].map(|key| found[key].as_u64().unwrap());
    assert_eq!(place, [5, 5, 17, 27]);
    assert!(found["help"].is_string() && found["message"].is_string() && found["suggestion"].is_null());
    assert!(!run(followthrough().arg("check").arg(&pattern)).1.contains('\u{1b}'));
}

#[test]
fn rules_are_listed_and_explained() {
    let (code, said, _) = run(followthrough().arg("rules"));
    assert!(code == Some(0) && said.contains("  human-error"), "{said}");
    let (code, said, _) = run(followthrough().args(["rules", "human-error"]));
    assert!(code == Some(0) && said.starts_with("# human-error\n"), "{said}");
    let (code, _, complained) = run(followthrough().args(["rules", "human-eror"]));
    assert!(code == Some(2) && complained.contains("Did you mean `human-error`?"), "{complained}");
}
