//! The file stands on the page as it is.

use expect_test::expect;

use super::render;

#[test]
fn the_defaults_are_shown_whole() {
    expect![[r#"
        <!-- Made by `cargo xtask gen`; do not edit. -->

        # Settings

        Every setting with its default, as it would stand in `trunkline.toml`.
        How to use them: [settings](../guide/settings.md).

        ```toml
        # A listener.
        listen = "127.0.0.1:4000"
        ```
    "#]]
    .assert_eq(&render("# A listener.\nlisten = \"127.0.0.1:4000\"\n\n"));
}
