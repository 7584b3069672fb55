//! What header fields take in memory: a limit that leaves some of it out is none.

use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::vary::Varied;

/// What an allocator needs for a piece of `bytes`: mimalloc has four sizes from one power of two to
/// the next, glibc keeps a note beside it and gives 32 at least. The more of both.
fn piece(bytes: usize) -> usize {
    if bytes == 0 {
        return 0;
    }
    let step = (1_usize << bytes.ilog2()) / 4;
    let classed = bytes.next_multiple_of(step.max(16));
    let noted = bytes + size_of::<usize>();
    noted.next_multiple_of(16).max(classed).max(32)
}

/// As [`piece`], of bytes that can be shared: as soon as they are, a count stands beside them.
fn shared(bytes: usize) -> usize {
    const COUNT: usize = 3 * size_of::<usize>();
    if bytes == 0 {
        return 0;
    }
    piece(bytes) + piece(COUNT)
}

/// A map of fields without the map itself.
pub(super) fn of_fields(headers: &HeaderMap) -> usize {
    // As the map keeps a field, and each further value of a name.
    const FIELD: usize = size_of::<(HeaderName, HeaderValue, u16, Option<[usize; 2]>)>();
    const FURTHER: usize = size_of::<(HeaderValue, [[usize; 2]; 2])>();
    // There are as many places as room, and four in its index for three of them.
    const INDEXED: usize = size_of::<[u16; 2]>();
    let room = headers.capacity();
    // Room for these grows by doubling, from four.
    let further = match headers.len().saturating_sub(headers.keys_len()) {
        0 => 0,
        further => 2 * further + 4,
    };
    let names = headers.keys().map(of_name).sum::<usize>();
    let values = headers.values().map(|value| shared(value.len()));
    piece(room * FIELD)
        + piece(room.div_ceil(3) * 4 * INDEXED)
        + piece(further * FURTHER)
        + names
        + values.sum::<usize>()
}

/// What a request had in the fields that an answer varies by.
pub(super) fn of_varied(varied: &[Varied]) -> usize {
    let each = varied.iter().map(|field| {
        let value = field.value.as_ref();
        of_name(&field.name) + value.map_or(0, |value| piece(value.len()))
    });
    piece(size_of_val(varied)) + each.sum::<usize>()
}

/// Well-known names take nothing, which cannot be told from outside.
fn of_name(name: &HeaderName) -> usize {
    shared(name.as_str().len())
}

#[cfg(test)]
mod tests;
