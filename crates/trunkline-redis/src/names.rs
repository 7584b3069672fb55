//! What things are called in Redis. Names of others are hashed, or bounded, so a key is short.

use ring::digest::{self, SHA256};

use crate::cache::{CacheKey, Forget, Labels};

/// Longer names of buckets are hashed.
const BUCKET_BYTES_MAX: usize = 96;

/// Bytes of a label's hash.
const LABEL_BYTES: usize = 16;

/// The names that begin with one prefix.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    prefix: String,
}

/// What a value can be forgotten by, in one short word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label(String);

impl Names {
    pub(crate) fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
        }
    }

    /// A bucket of tokens. `=` and `#` keep a hash from being mistaken for a name.
    pub(crate) fn bucket(&self, bucket: &[u8]) -> Vec<u8> {
        let mut name = format!("{}limit:", self.prefix).into_bytes();
        if bucket.len() <= BUCKET_BYTES_MAX {
            name.push(b'=');
            name.extend_from_slice(bucket);
            return name;
        }
        name.push(b'#');
        name.extend_from_slice(hex(digest::digest(&SHA256, bucket).as_ref()).as_bytes());
        name
    }

    /// How much was charged of what an account of a process has spent without asking.
    pub(crate) fn apart(&self, process: &str, account: u64) -> Vec<u8> {
        format!("{}apart:{process}:{account}", self.prefix).into_bytes()
    }

    /// What every value's name begins with; its key follows as it is.
    pub(crate) fn values(&self) -> String {
        format!("{}value:", self.prefix)
    }

    pub(crate) fn value(&self, key: &CacheKey) -> Vec<u8> {
        let mut name = self.values().into_bytes();
        name.extend_from_slice(key);
        name
    }

    /// The values that have a label, and until when.
    pub(crate) fn index(&self, label: &Label) -> String {
        format!("{}index:{}", self.prefix, label.0)
    }

    /// When a label was forgotten last.
    pub(crate) fn barrier(&self, label: &Label) -> String {
        format!("{}barrier:{}", self.prefix, label.0)
    }

    /// The processes, and when each was heard of last.
    pub(crate) fn processes(&self) -> String {
        format!("{}processes", self.prefix)
    }

    /// What was forgotten, for the others to read.
    pub(crate) fn forgotten(&self) -> String {
        format!("{}forgotten", self.prefix)
    }
}

impl Label {
    pub(crate) fn key(key: &CacheKey) -> Self {
        Self::new("key", &[key])
    }

    /// Of what is forgotten.
    pub(crate) fn of(what: &Forget) -> Self {
        match what {
            Forget::Key(key) => Self::key(key),
            Forget::Address(address) => Self::new("address", &[address]),
            Forget::Operation {
                connector,
                operation,
            } => Self::new("operation", &[connector.as_bytes(), operation.as_bytes()]),
            Forget::Connector(connector) => Self::new("connector", &[connector.as_bytes()]),
            Forget::Tag(tag) => Self::new("tag", &[tag.as_bytes()]),
            Forget::All => Self::new("all", &[]),
        }
    }

    /// Of a value, its key aside.
    pub(crate) fn all_of(labels: &Labels<'_>) -> Vec<Self> {
        let connector = labels.connector.as_bytes();
        let mut all = vec![
            Self::new("all", &[]),
            Self::new("address", &[&labels.address]),
            Self::new("connector", &[connector]),
        ];
        if let Some(operation) = labels.operation {
            all.push(Self::new("operation", &[connector, operation.as_bytes()]));
        }
        for tag in labels.tags {
            all.push(Self::new("tag", &[tag.as_bytes()]));
        }
        all
    }

    /// Each part is hashed with its length, so that `a` and `bc` are not `ab` and `c`.
    fn new(kind: &str, parts: &[&[u8]]) -> Self {
        let mut context = digest::Context::new(&SHA256);
        for part in parts {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            context.update(&length.to_be_bytes());
            context.update(part);
        }
        let hash = context.finish();
        let hash = hash.as_ref().get(..LABEL_BYTES).unwrap_or_default();
        Self(format!("{kind}:{}", hex(hash)))
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests;
