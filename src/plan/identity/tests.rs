//! Identity as promises: one to one, whatever the order, and the same every time.

use proptest::prelude::*;

use super::*;

fn item(text: &str) -> Trait<'_> {
    Trait { text, ..Trait::default() }
}

fn keys(document: &DocumentKey, new: &[Trait<'_>]) -> Vec<ItemKey> {
    new.iter().map(|item| item_key(document, item.text, 0)).collect()
}

#[test]
fn reordered_items_stay_themselves() {
    let document = document_key(RepositoryId(1), "a.md");
    let old = [item("Add an alert on failed payments"), item("Write a runbook for the payment queue")];
    let new = [item("Write a runbook for the payment queue"), item("Add an alert on failed payments")];
    assert_eq!(recognise(&new, &old, &keys(&document, &new)), [Some(1), Some(0)]);
}

#[test]
fn a_reworded_item_is_recognised_and_a_new_one_is_not() {
    let document = document_key(RepositoryId(1), "a.md");
    let old = [item("Add an alert on failed payments"), item("Rotate the signing keys every quarter")];
    let new = [item("Add an alert when payments failed for ten minutes"), item("Buy more disks")];
    assert_eq!(recognise(&new, &old, &keys(&document, &new)), [Some(0), None], "half of the words, in its place");
    let new = [item("Buy more disks"), item("Add an alert when payments failed for ten minutes"), item("Hire")];
    assert_eq!(recognise(&new, &old, &keys(&document, &new)), [None, None, None], "but not elsewhere");
    let new = [item("Add a paging alert on failed payments"), item("Buy more disks")];
    assert_eq!(recognise(&new, &old, &keys(&document, &new)), [Some(0), None]);
}

#[test]
fn the_linked_issue_outweighs_the_wording() {
    let document = document_key(RepositoryId(1), "a.md");
    let old = [Trait { issues: vec!["acme/app#7".into()], ..item("Add an alert") }];
    let new = [item("Add an alert"), Trait { issues: vec!["acme/app#7".into()], ..item("Something else entirely") }];
    assert_eq!(recognise(&new, &old, &keys(&document, &new)), [None, Some(0)]);
}

#[test]
fn the_same_wording_twice_is_two_items() {
    let document = document_key(RepositoryId(1), "a.md");
    assert_ne!(item_key(&document, "Add a test", 0), item_key(&document, "Add a test", 1));
    let old = [item("Add a test"), item("Add a test")];
    let new = [item("Add a test"), item("Add a test"), item("Add a test")];
    let found = recognise(&new, &old, &keys(&document, &new));
    assert_eq!(found.iter().flatten().collect::<HashSet<_>>().len(), 2);
    assert_eq!(found.iter().filter(|f| f.is_none()).count(), 1);
}

/// Items of few words, so that equal and similar ones meet often, in one of three groups.
fn texts() -> impl Strategy<Value = Vec<(String, Option<&'static str>)>> {
    let words = prop::sample::select(vec![
        "add", "an", "alert", "runbook", "for", "the", "payment", "queue", "search", "index", "of", "追加", "監視", "Prüfung",
        "3",
    ]);
    let group = prop::sample::select(vec![None, Some("Prevent"), Some("Detect")]);
    prop::collection::vec((prop::collection::vec(words, 0..9).prop_map(|words| words.join(" ")), group), 0..20)
}

fn items<'a>(texts: &'a [(String, Option<&'a str>)]) -> Vec<Trait<'a>> {
    texts.iter().map(|&(ref text, group)| Trait { text, group, ..Trait::default() }).collect()
}

fn distinct(texts: Vec<(String, Option<&'static str>)>) -> Vec<(String, Option<&'static str>)> {
    let mut seen = HashSet::new();
    texts.into_iter().filter(|(text, _)| seen.insert(words(text))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn matching_is_one_to_one_and_the_same_every_time(new in texts(), old in texts()) {
        for recognise in [|new: &[Trait<'_>], old: &[Trait<'_>]| recognise(new, old, &[]), moved] {
            let found = recognise(&items(&new), &items(&old));
            prop_assert_eq!(found.len(), new.len());
            let matched: Vec<usize> = found.iter().flatten().copied().collect();
            prop_assert!(matched.iter().all(|&index| index < old.len()));
            prop_assert_eq!(matched.iter().collect::<HashSet<_>>().len(), matched.len());
            prop_assert_eq!(recognise(&items(&new), &items(&old)), found);
        }
    }

    #[test]
    fn an_unchanged_document_matches_wholly(texts in texts()) {
        let found = recognise(&items(&texts), &items(&texts), &[]);
        for (index, found) in found.iter().enumerate() {
            prop_assert_eq!(found.map(|found| words(&texts[found].0)), Some(words(&texts[index].0)));
        }
    }

    #[test]
    fn the_order_of_items_decides_nothing(texts in texts(), others in texts(), seed in any::<prop::sample::Index>()) {
        let old = distinct(texts);
        let mut order: Vec<usize> = (0..old.len()).collect();
        order.rotate_left(seed.index(old.len().max(1)));
        order.reverse();
        let known: HashSet<Vec<String>> = old.iter().map(|(text, _)| words(text)).collect();
        let fresh = distinct(others).into_iter().filter(|(text, _)| !known.contains(&words(text)));
        let new: Vec<_> = order.iter().map(|&index| old[index].clone()).chain(fresh).collect();
        let found = recognise(&items(&new), &items(&old), &[]);
        let expected: Vec<Option<usize>> = order.iter().map(|&index| Some(index)).chain((order.len()..new.len()).map(|_| None)).collect();
        prop_assert_eq!(found, expected);
    }
}

fn recognised(new: &[&str], old: &[&str]) -> Vec<Option<usize>> {
    let all = |texts: &[&str]| -> Vec<(String, Option<&str>)> { texts.iter().map(|&text| (text.to_owned(), None)).collect() };
    recognise(&items(&all(new)), &items(&all(old)), &[])
}

#[test]
fn a_place_alone_identifies_nothing() {
    let old = ["Rotate the keys", "Add an alert on failed payments", "Test the backup"];
    assert_eq!(recognised(&["Rotate the keys", "Buy more disks", "Test the backup"], &old), [Some(0), None, Some(2)]);
    let alert = "Page somebody when payments failed for ten minutes";
    assert_eq!(recognised(&["Rotate the keys", alert, "Test the backup"], &old)[1], None, "two words of eight");
    let alert = "Add a page for payments that failed";
    assert_eq!(recognised(&["Rotate the keys", alert, "Test the backup"], &old)[1], Some(1), "half of them, in its place");
    assert_eq!(recognised(&[alert, "Buy disks", "Rotate the keys", "Test the backup"], &old)[0], None, "but not elsewhere");
}

#[test]
fn what_could_be_either_is_neither() {
    let old = ["Add an alert for the search index", "Add an alert for the mail gateway", "Buy disks"];
    let found = recognised(&["Buy disks", "Add an alert for the image store"], &old);
    assert_eq!(found, [Some(2), None]);
}

#[test]
fn scripts_without_spaces_have_words_too() {
    let old = ["決済キューの監視アラートを追加する", "障害対応の手順書を更新する"];
    assert_eq!(recognised(&["新しいサーバーを購入する", "決済キューの監視アラートを必ず追加する"], &old), [None, Some(0)]);
}

#[test]
fn moving_needs_more_than_a_title() {
    let (left, reworded) =
        (item("Add an alert on failed payments in the checkout"), item("Add an alert on failed payments in checkout"));
    assert_eq!(
        moved(&[item("Add tests"), left.clone(), reworded.clone()], &[item("Add tests"), left.clone()]),
        [None, Some(1), None]
    );
    assert_eq!(moved(std::slice::from_ref(&reworded), std::slice::from_ref(&left)), [Some(0)]);
    let linked = Trait { issues: vec!["acme/app#7".to_owned()], ..item("Add tests") };
    assert_eq!(moved(std::slice::from_ref(&linked), std::slice::from_ref(&linked)), [Some(0)]);
}

#[test]
fn thousands_of_reworded_items_are_still_told_apart() {
    let old: Vec<String> = (0..3000).map(|at| format!("Add an alert for the queue of cell{at} in rack{}", at / 7)).collect();
    let new: Vec<String> =
        (0..3000).map(|at| format!("Write an alert for every queue of cell{at} in rack{} soon", at / 7)).collect();
    let found =
        recognised(&new.iter().map(String::as_str).collect::<Vec<_>>(), &old.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(found.iter().enumerate().all(|(at, &found)| found.is_none_or(|found| found == at)));
    assert!(found.iter().flatten().count() > 2900, "{}", found.iter().flatten().count());
}

#[test]
fn of_equal_wordings_the_group_decides() {
    let within = |group| Trait { group, ..item("Add a test") };
    let (a, b) = (within(Some("Prevent")), within(Some("Detect")));
    assert_eq!(recognise(&[b.clone(), a.clone()], &[a.clone(), b.clone()], &[]), [Some(1), Some(0)]);
    let with_issue = Trait { issue: true, ..a.clone() };
    let open = Trait { issue: true, ..b.clone() };
    assert_eq!(recognise(&[a, open], &[with_issue, b], &[]), [Some(1), Some(0)], "but the open one has the issue");
}

#[test]
fn a_hundred_thousand_equal_items_are_paired_in_their_order() {
    let texts: Vec<(String, Option<&str>)> = (0..100_000).map(|_| ("Add a test".to_owned(), None)).collect();
    let found = recognise(&items(&texts), &items(&texts), &[]);
    assert!(found.iter().enumerate().all(|(at, &found)| found == Some(at)));
}

#[test]
fn a_document_is_known_by_its_items_when_nobody_knows_its_place() {
    let items = |texts: &[&'static str]| texts.iter().map(|text| Trait { text, ..Trait::default() }).collect::<Vec<_>>();
    let alert = "Alert when fewer than 98 % of checkouts succeed";
    let pool = "Keep the size of the connection pool in its own file";
    let drill = "Rehearse taking back a broken deploy every month";
    let new = items(&[alert, pool, drill]);
    assert_eq!(renamed(&new, &[items(&["Rotate the certificates of the gateway"]), items(&[alert, pool])]), Some(1));
    assert_eq!(renamed(&new, &[items(&[alert]), items(&[alert, drill])]), Some(1), "the nearest");
    assert_eq!(renamed(&new, &[items(&[alert, pool]), items(&[alert, pool])]), None, "two are as near");
    let others = ["Rotate the certificates of the gateway", "Cap the size of uploads", "Drop the unused index of payments"];
    assert_eq!(renamed(&new, &[items(&[alert, others[0], others[1], others[2]])]), None, "one of three is too few");
    assert_eq!(renamed(&new, &[]), None);
}
