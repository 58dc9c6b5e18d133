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

/// Two rewrites, in a file with Windows line endings and a byte order mark.
const WINDOWS: &str = "\u{feff}# Postmortem\r\n\r\n## Causes\r\n\r\nThe root cause was a pool of ten.\r\n\r\n## Action items\r\n\r\n- [ ] We should add a limit (@ada-example)";
const REWRITTEN: &str = "\u{feff}# Postmortem\r\n\r\n## Causes\r\n\r\nA contributing factor was a pool of ten.\r\n\r\n## Action items\r\n\r\n- [ ] Add a limit (@ada-example)";

#[test]
fn fixing_makes_the_rewrites_and_nothing_else_and_once_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let (file, other) = (folder.path().join("a.md"), folder.path().join("b.md"));
    write(folder.path(), "a.md", WINDOWS);
    write(folder.path(), "b.md", DOCUMENT);
    write(
        folder.path(),
        "quiet.yml",
        "review: {rules: {missing-section: off, missing-owner: off, no-document-owner: off, no-went-well: off}}\n",
    );
    let check = || {
        let mut command = followthrough();
        command.arg("check").arg("--config").arg(folder.path().join("quiet.yml"));
        command
    };
    // Named twice: rewritten once.
    let (code, said, complained) = run(check().arg("--fix").arg(&file).arg(&file).arg(&other));
    assert_eq!((code, complained.as_str()), (Some(1), ""), "the other document has a finding left: {said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), REWRITTEN);
    assert_eq!(fs::read_to_string(&other).unwrap(), DOCUMENT);
    assert!(said.contains("a.md:5:1 “The root cause” is now “A contributing factor” (root-cause-wording)\n"), "{said}");
    assert!(said.contains("a.md:9:7 “We should add” is now “Add” (not-verb-first)\n"), "{said}");
    let modified = fs::metadata(&file).unwrap().modified().unwrap();
    let (code, said, _) = run(check().arg("--fix").arg(&file));
    assert_eq!((code, said.as_str()), (Some(0), "1 document: nothing to suggest.\n"));
    assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), modified);
}

#[test]
fn fixing_leaves_alone_what_it_cannot_read_or_may_not_write() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let latin = [WINDOWS.as_bytes(), b"\r\n- [ ] We should add caf\xe9s\r\n"].concat();
    fs::write(file("latin.md"), &latin).unwrap();
    write(folder.path(), "locked.md", WINDOWS);
    let mut permissions = fs::metadata(file("locked.md")).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(file("locked.md"), permissions).unwrap();
    let (code, _, complained) = run(followthrough().args(["check", "--fix"]).arg(file("latin.md")).arg(file("locked.md")));
    assert_eq!(code, Some(2));
    assert!(complained.contains("latin.md: the file is not UTF-8 text: line 10"), "{complained}");
    assert!(complained.contains("locked.md: the file may not be written"), "{complained}");
    assert_eq!(fs::read(file("latin.md")).unwrap(), latin);
    assert_eq!(fs::read_to_string(file("locked.md")).unwrap(), WINDOWS);
    let (code, _, complained) = run(followthrough().args(["check", "--fix", "-"]));
    assert!(code == Some(2) && complained.contains("use --diff"), "{complained}");
    // Nothing is left beside the files.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[cfg(unix)]
#[test]
fn fixing_keeps_permissions_and_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "docs/a.md", WINDOWS);
    let (real, link) = (folder.path().join("docs/a.md"), folder.path().join("link.md"));
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("docs/a.md", &link).unwrap();
    run(followthrough().args(["check", "--fix"]).arg(&link));
    assert_eq!(fs::read_to_string(&real).unwrap(), REWRITTEN);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn a_patch_is_shown_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.md", WINDOWS);
    for arguments in [&["--diff"][..], &["--fix", "--diff"]] {
        let (code, said, _) = run(followthrough().arg("check").args(arguments).arg("a.md").current_dir(folder.path()));
        assert_eq!(code, Some(1));
        assert!(said.starts_with("--- a.md\n+++ a.md\n@@ -2,8 +2,8 @@\n"), "{said}");
        assert!(said.contains("\n-The root cause was a pool of ten.\r\n+A contributing factor was a pool of ten.\r\n"), "{said}");
        assert_eq!(fs::read_to_string(folder.path().join("a.md")).unwrap(), WINDOWS);
    }
    write(folder.path(), "a.md", REWRITTEN);
    let (code, said, _) = run(followthrough().args(["check", "--diff", "a.md"]).current_dir(folder.path()));
    assert_eq!((code, said.as_str()), (Some(0), ""));
    let (code, _, _) = run(followthrough().args(["check", "--diff", "--format", "json", "a.md"]).current_dir(folder.path()));
    assert_eq!(code, Some(2));
}

#[test]
fn code_scanning_and_github_actions_read_their_own_formats() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a b.md", WINDOWS);
    let check = |format: &str| run(followthrough().args(["check", "--format", format, "a b.md"]).current_dir(folder.path()));
    let (code, said, _) = check("sarif");
    let log: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &log["version"]), (Some(1), &serde_json::json!("2.1.0")));
    let results = log["runs"][0]["results"].as_array().unwrap();
    let found = results.iter().find(|result| result["ruleId"] == "root-cause-wording").unwrap();
    let place = &found["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b.md");
    assert_eq!(place["region"], serde_json::json!({ "startLine": 5, "startColumn": 1, "endLine": 5, "endColumn": 15 }));
    let (code, said, _) = check("github");
    let line = "::notice file=a b.md,line=5,endLine=5,col=1,endColumn=14,title=root-cause-wording::";
    assert!(code == Some(1) && said.contains(line), "{said}");
    // With --fix, programs read what is left, and people what was done.
    let (_, said, told) = run(followthrough().args(["check", "--fix", "--format", "json", "a b.md"]).current_dir(folder.path()));
    assert!(serde_json::from_str::<serde_json::Value>(&said).is_ok() && !said.contains("root-cause-wording"), "{said}");
    assert!(told.contains("rewritten: a b.md:5:1"), "{told}");
}
