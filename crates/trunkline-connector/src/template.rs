//! Paths with named parts, such as `/v1/customers/{id}`.

mod parse;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;

use percent_encoding::{
    AsciiSet, NON_ALPHANUMERIC, PercentEncode, percent_decode_str, utf8_percent_encode,
};

pub(crate) use parse::is_name;

/// Everything but RFC 3986's unreserved characters.
pub(crate) const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A path below a base address, whose `{name}` parts stand for one value each.
///
/// A part is at least one character and never crosses a `/`. Text around it in the same segment
/// must be there: `/Messages/{sid}.json` matches `/Messages/SM1.json`, not `/Messages/SM1`.
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    segments: Vec<Vec<Piece>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Name(String),
}

/// How exactly a template says what it matches; the greater one wins where two match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exactness(u64);

/// Why a text is no path template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It does not begin with `/`.
    #[error("`{0}` does not begin with `/`")]
    NoSlash(String),
    /// A brace without its other half, or one within another.
    #[error("`{0}` has a brace without its other half")]
    Brace(String),
    /// Something other than a name between braces.
    #[error("`{{{0}}}` is no part: letters, digits and `_`, not beginning with a digit")]
    Name(String),
    /// A name that stands twice.
    #[error("`{{{0}}}` stands twice")]
    Twice(String),
    /// Two parts with nothing between them.
    #[error("nothing stands between `{{{0}}}` and the part before it")]
    Touching(String),
    /// A character that a path cannot hold as it is.
    #[error("{0:?} cannot stand in a path; write it percent-encoded")]
    Character(char),
    /// A `.` or `..` segment.
    #[error("`{0}` is a segment that addresses resolve away")]
    Dots(String),
}

/// Why values do not make a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// A part without a value.
    #[error("`{0}` has no value")]
    Missing(String),
    /// A part whose value is empty, so that the path would mean something else.
    #[error("`{0}` is empty")]
    Empty(String),
    /// A value that makes its segment `.` or `..`, so that the path would mean something else.
    #[error("`{0}` would make a `.` or `..` segment")]
    Dots(String),
}

impl Template {
    /// The template as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names of its parts, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.segments
            .iter()
            .flatten()
            .filter_map(|piece| match piece {
                Piece::Literal(_) => None,
                Piece::Name(name) => Some(name.as_str()),
            })
    }

    /// Whether a path is one of those it describes.
    pub fn matches(&self, path: &str) -> bool {
        self.walk(path, Extent::Whole, |_, _| {})
    }

    /// The parts of a path that it describes, as they stand there, percent-encoding included.
    pub fn captures<'p>(&self, path: &'p str) -> Option<Vec<(&str, &'p str)>> {
        let places = self.places_in(path, Extent::Whole)?;
        places
            .into_iter()
            .map(|(name, place)| Some((name, path.get(place)?)))
            .collect()
    }

    /// Where the parts stand in a path that it describes or that continues below it.
    ///
    /// `/Accounts/{sid}` finds `AC1` in `/Accounts/AC1/Messages.json`.
    pub fn places_in_prefix(&self, path: &str) -> Option<Vec<(&str, Range<usize>)>> {
        self.places_in(path, Extent::Prefix)
    }

    /// The beginning of a path that it describes or that continues below it.
    ///
    /// `/Accounts/{sid}` finds `/Accounts/AC1` in `/Accounts/AC1/Messages.json`.
    pub fn beginning_of<'p>(&self, path: &'p str) -> Option<&'p str> {
        let is_below = self.walk(path, Extent::Prefix, |_, _| {});
        let mut ends = path.match_indices('/').map(|(place, _)| place);
        let end = ends.nth(self.segments.len()).unwrap_or(path.len());
        path.get(..end).filter(|_| is_below)
    }

    /// Writes the path for the given values, percent-encoded (RFC 3986 unreserved kept).
    ///
    /// # Errors
    ///
    /// The first part without a value, and values that would change which path it is.
    pub fn expand<'v>(
        &self,
        value: impl Fn(&str) -> Option<&'v str>,
    ) -> Result<String, ExpandError> {
        let mut path = String::new();
        for segment in &self.segments {
            path.push('/');
            let start = path.len();
            for piece in segment {
                match piece {
                    Piece::Literal(text) => path.push_str(text),
                    Piece::Name(name) => path.extend(encoded(name, value(name))?),
                }
            }
            let dotted = path.get(start..).is_some_and(is_dots);
            if let Some(name) = segment.iter().find_map(Piece::name).filter(|_| dotted) {
                return Err(ExpandError::Dots(name.to_owned()));
            }
        }
        Ok(path)
    }

    /// How exactly it says what it matches: `/customers/search` more than `/customers/{id}`.
    ///
    /// Earlier segments weigh more; a fixed one weighs more than a mixed one, that more than a
    /// part alone. Segments beyond the thirty-second do not count.
    pub fn exactness(&self) -> Exactness {
        let weigh = |pieces: &Vec<Piece>| match pieces.as_slice() {
            [Piece::Name(_)] => 1,
            pieces if pieces.iter().any(|piece| piece.name().is_some()) => 2,
            _ => 3,
        };
        let weights = (0..32).map(|place| self.segments.get(place).map_or(0, weigh));
        Exactness(weights.fold(0, |sum, weight| sum << 2 | weight))
    }

    /// The same for all templates that match the same paths, whatever their parts are called.
    pub fn shape(&self) -> String {
        let mut shape = String::new();
        for segment in &self.segments {
            shape.push('/');
            for piece in segment {
                shape.push_str(match piece {
                    Piece::Literal(text) => text,
                    Piece::Name(_) => "{}",
                });
            }
        }
        shape
    }

    fn places_in(&self, path: &str, extent: Extent) -> Option<Vec<(&str, Range<usize>)>> {
        let mut places = Vec::new();
        self.walk(path, extent, |name, place| places.push((name, place)))
            .then_some(places)
    }

    /// Compares segment by segment; tells `found` each part and its place, in order.
    fn walk<'t>(
        &'t self,
        path: &str,
        extent: Extent,
        mut found: impl FnMut(&'t str, Range<usize>),
    ) -> bool {
        let Some(below) = path.strip_prefix('/') else {
            return false;
        };
        let mut start = 1;
        let mut given = below.split('/');
        for wanted in &self.segments {
            let Some(segment) = given.next() else {
                return false;
            };
            let shifted =
                |name, place: Range<usize>| found(name, start + place.start..start + place.end);
            if !match_segment(wanted, segment, shifted) {
                return false;
            }
            start += segment.len() + 1;
        }
        match extent {
            Extent::Whole => given.next().is_none(),
            Extent::Prefix => true,
        }
    }
}

fn encoded<'v>(name: &str, value: Option<&'v str>) -> Result<PercentEncode<'v>, ExpandError> {
    match value {
        None => Err(ExpandError::Missing(name.to_owned())),
        Some("") => Err(ExpandError::Empty(name.to_owned())),
        Some(value) => Ok(utf8_percent_encode(value, RESERVED)),
    }
}

#[derive(Clone, Copy)]
enum Extent {
    Whole,
    Prefix,
}

impl Piece {
    fn name(&self) -> Option<&str> {
        match self {
            Self::Literal(_) => None,
            Self::Name(name) => Some(name),
        }
    }
}

/// Matches one segment. Each fixed text is taken where it first occurs after at least one
/// character for the part before it, the last one at the end; if any division matches, this does.
fn match_segment<'t>(
    pieces: &'t [Piece],
    segment: &str,
    mut found: impl FnMut(&'t str, Range<usize>),
) -> bool {
    if is_dots(segment) {
        return false;
    }
    let mut at = 0;
    let mut open = None;
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Name(name) => open = Some((name.as_str(), at)),
            Piece::Literal(text) => {
                let rest = segment.get(at..).unwrap_or_default();
                let place = match open {
                    None => rest.starts_with(text).then_some(0),
                    Some(_) if index + 1 == pieces.len() => rest
                        .strip_suffix(text)
                        .map(str::len)
                        .filter(|&value| value > 0),
                    Some(_) => find_after_first(rest, text),
                };
                let Some(place) = place else {
                    return false;
                };
                if let Some((name, start)) = open.take() {
                    found(name, start..at + place);
                }
                at += place + text.len();
            }
        }
    }
    let Some((name, start)) = open else {
        return at == segment.len();
    };
    found(name, start..segment.len());
    start < segment.len()
}

fn find_after_first(text: &str, wanted: &str) -> Option<usize> {
    let second = text.chars().next()?.len_utf8();
    text.get(second..)?.find(wanted).map(|place| second + place)
}

/// Whether a segment is `.` or `..`, percent-encoded too: those are resolved away on the road.
fn is_dots(segment: &str) -> bool {
    segment.len() <= "%2E%2E".len()
        && matches!(
            &*percent_decode_str(segment).decode_utf8_lossy(),
            "." | ".."
        )
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}
