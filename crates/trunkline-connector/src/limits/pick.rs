//! Single values of a JSON text, found by JSON Pointer without building the rest.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::told::floor;
use super::{BODY_BYTES_MAX, SCOPE_BYTES_MAX};

/// A text of at most [`SCOPE_BYTES_MAX`], or a number of 0 or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Picked {
    Text(String),
    Number(u64),
}

impl Picked {
    pub(super) fn number(self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Text(_) => None,
        }
    }
}

/// What stands at each pointer; nothing where the text is no JSON, or beyond [`BODY_BYTES_MAX`].
/// Of a key that stands twice the last one counts, as it does for nearly every reader of JSON.
pub(super) fn scalars(body: &[u8], pointers: &[&str]) -> Vec<Option<Picked>> {
    let nothing = || vec![None; pointers.len()];
    if body.is_empty() || body.len() > BODY_BYTES_MAX {
        return nothing();
    }
    let mut found = nothing();
    let wanted = pointers.iter().enumerate().map(|(slot, pointer)| Wanted {
        slot,
        steps: steps_of(pointer),
    });
    let walk = Walk {
        wanted: wanted.collect(),
        found: &mut found,
    };
    let mut reader = serde_json::Deserializer::from_slice(body);
    let whole = walk.deserialize(&mut reader).and_then(|()| reader.end());
    if whole.is_ok() { found } else { nothing() }
}

/// Whether a text can be a JSON object, by its first character.
pub(super) fn is_object(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"{")
}

/// A value that is looked for, and the way there from where we are.
#[derive(Clone)]
struct Wanted {
    slot: usize,
    /// The last one comes first.
    steps: Vec<String>,
}

fn steps_of(pointer: &str) -> Vec<String> {
    let steps = pointer.split('/').skip(1);
    let unescaped = steps.map(|step| step.replace("~1", "/").replace("~0", "~"));
    let mut steps: Vec<String> = unescaped.collect();
    steps.reverse();
    steps
}

struct Walk<'f> {
    wanted: Vec<Wanted>,
    found: &'f mut [Option<Picked>],
}

impl Walk<'_> {
    /// What is looked for below a key; what was found there before counts no more.
    fn below(&mut self, key: &str) -> Vec<Wanted> {
        let mut below = Vec::new();
        for wanted in &self.wanted {
            if let Some((step, rest)) = wanted.steps.split_last()
                && step == key
            {
                below.push(Wanted {
                    slot: wanted.slot,
                    steps: rest.to_vec(),
                });
            }
        }
        for wanted in &below {
            self.put(wanted.slot, None);
        }
        below
    }

    fn put(&mut self, slot: usize, picked: Option<Picked>) {
        if let Some(found) = self.found.get_mut(slot) {
            *found = picked;
        }
    }

    fn scalar(mut self, picked: Option<Picked>) {
        let here: Vec<usize> = self
            .wanted
            .iter()
            .filter(|wanted| wanted.steps.is_empty())
            .map(|wanted| wanted.slot)
            .collect();
        for slot in here {
            self.put(slot, picked.clone());
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.wanted.is_empty() {
            return deserializer.deserialize_ignored_any(IgnoredAny).map(drop);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let wanted = self.below(&key);
            map.next_value_seed(Walk {
                wanted,
                found: &mut *self.found,
            })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        for index in 0_usize.. {
            let wanted = self.below(&index.to_string());
            let walk = Walk {
                wanted,
                found: &mut *self.found,
            };
            if seq.next_element_seed(walk)?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        let is_short = text.len() <= SCOPE_BYTES_MAX;
        self.scalar(is_short.then(|| Picked::Text(text.to_owned())));
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.scalar(Some(Picked::Number(number)));
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.scalar(u64::try_from(number).ok().map(Picked::Number));
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.scalar(floor(number).map(Picked::Number));
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.scalar(None);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.scalar(None);
        Ok(())
    }
}
