//! The drift report, from replies to the file that it is written into.

use expect_test::expect;
use trunkline::Validate;
use trunkline::drift::{self, Change};

use super::stage::{create, drift as report, looked_at, stand};
use crate::stand::{Stand, get};
use crate::upstream::{Act, Upstream, answer, json as answer_json};

#[tokio::test]
async fn without_a_schema_replies_are_compared_with_recorded_ones() {
    let upstream = Upstream::start([
        answer_json(200, r#"{"id": 2, "owner": {"name": "grace"}}"#),
        answer_json(200, r#"{"id": "b", "owner": {"age": 36}, "at": 1}"#),
    ]);
    // The connector of all tests, whose `things.create` has an example and no schema.
    let stand = Stand::new("acme", upstream.address, "");
    for _ in 0..2 {
        let reply = stand.run(create(Validate::Report)).await.reply();
        reply.body.collect(100).await.unwrap();
    }
    expect![[r#"
        reply /at appeared: no such field -> a whole number, 1
        reply /id changed: a number or null -> a text, 1
        reply /owner/age appeared: no such field -> a whole number, 1
        reply /owner/name vanished: a value -> nothing, 1"#]]
    .assert_eq(&report(&stand));
    // Nothing was promised, so nothing is broken.
    assert_eq!(looked_at(&stand), (2, 0));
}

#[tokio::test]
async fn an_operation_of_which_nothing_is_known_is_not_looked_at() {
    let upstream = Upstream::start([Act::Answer(answer(200, &[], "PNG"))]);
    let stand = Stand::new("acme", upstream.address, "");
    let reply = stand.run(get("acme", "/things/1.png")).await.reply();
    reply.body.collect(100).await.unwrap();
    assert_eq!(looked_at(&stand), (0, 0));
}

#[tokio::test]
async fn the_report_is_written_into_the_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join(".trunkline");
    for _ in 0..2 {
        let upstream = Upstream::start([
            answer_json(200, "{\"id\": 1, \"surprise\": \"hunter2\"}"),
            answer_json(200, "{\"id\": 1}"),
        ]);
        let stand = stand(upstream.address);
        stand.engine.keep_drift_in(&data);
        for _ in 0..2 {
            let reply = stand.run(create(Validate::Report)).await.reply();
            reply.body.collect(100).await.unwrap();
        }
    }
    let rows = drift::read(&data).unwrap();
    let [row] = rows.as_slice() else {
        panic!("{rows:?}");
    };
    assert_eq!(
        (&*row.connector, &*row.operation),
        ("acme", "things.create")
    );
    assert_eq!(
        (&*row.path, row.change, row.count),
        ("/surprise", Change::Appeared, 2)
    );
    let text = std::fs::read_to_string(data.join(drift::FILE_NAME)).unwrap();
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn nothing_is_written_where_nothing_differs() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join(".trunkline");
    let upstream = Upstream::start([answer_json(200, "{\"id\": 1}")]);
    let stand = stand(upstream.address);
    stand.engine.keep_drift_in(&data);
    let reply = stand.run(create(Validate::Report)).await.reply();
    reply.body.collect(100).await.unwrap();
    drop(stand);
    assert!(!data.exists());
}
