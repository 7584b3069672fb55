//! Names for what is kept: digests of lists of fields, which nobody can make meet.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use ring::digest::{SHA256, digest};

/// Stands where a length would, for a field that is absent.
const ABSENT: u8 = u8::MAX;

/// Stands before the length of a field that one byte cannot tell.
const LONG: u8 = u8::MAX - 1;

/// Makes a [`Key`] or an [`Address`] out of fields.
///
/// Each field goes in with its length, so that no two lists of fields make the same name. Adding
/// a field equals adding the same as optional and present; absent differs from empty.
#[derive(Clone)]
pub struct KeyMaker(Vec<u8>);

impl KeyMaker {
    /// Starts with no field.
    pub fn new() -> Self {
        // About as much as a usual call has, so that it is taken once.
        Self(Vec::with_capacity(256))
    }

    /// Adds a field.
    pub fn add(&mut self, field: &[u8]) -> &mut Self {
        // Whoever reads from the front knows where each field ends, so no two lists are alike.
        match u8::try_from(field.len()) {
            Ok(length) if length < LONG => self.0.push(length),
            _ => {
                self.0.push(LONG);
                self.0
                    .extend_from_slice(&(field.len() as u64).to_le_bytes());
            }
        }
        self.0.extend_from_slice(field);
        self
    }

    /// Adds a field that may be absent.
    pub fn add_optional(&mut self, field: Option<&[u8]>) -> &mut Self {
        if let Some(field) = field {
            return self.add(field);
        }
        self.0.push(ABSENT);
        self
    }

    /// The key of the fields so far; more may be added for another.
    pub fn key(&self) -> Key {
        Key(self.finish())
    }

    /// The address of the fields so far; more may be added for its keys.
    pub fn address(&self) -> Address {
        Address(self.finish())
    }

    fn finish(&self) -> [u8; 32] {
        let digest = digest(&SHA256, &self.0);
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        bytes
    }
}

impl Default for KeyMaker {
    fn default() -> Self {
        Self::new()
    }
}

/// What went in may be somebody's name.
impl fmt::Debug for KeyMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyMaker").finish_non_exhaustive()
    }
}

/// A text that names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADigest;

impl fmt::Display for NotADigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not 64 hexadecimal digits")
    }
}

impl std::error::Error for NotADigest {}

macro_rules! digest {
    ($(#[$about:meta])* $name:ident) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name([u8; 32]);

        impl $name {
            /// The digest itself.
            pub fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl From<[u8; 32]> for $name {
            fn from(digest: [u8; 32]) -> Self {
                Self(digest)
            }
        }

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                // A digest's beginning is as good as all of it.
                if let Some(first) = self.0.first_chunk() {
                    state.write_u64(u64::from_le_bytes(*first));
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(std::str::from_utf8(&digits(&self.0)).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = NotADigest;

            fn from_str(text: &str) -> Result<Self, NotADigest> {
                read(text).map(Self).ok_or(NotADigest)
            }
        }
    };
}

digest! {
    /// Names what one asker may be served from: an address, whose call it is, and which form.
    Key
}

digest! {
    /// Names a resource, whoever asks for it and in whichever form.
    Address
}

/// A digest in hexadecimal. Each answer from the cache shows one, and `write!` takes ten times as long.
fn digits(digest: &[u8; 32]) -> [u8; 64] {
    let digit = |nibble: u8| match nibble {
        0..=9 => b'0' + nibble,
        _ => b'a' + nibble - 10,
    };
    let mut text = [0; 64];
    for (pair, byte) in text.chunks_exact_mut(2).zip(digest) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 0xf)]);
    }
    text
}

fn read(text: &str) -> Option<[u8; 32]> {
    let mut digits = text.chars().map(|digit| digit.to_digit(16));
    let mut bytes = [0; 32];
    for byte in &mut bytes {
        let (high, low) = (digits.next()??, digits.next()??);
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    digits.next().is_none().then_some(bytes)
}

impl Key {
    pub(crate) const FIRST: Self = Self([u8::MIN; 32]);
    pub(crate) const LAST: Self = Self([u8::MAX; 32]);
}

#[cfg(test)]
mod tests;
