//! `followthrough demo` from outside: the whole story, on the bundled postmortem and on others, and how it ends.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::Command,
};

use crate::program::followthrough;

/// What `demo` says, on these documents instead of its own. It ends well, or the test fails.
fn told(documents: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = followthrough();
    command.arg("demo");
    if !documents.is_empty() {
        command.arg("--document");
    }
    for (name, text) in documents {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        command.arg(path);
    }
    let output = command.output().unwrap();
    let (said, complained) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!((output.status.code(), complained.as_str()), (Some(0), ""), "{said}");
    assert!(said.contains("The story came out right"), "{said}");
    assert!(!said.contains('\u{1b}'), "no colour where nobody sees it");
    said
}

/// The lines of the chapter with this title.
#[track_caller]
fn chapter<'a>(said: &'a str, title: &str) -> Vec<&'a str> {
    let mut lines = said.lines().skip_while(|line| !line.contains(title));
    assert!(lines.next().is_some(), "no chapter “{title}”:\n{said}");
    lines.take_while(|line| !line.is_empty()).collect()
}

/// The line of a chapter that begins with `word`.
#[track_caller]
fn line<'a>(chapter: &[&'a str], word: &str) -> &'a str {
    chapter.iter().find(|line| line.trim_start().starts_with(word)).unwrap_or_else(|| panic!("no `{word}`: {chapter:#?}"))
}

fn document(items: &str) -> String {
    format!("# Checkout failed\n\n## Action items\n\n{items}")
}

#[test]
fn the_story_goes_on_after_the_merge() {
    let said = told(&[]);
    let links = chapter(&said, "The links come into the document");
    let (before, after) = (line(&links, "│ - "), line(&links, "│ + "));
    let plain = before.replacen("│ - ", "│ + ", 1);
    assert!(after.starts_with(&plain) && after.contains("([#90](http://127.0.0.1:"), "{links:#?}");

    let revised = chapter(&said, "a pull request brings the document up to date");
    assert!(line(&revised, "│ On merge: ").contains("1 issue will open, 2 will be closed, 1 will be updated"), "{revised:#?}");
    let (was, is) = line(&revised, "reworded").split_once(" → ").unwrap();
    assert!(was.ends_with("for five minutes") && is.ends_with("for five minutes, and write down how"), "{revised:#?}");
    assert!(line(&revised, "added").ends_with("#98 Tell the other teams what was learned is opened"), "{revised:#?}");
    for (what, why) in [("ticked", "Closed as completed: "), ("removed", "Closed as not planned: ")] {
        let at = revised.iter().position(|line| line.trim_start().starts_with(what)).unwrap();
        assert!(revised[at + 1].contains(why) && revised[at + 1].contains(", since `"), "{revised:#?}");
    }

    let closed = chapter(&said, "Somebody closes an issue");
    assert!(line(&closed, "In the comment of #89").ends_with(" · done"), "{closed:#?}");
    let (before, after) = (line(&closed, "│ - "), line(&closed, "│ + "));
    assert_eq!(before.replacen("│ - - [ ]", "│ + - [x]", 1), after);

    let kept = chapter(&said, "What people write on GitHub stays");
    assert!(line(&kept, "In the comment of #89").contains("is called “The one that would have helped us most”"), "{kept:#?}");
    assert!(line(&chapter(&said, "It takes orders"), "grace-example").contains("plan, check, file, skip, adopt, retry, help"));
}

#[test]
fn chapters_without_a_fitting_item_are_left_out() {
    let none = told(&[("none.md", &document("Nothing to do.\n"))]);
    assert!(none.contains("No link was written into the document"), "{none}");
    let settled = told(&[("settled.md", &document("- [x] Add a test\n- [ ] ~~Buy a second database~~ (won't do)\n"))]);
    assert!(settled.contains("No link was written into the document"), "{settled}");
    let one = told(&[("one.md", &document("- Add a test"))]);
    let revised = chapter(&one, "a pull request brings the document up to date");
    assert!(line(&revised, "reworded").ends_with("Add a test, and write down how"));
    assert!(!revised.iter().any(|line| line.contains("removed")), "{revised:#?}");
    assert!(line(&chapter(&one, "Somebody closes an issue"), "mary-example").ends_with("Tell the other teams what was learned"));
    chapter(&one, "What people write on GitHub stays");
}

#[test]
fn it_is_told_on_documents_of_any_kind() {
    let table = "| Action | Owner |\n|---|---|\n| Add a test | @ada-example |\n| Write it down. | grace |\n| Tell everyone | |\n";
    let lists = "1. Add a relay\r\n2. Write to the vendor\r\n   and to us\r\n3. **Tell** everyone\r\n4. Count them\r\n";
    for (items, closing) in
        [(table, "no box"), (lists, "no box"), ("- [ ] 検証する\n- [ ] 記録する\n- [ ] 共有する\n- [ ] 数える\n", "+ - [x]")]
    {
        let said = told(&[("a.md", &document(items))]);
        let revised = chapter(&said, "a pull request brings the document up to date");
        for what in ["reworded", "added", "ticked", "removed"] {
            line(&revised, what);
        }
        let closed = chapter(&said, "Somebody closes an issue");
        assert!(closed.iter().any(|line| line.contains(closing)), "{closed:#?}");
        chapter(&said, "What people write on GitHub stays");
    }
    let several = told(&[("a.md", &document(table)), ("b.md", &document("- [ ] Add a relay\n")), ("c.md", "# Nothing\n")]);
    assert!(
        line(&chapter(&several, "The links come into the document"), "Followthrough opens").contains("one of 2"),
        "{several}"
    );
}

#[test]
fn with_keep_the_pages_stay_until_it_is_interrupted() {
    let mut child = followthrough().args(["demo", "--keep"]).spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(said.any(|line| line.starts_with("Everything stays")), "the story came to its end");
    let pages: Vec<String> = said.by_ref().take(3).filter_map(|line| Some(line.rsplit_once("http://")?.1.to_owned())).collect();
    let seen = ["Followthrough", "Tell the other teams what was learned", "Triage"];
    assert_eq!(pages.len(), seen.len(), "{pages:?}");
    for (page, seen) in pages.iter().zip(seen) {
        let (host, path) = page.split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(seen), "{page}: {answer}");
    }
    assert!(pages[0].ends_with("/pull/89"), "the pull request that brought the postmortem: {pages:?}");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(said.count(), 1, "one more line was waiting");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
