//! Which forms of a secret are known, and their order.

use super::*;

fn shown(texts: &[&str]) -> Vec<String> {
    let forms = of(texts.iter().copied());
    forms.iter().map(|form| form.expose().to_owned()).collect()
}

#[test]
fn a_text_is_known_in_every_form_in_which_it_travels() {
    let forms = shown(&["p@ss/w \"7\"é"]);
    for form in [
        "p@ss/w \"7\"é",
        "p%40ss%2Fw+%227%22%C3%A9",
        "p%40ss%2fw+%227%22%c3%a9",
        "p%40ss%2Fw%20%227%22%C3%A9",
        "p@ss/w \\\"7\\\"é",
        "p@ss\\/w \\\"7\\\"é",
        "cEBzcy93ICI3IsOp",
    ] {
        assert!(forms.iter().any(|known| known == form), "{form}: {forms:?}");
    }
    // The two alphabets, with and without padding.
    let forms = shown(&["~~~?>>>"]);
    for form in ["fn5+Pz4+Pg==", "fn5+Pz4+Pg", "fn5-Pz4-Pg"] {
        assert!(forms.iter().any(|known| known == form), "{form}: {forms:?}");
    }
}

#[test]
fn what_stands_within_another_comes_after_it() {
    let forms = shown(&["acme", "acme-password", "acme"]);
    assert!(
        forms.is_sorted_by_key(|form| Reverse(form.len())),
        "{forms:?}"
    );
    let place = |form: &str| forms.iter().position(|known| known == form);
    assert!(place("acme-password") < place("acme"));
    assert_eq!(forms.iter().filter(|form| *form == "acme").count(), 1);
    assert!(shown(&["", ""]).is_empty());
}
