//! Texts that hold secrets, such as `Bearer {key}`.

#[cfg(test)]
mod tests;

use crate::template;

/// A text whose `{secret}` and `{secret.group}` parts stand for values that only the engine has.
/// A brace that is no part's cannot stand in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretText(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Secret { place: usize, group: Option<String> },
}

/// Why a text cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SecretTextError {
    /// A brace without its other half.
    #[error("`{0}` has a brace without its other half")]
    Brace(String),
    /// A part that is no secret.
    #[error("`{{{0}}}` is no secret")]
    Unknown(String),
}

impl SecretText {
    /// Reads one; `find` knows the secrets, by `secret` or `secret.group`.
    pub(crate) fn parse(
        text: &str,
        find: impl Fn(&str) -> Option<(usize, Option<String>)>,
    ) -> Result<Self, SecretTextError> {
        let brace = || SecretTextError::Brace(text.to_owned());
        let mut pieces = Vec::new();
        let push = |literal: &str, pieces: &mut Vec<Piece>| {
            if literal.contains('}') {
                return Err(brace());
            }
            if !literal.is_empty() {
                pieces.push(Piece::Literal(literal.to_owned()));
            }
            Ok(())
        };
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once('{') {
            push(literal, &mut pieces)?;
            let (name, after) = after.split_once('}').ok_or_else(brace)?;
            if name.contains('{') {
                return Err(brace());
            }
            let (place, group) =
                find(name).ok_or_else(|| SecretTextError::Unknown(name.to_owned()))?;
            pieces.push(Piece::Secret { place, group });
            rest = after;
        }
        push(rest, &mut pieces)?;
        Ok(Self(pieces))
    }

    /// The secrets in it, as places in [`Connector::secrets`](crate::Connector::secrets).
    pub fn secrets(&self) -> impl Iterator<Item = usize> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Literal(_) => None,
            Piece::Secret { place, .. } => Some(*place),
        })
    }

    /// The text with `x` for every value, to see whether it can stand somewhere.
    pub(crate) fn shown(&self) -> String {
        self.fill(|_, _| Some("x".to_owned())).unwrap_or_default()
    }

    /// The text with its values; `value` gives a secret's, or one of its groups'.
    pub fn fill(&self, value: impl Fn(usize, Option<&str>) -> Option<String>) -> Option<String> {
        let mut filled = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Literal(text) => filled.push_str(text),
                Piece::Secret { place, group } => {
                    filled.push_str(&value(*place, group.as_deref())?);
                }
            }
        }
        Some(filled)
    }
}

/// A secret's name and, after a dot, one of its groups: `webhook.id`.
pub(crate) fn split_group(name: &str) -> (&str, Option<&str>) {
    match name.split_once('.') {
        Some((secret, group)) if template::is_name(secret) => (secret, Some(group)),
        _ => (name, None),
    }
}
