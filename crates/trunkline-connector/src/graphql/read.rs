//! Reads documents.

use apollo_parser::cst::{self, CstNode as _};
use apollo_parser::{Parser, SyntaxNode};

use super::{
    DEPTH_MAX, Document, DocumentError, Operation, OperationKind, TOKENS_MAX, Type, Variable,
};

/// The most syntax errors that are told.
const ERRORS_MAX: usize = 50;

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    ///
    /// The first places at which it is no GraphQL that can be executed, in order.
    pub fn parse(text: &str) -> Result<Self, Vec<DocumentError>> {
        let parser = Parser::new(text)
            .recursion_limit(DEPTH_MAX)
            .token_limit(TOKENS_MAX);
        let tree = parser.parse();
        let text = Text(text);
        let mut found: Vec<_> = tree.errors().collect();
        if !found.is_empty() {
            found.sort_by_key(|error| error.index());
            // Each costs a walk through the text, and nobody reads more of them.
            let shown = found.into_iter().take(ERRORS_MAX);
            let mut errors: Vec<_> = shown.map(|error| text.syntax_error(error)).collect();
            // What follows from the first error of a line says nothing more.
            errors.dedup_by_key(|error| error.line);
            return Err(errors);
        }
        let mut errors = Vec::new();
        let mut operations: Vec<Operation> = Vec::new();
        for definition in tree.document().definitions() {
            match definition {
                cst::Definition::OperationDefinition(definition) => {
                    let operation = operation(&text, &definition);
                    let is_same = |other: &&Operation| other.name == operation.name;
                    if let Some(other) = operations.iter().find(is_same) {
                        let name = other.name.as_deref();
                        errors.push(text.error(definition.syntax(), twice(name)));
                    }
                    operations.push(operation);
                }
                cst::Definition::FragmentDefinition(_) => {}
                other => {
                    let message = "this belongs to a schema; a document has operations and \
                                   fragments";
                    errors.push(text.error(other.syntax(), message));
                }
            }
        }
        if operations.is_empty() && errors.is_empty() {
            errors.push(DocumentError {
                line: 1,
                column: 1,
                message: "the document has no operation".to_owned(),
            });
        }
        match errors.as_slice() {
            [] => Ok(Self { operations }),
            _ => Err(errors),
        }
    }
}

fn twice(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("there is already an operation `{name}`"),
        None => "an operation without a name must be the only one".to_owned(),
    }
}

fn operation(text: &Text<'_>, definition: &cst::OperationDefinition) -> Operation {
    let kind = definition.operation_type();
    let kind = kind.map_or(OperationKind::Query, |kind| {
        if kind.mutation_token().is_some() {
            OperationKind::Mutation
        } else if kind.subscription_token().is_some() {
            OperationKind::Subscription
        } else {
            OperationKind::Query
        }
    });
    let declared = definition.variable_definitions().into_iter();
    let declared = declared.flat_map(|all| all.variable_definitions());
    let (line, column) = text.place_of(definition.syntax());
    Operation {
        kind,
        name: definition.name().map(|name| name.text().to_string()),
        variables: declared.filter_map(|one| variable(text, &one)).collect(),
        line,
        column,
    }
}

/// Nothing is missing in a document without errors.
fn variable(text: &Text<'_>, definition: &cst::VariableDefinition) -> Option<Variable> {
    let (line, column) = text.place_of(definition.syntax());
    Some(Variable {
        name: definition.variable()?.name()?.text().to_string(),
        of: type_of(definition.ty()?)?,
        has_default: definition.default_value().is_some(),
        line,
        column,
    })
}

fn type_of(written: cst::Type) -> Option<Type> {
    let named = |named: &cst::NamedType| Some(Type::Named(named.name()?.text().to_string()));
    let list = |list: &cst::ListType| Some(Type::List(Box::new(type_of(list.ty()?)?)));
    match written {
        cst::Type::NamedType(written) => named(&written),
        cst::Type::ListType(written) => list(&written),
        cst::Type::NonNullType(written) => {
            let of = match written.named_type() {
                Some(of) => named(&of),
                None => list(&written.list_type()?),
            };
            Some(Type::NonNull(Box::new(of?)))
        }
    }
}

/// The library's message in our words: signs as they are written, lower case, no full stop.
fn in_words(message: &str) -> String {
    const SIGNS: [(&str, &str); 10] = [
        ("R_CURLY", "`}`"),
        ("L_CURLY", "`{`"),
        ("R_PAREN", "`)`"),
        ("L_PAREN", "`(`"),
        ("R_BRACK", "`]`"),
        ("COLON", "`:`"),
        ("got EOF", "which never comes"),
        ("<EOF>", "end of the document"),
        (
            "a StringValue, Name or OperationDefinition",
            "an operation or a fragment",
        ),
        ("expected definition", "expected an operation or a fragment"),
    ];
    let message = SIGNS.iter().fold(message.to_owned(), |text, (from, to)| {
        text.replace(from, to)
    });
    let mut letters = message.trim_end_matches('.').chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

/// The document's text, for places in it.
struct Text<'t>(&'t str);

impl Text<'_> {
    fn place(&self, offset: usize) -> (usize, usize) {
        let before = self.0.get(..offset).unwrap_or(self.0);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        (before.matches('\n').count() + 1, column)
    }

    fn place_of(&self, node: &SyntaxNode) -> (usize, usize) {
        self.place(node.text_range().start().into())
    }

    fn error(&self, node: &SyntaxNode, message: impl Into<String>) -> DocumentError {
        let (line, column) = self.place_of(node);
        DocumentError {
            line,
            column,
            message: message.into(),
        }
    }

    fn syntax_error(&self, error: &apollo_parser::Error) -> DocumentError {
        let (line, column) = self.place(error.index());
        let message = if error.is_limit() {
            format!(
                "it is nested deeper than {DEPTH_MAX} levels or has more than {TOKENS_MAX} words"
            )
        } else {
            in_words(error.message())
        };
        DocumentError {
            line,
            column,
            message,
        }
    }
}
