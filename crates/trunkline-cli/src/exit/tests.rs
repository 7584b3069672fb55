//! Which exit status each outcome has.

use expect_test::expect;
use http::StatusCode;
use trunkline::ErrorKind;
use trunkline_connector::format::Class;

use super::Exit;

#[track_caller]
fn check(class: Class, status: u16, expected: u8) {
    let status = StatusCode::from_u16(status).expect("a status");
    assert_eq!(
        Exit::of_answer(class, status).code(),
        expected,
        "{class:?} {status}"
    );
}

#[test]
fn an_answer_decides_by_its_class_and_only_then_by_its_status() {
    check(Class::Ok, 200, 0);
    check(Class::CallerError, 400, 3);
    check(Class::CallerError, 404, 3);
    check(Class::CallerError, 200, 3);
    check(Class::CallerError, 401, 4);
    check(Class::CallerError, 403, 4);
    check(Class::AuthDead, 401, 4);
    check(Class::AuthDead, 200, 4);
    check(Class::RefreshAuth, 200, 4);
    check(Class::RateLimited, 429, 5);
    check(Class::RateLimited, 403, 5);
    check(Class::QuotaExhausted, 402, 5);
    check(Class::Retry, 409, 6);
    check(Class::ProviderDown, 503, 6);
}

/// Every kind of error has the exit status that its meaning asks for: a new kind shows here.
#[test]
fn every_error_has_its_exit_status() {
    let kinds = ErrorKind::ALL.iter();
    let lines = kinds.map(|kind| format!("{} {}", Exit::of_error(*kind).code(), kind.code()));
    let table = lines.collect::<Vec<_>>().join("\n");
    expect![[r#"
        2 unknown_connector
        2 unknown_operation
        2 not_found
        2 unknown_connection
        2 bad_input
        2 bad_url
        2 bad_header
        1 request_malformed
        1 headers_too_large
        2 body_too_large
        1 request_timeout
        2 method_refused
        2 expectation_refused
        1 host_refused
        1 origin_refused
        4 admin_token_required
        2 caller_gone
        5 caller_limit_reached
        5 limit_reached
        6 not_cached
        1 overloaded
        1 shutting_down
        2 log_unreadable
        2 bad_settings
        2 bad_connector_file
        2 secret_missing
        2 secret_exposed
        4 token_refused
        7 address_refused
        6 name_not_found
        6 connect_failed
        6 connect_timeout
        6 tls_failed
        6 upstream_suspended
        6 shared_store_away
        6 first_byte_timeout
        6 idle_timeout
        6 call_timeout
        6 upstream_closed
        6 upstream_malformed
        7 reply_too_large
        8 schema_broken
        6 pages_broken
        6 too_many_redirects
        1 internal"#]]
    .assert_eq(&table);
}
