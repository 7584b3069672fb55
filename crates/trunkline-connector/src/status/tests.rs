//! Sets of statuses hold what they name.

use http::StatusCode;

use super::{StatusSet, Statuses};

fn statuses(names: &[&str]) -> Statuses {
    names
        .iter()
        .map(|name| name.parse::<StatusSet>().unwrap())
        .collect()
}

#[test]
fn a_set_holds_one_status_or_a_class() {
    let set = statuses(&["429", "5xx"]);
    let held =
        [200, 429, 428, 500, 599].map(|status| set.contain(StatusCode::from_u16(status).unwrap()));
    assert_eq!(held, [false, true, false, true, true]);
    assert!(statuses(&[]).contain(StatusCode::OK));
}

#[test]
fn names_print_as_they_were_written() {
    for name in ["100", "429", "599", "1xx", "5xx"] {
        assert_eq!(name.parse::<StatusSet>().unwrap().to_string(), name);
    }
}

#[test]
fn what_names_no_status_is_refused() {
    for name in [
        "", "42", "600", "099", "6xx", "0xx", "5x", "5XX", "xx", "4290", "+42", "é",
    ] {
        let error = name.parse::<StatusSet>().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`{name}` is no status: `429`, or `5xx` for a class of them")
        );
    }
}

#[test]
fn a_class_covers_its_members() {
    assert!(statuses(&["4xx"]).cover(&statuses(&["404", "429"])));
    assert!(statuses(&[]).cover(&statuses(&["404"])));
    assert!(!statuses(&["404"]).cover(&statuses(&["4xx"])));
    assert!(!statuses(&["4xx"]).cover(&statuses(&[])));
    assert!(!statuses(&["4xx"]).cover(&statuses(&["404", "500"])));
}

#[test]
fn ranges_touch_where_they_overlap() {
    assert!(statuses(&["4xx"]).touch(499..=500));
    assert!(statuses(&[]).touch(499..=500));
    assert!(!statuses(&["200", "3xx"]).touch(400..=599));
}
