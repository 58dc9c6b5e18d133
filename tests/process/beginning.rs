//! `followthrough new`: a document that only wants to be filled in, and never one that was there before.

use std::{
    path::Path,
    process::{Command, Output},
};

use crate::program::followthrough;

fn new(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = followthrough();
    command.arg("new").args(arguments).current_dir(folder);
    run(&mut command)
}

fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn the_built_in_template_lacks_nothing_but_words() {
    let folder = tempfile::tempdir().unwrap();
    let (code, path, said) = new(folder.path(), &["Checkout failed: 1 in 4", "--date", "2026-11-20"]);
    assert_eq!((code, path.as_str()), (Some(0), "postmortems/2026-11-20-checkout-failed-1-in-4.md\n"), "{said}");
    assert!(said.contains("followthrough check postmortems/2026-11-20-checkout-failed-1-in-4.md"), "{said}");
    let file = folder.path().join(path.trim());
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("# Checkout failed: 1 in 4\n\n- Date: 2026-11-20\n"), "{text}");

    let check = |of: &Path| {
        let (_, report, said) = run(followthrough().args(["check", "--format", "json"]).arg(of).current_dir(folder.path()));
        let report: serde_json::Value = serde_json::from_str(&report).unwrap_or_else(|_| panic!("{said}"));
        let findings = report["documents"][0]["findings"].as_array().unwrap().clone();
        findings.into_iter().map(|finding| (finding["rule"].as_str().unwrap().to_owned(), finding["line"].as_u64().unwrap()))
    };
    for (rule, line) in check(&file) {
        let line_text = text.lines().nth(usize::try_from(line).unwrap() - 1).unwrap();
        assert!(
            line_text.contains("TODO") || line_text.contains("{{") || rule == "no-went-well",
            "{rule} at {line}: {line_text}"
        );
    }
    let (_, plan, _) = run(followthrough().arg("plan").arg(&file));
    assert!(plan.contains("no action items"), "the template's own words open no issue: {plan}");

    // Filled in, with the sections as they are.
    let mut filled = String::new();
    for line in text.lines() {
        let line = match line {
            "- Severity: TODO" => "- Severity: S2",
            "- Owner: TODO" => "- Owner: @ada-example",
            "- [ ] TODO" => "- [ ] Alert when the pool of connections runs empty (@ada-example, due 2026-12-01)",
            line if line.starts_with("| TODO") => {
                filled.push_str("| 10:00 | A change was deployed. |\n| 10:04 | The first error page was shown. |\n");
                "| 10:30 | The change was taken back and every checkout worked. |"
            }
            line if line.starts_with("TODO") || line.starts_with("{{") => {
                "A quarter of the checkouts ended in an error page for half an hour, because the pool of connections was empty."
            }
            line => line,
        };
        filled.push_str(line);
        filled.push('\n');
    }
    let done = folder.path().join("filled.md");
    std::fs::write(&done, filled).unwrap();
    let structure = ["missing-section", "empty-section", "template-left-over", "no-document-owner", "timeline-without-zone"];
    let found: Vec<_> = check(&done).filter(|(rule, _)| structure.contains(&rule.as_str())).collect();
    assert_eq!(found, [], "the template has every section that the review asks for");
}

#[test]
fn nothing_is_overwritten_and_what_cannot_be_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["Down", "--date", "2026-11-20"];
    assert_eq!(new(folder.path(), &arguments).0, Some(0));
    let file = folder.path().join("postmortems/2026-11-20-down.md");
    std::fs::write(&file, "words of a person\n").unwrap();
    let (code, path, said) = new(folder.path(), &arguments);
    assert_eq!((code, path.as_str()), (Some(2), ""));
    assert!(said.contains("postmortems/2026-11-20-down.md is there already"), "{said}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "words of a person\n");
    for (arguments, told) in [
        (&["  "][..], "needs a title"),
        (&["Down", "--date", "soon"][..], "YYYY-MM-DD"),
        (&["Down", "--template", "nowhere.md"][..], "nowhere.md cannot be read"),
        (&["Down", "--dir", "postmortems/2026-11-20-down.md"][..], "cannot be written"),
    ] {
        let (code, path, said) = new(folder.path(), arguments);
        assert_eq!((code, path.as_str()), (Some(2), ""), "{said}");
        assert!(said.contains(told), "{told}: {said}");
    }
}

#[test]
fn the_teams_own_template_is_used_and_a_folder_that_is_not_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let incidents = folder.path().join("docs/incidents");
    std::fs::create_dir_all(&incidents).unwrap();
    std::fs::write(incidents.join("00-Template.md"), "# Incident template\n\nOn {{ date }}.\n").unwrap();
    std::fs::write(incidents.join("z-template.md"), "# Not this one\n").unwrap();
    let (code, path, said) = new(folder.path(), &["Down", "--date", "2026-11-20", "--dir", "docs/incidents"]);
    assert_eq!((code, path.as_str()), (Some(0), "docs/incidents/2026-11-20-down.md\n"), "{said}");
    assert!(said.contains("docs/incidents/00-Template.md"), "{said}");
    assert_eq!(std::fs::read_to_string(folder.path().join(path.trim())).unwrap(), "# Down\n\nOn 2026-11-20.\n");

    std::fs::create_dir(folder.path().join(".github")).unwrap();
    std::fs::write(folder.path().join(".github/followthrough.yml"), "documents: { include: [\"elsewhere/**\"] }\n").unwrap();
    let (code, _, said) = new(folder.path(), &["Up", "--template", "docs/incidents/z-template.md"]);
    assert_eq!(code, Some(0));
    assert!(said.contains("`documents.include`") && said.contains("z-template.md"), "{said}");
}
