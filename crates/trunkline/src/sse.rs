//! Reads server-sent events as they come, in whatever pieces.
//!
//! By the WHATWG HTML standard, section 9.2.6: lines end with CR, LF or both, a byte order mark may
//! stand first, one space after a colon is not part of the value, and an event that is not
//! followed by an empty line does not count.

use std::mem;

/// What some vendors send as the data of a last event. It is no JSON, and says nothing more.
pub const END_MARK: &str = "[DONE]";

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// Its type; empty where none was given, which means `message`.
    pub name: String,
    /// Its data, lines joined by LF.
    pub data: String,
    /// The last id that was given so far.
    pub id: String,
}

/// An event grew larger than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event is larger than {0} bytes")]
pub struct TooLarge(pub usize);

/// Takes bytes and gives events.
#[derive(Debug)]
pub struct Parser {
    line: Vec<u8>,
    name: String,
    /// The last id that was given.
    id: String,
    /// The event's data so far; `None` before its first `data` line.
    data: Option<String>,
    ended_with_cr: bool,
    is_first_line: bool,
    position: Position,
    event_bytes_max: usize,
}

/// Where the next line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    /// Behind the empty line of the last event.
    Between,
    /// Behind a line of an event.
    Within,
}

impl Parser {
    /// A parser that refuses events larger than `event_bytes_max`.
    pub fn new(event_bytes_max: usize) -> Self {
        Self {
            line: Vec::new(),
            name: String::new(),
            id: String::new(),
            data: None,
            ended_with_cr: false,
            is_first_line: true,
            position: Position::Between,
            event_bytes_max,
        }
    }

    /// Takes the next bytes and gives the events that they complete.
    ///
    /// # Errors
    /// [`TooLarge`]; the parser is of no use afterwards.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, TooLarge> {
        let mut events = Vec::new();
        for &byte in bytes {
            let follows_cr = mem::replace(&mut self.ended_with_cr, byte == b'\r');
            match byte {
                b'\n' if follows_cr => {}
                b'\r' | b'\n' => events.extend(self.end_line()),
                _ => self.line.push(byte),
            }
            if self.event_bytes_max < self.line.len() + self.data.as_ref().map_or(0, String::len) {
                return Err(TooLarge(self.event_bytes_max));
            }
        }
        Ok(events)
    }

    /// Whether everything so far belongs to events that are whole, or to none.
    pub fn is_between_events(&self) -> bool {
        self.position == Position::Between && self.line.is_empty()
    }

    fn end_line(&mut self) -> Option<Event> {
        let line = mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let is_first = mem::replace(&mut self.is_first_line, false);
        let line = if is_first {
            line.strip_prefix('\u{feff}').unwrap_or(&line)
        } else {
            &line
        };
        if line.is_empty() {
            self.position = Position::Between;
            return self.end_event();
        }
        // A comment belongs to no event.
        if !line.starts_with(':') {
            self.position = Position::Within;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            "id" if !value.contains('\0') => value.clone_into(&mut self.id),
            // Comments, `retry` and what nobody has defined.
            _ => {}
        }
        None
    }

    fn end_event(&mut self) -> Option<Event> {
        let name = mem::take(&mut self.name);
        let data = self.data.take()?;
        Some(Event {
            name,
            data,
            id: self.id.clone(),
        })
    }
}

#[cfg(test)]
mod tests;
