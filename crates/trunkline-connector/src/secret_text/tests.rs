//! Which texts can hold secrets, and what they become.

use super::{SecretText, SecretTextError, split_group};

fn parse(text: &str) -> Result<SecretText, SecretTextError> {
    SecretText::parse(text, |name| match split_group(name) {
        ("key", None) => Some((0, None)),
        ("hook", Some("id")) => Some((1, Some("id".to_owned()))),
        _ => None,
    })
}

#[test]
fn parts_are_filled_in() {
    let text = parse("Bearer {key}; hook={hook.id}").unwrap();
    assert_eq!(text.secrets().collect::<Vec<_>>(), [0, 1]);
    let filled = text.fill(|place, group| Some(format!("{place}{}", group.unwrap_or("-"))));
    assert_eq!(filled.unwrap(), "Bearer 0-; hook=1id");
    assert_eq!(text.fill(|place, _| (place == 0).then(String::new)), None);
    let plain = parse("v1").unwrap();
    assert_eq!(plain.fill(|_, _| None).unwrap(), "v1");
}

#[test]
fn what_is_no_part_is_refused() {
    for text in ["{key", "key}", "{key}}", "{{key}}", "a{"] {
        assert!(
            matches!(parse(text), Err(SecretTextError::Brace(_))),
            "{text}"
        );
    }
    for text in ["{}", "{kay}", "{key.id}", "{hook}", "{hook.x}"] {
        assert!(
            matches!(parse(text), Err(SecretTextError::Unknown(_))),
            "{text}"
        );
    }
}
