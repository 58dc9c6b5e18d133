//! GraphQL: documents are parsed and validated against [the trimmed schema](SCHEMA), then executed by apollo-compiler, which asks
//! the files below for one field at a time. What GitHub knows and the trimmed schema does not is answered with 501 and
//! remembered; what is invalid for GitHub too is a GraphQL error.

mod accounts;
mod checks;
mod conversation;
mod execution;
mod git;
mod mutation;
mod projects;
mod query;
mod repository;
mod reviews;
mod timeline;

use std::{cell::Cell, sync::OnceLock};

use apollo_compiler::{
    ExecutableDocument, Name, Schema,
    executable::{Operation, Selection, SelectionSet},
    resolvers::Execution,
    response::{JsonMap, serde_json_bytes},
    validation::Valid,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::execution::{Context, Object, Resolver};
use super::{access::Caller, faults::Fault, refusal::Refusal, server::Reply, state::State};

/// The part of GitHub's schema that the fake executes.
const SCHEMA: &str = include_str!("schema.graphql");

/// Nodes one request may ask for.
const MOST_NODES: u64 = 500_000;

fn schema() -> Result<&'static Valid<Schema>, String> {
    static PARSED: OnceLock<Result<Valid<Schema>, String>> = OnceLock::new();
    PARSED
        .get_or_init(|| Schema::parse_and_validate(SCHEMA, "schema.graphql").map_err(|error| error.errors.to_string()))
        .as_ref()
        .map_err(Clone::clone)
}

/// A GraphQL request as it came in.
pub(super) struct Request {
    /// The operation's name, where it has one.
    pub operation: Option<String>,
    /// Names of the root fields, one per alias.
    pub root_fields: Vec<String>,
    pub is_mutation: bool,
    query: String,
    variables: JsonMap,
    operation_name: Option<String>,
    malformed: bool,
}

#[derive(Deserialize)]
struct Body {
    query: String,
    variables: Option<JsonMap>,
    #[serde(rename = "operationName")]
    operation_name: Option<String>,
}

impl Request {
    /// Reads a body; a malformed one becomes a request that is refused later.
    pub(super) fn read(body: &[u8]) -> Self {
        let parsed: Option<Body> = serde_json::from_slice(body).ok();
        let malformed = parsed.is_none();
        let Body { query, variables, operation_name } =
            parsed.unwrap_or(Body { query: String::new(), variables: None, operation_name: None });
        let document =
            apollo_compiler::ast::Document::parse(query.as_str(), "request.graphql").unwrap_or_else(|error| error.partial);
        let mut operations = document.definitions.iter().filter_map(|definition| definition.as_operation_definition());
        let chosen = operations.find(|operation| match &operation_name {
            Some(wanted) => operation.name.as_ref().is_some_and(|name| name.as_str() == wanted),
            None => true,
        });
        let root_fields = chosen.map(|operation| {
            let fields = operation.selection_set.iter().filter_map(|selection| selection.as_field());
            fields.map(|field| field.name.to_string()).collect()
        });
        Self {
            operation: chosen.and_then(|operation| operation.name.as_ref()).map(Name::to_string),
            root_fields: root_fields.unwrap_or_default(),
            is_mutation: chosen
                .is_some_and(|operation| operation.operation_type == apollo_compiler::ast::OperationType::Mutation),
            query,
            variables: variables.unwrap_or_default(),
            operation_name,
            malformed,
        }
    }
}

/// What validation finds when a document names something the trimmed schema lacks.
const UNKNOWN: [&str; 7] = [
    "UndefinedField",
    "UndefinedArgument",
    "UndefinedDefinition",
    "UndefinedEnumValue",
    "UndefinedInputValue",
    "UndefinedTypeInInlineFragmentTypeCondition",
    "UndefinedTypeInNamedFragmentTypeCondition",
];

/// What GitHub says of a failure of its own.
const WENT_WRONG: &str = "Something went wrong while executing your query.";

pub(super) fn answer(
    state: &mut State,
    caller: Caller,
    request: &Request,
    fault: Option<&Fault>,
    effects: &mut Vec<String>,
) -> Reply {
    if request.malformed {
        return Reply::json(400, json!({"message": "Problems parsing JSON"}));
    }
    match execute(state, caller, request, fault, effects) {
        Ok(body) => Reply::ok(body),
        Err(Failure::Unexpected(what)) => {
            state.log.unexpected.push(format!("GraphQL {}: {what}", request.operation.as_deref().unwrap_or("operation")));
            let message = Refusal::Unexpected(what).to_string();
            Reply::json(501, json!({"message": message, "errors": [{"message": message}]}))
        }
        Err(Failure::Invalid(errors)) => Reply::ok(json!({"errors": errors})),
    }
}

enum Failure {
    /// A hole in the fake.
    Unexpected(String),
    /// Invalid for GitHub too.
    Invalid(Vec<Value>),
}

fn execute(
    state: &mut State,
    caller: Caller,
    request: &Request,
    fault: Option<&Fault>,
    effects: &mut Vec<String>,
) -> Result<Value, Failure> {
    let schema = schema().map_err(Failure::Unexpected)?;
    let document =
        ExecutableDocument::parse_and_validate(schema, request.query.as_str(), "request.graphql").map_err(|found| {
            let mut errors = Vec::new();
            for diagnostic in found.errors.iter() {
                let name = diagnostic.error.unstable_error_name().unwrap_or("SyntaxError");
                let message = diagnostic.error.to_string();
                if UNKNOWN.contains(&name) {
                    return Failure::Unexpected(message);
                }
                errors.push(json!({"message": message, "extensions": {"code": name}}));
            }
            Failure::Invalid(errors)
        })?;
    let invalid = |error: apollo_compiler::request::RequestError| {
        let message = error.message().to_string();
        // An input field that is missing in the trimmed schema looks like a wrong value here.
        match message.contains(" not in type ") {
            true => Failure::Unexpected(message),
            false => Failure::Invalid(vec![json!({"message": message, "extensions": {"code": "variableMismatch"}})]),
        }
    };
    let operation = document.operations.get(request.operation_name.as_deref()).map_err(invalid)?;
    let nodes = count_nodes(&document, operation, &request.variables);
    if nodes > MOST_NODES {
        let message = format!("This query requests up to {nodes} possible nodes which exceeds the maximum limit of 500,000.");
        return Err(Failure::Invalid(vec![json!({"type": "MAX_NODE_LIMIT_EXCEEDED", "message": message})]));
    }
    let context = Context::new(state, caller, fault, nodes);
    let root = Resolver { context: &context, object: if operation.is_mutation() { Object::Mutation } else { Object::Query } };
    let execution = Execution::new(schema, &document)
        .operation(operation)
        .raw_variable_values(&request.variables)
        .enable_schema_introspection(false);
    let response = execution.execute_sync(&root).map_err(invalid)?;
    let mut body = Map::new();
    let data = response.data.map(serde_json_bytes::Value::Object).and_then(|data| serde_json::to_value(data).ok());
    body.insert("data".to_owned(), data.unwrap_or_default());
    effects.extend(context.take_effects());
    let mut errors: Vec<Value> = context.take_list_errors();
    for error in response.errors {
        let located = serde_json::to_value(&error).unwrap_or_default();
        let Some((kind, message)) = execution::decode(&error.message) else {
            return Err(Failure::Unexpected(error.message));
        };
        if kind == Refusal::Unexpected(String::new()).graphql_type() {
            return Err(Failure::Unexpected(message.to_owned()));
        }
        errors.push(json!({"type": kind, "path": located["path"], "locations": located["locations"], "message": message}));
    }
    if let Some(Fault::PartialErrors { after_effect }) = fault
        && (*after_effect || !request.is_mutation)
        && let Some(Value::Object(data)) = body.get_mut("data")
        && let Some((name, value)) = data.iter_mut().next_back()
    {
        *value = Value::Null;
        errors.push(json!({"message": WENT_WRONG, "path": [name]}));
    }
    if !errors.is_empty() {
        body.insert("errors".to_owned(), Value::Array(errors));
    }
    Ok(Value::Object(body))
}

/// How many nodes the document may return at most, as GitHub counts them: the `first` or `last` of each connection, multiplied
/// down the tree.
fn count_nodes(document: &ExecutableDocument, operation: &Operation, variables: &JsonMap) -> u64 {
    let total = Cell::new(0u64);
    walk(document, &operation.selection_set, variables, 1, &total, 0);
    total.get()
}

fn walk(
    document: &ExecutableDocument,
    selection: &SelectionSet,
    variables: &JsonMap,
    times: u64,
    total: &Cell<u64>,
    depth: usize,
) {
    if depth > 64 {
        return;
    }
    for selection in &selection.selections {
        match selection {
            Selection::Field(field) => {
                let bound = ["first", "last"].iter().find_map(|name| {
                    let value = field.specified_argument_by_name(name)?;
                    match value.as_variable() {
                        Some(variable) => variables.get(variable.as_str())?.as_u64(),
                        None => value.to_i32().and_then(|number| u64::try_from(number).ok()),
                    }
                });
                let inner = times.saturating_mul(bound.unwrap_or(1));
                if bound.is_some() {
                    total.set(total.get().saturating_add(inner));
                }
                walk(document, &field.selection_set, variables, inner, total, depth + 1);
            }
            Selection::InlineFragment(fragment) => walk(document, &fragment.selection_set, variables, times, total, depth + 1),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = spread.fragment_def(document) {
                    walk(document, &fragment.selection_set, variables, times, total, depth + 1);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_valid() {
        schema().expect("the trimmed schema is valid");
    }

    /// Every type, field and argument here is GitHub's. The official schema is large and lies beside the repository, so this
    /// says whether it was there to compare with.
    #[test]
    fn schema_agrees_with_the_official_one() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/github/schema.graphql");
        let Ok(text) = std::fs::read_to_string(&path) else {
            eprintln!("NOT COMPARED: there is no official schema at {}", path.display());
            return;
        };
        let official = Schema::parse(text, "official.graphql").unwrap_or_else(|error| error.partial);
        let ours = schema().expect("the trimmed schema is valid");
        let mut compared = 0;
        for (name, kind) in &ours.types {
            if kind.is_built_in() {
                continue;
            }
            let theirs = official.types.get(name).unwrap_or_else(|| panic!("GitHub has no type {name}"));
            assert_eq!(std::mem::discriminant(kind), std::mem::discriminant(theirs), "kind of {name}");
            use apollo_compiler::schema::ExtendedType::{Enum, InputObject, Interface, Object, Union};
            let fields = |of: &apollo_compiler::schema::ExtendedType| match of {
                Object(found) => found.fields.clone(),
                Interface(found) => found.fields.clone(),
                _ => Default::default(),
            };
            let known = fields(theirs);
            for (field, ours) in fields(kind) {
                let theirs = known.get(&field).unwrap_or_else(|| panic!("GitHub has no {name}.{field}"));
                assert_eq!(ours.ty, theirs.ty, "type of {name}.{field}");
                compared += 1;
                for argument in &ours.arguments {
                    let known = theirs.argument_by_name(&argument.name);
                    let known = known.unwrap_or_else(|| panic!("GitHub has no {name}.{field}({})", argument.name));
                    assert_eq!(
                        (&argument.ty, &argument.default_value),
                        (&known.ty, &known.default_value),
                        "{name}.{field}({})",
                        argument.name
                    );
                    compared += 1;
                }
                for argument in theirs.arguments.iter().filter(|argument| argument.is_required()) {
                    assert!(
                        ours.argument_by_name(&argument.name).is_some(),
                        "{name}.{field} lacks the required {}",
                        argument.name
                    );
                }
            }
            match (kind, theirs) {
                (InputObject(ours), InputObject(theirs)) => {
                    for (field, input) in &ours.fields {
                        let known = theirs.fields.get(field).unwrap_or_else(|| panic!("GitHub has no {name}.{field}"));
                        assert_eq!((&input.ty, &input.default_value), (&known.ty, &known.default_value), "{name}.{field}");
                        compared += 1;
                    }
                    for (field, known) in &theirs.fields {
                        assert!(!known.is_required() || ours.fields.contains_key(field), "{name} lacks the required {field}");
                    }
                }
                (Enum(ours), Enum(theirs)) => {
                    for value in ours.values.keys() {
                        assert!(theirs.values.contains_key(value), "GitHub has no {name}.{value}");
                        compared += 1;
                    }
                }
                (Union(ours), Union(theirs)) => {
                    for member in &ours.members {
                        assert!(theirs.members.contains(member), "{member} is no {name} at GitHub");
                        compared += 1;
                    }
                }
                _ => {}
            }
        }
        eprintln!("COMPARED {compared} fields, arguments and values with the official schema");
    }
}
