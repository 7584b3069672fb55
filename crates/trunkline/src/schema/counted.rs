//! A body as validators walk it: every step is counted, so that no schema and no body, however they
//! were made, take more work than is allowed.
//!
//! Once the steps are used up, nothing has contents any more, so that every walk ends soon. What a
//! validator says from then on is worth nothing.

use std::borrow::Cow;
use std::cell::Cell;

use jsonschema::error::ValidationErrorKind;
use jsonschema::json::{Array, Json, Node, NodeIdentity, Object, cmp, unique};
use jsonschema::{JsonType, ValidationError};
use serde_json::{Map, Number, Value, map};

/// So many bytes of a text cost as much as one step more.
const STEP_BYTES: usize = 64;

/// So many bytes of a place's keys cost as much as one error more: every error repeats its place.
const ERROR_BYTES: usize = 1024;

/// What every error is told about its instance. Errors copy it, and bodies may be large.
const NOTHING: &Value = &Value::Null;

/// The same, once the allowance is used up: such an error may be none.
const NOTHING_SURE: &Value = &Value::Bool(true);

/// How many steps and errors are still allowed.
#[derive(Debug)]
pub(super) struct Allowance {
    steps: Cell<usize>,
    errors: Cell<usize>,
    patterns: Patterns,
}

/// How a schema's patterns are matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patterns {
    /// In a time that the text's length bounds.
    Linear,
    /// By trying one way after the other, because one of them looks ahead or behind.
    Backtracking,
}

/// The representation.
pub(super) struct Counted;

/// A value of a body.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    value: &'a Value,
    /// `None` for names that are looked at as if they were values.
    allowance: Option<&'a Allowance>,
    /// How long the keys are that lead to it.
    path_bytes: usize,
    depth: usize,
}

#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    fields: &'a Map<String, Value>,
    place: Place<'a>,
}

#[derive(Clone, Copy)]
pub(super) struct Items<'a> {
    items: &'a [Value],
    place: Place<'a>,
}

/// The fields of an object, or the items of a list, as long as there are steps.
pub(super) struct Below<'a, I> {
    rest: I,
    place: Place<'a>,
}

impl Allowance {
    pub(super) fn new(patterns: Patterns, steps: usize, errors: usize) -> Self {
        Self {
            steps: Cell::new(steps),
            errors: Cell::new(errors),
            patterns,
        }
    }

    /// Whether more was wanted than is allowed.
    pub(super) fn is_used_up(&self) -> bool {
        self.steps.get() == 0 || self.errors.get() == 0
    }

    /// The body as a whole.
    pub(super) fn root<'a>(&'a self, value: &'a Value) -> Place<'a> {
        Place {
            value,
            allowance: Some(self),
            path_bytes: 0,
            depth: 0,
        }
    }

    fn step(&self, bytes: usize) {
        let left = self.steps.get();
        self.steps.set(left.saturating_sub(1 + bytes / STEP_BYTES));
    }

    fn text(&self, bytes: usize) {
        self.step(match self.patterns {
            Patterns::Linear => bytes,
            Patterns::Backtracking => bytes + BACKTRACKING_STEPS * STEP_BYTES,
        });
    }
}

/// What a text costs where it may be matched in many ways.
const BACKTRACKING_STEPS: usize = 2_000;

/// Whether an error is one: it was made before the allowance was used up, or at least one of those
/// that it consists of was, since those are made only where there is one.
pub(super) fn is_sure(error: &ValidationError<'_>) -> bool {
    match error.kind() {
        _ if error.instance().as_ref() != NOTHING_SURE => true,
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            context.iter().flatten().any(is_sure)
        }
        _ => false,
    }
}

impl<'a> Place<'a> {
    /// Whether there are steps left; takes one.
    fn steps_on(self) -> bool {
        let Some(allowance) = self.allowance else {
            return true;
        };
        if allowance.is_used_up() {
            return false;
        }
        allowance.step(0);
        true
    }

    fn below(self, value: &'a Value, key_bytes: usize) -> Self {
        Self {
            value,
            path_bytes: self.path_bytes + key_bytes,
            depth: self.depth + 1,
            ..self
        }
    }
}

impl Json for Counted {
    type Node<'a> = Place<'a>;
    type PreparedKey = String;
    type StringBuffer = Value;

    const KEYS_PER_LOOKUP: usize = 2;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>(
        buffer: &mut Value,
        string: &str,
        look: impl FnOnce(Place<'_>) -> T,
    ) -> T {
        *buffer = Value::String(string.to_owned());
        look(Place {
            value: buffer,
            allowance: None,
            path_bytes: 0,
            depth: 1,
        })
    }
}

impl<'a> Node<'a, Counted> for Place<'a> {
    type Object = Fields<'a>;
    type Array = Items<'a>;
    type Number = &'a Number;

    fn as_object(&self) -> Option<Fields<'a>> {
        let place = *self;
        let fields = self.value.as_object().filter(|_| place.steps_on())?;
        Some(Fields { fields, place })
    }

    fn as_array(&self) -> Option<Items<'a>> {
        let place = *self;
        let items = self.value.as_array().filter(|_| place.steps_on())?;
        Some(Items { items, place })
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        let text = self.value.as_str()?;
        if let Some(allowance) = self.allowance {
            if allowance.is_used_up() {
                return None;
            }
            allowance.text(text.len());
        }
        Some(Cow::Borrowed(text))
    }

    fn as_number(&self) -> Option<&'a Number> {
        self.value.as_number()
    }

    fn as_boolean(&self) -> Option<bool> {
        self.value.as_bool()
    }

    fn is_null(&self) -> bool {
        self.value.is_null()
    }

    fn json_type(&self) -> JsonType {
        match self.value {
            Value::Null => JsonType::Null,
            Value::Bool(_) => JsonType::Boolean,
            Value::Number(_) => JsonType::Number,
            Value::String(_) => JsonType::String,
            Value::Array(_) => JsonType::Array,
            Value::Object(_) => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        self.steps_on() && cmp::equal(self.value, expected)
    }

    fn to_value(&self) -> Cow<'a, Value> {
        let Some(allowance) = self.allowance else {
            return Cow::Borrowed(NOTHING);
        };
        let was_used_up = allowance.is_used_up();
        let left = allowance.errors.get();
        let cost = 1 + self.path_bytes / ERROR_BYTES;
        if self.depth == 0 && allowance.patterns == Patterns::Backtracking {
            // The validator looks into it for the text whose match was given up. One such copy is
            // enough.
            allowance.errors.set(0);
            return Cow::Borrowed(self.value);
        }
        allowance.errors.set(left.saturating_sub(cost));
        Cow::Borrowed(if was_used_up { NOTHING_SURE } else { NOTHING })
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::new(
            std::ptr::from_ref::<Value>(self.value).addr(),
        ))
    }
}

impl<'a> Object<'a, Counted> for Fields<'a> {
    type Node = Place<'a>;
    type MemberName = &'a str;
    type MembersIter = Below<'a, map::Iter<'a>>;

    fn len(&self) -> usize {
        self.fields.len()
    }

    fn get(&self, key: &String) -> Option<Place<'a>> {
        let value = self.fields.get(key.as_str())?;
        self.place
            .steps_on()
            .then(|| self.place.below(value, key.len()))
    }

    fn members(&self) -> Self::MembersIter {
        Below {
            rest: self.fields.iter(),
            place: self.place,
        }
    }
}

impl<'a> Array<'a, Counted> for Items<'a> {
    type Node = Place<'a>;
    type ElementsIter = Below<'a, std::slice::Iter<'a, Value>>;

    fn len(&self) -> usize {
        self.items.len()
    }

    fn elements(&self) -> Self::ElementsIter {
        Below {
            rest: self.items.iter(),
            place: self.place,
        }
    }

    fn is_unique(&self) -> bool {
        let Some(allowance) = self.place.allowance else {
            return unique::is_unique(self.items);
        };
        let mut values = 0;
        self.items.iter().for_each(|item| values += size(item));
        allowance.step(values.saturating_mul(STEP_BYTES));
        allowance.is_used_up() || unique::is_unique(self.items)
    }
}

/// How many values there are in a value, itself included; long texts count as several.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        Value::String(text) => 1 + text.len() / STEP_BYTES,
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(fields) => {
            let fields = fields.iter();
            let sizes = fields.map(|(name, value)| name.len() / STEP_BYTES + size(value));
            1 + sizes.sum::<usize>()
        }
    }
}

impl<'a> Iterator for Below<'a, map::Iter<'a>> {
    type Item = (&'a str, Place<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.rest.next()?;
        if !self.place.steps_on() {
            return None;
        }
        if let Some(allowance) = self.place.allowance {
            allowance.step(name.len());
        }
        Some((name.as_str(), self.place.below(value, name.len())))
    }
}

impl<'a> Iterator for Below<'a, std::slice::Iter<'a, Value>> {
    type Item = Place<'a>;

    fn next(&mut self) -> Option<Place<'a>> {
        let value = self.rest.next()?;
        self.place.steps_on().then(|| self.place.below(value, 0))
    }
}
