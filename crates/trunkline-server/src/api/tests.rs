//! The routes there are, and what describes them.

use std::collections::BTreeSet;

use expect_test::expect;
use http::Method;
use serde_json::Value;
use trunkline::log::LoggedCall;

use super::route::Route;
use super::{OPENAPI, calls};

fn description() -> Value {
    serde_json::from_str(OPENAPI).expect("the description is JSON")
}

fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
    names.into_iter().collect()
}

#[test]
fn the_description_has_every_route_with_its_method_and_no_other() {
    let description = description();
    let paths = description["paths"].as_object().expect("there are paths");
    let mut described = BTreeSet::new();
    for (path, operations) in paths {
        for method in operations.as_object().expect("a path has methods").keys() {
            described.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let known = Route::ALL.map(|route| format!("{} /-/api/{}", route.method(), route.path()));
    assert_eq!(described, BTreeSet::from(known));
}

#[test]
fn every_route_is_found_by_its_path() {
    for route in Route::ALL {
        assert_eq!(Route::find(&route.path()).expect("it is there"), route);
    }
}

#[test]
fn only_the_description_and_nothing_else_is_for_everybody() {
    let description = description();
    assert_eq!(
        description["security"][0]["admin"],
        Value::Array(Vec::new())
    );
    for route in Route::ALL {
        let method = route.method().as_str().to_lowercase();
        let operation = &description["paths"][format!("/-/api/{}", route.path())][method];
        let is_open = operation["security"] == Value::Array(Vec::new());
        assert_eq!(is_open, route == Route::Description, "{operation}");
    }
}

#[test]
fn the_description_has_the_parameters_that_are_read() {
    let description = description();
    let parameters = &description["paths"]["/-/api/v1/calls"]["get"]["parameters"];
    let parameters = parameters.as_array().expect("there are parameters");
    let described = parameters.iter().filter_map(|known| known["name"].as_str());
    assert_eq!(names(described), names(calls::PARAMETERS));
}

#[test]
fn the_description_has_the_fields_of_a_call() {
    let call = LoggedCall {
        call_id: "call_0".to_owned(),
        started: String::new(),
        connector: None,
        operation: None,
        connection: None,
        method: String::new(),
        path: String::new(),
        status: None,
        class: String::new(),
        code: None,
        attempts: 0,
        took_ms: 0.0,
        first_byte_ms: None,
        waited_ms: 0.0,
        bytes_in: 0,
        bytes_out: 0,
        cache: None,
    };
    let call = serde_json::to_value(call).expect("it can be written");
    let fields = call.as_object().expect("it is an object").keys();
    let description = description();
    let schema = &description["components"]["schemas"]["Call"];
    let described = schema["properties"].as_object().expect("it has fields");
    let required = schema["required"].as_array().expect("they are all there");
    let required = required.iter().filter_map(Value::as_str);
    let fields = names(fields.map(String::as_str));
    assert_eq!(names(described.keys().map(String::as_str)), fields);
    assert_eq!(names(required), fields);
}

#[test]
fn every_reference_in_the_description_leads_somewhere() {
    let description = description();
    let mut references = 0;
    let mut left = vec![&description];
    while let Some(value) = left.pop() {
        match value {
            Value::Object(fields) => left.extend(fields.values()),
            Value::Array(values) => left.extend(values),
            Value::String(text) if text.starts_with("#/") => {
                references += 1;
                let place = text.strip_prefix('#').expect("checked");
                assert!(description.pointer(place).is_some(), "{text}");
            }
            _ => {}
        }
    }
    assert!(10 < references, "{references}");
}

#[test]
fn other_paths_lead_nowhere() {
    for path in [
        "",
        "v1",
        "v1/",
        "v1/calls/",
        "v1/calls/a/b",
        "v2/calls",
        "v1/upstreams/",
        "openapi.json/",
    ] {
        let error = Route::find(path).expect_err("there is no such route");
        assert_eq!(error.kind().code(), "not_found", "{path}");
    }
    let long = "x".repeat(500);
    let error = Route::find(&long).expect_err("there is no such route");
    assert!(error.to_string().len() < 150, "{error}");
}

#[test]
fn what_a_route_takes_stands_in_allow() {
    let allowed = Route::ALL.map(|route| format!("{} {}", route.path(), route.allowed()));
    expect![[r"
        openapi.json GET, HEAD
        v1/upstreams GET, HEAD
        v1/calls GET, HEAD
        v1/calls/{id} GET, HEAD
        v1/cache/purge POST"]]
    .assert_eq(&allowed.join("\n"));
    assert_eq!(Route::Purge.method(), Method::POST);
}
