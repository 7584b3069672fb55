//! Jobs run while somebody looks, and begin anew when somebody begins them.

use trunkline::connector::Connector;
use trunkline::connector::document::Source;

use super::Jobs;

const PROFILE: &str = r#"
schema = 1
[connector]
name = "mill"
title = "Mill"
base_url = "https://mill.example"
docs = "https://mill.example"
checked = "2026-11-22"
[auth]
kind = "none"
[verify]
operation = "jobs.get"
inputs = { id = "j" }
"#;

const OPERATIONS: &str = r#"
[[operations]]
name = "jobs.create"
title = "Begin a job"
method = "POST"
path = "/jobs"
docs = "https://mill.example"
poll = { operation = "jobs.get", inputs = { id = "/id" }, state = "/state", done = ["done"], every = "1s" }

[[operations]]
name = "jobs.get"
title = "Look at a job"
method = "GET"
path = "/jobs/{id}"
docs = "https://mill.example"
[operations.inputs]
id = { in = "path", type = "string", need = "required" }
"#;

/// One job that was begun, and looked at in three states, in the order in which files have them.
pub(crate) fn mill() -> Connector {
    let source = |name: String, text: String| Source { name, text };
    let example = |name: &str, operation: &str, call: &str, request: &str, state: &str| {
        let (method, path) = request.split_once(' ').unwrap();
        let text = format!(
            "operation = \"{operation}\"\ntitle = \"{name}\"\n[call]\n{call}\n[request]\n\
             method = \"{method}\"\npath = \"{path}\"\n[answer]\nstatus = 200\n[answer.body]\n\
             json = '{{\"id\":\"j\",\"state\":\"{state}\"}}'\n[reply]\nclass = \"ok\"\n"
        );
        source(format!("mill/examples/{name}.toml"), text)
    };
    let look = |name, state| example(name, "jobs.get", "id = \"j\"", "GET /jobs/j", state);
    Connector::load(vec![
        source("mill/connector.toml".to_owned(), PROFILE.to_owned()),
        source(
            "mill/operations/jobs.toml".to_owned(),
            OPERATIONS.to_owned(),
        ),
        example("create", "jobs.create", "", "POST /jobs", "waiting"),
        look("look_done", "done"),
        look("look_grinding", "grinding"),
        look("look_waiting", "waiting"),
    ])
    .unwrap()
}

#[test]
fn a_job_goes_from_look_to_look_until_it_is_begun_again() {
    let connector = mill();
    let find = |name: &str| {
        let mut examples = connector.examples().iter();
        examples.find(|example| example.name == name).unwrap()
    };
    let looks = ["look_waiting", "look_grinding", "look_done"].map(find);
    let jobs = Jobs::default();
    let look = || {
        let example = jobs.next(&connector, &looks).unwrap();
        jobs.begun(&connector, example);
        example.name.as_str()
    };
    assert_eq!(look(), "look_waiting");
    assert_eq!(look(), "look_grinding");
    assert_eq!([look(), look(), look()], ["look_done"; 3]);
    jobs.begun(&connector, find("create"));
    assert_eq!(
        [look(), look(), look()],
        looks.map(|example| example.name.as_str())
    );
    assert!(jobs.next(&connector, &[]).is_none());
}
