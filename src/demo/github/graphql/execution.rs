//! Between apollo-compiler's executor and the files that know GitHub's types: what a resolver may answer, how arguments are
//! read, how connections are paged.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::{
    super::{
        access::{Caller, Level},
        faults::Fault,
        git::Oid,
        refusal::Refusal,
        state::{AccountKind, Outcome, State, ThreadRef},
    },
    accounts, checks, conversation, git, mutation, projects, query, repository, reviews,
};

/// Separates a refusal's type from its message inside the executor, which knows messages only.
const MARK: char = '\u{1}';

/// The type and message of a refusal that went through the executor; `None` for errors of the executor itself.
pub(super) fn decode(message: &str) -> Option<(&str, &str)> {
    let (_, marked) = message.split_once(MARK)?;
    marked.split_once(MARK)
}

fn encode(refusal: &Refusal) -> FieldError {
    FieldError { message: format!("{MARK}{}{MARK}{refusal}", refusal.graphql_type()) }
}

/// One request's execution.
pub(super) struct Context<'s> {
    state: RefCell<&'s mut State>,
    pub caller: Caller,
    fault: Option<&'s Fault>,
    mutations: Cell<usize>,
    pub nodes: u64,
    list_errors: RefCell<Vec<Json>>,
    effects: RefCell<Vec<String>>,
}

impl<'s> Context<'s> {
    pub(super) fn new(state: &'s mut State, caller: Caller, fault: Option<&'s Fault>, nodes: u64) -> Self {
        let (mutations, list_errors, effects) = (Cell::new(0), RefCell::default(), RefCell::default());
        Self { state: RefCell::new(state), caller, fault, mutations, nodes, list_errors, effects }
    }

    /// Works on the state. Resolvers never call each other inside.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.borrow_mut())
    }

    pub(super) fn require(&self, repository: u64, permission: &str, level: Level) -> Outcome<()> {
        self.with(|state| self.caller.require(state, repository, permission, level)).map_err(forbidden_if_unauthorized)
    }

    /// Issues or pull requests: the conversation of both is granted by either.
    pub(super) fn require_conversation(&self, repository: u64, level: Level) -> Outcome<()> {
        self.with(|state| self.caller.require_any(state, repository, &["issues", "pull_requests"], level))
    }

    pub(super) fn actor(&self) -> u64 {
        self.with(|state| self.caller.actor(state))
    }

    /// Lets an armed fault refuse this alias of a mutation.
    pub(super) fn next_mutation(&self) -> Outcome<()> {
        let index = self.mutations.replace(self.mutations.get() + 1);
        match self.fault {
            Some(Fault::RefuseAlias { index: wanted, kind, message }) if *wanted == index => {
                Err(Refusal::Typed { kind, message: message.clone() })
            }
            Some(Fault::PartialErrors { after_effect: false }) if index == 0 => {
                Err(Refusal::Typed { kind: "INTERNAL", message: super::WENT_WRONG.to_owned() })
            }
            Some(Fault::StopAfterAliases(most)) if index >= *most => Err(Refusal::Typed {
                kind: "RESOURCE_LIMITS_EXCEEDED",
                message: "Resource limits for this query exceeded.".to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// A field of a mutation took effect.
    pub(super) fn note_effect(&self, args: &Args<'_>) {
        self.effects.borrow_mut().push(format!("{} {}", args.field, args.values));
    }

    pub(super) fn take_effects(&self) -> Vec<String> {
        self.effects.take()
    }

    /// An error of one entry of a list; the entry itself is null.
    pub(super) fn list_error(&self, refusal: &Refusal, path: Json) {
        let error = json!({"type": refusal.graphql_type(), "path": path, "message": refusal.to_string()});
        self.list_errors.borrow_mut().push(error);
    }

    pub(super) fn take_list_errors(&self) -> Vec<Json> {
        self.list_errors.take()
    }
}

fn forbidden_if_unauthorized(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Unauthorized(_) => Refusal::forbidden_integration(),
        other => other,
    }
}

/// A concrete object of the schema, by what names it.
#[derive(Debug, Clone)]
pub(super) enum Object {
    Query,
    Mutation,
    /// The App's bot, which `viewer` shows as a user.
    Viewer,
    Account(u64, AccountKind),
    Repository(u64),
    Ref(u64, String),
    Commit(u64, Oid),
    Tree(u64, Oid),
    Blob(u64, Oid),
    Label(u64, u64),
    Milestone(u64, u64),
    IssueType(u64, u64),
    Issue(ThreadRef),
    PullRequest(ThreadRef),
    Comment(u64),
    Review(u64),
    ReviewThread(u64),
    ReviewComment(u64),
    CheckSuite(u64, Oid),
    CheckRun(u64),
    Project(u64),
    /// Project, field, and the type that its kind of field has.
    Field(u64, u64, &'static str),
    Item(u64, u64),
    /// Project, item, field, and the type of the value.
    FieldValue(u64, u64, u64, &'static str),
    /// Something small that needs no looking up.
    Record(Rc<Record>),
}

#[derive(Debug)]
pub(super) struct Record {
    type_name: &'static str,
    fields: Vec<(&'static str, Value)>,
}

/// What a field resolves to.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Leaf(Json),
    Object(Object),
    List(Vec<Value>),
}

impl Value {
    pub(super) const NULL: Self = Self::Leaf(Json::Null);

    pub(super) fn leaf(value: impl Into<Json>) -> Self {
        Self::Leaf(value.into())
    }

    pub(super) fn time(at: jiff::Timestamp) -> Self {
        Self::leaf(at.to_string())
    }

    pub(super) fn optional(object: Option<Object>) -> Self {
        object.map_or(Self::NULL, Self::Object)
    }

    pub(super) fn record(type_name: &'static str, fields: Vec<(&'static str, Value)>) -> Self {
        Self::Object(Object::Record(Rc::new(Record { type_name, fields })))
    }

    /// An `Int`, null where it does not fit: what GitHub's deprecated `databaseId` does.
    pub(super) fn int(number: u64) -> Self {
        Self::Leaf(i32::try_from(number).map_or(Json::Null, Json::from))
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

/// An object on its way through the executor.
pub(super) struct Resolver<'c, 's> {
    pub context: &'c Context<'s>,
    pub object: Object,
}

impl ObjectValue for Resolver<'_, '_> {
    fn type_name(&self) -> &str {
        match &self.object {
            Object::Query => "Query",
            Object::Mutation => "Mutation",
            Object::Viewer => "User",
            Object::Account(_, AccountKind::User) => "User",
            Object::Account(_, AccountKind::Organization) => "Organization",
            Object::Account(_, AccountKind::Bot) => "Bot",
            Object::Repository(_) => "Repository",
            Object::Ref(..) => "Ref",
            Object::Commit(..) => "Commit",
            Object::Tree(..) => "Tree",
            Object::Blob(..) => "Blob",
            Object::Label(..) => "Label",
            Object::Milestone(..) => "Milestone",
            Object::IssueType(..) => "IssueType",
            Object::Issue(_) => "Issue",
            Object::PullRequest(_) => "PullRequest",
            Object::Comment(_) => "IssueComment",
            Object::Review(_) => "PullRequestReview",
            Object::ReviewThread(_) => "PullRequestReviewThread",
            Object::ReviewComment(_) => "PullRequestReviewComment",
            Object::CheckSuite(..) => "CheckSuite",
            Object::CheckRun(_) => "CheckRun",
            Object::Project(_) => "ProjectV2",
            Object::Item(..) => "ProjectV2Item",
            Object::Field(_, _, name) | Object::FieldValue(_, _, _, name) => name,
            Object::Record(record) => record.type_name,
        }
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let arguments = serde_json::to_value(info.arguments()).unwrap_or_default();
        let selection = info.field_selections().first().map(|field| field.response_key().as_str()).unwrap_or_default();
        let args = Args { field: info.field_name(), key: selection, values: arguments };
        let value = self.resolve(&args).map_err(|refusal| encode(&refusal))?;
        Ok(self.wrap(value))
    }
}

impl<'c, 's> Resolver<'c, 's> {
    fn resolve(&self, args: &Args<'_>) -> Outcome<Value> {
        let context = self.context;
        match &self.object {
            Object::Query => query::resolve(context, args),
            Object::Mutation => mutation::resolve(context, args),
            Object::Viewer => accounts::viewer(context, args),
            Object::Account(id, _) => accounts::resolve(context, *id, args),
            Object::Repository(id) => repository::resolve(context, *id, args),
            Object::Ref(id, name) => repository::reference(context, *id, name, args),
            Object::Label(id, label) => repository::label(context, *id, *label, args),
            Object::Milestone(id, milestone) => repository::milestone(context, *id, *milestone, args),
            Object::IssueType(owner, id) => repository::issue_type(context, *owner, *id, args),
            Object::Commit(id, oid) => git::commit(context, *id, oid, args),
            Object::Tree(id, oid) => git::tree(context, *id, oid, args),
            Object::Blob(id, oid) => git::blob(context, *id, oid, args),
            Object::Issue(thread) => conversation::issue(context, *thread, args),
            Object::PullRequest(thread) => conversation::pull_request(context, *thread, args),
            Object::Comment(id) => conversation::comment(context, *id, args),
            Object::Review(id) => reviews::review(context, *id, args),
            Object::ReviewThread(id) => reviews::thread(context, *id, args),
            Object::ReviewComment(id) => reviews::comment(context, *id, args),
            Object::CheckSuite(id, oid) => checks::suite(context, *id, oid, args),
            Object::CheckRun(id) => checks::run(context, *id, args),
            Object::Project(id) => projects::project(context, *id, args),
            Object::Field(project, id, _) => projects::field(context, *project, *id, args),
            Object::Item(project, id) => projects::item(context, *project, *id, args),
            Object::FieldValue(project, item, field, _) => projects::value(context, *project, *item, *field, args),
            Object::Record(record) => {
                let found = record.fields.iter().find(|(name, _)| *name == args.field);
                found.map(|(_, value)| value.clone()).ok_or_else(|| args.unknown())
            }
        }
    }

    fn wrap<'a>(&self, value: Value) -> ResolvedValue<'a>
    where
        'c: 'a,
        's: 'a,
    {
        let context = self.context;
        match value {
            Value::Leaf(json) => ResolvedValue::Leaf(serde_json::from_value(json).unwrap_or_default()),
            Value::Object(object) => ResolvedValue::object(Resolver { context, object }),
            Value::List(values) => {
                let resolver = Resolver { context, object: Object::Query };
                let wrapped: Vec<ResolvedValue<'a>> = values.into_iter().map(|value| resolver.wrap(value)).collect();
                ResolvedValue::list(wrapped)
            }
        }
    }
}

/// A field's name and arguments, coerced by the schema.
pub(super) struct Args<'a> {
    pub field: &'a str,
    /// The alias, or the field's name.
    pub key: &'a str,
    values: Json,
}

impl Args<'_> {
    /// A resolver that lacks a field of the trimmed schema: a hole in the fake.
    pub(super) fn unknown(&self) -> Refusal {
        Refusal::Unexpected(format!("how to answer the field {}", self.field))
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.as_str()
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.values.get(name)?.as_u64()
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.values.get(name).and_then(Json::as_bool).unwrap_or(false)
    }

    /// An argument as a typed value; absent and null alike are `None`.
    pub(super) fn get<T: DeserializeOwned>(&self, name: &str) -> Outcome<Option<T>> {
        let value = self.values.get(name).filter(|value| !value.is_null()).cloned();
        let typed = value.map(serde_json::from_value).transpose();
        typed.map_err(|error| Refusal::Unexpected(format!("the argument {name} of {}: {error}", self.field)))
    }

    /// A mutation's `input`.
    pub(super) fn input<T: DeserializeOwned>(&self) -> Outcome<T> {
        self.get("input")?.ok_or_else(|| self.unknown())
    }

    /// One page of `items`, each with the key that its cursor is made of.
    pub(super) fn page(&self, type_name: &'static str, items: Vec<(String, Value)>) -> Outcome<Value> {
        let (first, last) = (self.get::<i64>("first")?, self.get::<i64>("last")?);
        let refuse = |kind: &'static str, message: String| Err(Refusal::Typed { kind, message });
        let field = self.field;
        let bounds = [("first", first), ("last", last)];
        if let Some((name, bound)) =
            bounds.iter().find_map(|(name, bound)| bound.map(|bound| (name, bound)).filter(|(_, bound)| *bound > 100))
        {
            let message =
                format!("Requesting {bound} records on the `{field}` connection exceeds the `{name}` limit of 100 records.");
            return refuse("EXCESSIVE_PAGINATION", message);
        }
        if (first.is_none() && last.is_none()) || bounds.iter().any(|(_, bound)| bound.is_some_and(|bound| bound < 0)) {
            let message = format!("You must provide a `first` or `last` value to properly paginate the `{field}` connection.");
            return refuse("MISSING_PAGINATION_BOUNDARIES", message);
        }
        let total = items.len();
        let position = |name: &str| -> Outcome<Option<usize>> {
            let Some(cursor) = self.text(name) else { return Ok(None) };
            let key = STANDARD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let key = key.and_then(|key| key.strip_prefix("cursor:v2:").map(str::to_owned));
            let found = key.and_then(|key| items.iter().position(|(known, _)| *known == key));
            found.map(Some).ok_or_else(|| Refusal::Typed {
                kind: "INVALID_CURSOR_ARGUMENTS",
                message: format!("`{cursor}` does not appear to be a valid cursor."),
            })
        };
        let mut start = position("after")?.map_or(0, |at| at + 1);
        let mut end = position("before")?.unwrap_or(total).max(start);
        let bound = |bound: i64| usize::try_from(bound).unwrap_or(0);
        if let Some(first) = first {
            end = end.min(start + bound(first));
        }
        if let Some(last) = last {
            start = start.max(end.saturating_sub(bound(last)));
        }
        let cursor = |at: Option<usize>| {
            let key = at.and_then(|at| items.get(at)).map(|(key, _)| STANDARD.encode(format!("cursor:v2:{key}")));
            Value::leaf(key)
        };
        let empty = start >= end;
        let info = Value::record(
            "PageInfo",
            vec![
                ("hasNextPage", Value::leaf(end < total)),
                ("hasPreviousPage", Value::leaf(start > 0)),
                ("startCursor", cursor((!empty).then_some(start))),
                ("endCursor", cursor(if empty { None } else { end.checked_sub(1) })),
            ],
        );
        let nodes = items.into_iter().skip(start).take(end.saturating_sub(start)).map(|(_, value)| value).collect();
        Ok(Value::record(type_name, vec![("nodes", Value::List(nodes)), ("pageInfo", info), ("totalCount", Value::leaf(total))]))
    }
}
