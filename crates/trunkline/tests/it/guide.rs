//! Every TOML block of `docs/guide/credentials.md` is what it says it is.

use expect_test::expect;

use crate::own::Own;
use crate::stand::config;

const GUIDE: &str = include_str!("../../../../docs/guide/credentials.md");

/// A block, and the file that its first line says it belongs to.
struct Block<'a> {
    file: &'a str,
    text: &'a str,
}

/// The blocks of each section; those of one section belong together.
fn sections() -> Vec<(&'static str, Vec<Block<'static>>)> {
    let sections = GUIDE.split("\n## ").skip(1);
    let sections = sections.map(|section| {
        let (title, _) = section.split_once('\n').unwrap();
        let blocks = section.split("```toml\n").skip(1).map(|rest| {
            let (text, _) = rest.split_once("```").unwrap();
            let (first, _) = text.split_once('\n').unwrap();
            let file = first.strip_prefix("# ").unwrap();
            Block { file, text }
        });
        (title, blocks.collect::<Vec<_>>())
    });
    sections.collect()
}

/// What a connector made of a section's blocks has to warn of.
fn warnings(connector: &Block<'_>, operations: &str) -> Vec<String> {
    let own = Own {
        connector: &format!(
            "base_url = \"https://api.acme.example\"\n{}",
            connector.text
        ),
        operations,
        settings: "",
        variables: &[],
    };
    let loaded = own.load();
    loaded.warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn every_block_is_a_part_of_the_file_it_names() {
    let mut kinds = Vec::new();
    for (title, blocks) in sections() {
        let operations: Vec<&str> = blocks
            .iter()
            .filter(|block| block.file.starts_with("connectors/acme/operations/"))
            .map(|block| block.text)
            .collect();
        for block in &blocks {
            match block.file {
                "trunkline.toml" => drop(config(block.text)),
                "connectors/acme/connector.toml" => {
                    let warnings = warnings(block, &operations.concat());
                    let expected = usize::from(title == "A field of the query");
                    assert_eq!(warnings.len(), expected, "{title}: {warnings:?}");
                    let lines = block.text.lines();
                    kinds.extend(lines.filter_map(|line| line.strip_prefix("kind = ")));
                }
                file => assert!(file.starts_with("connectors/acme/operations/"), "{file}"),
            }
        }
    }
    kinds.sort_unstable();
    kinds.dedup();
    expect![[r#"
        ["\"any_of\"", "\"aws_sigv4\"", "\"basic\"", "\"bearer\"", "\"client_credentials\"", "\"header\"", "\"headers\"", "\"hmac\"", "\"none\"", "\"query\"", "\"service_account\""]"#]]
    .assert_eq(&format!("{kinds:?}"));
}
