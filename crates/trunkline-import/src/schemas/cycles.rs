//! Schemas that would be compared with one value for ever: `A` is all of `B`, `B` is any of `A`.
//!
//! A schema may contain itself in a property or a list, which ends where the value ends. Where it
//! refers to itself in place, nothing ever ends, and the reference that closes the circle is cut.

use std::collections::HashMap;

use serde_json::Value;

use super::Definition;

/// Keywords whose schemas are compared with the same value.
const IN_PLACE: [&str; 7] = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else"];

/// Cuts every circle; gives where the schemas stand that were cut.
pub(super) fn cut(definitions: &mut [Definition<'_>]) -> Vec<String> {
    let places: HashMap<String, usize> = definitions
        .iter()
        .enumerate()
        .map(|(place, definition)| (format!("#/$defs/{}", definition.name), place))
        .collect();
    let edges: Vec<Vec<usize>> = definitions
        .iter()
        .map(|definition| {
            let mut targets = Vec::new();
            collect(&definition.value, &places, &mut targets);
            targets.sort_unstable();
            targets.dedup();
            targets
        })
        .collect();
    let mut cut = Vec::new();
    for (from, to) in closing(&edges) {
        let target = definitions
            .get(to)
            .map(|target| format!("#/$defs/{}", target.name));
        let target = target.unwrap_or_default();
        if let Some(definition) = definitions.get_mut(from) {
            remove(&mut definition.value, &target);
            cut.push(definition.at.clone());
        }
    }
    cut
}

/// What a schema refers to in place.
fn collect(schema: &Value, places: &HashMap<String, usize>, targets: &mut Vec<usize>) {
    if let Some(Value::String(reference)) = schema.get("$ref") {
        targets.extend(places.get(reference));
    }
    for key in IN_PLACE {
        match schema.get(key) {
            Some(Value::Array(parts)) => {
                for part in parts {
                    collect(part, places, targets);
                }
            }
            Some(part) => collect(part, places, targets),
            None => {}
        }
    }
}

/// The edges that lead back to where one comes from.
fn closing(edges: &[Vec<usize>]) -> Vec<(usize, usize)> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        New,
        Open,
        Done,
    }
    let mut seen = vec![Seen::New; edges.len()];
    let mut closing = Vec::new();
    for start in 0..edges.len() {
        // The way from the start to here: each place, and which of its edges is next.
        let mut way = vec![(start, 0)];
        while let Some((place, next)) = way.pop() {
            if next == 0 && seen.get(place).copied() != Some(Seen::New) {
                continue;
            }
            let target = edges
                .get(place)
                .and_then(|targets| targets.get(next))
                .copied();
            let state = if target.is_some() {
                Seen::Open
            } else {
                Seen::Done
            };
            if let Some(seen) = seen.get_mut(place) {
                *seen = state;
            }
            let Some(target) = target else {
                continue;
            };
            way.push((place, next + 1));
            match seen.get(target) {
                Some(Seen::Open) => closing.push((place, target)),
                Some(Seen::New) => way.push((target, 0)),
                Some(Seen::Done) | None => {}
            }
        }
    }
    closing
}

/// Removes references to a schema that stand in place; what is left takes anything there.
fn remove(schema: &mut Value, target: &str) {
    let Value::Object(fields) = schema else {
        return;
    };
    if fields.get("$ref").and_then(Value::as_str) == Some(target) {
        fields.shift_remove("$ref");
    }
    for key in IN_PLACE {
        // What takes anything would there refuse everything.
        let decides = matches!(key, "not" | "if");
        if decides && fields.get(key).is_some_and(|part| refers(part, target)) {
            fields.shift_remove(key);
            continue;
        }
        match fields.get_mut(key) {
            Some(Value::Array(parts)) => {
                for part in parts {
                    remove(part, target);
                }
            }
            Some(part) => remove(part, target),
            None => {}
        }
    }
}

/// Whether a schema refers to another in place.
fn refers(schema: &Value, target: &str) -> bool {
    schema.get("$ref").and_then(Value::as_str) == Some(target)
        || IN_PLACE.iter().any(|key| match schema.get(*key) {
            Some(Value::Array(parts)) => parts.iter().any(|part| refers(part, target)),
            Some(part) => refers(part, target),
            None => false,
        })
}
