//! Hostile input and closed ends: always an exit code that says how it went, errors on standard error, never a panic.

use std::{
    fs::File,
    io::Read,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use crate::program::followthrough;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (said, complained) = (text(stdout), text(stderr));
    assert!(!complained.contains("panicked"), "{complained}");
    (status.code(), said, complained)
}

#[test]
fn what_cannot_be_read_is_an_error_with_its_name_and_the_rest_is_shown() {
    let folder = Folder::new();
    let binary = folder.file("binary.md", [b'#', b' ', 0, 1, 2]);
    let good = folder.file("good.md", "# Good\n\n## Action items\n\n- [ ] Do it\n");
    let empty = folder.0.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    for command in ["inspect", "plan", "check"] {
        for bad in [binary.clone(), folder.0.path().join("nowhere.md"), empty.clone()] {
            let (code, said, complained) = run(followthrough().args([command]).args([&bad, &good]));
            assert_eq!(code, Some(2));
            assert!(said.contains("Do it"), "{command}: {said}");
            assert!(complained.starts_with("error: ") && complained.contains(&bad.display().to_string()), "{complained}");
            let (code, said, _) = run(followthrough().args([command]).arg(&bad));
            assert_eq!((code, said.as_str()), (Some(2), ""), "nothing is said about what was not read");
        }
    }
}

#[test]
fn nothing_in_is_nothing_found() {
    let folder = Folder::new();
    let empty = folder.file("empty.md", "");
    for command in ["inspect", "plan", "check"] {
        assert_eq!(run(followthrough().arg(command).arg(&empty)).0, Some(0));
        assert_eq!(run(followthrough().arg(command).arg("-")).0, Some(0));
    }
}

#[test]
fn megabytes_of_punctuation_are_read_or_refused_in_seconds() {
    let folder = Folder::new();
    for piece in
        ["[", ">", "|", "*", "`", "<", "- ", "1. ", "![", "[](", "<!-- followthrough-ignore: x ", "we should have done. "]
    {
        let text = piece.repeat(1_000_000 / piece.len());
        let path = folder.file("long.md", &text);
        // Nesting beyond what any library reads in linear time is refused.
        assert!(matches!(run(followthrough().arg("inspect").arg(&path)).0, Some(0 | 2)), "{piece}");
        assert!(matches!(run(followthrough().arg("check").arg(&path)).0, Some(0..=2)), "{piece}");
        let began = std::time::Instant::now();
        assert!(matches!(run(followthrough().arg("plan").arg(&path)).0, Some(0 | 2)), "{piece}");
        assert!(began.elapsed().as_secs() < 20, "{piece}: {:?}", began.elapsed());
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = Folder::new();
    let text =
        "# Long\n\n## Action items\n\n".to_owned() + &(0..3000).map(|n| format!("- [ ] Replace relay {n}\n")).collect::<String>();
    let path = folder.file("long.md", text);
    for arguments in [&["inspect"][..], &["inspect", "--format", "json"], &["plan"], &["plan", "--format", "json"]] {
        let mut child = followthrough().args(arguments).arg(&path).spawn().unwrap();
        let mut one = [0];
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut one).unwrap();
        drop(out);
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn a_full_disk_is_a_failure() {
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    let folder = Folder::new();
    let path = folder.file("a.md", "# A\n");
    let output = followthrough().arg("inspect").arg(&path).stdout(Stdio::from(full)).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("standard output"));
}

#[test]
fn wrong_usage_is_2_and_says_what_would_be_right() {
    for arguments in [
        &["inspect"][..],
        &["inspect", "--bogus", "x"],
        &["plan", "--repo", "nonsense", "-"],
        &["plan", "--config", "/nowhere.yml", "-"],
        &["inspect", "--format", "xml", "-"],
        &["bogus"],
        &["serve", "--config", "/nowhere.toml"],
        &["demo", "--document", "/nowhere.md"],
        &[],
    ] {
        let (code, said, complained) = run(followthrough().args(arguments));
        assert_eq!((code, said.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(!complained.is_empty(), "{arguments:?}");
    }
}

#[test]
fn there_is_no_colour_where_nobody_sees_it() {
    let folder = Folder::new();
    let path = folder.file("a.md", "# A\n\n## Action items\n\n- [ ] Do it\n");
    for no_colour in ["", "1"] {
        let (_, said, _) = run(followthrough().env("NO_COLOR", no_colour).arg("plan").arg(&path));
        assert!(said.contains("Do it") && !said.contains('\u{1b}'), "{said}");
    }
}
