//! Tables and lists under the right heading, and nothing else.

use super::{numbered, quoted, rows};

const PAGE: &str = "\
## First

| other | table |
| --- | --- |
| `a` | b |

## Second

Words.

| crate | may use |
| --- | --- |
| `x` | `y`, `z` |
| `w` | none |

1. `one` is first
2. `two`, not `three`

### Third

3. `four`
";

#[test]
fn the_first_table_under_the_heading_is_read() {
    assert_eq!(
        rows(PAGE, "## Second"),
        [["`x`", "`y`, `z`"], ["`w`", "none"]]
    );
    assert!(rows(PAGE, "## Fourth").is_empty());
}

#[test]
fn numbered_items_end_with_the_section() {
    assert_eq!(numbered(PAGE, "## Second"), ["one", "two"]);
}

#[test]
fn what_stands_in_backticks_is_quoted() {
    assert_eq!(quoted("`y`, `z` and w"), ["y", "z"]);
    assert!(quoted("none").is_empty());
}
