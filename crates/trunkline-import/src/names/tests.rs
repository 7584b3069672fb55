//! What names become.

use super::*;

#[track_caller]
fn check(made: impl Into<Option<String>>, expected: &str) {
    assert_eq!(made.into().as_deref(), Some(expected));
}

#[test]
fn words_are_told_apart_as_people_do() {
    check(snake("paymentIntent"), "payment_intent");
    check(snake("listSMSMessages"), "list_sms_messages");
    check(snake("listIDs"), "list_ids");
    check(snake("OAuth2Token"), "o_auth2_token");
    check(snake("  v1-Users__get() "), "v1_users_get");
    check(snake("Customer's orders"), "customers_orders");
    check(snake("日本"), "");
}

#[test]
fn operation_ids_become_dotted_names() {
    check(of_operation_id("repos/list-for-org"), "repos.list_for_org");
    check(
        of_operation_id("sheets.spreadsheets.values.get"),
        "sheets.spreadsheets.values.get",
    );
    check(
        of_operation_id("PostPaymentIntents"),
        "post_payment_intents",
    );
    check(of_operation_id("2fa/check"), "n2fa.check");
    assert_eq!(of_operation_id("日本"), None);
    assert!(
        of_operation_id(&"x".repeat(1_000)).is_some_and(|name| name.len() == OPERATION_LEN_MAX)
    );
}

#[test]
fn paths_become_names_with_their_method() {
    check(of_path("GET", "/v1/customers"), "customers.get");
    check(
        of_path("delete", "/v1/customers/{id}"),
        "customers.delete_by_id",
    );
    check(
        of_path("get", "/customers/{id}/sources/{source}.json"),
        "customers.sources.get_by_source_json",
    );
    check(of_path("post", "/"), "root.post");
    check(of_path("get", "/v2"), "root.get");
}

#[test]
fn a_name_is_given_once() {
    let mut unique = Unique::default();
    let given: Vec<String> = ["a", "a", "a_2", "a", "b"]
        .map(|name| unique.give(name.to_owned()))
        .into();
    assert_eq!(given, ["a", "a_2", "a_2_2", "a_3", "b"]);
}

#[test]
fn inputs_have_names_that_a_path_may_have() {
    check(of_input("petId"), "petId");
    check(of_input("filter[status]"), "filter_status");
    check(of_input("$top"), "top");
    check(of_input("2nd"), "n2nd");
    check(of_input("[]"), "value");
}

#[test]
fn connectors_are_called_as_their_hosts_or_files() {
    let name = |text: &str| of_connector(text).map(|name| name.to_string());
    check(name("api.stripe.com"), "stripe");
    check(name("batch-BatchService"), "batch-batchservice");
    check(name("api.openapi.io"), "api-openapi-io");
    check(name("1forge.com"), "forge");
    assert_eq!(name("日本"), None);
    check(name(&"a-".repeat(40)), &format!("{}a", "a-".repeat(15)));
    assert!(!is_telling("openapi") && !is_telling("v3") && is_telling("stripe.com"));
}

#[test]
fn variables_have_no_name_that_bundlers_publish() {
    let variable = |name: &str| of_variable(name.parse().expect("a name"), "api_key");
    assert_eq!(variable("acme-mail"), "ACME_MAIL_API_KEY");
    assert_eq!(variable("public-apis"), "API_PUBLIC_APIS_API_KEY");
}
