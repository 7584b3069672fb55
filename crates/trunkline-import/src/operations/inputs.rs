//! The inputs of one operation, each under a name of its own.

use std::collections::HashSet;

use serde_json::Value;
use trunkline_connector::format::{BodyKind, InputKind, InputPlace};

use crate::draft::{Input, Need};
use crate::names::{self, Unique};

/// The inputs of one operation.
#[derive(Debug)]
pub(super) struct Inputs {
    list: Vec<Input>,
    names: Unique,
    /// Places and names in the request, of which each stands once.
    taken: HashSet<(u8, String)>,
}

impl Inputs {
    /// None yet.
    pub(super) fn new() -> Self {
        Self {
            list: Vec::new(),
            names: Unique::default(),
            taken: HashSet::new(),
        }
    }

    /// Keeps a name from being given.
    pub(super) fn reserve(&mut self, name: &str) {
        self.names.give(name.to_owned());
    }

    /// Adds an input that is called `wire` in the request, unless it is there already. Gives the
    /// name that it got.
    pub(super) fn add(&mut self, wire: &str, place: InputPlace, input: Input) -> Option<String> {
        if wire.is_empty() || !self.taken.insert((number(place), wire_key(place, wire))) {
            return None;
        }
        let name = match place {
            // Headers do not tell case apart, and people write them all ways.
            InputPlace::Header => names::of_input(&names::snake(wire)),
            _ => names::of_input(wire),
        };
        let name = self.names.give(name);
        let has_name = !matches!(place, InputPlace::Path | InputPlace::Address);
        let sent_as = (has_name && name != wire).then(|| wire.to_owned());
        self.list.push(Input {
            name: name.clone(),
            place: Some(place),
            sent_as,
            ..input
        });
        Some(name)
    }

    /// Adds the one input that is the body.
    pub(super) fn add_body(&mut self, name: &str, input: Input) -> String {
        let name = self.names.give(name.to_owned());
        self.list.push(Input {
            name: name.clone(),
            place: None,
            sent_as: None,
            ..input
        });
        name
    }

    /// Adds an input that always has this value.
    pub(super) fn constant(&mut self, place: InputPlace, name: &str, value: &str) {
        let value = Value::String(value.to_owned());
        let input = Input {
            need: Need::Default(value.clone()),
            one_of: vec![value],
            ..text("part of the address")
        };
        self.add(name, place, input);
    }

    /// The list, in which places are left out that follow from the body.
    pub(super) fn into_list(self, body: BodyKind, body_input: Option<&str>) -> Vec<Input> {
        let rest = match body {
            BodyKind::None | BodyKind::Raw => InputPlace::Query,
            _ if body_input.is_some() => InputPlace::Query,
            BodyKind::Json
            | BodyKind::Form
            | BodyKind::FormRepeated
            | BodyKind::Multipart
            | BodyKind::Graphql => InputPlace::Body,
        };
        let mut list = self.list;
        for input in &mut list {
            if input.place == Some(rest) {
                input.place = None;
            }
        }
        list
    }
}

/// An optional text.
pub(super) fn text(about: &str) -> Input {
    Input {
        name: String::new(),
        place: None,
        kind: InputKind::String,
        need: Need::Optional,
        one_of: Vec::new(),
        sent_as: None,
        lists: None,
        objects: None,
        about: (!about.is_empty()).then(|| about.to_owned()),
    }
}

fn wire_key(place: InputPlace, wire: &str) -> String {
    match place {
        InputPlace::Header => wire.to_ascii_lowercase(),
        _ => wire.to_owned(),
    }
}

fn number(place: InputPlace) -> u8 {
    match place {
        InputPlace::Path => 0,
        InputPlace::Query => 1,
        InputPlace::Header => 2,
        InputPlace::Body => 3,
        InputPlace::Address => 4,
    }
}
