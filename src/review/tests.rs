//! Every rule's page is its test: what stands under “Bad” is found where the page says and nowhere else, what stands under
//! “Good” is not, and suggestions settle what they are about.

use std::collections::HashSet;

use proptest::prelude::*;

use super::{Finding, Policy, RULES, Rule, review, words};
use crate::{
    postmortem::parse::ReadOptions,
    settings::{self, Level},
};

/// A fenced block of a page.
struct Block {
    section: String,
    /// What stands behind the opening fence: `markdown`, `markdown light`, `text`.
    info: String,
    body: String,
    line: usize,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let (mut section, mut fence) = (String::new(), String::new());
    for (at, line) in page.lines().enumerate() {
        let ticks = line.chars().take_while(|c| *c == '`').count();
        if fence.is_empty() && ticks >= 3 {
            fence = "`".repeat(ticks);
            let info = line[ticks..].trim().to_owned();
            found.push(Block { section: section.clone(), info, body: String::new(), line: at + 1 });
        } else if !fence.is_empty() && line == fence {
            fence.clear();
        } else if !fence.is_empty() {
            let block = found.last_mut().expect("an open block");
            block.body.push_str(line);
            block.body.push('\n');
        } else if let Some(heading) = line.strip_prefix("## ") {
            section = heading.to_owned();
        }
    }
    found
}

/// The policy that an example asks for behind `markdown`: `light`, `major`, `naming-allowed`, `due-by-severity`. A rule that is off there
/// speaks anyway in a bad example.
fn policy(info: &str, rule: &Rule, is_bad: bool) -> Policy {
    let mut yaml = String::from("review:\n");
    for word in info.split_whitespace().skip(1) {
        match word {
            "light" | "standard" | "major" => yaml += &format!("  profile: {word}\n"),
            "naming-allowed" => yaml += "  naming: allowed\n",
            "due-by-severity" => yaml.insert_str(0, "file: { due: { SEV2: 30d } }\n"),
            other => panic!("{}: `{other}` behind `markdown` means nothing", rule.name),
        }
    }
    let settings = settings::parse(&yaml).expect("a good configuration");
    let policy = Policy::new(&settings).0;
    if is_bad && policy.level(rule.name).is_none() {
        let settings = settings::parse(&format!("{yaml}  rules: {{ {}: note }}\n", rule.name)).expect("a good configuration");
        return Policy::new(&settings).0;
    }
    policy
}

fn findings(text: &str, policy: &Policy, rule: &Rule) -> Vec<Finding> {
    let found = review(text.as_bytes(), &ReadOptions::default(), policy).expect("a document").findings;
    found.into_iter().filter(|finding| finding.rule == rule.name).collect()
}

fn shown(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("{}:{} {}\n", finding.place.line, finding.place.column, finding.message)).collect()
}

fn rewritten(text: &str, findings: &[Finding]) -> String {
    let mut text = text.to_owned();
    for suggestion in findings.iter().rev().filter_map(|finding| finding.suggestion.as_ref()) {
        text.replace_range(suggestion.span.range(), &suggestion.replacement);
    }
    text
}

#[test]
fn the_pages_are_true() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let page = blocks(rule.page);
        let examples =
            |section: &str| page.iter().filter(|block| block.section == section && block.info.starts_with("markdown")).count();
        assert!(examples("Bad") > 0 && examples("Good") > 0, "{}: the page has no examples", rule.name);
        for (at, block) in page.iter().enumerate().filter(|(_, block)| block.info.starts_with("markdown")) {
            let place = format!("src/review/rules/{}.md:{}", rule.name, block.line);
            let is_bad = block.section == "Bad";
            let policy = policy(&block.info, rule, is_bad);
            let found = findings(&block.body, &policy, rule);
            let expected = match page.get(at + 1) {
                Some(next) if is_bad && next.info == "text" => next.body.as_str(),
                _ if is_bad => panic!("{place}: no block `text` with the findings follows"),
                _ => "",
            };
            if shown(&found) != expected {
                wrong.push(format!("{place}: expected\n{expected}but found\n{}", shown(&found)));
            }
            let left = findings(&rewritten(&block.body, &found), &policy, rule);
            if left.len() != found.iter().filter(|finding| finding.suggestion.is_none()).count() {
                wrong.push(format!("{place}: after the suggestions there are still\n{}", shown(&left)));
            }
            let nagging = found.iter().filter(|finding| finding.help.is_none());
            wrong.extend(nagging.map(|finding| format!("{place}: `{}` comes without help", finding.message)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pages_have_the_same_shape_and_names_are_their_ids() {
    let mut names = HashSet::new();
    for rule in RULES {
        let name = rule.name;
        assert!(names.insert(name), "{name} is there twice");
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name} is not in kebab-case");
        let headings: Vec<&str> = rule.page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let outside =
            headings.iter().filter(|heading| ["Why", "Bad", "Good", "How to configure", "Known limits"].contains(heading));
        assert_eq!(outside.count(), 5, "{name}: {headings:?}");
        let opening: Vec<&str> = rule.page.lines().take(3).collect();
        assert_eq!(opening, [format!("# {name}").as_str(), "", &format!("{}.", rule.summary)], "{name}");
        let why = rule.page.split("## Bad").next().unwrap_or_default();
        assert!(
            !rule.practices.is_empty() && rule.practices.iter().all(|practice| why.contains(practice)),
            "{name}: its practices"
        );
    }
}

#[test]
fn every_rule_has_its_lists() {
    let english = words::of(Some("en"));
    for rule in RULES {
        for list in rule.words {
            assert!(english.list(list).is_some(), "{}: words/en.txt has no {list}", rule.name);
        }
    }
}

#[test]
fn every_language_has_the_lists_of_english_or_none() {
    let english = words::of(Some("en"));
    let known = |name: &str| name.starts_with('<') || english.list(name).is_some();
    for language in ["de", "es", "fr", "pt"] {
        let unknown: Vec<&str> = words::of(Some(language)).names().filter(|name| !known(name)).collect();
        assert!(unknown.is_empty(), "words/{language}.txt: no rule asks for {unknown:?}");
        for rule in RULES.iter().filter(|rule| rule.page.contains("\nIn ") && rule.name != "vague-action") {
            let lacking: Vec<&&str> = rule.words.iter().filter(|list| words::of(Some(language)).list(list).is_none()).collect();
            assert!(lacking.is_empty(), "words/{language}.txt keeps {} silent without {lacking:?}", rule.name);
        }
    }
}

#[test]
fn levels_come_from_the_rules_then_the_profile_and_naming() {
    let policy = |yaml: &str| Policy::new(&settings::parse(yaml).expect("a good configuration"));
    let (standard, problems) = policy("");
    assert_eq!((standard.level("missing-owner"), problems.len()), (Some(Level::Warning), 0));
    assert_eq!(policy("review: {profile: light}").0.level("missing-owner"), Some(Level::Note));
    assert_eq!(policy("review: {rules: {missing-owner: off}}").0.level("missing-owner"), None);
    assert_eq!(policy("review: {rules: {missing-owner: error}}").0.level("missing-owner"), Some(Level::Error));
    assert_eq!(policy("review: {naming: allowed}").0.level("named-person"), None);
    assert_eq!(policy("review: {naming: allowed, rules: {named-person: note}}").0.level("named-person"), Some(Level::Note));
    let (_, problems) = policy("review:\n  rules: {missing-ownr: off, quux: note}\n");
    let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "line 2, column 11: There is no rule `missing-ownr`. Did you mean `missing-owner`?",
            "line 2, column 30: There is no rule `quux`. `followthrough rules` lists all rules."
        ]
    );
}

#[test]
fn other_languages_are_not_searched_for_english_words() {
    let text = "# Postmortem\n\n## Ursachen\n\nDer Dienst war nicht erreichbar und die Daten wurden durch human error gelöscht, weil der Pool zu klein war.\n";
    let found = review(text.as_bytes(), &ReadOptions::default(), &Policy::default()).expect("a document").findings;
    assert!(found.iter().all(|finding| finding.rule != "human-error"), "{found:?}");
    assert!(found.iter().any(|finding| finding.rule == "missing-section"), "{found:?}");
}

#[test]
fn luck_and_people_who_saved_the_day_are_celebrated_and_never_found_fault_with() {
    let text = "# Postmortem: checkout was down

## Timeline

- 10:02 UTC The queue filled up. A colleague just happened to be
  looking at the dashboard, luckily
- 10:20 \"Luckily\", wrote the vendor; the `luckily` flag is off

## Where we got lucky

- The night shift had practised this the day before
- None

## Action items

- [ ] Alert on the queue, so that nobody just happened to be there (@ada-example)
";
    let review = review(text.as_bytes(), &ReadOptions::default(), &Policy::default()).expect("a document");
    let told: Vec<_> =
        review.resilience.iter().map(|moment| (moment.place.line, moment.place.end_line, moment.text.as_str())).collect();
    assert_eq!(
        told,
        [
            (5, 6, "A colleague just happened to be looking at the dashboard, luckily"),
            (11, 11, "The night shift had practised this the day before"),
        ]
    );
    assert!(
        review.findings.iter().all(|finding| !told.iter().any(|&(line, ..)| line == finding.place.line)),
        "{:?}",
        review.findings
    );
}

#[test]
fn a_name_gives_way_to_the_role_that_the_participants_list_gives() {
    let text = "# Postmortem: checkout was down

## Participants

- Ada Example (Incident Commander)
- @linus-example – database engineer
- Grace Example (SRE)
- Mary Example (SRE)

## Timeline

- 10:02 Ada paged the database team. @linus-example drained the pool
- 10:10 Grace restored it
";
    let mut found = review(text.as_bytes(), &ReadOptions::default(), &Policy::default()).expect("a document").findings;
    found.retain(|finding| finding.rule == "named-person");
    let rewritten = rewritten(text, &found);
    assert!(
        rewritten.contains("10:02 the incident commander paged the database team. The database engineer drained"),
        "{rewritten}"
    );
    assert!(rewritten.contains("10:10 an engineer restored it"), "{rewritten}");
}

#[test]
fn luck_is_celebrated_in_other_languages() {
    for (text, told) in [
        (
            "Der Dienst war nicht erreichbar und die Daten wurden nicht gelesen. Zum Glück war jemand wach.",
            "Zum Glück war jemand wach",
        ),
        (
            "El servicio no estaba disponible para los clientes en la noche. Por suerte alguien estaba despierto.",
            "Por suerte alguien estaba despierto",
        ),
        (
            "Le service n’était pas disponible pour les clients dans la nuit. Par chance une collègue était là.",
            "Par chance une collègue était là",
        ),
        (
            "O serviço não estava disponível e os clientes não podiam pagar na loja. Por sorte alguém viu isso.",
            "Por sorte alguém viu isso",
        ),
    ] {
        let review = review(text.as_bytes(), &ReadOptions::default(), &Policy::default()).expect("a document");
        let found: Vec<&str> = review.resilience.iter().map(|moment| moment.text.as_str()).collect();
        assert_eq!(found, [told]);
    }
}

#[test]
fn four_sections_are_enough_by_default() {
    let text = "# Postmortem: checkout was down\n\n## Summary\n\nEvery fourth checkout failed.\n\n## Timeline\n\n- 10:02 First errors\n- 10:40 Pool restored\n\n\
        ## Causes\n\nThe pool was too small. The evening was busy.\n\n## Action items\n\n- [ ] Alert on failed checkouts by 2027-01-04 (@ada-example)\n";
    let found = review(text.as_bytes(), &ReadOptions::default(), &Policy::default()).expect("a document").findings;
    let loud: Vec<&Finding> =
        found.iter().filter(|finding| finding.level > Level::Note && finding.rule.contains("section")).collect();
    assert!(loud.is_empty(), "{loud:?}");
    let settings = settings::parse("review: {profile: major}").expect("a good configuration");
    let found = review(text.as_bytes(), &ReadOptions::default(), &Policy::new(&settings).0).expect("a document").findings;
    let missing = found.iter().filter(|finding| finding.rule == "missing-section" && finding.level == Level::Warning);
    assert_eq!(missing.count(), 4);
}

#[test]
fn places_are_characters_in_the_file_as_given() {
    let text = "\u{feff}# Postmortem\r\n\r\n## Causes\r\n\r\nÄh, ö: human\r\nerror.\r\n";
    let found = review(text.as_bytes(), &ReadOptions::default(), &Policy::default()).expect("a document").findings;
    let place = found.iter().find(|finding| finding.rule == "human-error").expect("the finding").place;
    assert_eq!((place.line, place.column, place.end_line, place.end_column), (5, 8, 6, 5));
}

#[test]
fn hostile_text_is_reviewed_in_linear_time() {
    for piece in [
        "\"",
        "“a",
        "we should have ",
        "@a-",
        "10:02\n",
        "<!-- followthrough-ignore: x -->\n\n",
        "a.",
        "`",
        "- [ ] we should\n",
        "'’",
        "we forgot ",
        "luckily ",
        "Why did we do it?\n\n",
        "- why\n",
        "my fault, obviously a bad decision ",
        "[a] <b> {{c}} ",
        "Owner: A, B\n\n# Owner\n\n",
        "# External message\n\nx\n\n",
        "from we should add ABCD ",
        "# What went well\n\n",
        "<!-- a b c? -->\n\n",
    ] {
        let text = format!("# Postmortem\n\n## Timeline\n\n{}", piece.repeat(20_000 / piece.len()));
        let found = review(text.as_bytes(), &ReadOptions::default(), &Policy::default()).expect("a document").findings;
        assert!(found.len() <= text.len());
    }
}

proptest! {
    #[test]
    fn any_text_is_reviewed_and_every_place_is_in_it(text in "(?s)(# |\n- |\n## Timeline\n|\n## Action items\n|@|10:0|<!-- followthrough-ignore: |-->|we should have |\"|`|\\||é|日|.){0,60}") {
        let policy = Policy::default();
        if let Ok(found) = review(text.as_bytes(), &ReadOptions::default(), &policy) {
            for moment in &found.resilience {
                prop_assert!(text.get(moment.span.range()).is_some(), "{moment:?}");
            }
            for finding in &found.findings {
                prop_assert!(text.get(finding.span.range()).is_some(), "{finding:?}");
                let lines = crate::text::LineIndex::new(&text);
                prop_assert_eq!(lines.position(&text, finding.span.start), (finding.place.line, finding.place.column));
                prop_assert!((finding.place.line, finding.place.column) <= (finding.place.end_line, finding.place.end_column), "{finding:?}");
                if let Some(suggestion) = &finding.suggestion {
                    prop_assert!(text.get(suggestion.span.range()).is_some(), "{finding:?}");
                }
            }
        }
    }
}
