//! Names for what is kept: digests of lists of fields, which nobody can make meet.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use ring::digest::{SHA256, digest};
use siphasher::sip128::{Hasher128 as _, SipHasher13};

/// Bytes of a digest. Whoever looks for another list of fields with the digest of a given one has
/// to try 2^128; that two of somebody's own meet is nobody's harm but theirs.
const BYTES: usize = 16;

/// Stands where a length would, for a field that is absent.
const ABSENT: u8 = u8::MAX;

/// Stands before the length of a field that one byte cannot tell.
const LONG: u8 = u8::MAX - 1;

/// Who understands the names.
#[derive(Clone, Copy)]
pub enum Naming {
    /// Every process and version: the beginning of SHA-256.
    Shared,
    /// This process alone, by a secret that it has made for itself: SipHash-1-3, which takes a
    /// tenth of the time and can be made to meet by nobody who does not know the secret.
    Own([u64; 2]),
}

/// Makes a [`Key`] and its [`Address`] out of fields: first those that name the resource, then
/// those that tell its answers apart.
///
/// Each field goes in with its length, so that no two lists of fields make the same name. Adding
/// a field equals adding the same as optional and present; absent differs from empty.
#[derive(Clone)]
pub struct KeyMaker {
    naming: Naming,
    fields: Vec<u8>,
    /// Where the fields of the resource end; `None` while there is no other.
    resource_end: Option<usize>,
}

impl KeyMaker {
    /// Starts with no field.
    pub fn new(naming: Naming) -> Self {
        Self {
            naming,
            // About as much as a usual call has, so that it is taken once.
            fields: Vec::with_capacity(512),
            resource_end: None,
        }
    }

    /// Adds a field.
    pub fn add(&mut self, field: &[u8]) -> &mut Self {
        // Whoever reads from the front knows where each field ends, so no two lists are alike.
        match u8::try_from(field.len()) {
            Ok(length) if length < LONG => self.fields.push(length),
            _ => {
                self.fields.push(LONG);
                self.fields
                    .extend_from_slice(&(field.len() as u64).to_le_bytes());
            }
        }
        self.fields.extend_from_slice(field);
        self
    }

    /// Adds a field that may be absent.
    pub fn add_optional(&mut self, field: Option<&[u8]>) -> &mut Self {
        if let Some(field) = field {
            return self.add(field);
        }
        self.fields.push(ABSENT);
        self
    }

    /// Says that the fields so far name the resource, and the next ones tell its answers apart.
    pub fn end_resource(&mut self) -> &mut Self {
        self.resource_end = Some(self.fields.len());
        self
    }

    /// The key of the fields so far.
    pub fn key(&self) -> Key {
        Key(self.digest(&self.fields))
    }

    /// Forgets all fields but those of the resource: a body may be among them.
    #[must_use]
    pub fn into_resource(mut self) -> Self {
        /// What little it has is not worth moving.
        const LITTLE: usize = 2048;
        self.fields
            .truncate(self.resource_end.unwrap_or(usize::MAX));
        if LITTLE < self.fields.capacity() {
            self.fields.shrink_to_fit();
        }
        self
    }

    /// The address of the fields that name the resource.
    pub fn address(&self) -> Address {
        let end = self.resource_end.unwrap_or(self.fields.len());
        Address(self.digest(self.fields.get(..end).unwrap_or_default()))
    }

    fn digest(&self, fields: &[u8]) -> [u8; BYTES] {
        match self.naming {
            Naming::Shared => {
                let digest = digest(&SHA256, fields);
                let beginning = digest.as_ref().first_chunk();
                // A digest of SHA-256 is longer than that.
                beginning.copied().unwrap_or_default()
            }
            Naming::Own([first, second]) => {
                let mut hasher = SipHasher13::new_with_keys(first, second);
                hasher.write(fields);
                hasher.finish128().as_bytes()
            }
        }
    }
}

/// What went in may be somebody's name.
impl fmt::Debug for KeyMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyMaker").finish_non_exhaustive()
    }
}

/// The secret is nobody's to see.
impl fmt::Debug for Naming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shared => "Shared",
            Self::Own(_) => "Own(…)",
        })
    }
}

/// A text that names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADigest;

impl fmt::Display for NotADigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not 32 hexadecimal digits")
    }
}

impl std::error::Error for NotADigest {}

macro_rules! digest {
    ($(#[$about:meta])* $name:ident) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name([u8; BYTES]);

        impl $name {
            /// The digest itself.
            pub fn as_bytes(&self) -> &[u8; BYTES] {
                &self.0
            }

            /// The digest in hexadecimal.
            pub fn digits(&self) -> [u8; 2 * BYTES] {
                digits(&self.0)
            }
        }

        impl From<[u8; BYTES]> for $name {
            fn from(digest: [u8; BYTES]) -> Self {
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
fn digits(digest: &[u8; BYTES]) -> [u8; 2 * BYTES] {
    let digit = |nibble: u8| match nibble {
        0..=9 => b'0' + nibble,
        _ => b'a' + nibble - 10,
    };
    let mut text = [0; 2 * BYTES];
    for (pair, byte) in text.chunks_exact_mut(2).zip(digest) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 0xf)]);
    }
    text
}

fn read(text: &str) -> Option<[u8; BYTES]> {
    let mut digits = text.chars().map(|digit| digit.to_digit(16));
    let mut bytes = [0; BYTES];
    for byte in &mut bytes {
        let (high, low) = (digits.next()??, digits.next()??);
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    digits.next().is_none().then_some(bytes)
}

impl Key {
    pub(crate) const FIRST: Self = Self([u8::MIN; BYTES]);
    pub(crate) const LAST: Self = Self([u8::MAX; BYTES]);
}

#[cfg(test)]
mod tests;
