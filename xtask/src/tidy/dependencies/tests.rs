//! Reading what cargo tells.

use serde_json::{Value, json};

use super::{Direct, Kind, closure, direct};

fn metadata() -> Value {
    let edge =
        |package: &str, kind: Value| json!({ "pkg": package, "dep_kinds": [{ "kind": kind }] });
    json!({
        "workspace_members": ["ours", "other"],
        "packages": [
            {
                "id": "ours", "name": "trunkline-connector",
                "dependencies": [
                    { "name": "http", "kind": null, "features": ["std"] },
                    { "name": "tokio", "kind": "dev", "features": [] },
                    { "name": "cc", "kind": "build", "features": [] },
                ],
            },
            { "id": "other", "name": "xtask", "dependencies": [] },
            { "id": "http", "name": "http", "dependencies": [{ "name": "bytes", "kind": null, "features": [] }] },
            { "id": "bytes", "name": "bytes", "dependencies": [] },
            { "id": "tokio", "name": "tokio", "dependencies": [] },
        ],
        "resolve": { "nodes": [
            { "id": "ours", "deps": [edge("http", Value::Null), edge("tokio", json!("dev"))] },
            { "id": "http", "deps": [edge("bytes", Value::Null)] },
            { "id": "bytes", "deps": [edge("http", Value::Null)] },
        ] },
    })
}

#[test]
fn only_our_manifests_count_as_direct() {
    let edge = |name: &str, kind, features: &[&str]| Direct {
        owner: "trunkline-connector".into(),
        name: name.into(),
        kind,
        features: features.iter().map(|&feature| feature.to_owned()).collect(),
    };
    assert_eq!(
        direct(&metadata()),
        [
            edge("http", Kind::Shipped, &["std"]),
            edge("tokio", Kind::Tests, &[]),
            edge("cc", Kind::Shipped, &[]),
        ]
    );
}

#[test]
fn the_closure_leaves_out_what_only_tests_need() {
    let names: Vec<String> = closure(&metadata(), "trunkline-connector")
        .into_iter()
        .collect();
    assert_eq!(names, ["bytes", "http", "trunkline-connector"]);
}

#[test]
fn an_unknown_crate_has_no_closure() {
    assert!(closure(&metadata(), "http").is_empty());
}
