//! Only our own crates count, and only those with features.

use serde_json::json;

use super::crates_with_features;

#[test]
fn crates_without_features_are_left_alone() {
    let metadata = json!({
        "workspace_members": ["trunkline 0.1.0", "xtask 0.0.0"],
        "packages": [
            { "id": "trunkline 0.1.0", "name": "trunkline", "features": { "tower": [] } },
            { "id": "xtask 0.0.0", "name": "xtask", "features": {} },
            { "id": "tokio 1.0.0", "name": "tokio", "features": { "net": [] } },
        ],
    });
    assert_eq!(crates_with_features(&metadata), ["trunkline"]);
}
