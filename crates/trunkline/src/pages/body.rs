//! The whole body of one page.

#[cfg(test)]
mod tests;

use std::io::Read as _;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::{HeaderMap, HeaderValue, header};

use super::trouble;
use crate::error::{Error, ErrorKind};
use crate::reply::ReplyBody;

/// The largest page that is read, packed or not.
const PAGE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Reads a page's body, and unpacks it.
///
/// # Errors
/// [`ErrorKind::ReplyTooLarge`], [`ErrorKind::PagesBroken`] if it cannot be unpacked, or what broke
/// it off.
pub(crate) async fn read(body: ReplyBody, headers: &HeaderMap) -> Result<Bytes, Error> {
    let packed = body.collect(PAGE_BYTES_MAX).await?;
    unpack(packed, headers, PAGE_BYTES_MAX)
}

fn unpack(packed: Bytes, headers: &HeaderMap, bytes_max: usize) -> Result<Bytes, Error> {
    let encoding = headers.get(header::CONTENT_ENCODING);
    match encoding.map(HeaderValue::as_bytes) {
        None | Some(b"" | b"identity") => return Ok(packed),
        Some(b"gzip" | b"x-gzip") => {}
        Some(other) => {
            let other = String::from_utf8_lossy(other);
            return Err(trouble::broken(format!(
                "the page is encoded with `{other}`, which was not asked for"
            )));
        }
    }
    let mut text = Vec::new();
    let unpacked = MultiGzDecoder::new(&*packed)
        .take(bytes_max as u64 + 1)
        .read_to_end(&mut text);
    if unpacked.is_err() {
        return Err(trouble::broken("the page cannot be unpacked".to_owned()));
    }
    if bytes_max < text.len() {
        let message = format!("the page is larger than {bytes_max} bytes");
        return Err(Error::new(ErrorKind::ReplyTooLarge, message));
    }
    Ok(text.into())
}
