//! Projects (version 2): boards of an organisation or a person, their fields, and what stands on them.

use std::collections::{BTreeMap, HashMap};

use jiff::{Timestamp, civil::Date};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use super::{
    super::{node_id, refusal::Refusal, shapes},
    AccountKind, Outcome, State, ThreadRef,
    issues::Act,
};

/// Longest text of a text field, in characters.
const LONGEST_TEXT: usize = 1024;

/// A field of a board to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldSeed {
    pub name: String,
    pub kind: FieldKind,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldKind {
    /// Kept by GitHub itself and read-only here: `TITLE`, `ASSIGNEES`, `LABELS`, `REPOSITORY`, `MILESTONE` …
    Builtin(&'static str),
    Text,
    Number,
    Date,
    SingleSelect(Vec<SelectOption>),
    Iteration {
        iterations: Vec<Iteration>,
        completed: Vec<Iteration>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectOption {
    /// Eight hexadecimal digits, made from the names of field and option.
    pub id: String,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Iteration {
    pub id: String,
    pub title: String,
    pub start_date: Date,
    /// Days.
    pub duration: i64,
}

fn short_id(field: &str, name: &str) -> String {
    hex::encode(&Sha1::digest(format!("{field}\n{name}"))[..4])
}

impl FieldSeed {
    pub fn text(name: &str) -> Self {
        Self { name: name.to_owned(), kind: FieldKind::Text }
    }

    pub fn number(name: &str) -> Self {
        Self { name: name.to_owned(), kind: FieldKind::Number }
    }

    pub fn date(name: &str) -> Self {
        Self { name: name.to_owned(), kind: FieldKind::Date }
    }

    pub fn single_select(name: &str, options: &[&str]) -> Self {
        let options = options.iter().map(|option| SelectOption { id: short_id(name, option), name: (*option).to_owned() });
        Self { name: name.to_owned(), kind: FieldKind::SingleSelect(options.collect()) }
    }

    /// Iterations of two weeks one after the other; the first `completed` of them are over.
    pub fn iteration(name: &str, first_day: Date, titles: &[&str], completed: usize) -> Self {
        let mut all: Vec<Iteration> = titles
            .iter()
            .zip(0i64..)
            .map(|(title, index)| Iteration {
                id: short_id(name, title),
                title: (*title).to_owned(),
                start_date: first_day.saturating_add(jiff::Span::new().days(14 * index)),
                duration: 14,
            })
            .collect();
        let iterations = all.split_off(completed.min(all.len()));
        Self { name: name.to_owned(), kind: FieldKind::Iteration { iterations, completed: all } }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub id: u64,
    pub name: String,
    pub kind: FieldKind,
}

impl Field {
    pub(crate) fn data_type(&self) -> &'static str {
        match &self.kind {
            FieldKind::Builtin(name) => name,
            FieldKind::Text => "TEXT",
            FieldKind::Number => "NUMBER",
            FieldKind::Date => "DATE",
            FieldKind::SingleSelect(_) => "SINGLE_SELECT",
            FieldKind::Iteration { .. } => "ITERATION",
        }
    }

    pub(crate) fn node_id(&self, project: u64) -> String {
        let prefix = match &self.kind {
            FieldKind::SingleSelect(_) => "PVTSSF",
            FieldKind::Iteration { .. } => "PVTIF",
            _ => "PVTF",
        };
        node_id::field(prefix, project, self.id)
    }
}

/// A value of a field that people and Apps may set.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FieldValue {
    Text(String),
    Number(f64),
    Date(Date),
    /// An option's id.
    Select(String),
    /// An iteration's id.
    Iteration(String),
}

impl FieldValue {
    /// The value as a person reads it on the board.
    pub(crate) fn display(&self, field: &Field) -> String {
        match (self, &field.kind) {
            (Self::Text(text), _) => text.clone(),
            (Self::Number(number), _) => number.to_string(),
            (Self::Date(date), _) => date.to_string(),
            (Self::Select(id), FieldKind::SingleSelect(options)) => {
                options.iter().find(|option| option.id == *id).map(|option| option.name.clone()).unwrap_or_default()
            }
            (Self::Iteration(id), FieldKind::Iteration { iterations, completed }) => {
                iterations.iter().chain(completed).find(|one| one.id == *id).map(|one| one.title.clone()).unwrap_or_default()
            }
            _ => String::new(),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub id: u64,
    pub content: ThreadRef,
    pub archived: bool,
    pub values: BTreeMap<u64, (FieldValue, Timestamp)>,
    pub creator: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Who wrote last.
    pub updated_by: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub id: u64,
    pub owner: u64,
    pub number: u64,
    pub title: String,
    pub public: bool,
    pub closed_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub fields: Vec<Field>,
    /// By id, which is also the order of the board.
    pub items: BTreeMap<u64, Item>,
    pub by_content: HashMap<ThreadRef, u64>,
}

impl Project {
    pub(crate) fn field(&self, id: u64) -> Option<&Field> {
        self.fields.iter().find(|field| field.id == id)
    }

    pub(crate) fn field_named(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }
}

impl State {
    /// Makes a board with GitHub's own fields and `seeds` after them.
    pub(crate) fn add_project(&mut self, owner: u64, number: u64, title: &str, seeds: &[FieldSeed]) -> u64 {
        let id = self.small_id();
        let builtin = [
            ("Title", "TITLE"),
            ("Assignees", "ASSIGNEES"),
            ("Labels", "LABELS"),
            ("Linked pull requests", "LINKED_PULL_REQUESTS"),
            ("Milestone", "MILESTONE"),
            ("Repository", "REPOSITORY"),
            ("Reviewers", "REVIEWERS"),
            ("Parent issue", "PARENT_ISSUE"),
            ("Sub-issues progress", "SUB_ISSUES_PROGRESS"),
        ];
        let builtin = builtin.map(|(name, kind)| FieldSeed { name: name.to_owned(), kind: FieldKind::Builtin(kind) });
        let fields = builtin
            .iter()
            .chain(seeds)
            .map(|seed| Field { id: self.small_id(), name: seed.name.clone(), kind: seed.kind.clone() })
            .collect();
        let project = Project {
            id,
            owner,
            number,
            title: title.to_owned(),
            public: false,
            closed_at: None,
            created_at: self.now(),
            fields,
            items: BTreeMap::new(),
            by_content: HashMap::new(),
        };
        self.projects.insert(id, project);
        id
    }

    pub(crate) fn project(&self, id: u64) -> Outcome<&Project> {
        self.projects.get(&id).ok_or_else(Refusal::not_found)
    }

    pub(crate) fn project_mut(&mut self, id: u64) -> Outcome<&mut Project> {
        self.projects.get_mut(&id).ok_or_else(Refusal::not_found)
    }

    pub(crate) fn project_numbered(&self, owner: u64, number: u64) -> Option<&Project> {
        self.projects.values().find(|project| project.owner == owner && project.number == number)
    }

    pub(crate) fn project_url(&self, project: &Project) -> String {
        let kind = match self.accounts.get(&project.owner).map(|account| account.kind) {
            Some(AccountKind::Organization) => "orgs",
            _ => "users",
        };
        format!("{}/{kind}/{}/projects/{}", self.base_url, self.login(project.owner), project.number)
    }

    pub(crate) fn item(&self, project: u64, item: u64) -> Outcome<&Item> {
        self.project(project)?.items.get(&item).ok_or_else(Refusal::not_found)
    }

    /// Puts an issue or pull request on a board; what stands there already keeps its item.
    pub(crate) fn add_item(&mut self, project: u64, content: ThreadRef, actor: u64) -> Outcome<u64> {
        self.thread(content)?;
        let (id, now) = (self.large_id(), self.now());
        if self.project(project)?.closed_at.is_some() {
            return Err(Refusal::unprocessable("The project is closed"));
        }
        let found = self.project_mut(project)?;
        if let Some(known) = found.by_content.get(&content).copied() {
            if let Some(item) = found.items.get_mut(&known) {
                item.archived = false;
            }
            return Ok(known);
        }
        found.by_content.insert(content, id);
        found.items.insert(
            id,
            Item {
                id,
                content,
                archived: false,
                values: BTreeMap::new(),
                creator: actor,
                created_at: now,
                updated_at: now,
                updated_by: actor,
            },
        );
        let title = found.title.clone();
        self.note(content, actor, format!("added this to {title}"));
        self.emit_item(project, id, "created", actor, json!({}));
        Ok(id)
    }

    pub(crate) fn set_field(
        &mut self,
        project: u64,
        item: u64,
        field: u64,
        value: Option<FieldValue>,
        actor: u64,
    ) -> Outcome<()> {
        let now = self.now();
        self.item(project, item)?;
        let found = self.project(project)?;
        let field = found.field(field).ok_or_else(Refusal::not_found)?.clone();
        if let Some(value) = &value {
            check_value(&field, value)?;
        } else if matches!(field.kind, FieldKind::Builtin(_)) {
            return Err(Refusal::unprocessable(format!("The field {} cannot be cleared here", field.name)));
        }
        let shown = |value: Option<&FieldValue>| value.map(|value| json!(value.display(&field)));
        let Some(found) = self.project_mut(project)?.items.get_mut(&item) else { return Err(Refusal::not_found()) };
        if found.archived {
            return Err(Refusal::unprocessable("The item is archived and cannot be updated"));
        }
        let before = found.values.get(&field.id).map(|(value, _)| value.clone());
        if before == value {
            return Ok(());
        }
        let change = json!({"changes": {"field_value": {
            "field_node_id": field.node_id(project), "field_type": field.data_type().to_ascii_lowercase(), "field_name": field.name,
            "project_number": 0, "from": shown(before.as_ref()), "to": shown(value.as_ref()),
        }}});
        let text = |value: Option<&FieldValue>| value.map(|value| value.display(&field)).unwrap_or_default();
        let moved = Act::CardMoved { project, from: text(before.as_ref()), to: text(value.as_ref()) };
        match value {
            Some(value) => found.values.insert(field.id, (value, now)),
            None => found.values.remove(&field.id),
        };
        (found.updated_at, found.updated_by) = (now, actor);
        let content = found.content;
        if field.name == "Status" {
            self.record(content, actor, moved);
        }
        self.emit_item(project, item, "edited", actor, change);
        Ok(())
    }

    pub(crate) fn archive_item(&mut self, project: u64, item: u64, archived: bool, actor: u64) -> Outcome<()> {
        self.item(project, item)?;
        if let Some(found) = self.project_mut(project)?.items.get_mut(&item) {
            found.archived = archived;
        }
        self.emit_item(project, item, if archived { "archived" } else { "restored" }, actor, json!({}));
        Ok(())
    }

    pub(crate) fn delete_item(&mut self, project: u64, item: u64, actor: u64) -> Outcome<()> {
        let content = self.item(project, item)?.content;
        self.emit_item(project, item, "deleted", actor, json!({}));
        let found = self.project_mut(project)?;
        found.items.remove(&item);
        found.by_content.remove(&content);
        Ok(())
    }

    /// `projects_v2_item` exists for boards of organisations only.
    fn emit_item(&mut self, project: u64, item: u64, action: &'static str, actor: u64, mut extra: Value) {
        let Some((owner, number)) = self.projects.get(&project).map(|project| (project.owner, project.number)) else { return };
        if self.accounts.get(&owner).is_none_or(|account| account.kind != AccountKind::Organization) {
            return;
        }
        if let Some(place) = extra.pointer_mut("/changes/field_value/project_number") {
            *place = json!(number);
        }
        if let Some(extra) = extra.as_object_mut() {
            extra.insert("projects_v2_item".to_owned(), shapes::project_item(self, project, item).unwrap_or_default());
        }
        self.emit_for_account("projects_v2_item", Some(action), owner, actor, extra);
    }
}

fn check_value(field: &Field, value: &FieldValue) -> Outcome<()> {
    match (value, &field.kind) {
        (FieldValue::Text(text), FieldKind::Text) if text.chars().count() <= LONGEST_TEXT => Ok(()),
        (FieldValue::Text(_), FieldKind::Text) => Err(Refusal::unprocessable("Text is too long (maximum is 1024 characters)")),
        (FieldValue::Number(_), FieldKind::Number) | (FieldValue::Date(_), FieldKind::Date) => Ok(()),
        (FieldValue::Select(id), FieldKind::SingleSelect(options)) if options.iter().any(|option| option.id == *id) => Ok(()),
        (FieldValue::Select(_), FieldKind::SingleSelect(_)) => {
            Err(Refusal::unprocessable("The single select option Id does not belong to the field"))
        }
        (FieldValue::Iteration(id), FieldKind::Iteration { iterations, completed })
            if iterations.iter().chain(completed).any(|one| one.id == *id) =>
        {
            Ok(())
        }
        (FieldValue::Iteration(_), FieldKind::Iteration { .. }) => {
            Err(Refusal::unprocessable("The iteration Id does not belong to the field"))
        }
        _ => Err(Refusal::unprocessable(format!(
            "Did not receive a {} value to update a field of type {}",
            field.data_type().to_ascii_lowercase(),
            field.data_type().to_ascii_lowercase()
        ))),
    }
}
