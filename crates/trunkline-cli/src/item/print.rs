//! Writes an item as the word that says it.

use std::fmt;

use crate::item::name::SPECIAL;
use crate::item::{InputName, Item, Step};

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(name, text) => write!(f, "{name}={}", escaped_start(text)),
            Self::Json(name, value) => write!(f, "{name}:={value}"),
            Self::TextFile(name, file) => write!(f, "{name}=@{}", file.display()),
            Self::JsonFile(name, file) => write!(f, "{name}:=@{}", file.display()),
            Self::Query(name, text) => write!(f, "{}=={}", name.written, escaped_start(text)),
            Self::Header(name, value) => {
                let value = String::from_utf8_lossy(value.as_bytes());
                write!(f, "{name}:{}", escaped_start(&value))
            }
        }
    }
}

impl fmt::Display for InputName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escaped(&self.key))?;
        for step in &self.steps {
            match step {
                Step::Key(key) if key.bytes().all(|byte| byte.is_ascii_digit()) => {
                    write!(f, r"[\{key}]")?;
                }
                Step::Key(key) => write!(f, "[{}]", escaped(key))?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Append => f.write_str("[]")?,
            }
        }
        Ok(())
    }
}

fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for character in name.chars() {
        if SPECIAL.contains(&character) {
            text.push('\\');
        }
        text.push(character);
    }
    text
}

fn escaped_start(value: &str) -> String {
    if value.trim_start_matches('\\').starts_with(['@', '=']) {
        return format!(r"\{value}");
    }
    value.to_owned()
}
