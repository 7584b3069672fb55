//! Headers as real servers write them, and as nobody should.

use http::{HeaderMap, HeaderValue, header};
use proptest::prelude::*;

use super::{LinkError, next_link};
use crate::seeded::seeded;

fn next(texts: &[&str]) -> Result<Option<String>, LinkError> {
    let mut headers = HeaderMap::new();
    for text in texts {
        headers.append(header::LINK, HeaderValue::from_str(text).unwrap());
    }
    next_link(&headers)
}

#[track_caller]
fn check(text: &str, expected: Option<&str>) {
    assert_eq!(next(&[text]), Ok(expected.map(str::to_owned)), "{text}");
}

#[test]
fn the_next_page_is_found_in_every_writing() {
    // GitHub, as documented.
    check(
        "<https://api.github.com/repositories/1300192/issues?page=2>; rel=\"prev\", <https://api.github.com/repositories/1300192/issues?page=4>; rel=\"next\", <https://api.github.com/repositories/1300192/issues?page=515>; rel=\"last\"",
        Some("https://api.github.com/repositories/1300192/issues?page=4"),
    );
    check("</x>;rel=next", Some("/x"));
    check("< /x > ; REL = \"NEXT\"", Some("/x"));
    check("</x>; rel=\"last next\"", Some("/x"));
    check(
        "</a,b;c>; title=\"x, <y>; \\\"z\\\"\"; rel=next",
        Some("/a,b;c"),
    );
    check(",, </x>; rel=next ,", Some("/x"));
    check("</x>; foo; rel=next", Some("/x"));
    check(
        "</x>; title*=UTF-8''n%C3%A4chstes; rel=\"next\"",
        Some("/x"),
    );
    check("</x>; rel=next; rel=prev", Some("/x"));
    check("<>; rel=next", Some(""));
}

#[test]
fn what_is_no_next_page_is_passed_over() {
    check("", None);
    check("</x>", None);
    check("</x>; rel", None);
    check("</x>; rel=prev", None);
    check("</x>; rel=nextpage", None);
    check("</x>; rel=prev; rel=next", None);
    check("</x>; title=next", None);
    check("</x>; rel=next; anchor=\"/other\"", None);
    check("</x>; title=\"</y>; rel=next\"", None);
    assert_eq!(next(&[]), Ok(None));
}

#[test]
fn several_headers_are_one_list() {
    assert_eq!(
        next(&["</a>; rel=prev", "</b>; rel=next"]),
        Ok(Some("/b".to_owned()))
    );
}

#[test]
fn what_cannot_be_read_is_an_error() {
    assert_eq!(next(&["</x; rel=next"]), Err(LinkError::Open(1)));
    assert_eq!(next(&["</a>; title=\"x"]), Err(LinkError::Open(13)));
    assert_eq!(next(&["/x; rel=next"]), Err(LinkError::NoAddress(1)));
    assert_eq!(next(&["</a>; rel=prev, x"]), Err(LinkError::NoAddress(17)));
    let mut headers = HeaderMap::new();
    headers.insert(
        header::LINK,
        HeaderValue::from_bytes(b"<\xff>; rel=next").unwrap(),
    );
    assert_eq!(next_link(&headers), Err(LinkError::NoText));
}

proptest! {
    #![proptest_config(seeded(2_000))]

    /// Whatever is written around it, the link is read back.
    #[test]
    fn a_link_is_read_back(
        address in "[a-z/?&=,;: ]{1,12}",
        title in "[a-z<>;,=\\\\\" ]{0,8}",
        before in prop::bool::ANY,
        spaces in " {0,2}",
    ) {
        let quoted = title.replace('\\', "\\\\").replace('"', "\\\"");
        let other = if before { "</first>; rel=\"prev\", " } else { "" };
        let text = format!("{other}<{address}>{spaces};{spaces}title=\"{quoted}\"{spaces};{spaces}rel=\"next\"");
        prop_assert_eq!(next(&[&text]), Ok(Some(address.trim().to_owned())));
    }

    #[test]
    fn no_header_makes_it_panic(text in "[<>;,=\" a-z\\\\\u{e9}]{0,30}") {
        if let Ok(value) = HeaderValue::from_bytes(text.as_bytes()) {
            let mut headers = HeaderMap::new();
            headers.insert(header::LINK, value);
            drop(next_link(&headers));
        }
    }
}
