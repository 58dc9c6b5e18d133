//! The chapters after the merge: links in the document, items that change, issues that people close and rename.
//!
//! The document may be anybody's: a chapter for which it has no fitting item is left out.

use similar::{ChangeTag, TextDiff};

use super::{Script, Stage, Trouble, author::Draft, count, readable};
use crate::{
    demo::github::{Change, IssueEdit, IssueState, IssueView, PullRequestView, StateReason},
    ids::RepositoryName,
    plan::marker,
    postmortem::model::State,
};

/// Words that fit behind about any action item.
const REWORDED: &str = ", and write down how";
const REWORDED_AGAIN: &str = ", for whoever is on call next";
const ADDED: &str = "Tell the other teams what was learned";
/// What people write on GitHub.
const RENAMED: &str = "The one that would have helped us most";
const NOTED: &str = "Seen again on Friday; ask the on-call engineer of that week.";

/// Items of the document by their issues.
struct Cast {
    /// Open ones that Followthrough opened an issue for, as index and issue, in document order.
    open: Vec<(usize, u64)>,
    draft: Draft,
}

/// What a pull request does to the document; each by the issue.
#[derive(Default)]
struct Revision {
    reworded: Option<u64>,
    ticked: Option<u64>,
    removed: Option<u64>,
    added: bool,
}

impl Stage {
    /// Goes on with one of the documents of the merged pull request `number`.
    pub(super) async fn follow_through(&self, number: u64, scripts: &[Script]) -> Result<(), Trouble> {
        let Some(path) = self.chapter_linked(scripts).await? else {
            self.say("\nNo link was written into the document, so the chapters that go on from there are left out.");
            return Ok(());
        };
        let revision = self.chapter_revised(&path).await?;
        self.chapter_closed(number, &path, revision.reworded).await?;
        if let Some(issue) = revision.reworded {
            self.chapter_renamed(number, &path, issue).await?;
        }
        self.chapter_command(number).await
    }

    /// Followthrough's own pull request with the links is merged; gives the document that the story goes on with.
    async fn chapter_linked(&self, scripts: &[Script]) -> Result<Option<String>, Trouble> {
        let own = self.link_backs();
        let most = |pull: &&PullRequestView| self.cast_at(&pull.head, pull.files.first()?).map(|cast| cast.open.len());
        let Some(pull) = own.iter().rev().max_by_key(most) else { return Ok(None) };
        let Some(path) = pull.files.first().cloned() else { return Ok(None) };
        self.chapter("The links come into the document by a small pull request", &pull.url);
        let others = if scripts.len() > 1 { format!(" (one of {}, one per document)", own.len()) } else { String::new() };
        self.line(&format!("Followthrough opens {}{others}:", self.number(pull.number, &pull.title)));
        self.difference(pull, &path, 1)?;
        let issues = self.repository.issues();
        self.repository.merge_as("grace-example", pull.number);
        self.settle().await?;
        self.line("grace-example merges it. No issue changes, and its branch is gone.");
        if self.repository.issues() != issues || self.repository.branches().contains(&pull.head_branch) {
            return Err(Trouble::Wrong("merging the links changed an issue, or left the branch behind".to_owned()));
        }
        Ok(Some(path))
    }

    /// One pull request rewords an item, adds one, ticks one and removes one.
    async fn chapter_revised(&self, path: &str) -> Result<Revision, Trouble> {
        let mut revision = Revision::default();
        let Some(mut cast) = self.cast_at("main", path) else { return Ok(revision) };
        let edit = |cast: &mut Cast, edit: &dyn Fn(&Draft, usize) -> Option<Draft>| {
            let found = cast.open.iter().enumerate();
            let (place, issue, draft) =
                found.filter_map(|(place, (item, issue))| Some((place, *issue, edit(&cast.draft, *item)?))).next()?;
            cast.open.remove(place);
            cast.draft = draft;
            Some(issue)
        };
        revision.reworded = edit(&mut cast, &|draft, item| draft.reworded(item, REWORDED));
        // From here on items are taken from the end, so that those before keep their places.
        cast.open.reverse();
        revision.ticked = edit(&mut cast, &|draft, item| draft.ticked(item));
        let after: Vec<usize> = (0..cast.draft.reading.action_items.len()).rev().collect();
        if let Some(longer) = after.iter().find_map(|item| cast.draft.followed_by(*item, ADDED).map(|draft| (*item, draft))) {
            revision.added = true;
            cast.draft = longer.1;
            cast.open.retain(|(item, _)| *item <= longer.0);
        }
        revision.removed = edit(&mut cast, &|draft, item| draft.without(item));
        let before = self.repository.issues();
        if revision.reworded.or(revision.ticked).or(revision.removed).is_none() && !revision.added {
            return Ok(revision);
        }
        let change = [Change::write(path, cast.draft.text.clone())];
        let number = self.repository.propose("ada-example", "postmortem-later", "Four weeks later", &change);
        let pull = self.repository.pull_request(number);
        self.chapter("Weeks later, a pull request brings the document up to date", &pull.url);
        self.settle().await?;
        let comment = self.one_comment(number)?;
        let comment = readable(&comment);
        let gone = comment.iter().filter(|line| line.starts_with("Not in the document any more"));
        for line in comment.iter().take(1).chain(gone) {
            self.line(&format!("{} {line}", self.style.dim("│")));
        }
        if self.repository.issues() != before {
            return Err(Trouble::Wrong("issues changed before the merge".to_owned()));
        }
        self.repository.merge(number);
        self.settle().await?;
        self.line("It is merged:");
        let was = |issue: u64| before.iter().find(|known| known.number == issue).map(|known| known.title.clone());
        if let Some(issue) = revision.reworded {
            let (was, now) = (was(issue).unwrap_or_default(), self.repository.issue(issue).title);
            self.line(&format!("reworded  {} → {now}", self.number(issue, &was)));
            expect(was != now, "the reworded item's issue kept its title")?;
        }
        let opened: Vec<IssueView> = self.repository.issues().into_iter().skip(before.len()).collect();
        for issue in &opened {
            self.line(&format!("added     {} is opened", self.number(issue.number, &issue.title)));
        }
        expect(opened.len() == usize::from(revision.added), "an added item did not get its one issue")?;
        if let Some(issue) = revision.ticked {
            self.closed("ticked", issue, StateReason::Completed)?;
        }
        if let Some(issue) = revision.removed {
            self.closed("removed", issue, StateReason::NotPlanned)?;
        }
        Ok(revision)
    }

    /// Says that an issue is closed, in the words of the comment that says why.
    fn closed(&self, what: &str, issue: u64, reason: StateReason) -> Result<(), Trouble> {
        let view = self.repository.issue(issue);
        let comments = self.repository.comments(issue);
        let said = comments.last().map(|comment| readable(&comment.body).join(" ")).unwrap_or_default();
        self.line(&format!("{what:<9} {}", self.number(issue, &view.title)));
        self.line(&format!("          {} {said}", self.style.dim("│")));
        let is_closed = view.state == IssueState::Closed && view.state_reason == Some(reason);
        expect(is_closed && comments.len() == 1 && said.contains("since"), "an issue was not closed with its one comment")
    }

    /// A person closes an issue, and the document learns of it.
    async fn chapter_closed(&self, number: u64, path: &str, spared: Option<u64>) -> Result<(), Trouble> {
        // Links that wait in our own pull request tell as much as those that are in the document.
        let waiting = self.link_backs_to(path).pop().map_or("main".to_owned(), |pull| pull.head);
        let Some(cast) = self.cast_at(&waiting, path) else { return Ok(()) };
        let reading = &cast.draft.reading;
        let has_box = |item: usize| reading.action_items.get(item).is_some_and(|item| item.anchor.checkbox.is_some());
        let free = cast.open.iter().filter(|(_, issue)| Some(*issue) != spared);
        let Some((item, issue)) = free.min_by_key(|(item, _)| !has_box(*item)) else { return Ok(()) };
        let view = self.repository.issue(*issue);
        self.chapter("Somebody closes an issue on GitHub", &view.url);
        self.line(&format!("mary-example closes {}", self.number(*issue, &view.title)));
        self.repository.close_issue_as("mary-example", *issue);
        self.settle().await?;
        let row = self.row(number, *issue)?;
        self.line(&format!("In the comment of #{number}: {row}"));
        expect(row.contains("done"), "the comment does not show that an issue was closed")?;
        if !has_box(*item) {
            self.line("The item has no box in the document to be ticked.");
            return Ok(());
        }
        let own = self.link_backs_to(path);
        let [pull] = own.as_slice() else {
            return Err(Trouble::Wrong(format!("{} pull requests of our own for one document", own.len())));
        };
        self.line(&format!("{}:", self.number(pull.number, &pull.title)));
        self.difference(pull, path, 2)?;
        self.repository.merge_as("grace-example", pull.number);
        self.settle().await?;
        let ticked = self.cast_at("main", path).is_some_and(|cast| cast.open.iter().all(|(_, open)| open != issue));
        expect(ticked && self.repository.comments(*issue).is_empty(), "a closed issue's item is not ticked, or was told twice")
    }

    /// A person renames an issue and writes into it; the document is reworded after that.
    async fn chapter_renamed(&self, number: u64, path: &str, issue: u64) -> Result<(), Trouble> {
        let Some(cast) = self.cast_at("main", path) else { return Ok(()) };
        let Some((item, _)) = cast.open.iter().find(|(_, open)| *open == issue) else { return Ok(()) };
        let Some(draft) = cast.draft.reworded(*item, REWORDED_AGAIN) else { return Ok(()) };
        let view = self.repository.issue(issue);
        self.chapter("What people write on GitHub stays", &view.url);
        let edit = IssueEdit { title: Some(RENAMED.to_owned()), body: Some(format!("{}\n\n{NOTED}", view.body)) };
        self.repository.edit_issue_as("mary-example", issue, edit);
        self.settle().await?;
        self.line(&format!("mary-example renames {} and adds: “{NOTED}”", self.number(issue, RENAMED)));
        self.repository.commit_as("grace-example", "main", "Say who it is for", &[Change::write(path, draft.text.clone())]);
        self.settle().await?;
        let now = self.repository.issue(issue);
        let text = draft.reading.action_items.get(*item).map(|item| item.text.clone()).unwrap_or_default();
        self.line(&format!("grace-example pushes another wording: {text}"));
        let region = marker::region(&now.body);
        let theirs = region.as_ref().map_or("", |region| region.after.trim());
        self.line(&format!(
            "{} keeps its title, and “{theirs}”; Followthrough's own part of it is new.",
            self.number(issue, &now.title)
        ));
        let ours = region.as_ref().map_or("", |region| region.text);
        expect(now.title == RENAMED && theirs == NOTED, "a person's words were overwritten")?;
        expect(ours.contains(REWORDED_AGAIN), "the issue does not have the new wording")?;
        let comment = self.one_comment(number)?;
        let Some(remark) = readable(&comment).into_iter().find(|line| line.contains(RENAMED)) else {
            return Err(Trouble::Wrong("the comment does not show that the issue is called something else".to_owned()));
        };
        self.line(&format!("In the comment of #{number}: {}", remark.trim_start_matches("- ")));
        Ok(())
    }

    /// People talk to it in comments.
    async fn chapter_command(&self, number: u64) -> Result<(), Trouble> {
        self.chapter("It takes orders in comments, from people who may write", &self.repository.pull_request(number).url);
        let asked = self.repository.comment_as("grace-example", number, "/followthrough help");
        self.settle().await?;
        let comments = self.repository.comments(number);
        let reactions = comments.iter().find(|comment| comment.id == asked).map(|comment| comment.reactions.join(", "));
        let answer = comments.iter().rfind(|comment| comment.id != asked && !marker::is_comment(&comment.body));
        let commands: Vec<&str> = answer.map_or("", |answer| answer.body.as_str()).lines().filter_map(command).collect();
        expect(reactions.as_deref() == Some("+1") && !commands.is_empty(), "`/followthrough help` got no answer")?;
        self.line(&format!("grace-example writes `/followthrough help`; the answer explains {}.", commands.join(", ")));
        Ok(())
    }

    /// The open pull requests of the App itself, by number.
    fn link_backs(&self) -> Vec<PullRequestView> {
        let pulls = self.repository.pull_requests().into_iter();
        pulls.filter(|pull| pull.author.ends_with("[bot]") && pull.state == IssueState::Open).collect()
    }

    /// Those of them that are about the document at `path`: one, or none.
    fn link_backs_to(&self, path: &str) -> Vec<PullRequestView> {
        self.link_backs().into_iter().filter(|pull| pull.files.iter().any(|file| file == path)).collect()
    }

    /// Who is who in the document at `reference`, by the links in it.
    fn cast_at(&self, reference: &str, path: &str) -> Option<Cast> {
        let draft = Draft::of(self.repository.file(reference, path)?)?;
        let home: RepositoryName = self.repository.full_name().parse().ok()?;
        let host = &self.worker.web_host;
        let filed = self.filed();
        let mut open = Vec::new();
        for (index, item) in draft.reading.action_items.iter().enumerate().filter(|(_, item)| item.state == State::Open) {
            let mut issues = item.references.iter().filter_map(|reference| reference.issue(&home, host));
            let issue = issues.find(|issue| issue.repository == home && filed.contains(&issue.number.0));
            open.extend(issue.map(|issue| (index, issue.number.0)));
        }
        Some(Cast { open, draft })
    }

    /// What a pull request changes in a file: `most` of the changed lines, before and after.
    fn difference(&self, pull: &PullRequestView, path: &str, most: usize) -> Result<(), Trouble> {
        let before = self.repository.file("main", path).unwrap_or_default();
        let after = self.repository.file(&pull.head, path).unwrap_or_default();
        let diff = TextDiff::from_lines(&before, &after);
        let lines = |tag| {
            diff.iter_all_changes().filter(move |change| change.tag() == tag).map(|change| change.value().trim_end().to_owned())
        };
        let (removed, added): (Vec<String>, Vec<String>) =
            (lines(ChangeTag::Delete).collect(), lines(ChangeTag::Insert).collect());
        expect(!added.is_empty() && added.len() == removed.len(), "a link-back changed more than lines that were there")?;
        for (removed, added) in removed.iter().zip(&added).take(most) {
            self.line(&format!("{} {}", self.style.dim("│"), self.style.red(&format!("- {removed}"))));
            self.line(&format!("{} {}", self.style.dim("│"), self.style.green(&format!("+ {added}"))));
        }
        match added.len().saturating_sub(most) {
            0 => {}
            more => {
                let more = count(more, "more line");
                self.line(&format!("{} and {more} like that; nothing else changes", self.style.dim("│")));
            }
        }
        Ok(())
    }

    /// The line of the comment on a pull request that is about an issue.
    fn row(&self, number: u64, issue: u64) -> Result<String, Trouble> {
        let comment = self.one_comment(number)?;
        let link = format!("/issues/{issue})");
        let line = comment.lines().find(|line| line.starts_with('|') && line.contains(&link)).unwrap_or_default();
        Ok(readable(line).join(" "))
    }

    /// `#90 Title`, as it is said everywhere here.
    fn number(&self, number: u64, title: &str) -> String {
        format!("{} {title}", self.style.green(&format!("#{number}")))
    }
}

fn expect(is_so: bool, else_wrong: &str) -> Result<(), Trouble> {
    if is_so { Ok(()) } else { Err(Trouble::Wrong(else_wrong.to_owned())) }
}

/// The name of the command that a line of the answer's table is about.
fn command(line: &str) -> Option<&str> {
    line.strip_prefix("| `")?.split(['`', ' ']).next().filter(|name| !name.starts_with('/'))
}
