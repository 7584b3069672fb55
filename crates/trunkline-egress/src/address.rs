//! Which destinations may be dialled, and why not. Pure: the caller resolves and connects.
//!
//! A decision is taken on the `SocketAddr` that is about to be dialled, never on text: parsers
//! disagree about what `0x7f.1` means, but a connection only ever goes to an address. IPv6 is
//! judged by what is allowed (`2000::/3`, less the special ranges in it), IPv4 by what is blocked,
//! because that is how the two registries are laid out. An IPv4 address inside an IPv6 one is
//! taken out and judged too, so that no spelling of an address is judged more kindly than another.

mod class;
mod embedded;
mod own;
mod ranges;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv6Net};

pub use self::class::AddressClass;
pub use self::embedded::Embedding;
pub use self::own::OwnListeners;

/// What an operator permits, and what this process is.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Ranges that may be called although they are not public.
    pub allow: Vec<IpNet>,
    /// Where requests may go unencrypted.
    pub plain: PlainRule,
    /// What holds for the clouds' metadata services, whatever `allow` says.
    pub metadata: MetadataRule,
    /// Where this process listens: it must never call itself.
    pub own: Arc<OwnListeners>,
    /// Prefixes (RFC 6052) behind which this network's translator puts IPv4 addresses. What is
    /// behind one is judged by its IPv4 address alone.
    pub nat64: Vec<Ipv6Net>,
}

/// Where requests may go unencrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlainRule {
    /// Wherever they may go at all.
    #[default]
    Anywhere,
    /// Only to ranges that [`Rules::allow`] names: what they carry must not cross the internet.
    Allowed,
}

/// Whether a cloud's metadata service, which gives out credentials, may be called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetadataRule {
    /// Never.
    #[default]
    Blocked,
    /// Like any other address of its range: a private one still needs `allow`.
    DangerAllowed,
}

/// An address, or a name, that must not be called, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    subject: Subject,
    class: AddressClass,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Subject {
    Address(IpAddr),
    Name(Box<str>),
}

/// Decides whether `address` may be dialled.
///
/// # Errors
///
/// [`Blocked`] says what the address is.
pub fn decide(rules: &Rules, address: SocketAddr) -> Result<(), Blocked> {
    let ip = address.ip();
    let blocked = |class| {
        Err(Blocked {
            subject: Subject::Address(ip),
            class,
        })
    };
    if let SocketAddr::V6(v6) = address
        && v6.scope_id() != 0
    {
        return blocked(AddressClass::Scoped);
    }
    if rules.own.contains(address) {
        return blocked(AddressClass::OwnListener);
    }
    if let Some(class) = metadata(ip, &rules.nat64)
        && rules.metadata == MetadataRule::Blocked
    {
        return blocked(class);
    }
    let class = range(ip, &rules.nat64);
    if class.is_public() || rules.allow.iter().any(|net| net.contains(&ip)) {
        return Ok(());
    }
    blocked(class)
}

/// Whether requests to `address` may go unencrypted.
pub fn may_be_plain(rules: &Rules, address: SocketAddr) -> bool {
    match rules.plain {
        PlainRule::Anywhere => true,
        PlainRule::Allowed => rules.allow.iter().any(|net| net.contains(&address.ip())),
    }
}

/// Says what `address` is, as seen from a network without translators of its own.
pub fn classify(address: IpAddr) -> AddressClass {
    metadata(address, &[]).unwrap_or_else(|| range(address, &[]))
}

/// Decides whether a host name may be looked up at all, trailing dot or not.
///
/// Some metadata services have a public address under a name of their own, so that only the name
/// gives them away.
///
/// # Errors
///
/// [`Blocked`] says which cloud's metadata service it is.
pub fn decide_host(rules: &Rules, host: &str) -> Result<(), Blocked> {
    match (rules.metadata, metadata_host(host)) {
        (MetadataRule::Blocked, Some(cloud)) => Err(Blocked {
            subject: Subject::Name(host.into()),
            class: AddressClass::Metadata(cloud),
        }),
        (MetadataRule::Blocked, None) | (MetadataRule::DangerAllowed, _) => Ok(()),
    }
}

/// The cloud whose metadata service goes by this name, trailing dot or not.
pub fn metadata_host(host: &str) -> Option<&'static str> {
    const NAMES: [(&str, &str); 7] = [
        ("instance-data", "AWS"),
        ("metadata", "Google Cloud"),
        ("metadata.google.internal", "Google Cloud"),
        ("metadata.goog", "Google Cloud"),
        ("metadata.tencentyun.com", "Tencent Cloud"),
        ("metadata.packet.net", "Equinix"),
        ("rancher-metadata", "Rancher"),
    ];
    let host = host.strip_suffix('.').unwrap_or(host);
    NAMES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(host))
        .map(|(_, cloud)| *cloud)
}

/// Whether a name means the machine itself (RFC 6761 §6.3), trailing dot or not.
pub fn is_local_host(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let last = host.rsplit('.').next().unwrap_or(host);
    last.eq_ignore_ascii_case("localhost")
}

impl Blocked {
    /// This process's own listener, found out by connecting to it.
    pub(crate) fn own_listener(address: IpAddr) -> Blocked {
        Blocked {
            subject: Subject::Address(address),
            class: AddressClass::OwnListener,
        }
    }

    /// The address that was refused, unless it was refused by its name.
    pub fn address(&self) -> Option<IpAddr> {
        match self.subject {
            Subject::Address(address) => Some(address),
            Subject::Name(_) => None,
        }
    }

    /// What it is.
    pub fn class(&self) -> &AddressClass {
        &self.class
    }

    /// Whether naming the address in [`Rules::allow`] would open it.
    pub fn can_be_allowed(&self) -> bool {
        self.class.metadata().is_none()
            && !matches!(self.class, AddressClass::OwnListener | AddressClass::Scoped)
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Subject::Address(address) => write!(f, "{address} {}", self.class),
            Subject::Name(name) => write!(f, "`{name}` {}", self.class),
        }
    }
}

impl std::error::Error for Blocked {}

/// The class of a metadata service, if `address` is one or carries one.
fn metadata(address: IpAddr, nat64: &[Ipv6Net]) -> Option<AddressClass> {
    let v6 = match address {
        IpAddr::V4(v4) => return ranges::metadata_v4(v4).map(AddressClass::Metadata),
        IpAddr::V6(v6) => v6,
    };
    if let Some(cloud) = ranges::metadata_v6(v6) {
        return Some(AddressClass::Metadata(cloud));
    }
    embedded::all(v6, nat64)
        .into_iter()
        .find_map(|(form, address)| {
            let class = Box::new(AddressClass::Metadata(ranges::metadata_v4(address)?));
            Some(AddressClass::EmbeddedV4 {
                form,
                address,
                class,
            })
        })
}

/// The class of `address` by its range, metadata services aside.
fn range(address: IpAddr, nat64: &[Ipv6Net]) -> AddressClass {
    let v6 = match address {
        IpAddr::V4(v4) => return ranges::v4(v4),
        IpAddr::V6(v6) => v6,
    };
    let own = ranges::v6(v6);
    let mut found = None;
    for (form, address) in embedded::all(v6, nat64) {
        let inner = ranges::v4(address);
        // The prefix belongs to the operator's translator: the address is its IPv4 address.
        let decides = !inner.is_public() || found.is_none();
        if decides {
            let is_public = inner.is_public();
            let class = Box::new(inner);
            found = Some(AddressClass::EmbeddedV4 {
                form,
                address,
                class,
            });
            if !is_public {
                break;
            }
        }
    }
    match found {
        Some(embedded) => embedded,
        None => own,
    }
}

#[cfg(test)]
mod tests;
