//! TOML 1.0, line by line.

#[cfg(test)]
mod tests;

use serde_json::Value;

/// A TOML text in the making.
#[derive(Debug, Default)]
pub(super) struct Text(String);

impl Text {
    /// A line that says something to people.
    pub(super) fn comment(&mut self, text: &str) {
        // Control characters but tabs may not stand in one.
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let line: String = line.chars().filter(|c| !c.is_control()).collect();
        self.line(&format!("# {line}"));
    }

    /// A key and its value, both as TOML writes them.
    pub(super) fn field(&mut self, key: &str, value: &str) {
        self.line(&format!("{key} = {value}"));
    }

    /// The header of a table.
    pub(super) fn table(&mut self, name: &str) {
        self.line(&format!("\n[{name}]"));
    }

    /// The header of one table of a list.
    pub(super) fn list_table(&mut self, name: &str) {
        self.line(&format!("\n[[{name}]]"));
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }

    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }
}

/// A text between quotes.
pub(super) fn string(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 2);
    written.push('"');
    for character in text.chars() {
        match character {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\t' => written.push_str("\\t"),
            '\r' => written.push_str("\\r"),
            other if other.is_control() => {
                let number = u32::from(other);
                written.extend(["\\u", &format!("{number:04X}")]);
            }
            other => written.push(other),
        }
    }
    written.push('"');
    written
}

/// A key, between quotes where it needs them.
pub(super) fn key(name: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !name.is_empty() && name.bytes().all(is_bare) {
        name.to_owned()
    } else {
        string(name)
    }
}

/// `[a, b]`
pub(super) fn list(values: impl Iterator<Item = String>) -> String {
    format!("[{}]", values.collect::<Vec<_>>().join(", "))
}

/// `{ a = 1, b = 2 }`
pub(super) fn inline<'k>(fields: impl Iterator<Item = (&'k str, String)>) -> String {
    let fields: Vec<String> = fields
        .map(|(name, value)| format!("{} = {value}", key(name)))
        .collect();
    if fields.is_empty() {
        "{}".to_owned()
    } else {
        format!("{{ {} }}", fields.join(", "))
    }
}

/// A JSON value; null, which TOML does not have, is left out of lists and tables.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Null => string(""),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.to_string(),
            // With a point or an exponent, as TOML wants it.
            (None, Some(float)) => format!("{float:?}"),
            (None, None) => string(&number.to_string()),
        },
        Value::String(text) => string(text),
        Value::Array(items) => list(items.iter().filter(|item| !item.is_null()).map(self::value)),
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| !value.is_null());
            inline(fields.map(|(name, value)| (name.as_str(), self::value(value))))
        }
    }
}
