//! Who has signed in at the API itself is told apart from the app, however the proof is spelled.

use http::{HeaderMap, HeaderName, HeaderValue};
use regex_lite::{Error, Regex, RegexBuilder};

/// The token of somebody who has signed in at the API, which goes on in place of ours.
///
/// What is not recognized as one is replaced by our key, which may see more. So a token must not
/// escape by the way it is written.
#[derive(Debug, Clone)]
pub struct OwnToken {
    /// The header that carries it.
    pub header: HeaderName,
    pattern: Regex,
    unless_in: HeaderName,
}

impl OwnToken {
    /// Tokens in `header` that look like `pattern`, but for what stands in `unless_in` as well:
    /// the app's own key.
    ///
    /// Upper and lower case are the same to the pattern: its scheme has none, and a token that is
    /// taken for a user's too easily does no harm.
    pub fn new(header: HeaderName, pattern: &str, unless_in: HeaderName) -> Result<Self, Error> {
        let pattern = RegexBuilder::new(pattern).case_insensitive(true).build()?;
        Ok(Self {
            header,
            pattern,
            unless_in,
        })
    }

    /// The first such token among all lines that a caller sent, in the spelling of patterns.
    ///
    /// It goes on in that spelling too: beside our key, an upstream that does not understand the
    /// caller's could go by the key alone.
    pub fn find(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let lines = headers.get_all(&self.header).iter().map(Proof::read);
        let mut users = lines.filter(|proof| !self.is_apps(proof, headers));
        users.find_map(|proof| {
            let spelled = proof.spelled();
            let is_token = self.pattern.is_match(&String::from_utf8_lossy(&spelled));
            HeaderValue::from_bytes(&spelled).ok().filter(|_| is_token)
        })
    }

    /// Whether the app's header has the same token. If it has several, none can be told to be the
    /// app's.
    fn is_apps(&self, proof: &Proof<'_>, headers: &HeaderMap) -> bool {
        let mut apps = headers.get_all(&self.unless_in).iter();
        let same = |line| Proof::read(line).token == proof.token;
        apps.next().is_some_and(same) && apps.all(same)
    }
}

/// What a header proves, in its two parts.
struct Proof<'h> {
    scheme: Option<&'h [u8]>,
    token: &'h [u8],
}

impl<'h> Proof<'h> {
    /// Takes tabs for spaces, as many servers do.
    fn read(line: &'h HeaderValue) -> Self {
        let line = line.as_bytes().trim_ascii();
        let (scheme, token) = match line.iter().position(u8::is_ascii_whitespace) {
            Some(blank) => {
                let (scheme, token) = line.split_at(blank);
                (Some(scheme), token.trim_ascii_start())
            }
            None => (None, line),
        };
        Self { scheme, token }
    }

    /// `Bearer` is always written so, and one space follows a scheme: RFC 9110 sections 11.1 and
    /// 11.4 leave both open.
    fn spelled(&self) -> Vec<u8> {
        match self.scheme {
            Some(scheme) if scheme.eq_ignore_ascii_case(b"bearer") => {
                [b"Bearer", self.token].join(&b' ')
            }
            Some(scheme) => [scheme, self.token].join(&b' '),
            None => self.token.to_vec(),
        }
    }
}

#[cfg(test)]
mod tests;
