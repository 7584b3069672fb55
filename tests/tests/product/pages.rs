//! Lists that come in pages, and jobs that take their time: on the command line and through the
//! gateway.

use std::fs;

use trunkline_tests::{Act, Ending, Gate, Product, Request, Script, Upstream, answer};

/// A page of Stripe's customers that is not the last.
fn page(ids: &[&str]) -> Script {
    answer(200).json(&body(ids, "true")).script()
}

fn last_page(ids: &[&str]) -> Script {
    answer(200).json(&body(ids, "false")).script()
}

fn body(ids: &[&str], has_more: &str) -> String {
    let records: Vec<String> = ids.iter().map(|id| record(id)).collect();
    let records = records.join(", ");
    format!(
        r#"{{"object": "list", "data": [{records}], "has_more": {has_more}, "url": "/v1/customers"}}"#
    )
}

fn record(id: &str) -> String {
    format!(r#"{{"id": "{id}"}}"#)
}

/// Records as they are handed on.
fn lines(ids: &[&str]) -> String {
    let lines: Vec<String> = ids.iter().map(|id| record(id) + "\n").collect();
    lines.concat()
}

fn failure(status: u16) -> Script {
    let body = r#"{"error": {"type": "api_error", "message": "the vendor's words"}}"#;
    answer(status).json(body).script()
}

fn targets(upstream: &Upstream) -> Vec<String> {
    upstream
        .heard()
        .iter()
        .map(|heard| heard.head.word(1).to_owned())
        .collect()
}

const LIST: [&str; 4] = ["call", "stripe", "customers.list", "limit=2"];

fn list(more: &[&str]) -> Vec<String> {
    LIST.iter()
        .chain(more)
        .map(|word| (*word).to_owned())
        .collect()
}

#[track_caller]
fn run(upstream: &Upstream, more: &[&str]) -> trunkline_tests::Finished {
    let arguments = list(more);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    Product::calling("stripe", upstream).run(&arguments)
}

#[test]
fn every_record_of_every_page_is_printed_on_a_line() {
    let upstream = Upstream::start([page(&["a", "b"]), page(&[]), last_page(&["c"])]);
    let upstream_two = Upstream::start([page(&["a", "b"]), last_page(&["c"])]);
    // An empty page that is not the last leads nowhere with this way of paging.
    run(&upstream, &["--all"])
        .expect(6)
        .complains(&["the page is empty and not the last"]);
    let finished = run(&upstream_two, &["--all"]).expect(0);
    assert_eq!(finished.stdout, lines(&["a", "b", "c"]));
    assert_eq!(finished.stderr, "");
    assert_eq!(
        targets(&upstream_two),
        [
            "/v1/customers?limit=2",
            "/v1/customers?limit=2&starting_after=b"
        ]
    );
}

#[test]
fn an_error_in_the_middle_is_6_and_says_where_to_go_on() {
    let upstream = Upstream::start([page(&["a", "b"]), failure(500), last_page(&["c"])]);
    let finished = run(&upstream, &["--all", "Trunkline-Retry:off"])
        .expect(6)
        .complains(&[
            "Stripe answered 500",
            "said: the vendor's words",
            "came before: 1 page, 2 records",
            "go on: add `--from-cursor b`",
        ]);
    assert_eq!(finished.stdout, lines(&["a", "b"]));
    let finished = run(&upstream, &["--all", "--from-cursor", "b"]).expect(0);
    assert_eq!(finished.stdout, lines(&["c"]));
    assert_eq!(
        targets(&upstream).last().map(String::as_str),
        Some("/v1/customers?limit=2&starting_after=b")
    );
}

#[test]
fn pages_that_lead_round_in_a_circle_are_6() {
    let upstream = Upstream::start([page(&["a"])]);
    let finished = run(&upstream, &["--all"]).expect(6);
    let finished = finished.complains(&["`a` came twice", "--from-cursor a"]);
    assert_eq!(finished.stdout, lines(&["a", "a"]));
    assert_eq!(upstream.count(), 2);
}

#[test]
fn an_error_on_the_first_page_has_its_usual_status() {
    for (status, exit) in [(400, 3), (401, 4), (429, 5), (500, 6)] {
        let upstream = Upstream::start([failure(status)]);
        let finished = run(&upstream, &["--all", "Trunkline-Retry:off"]).expect(exit);
        assert_eq!(finished.stdout, "");
        assert!(
            !finished.stderr.contains("--from-cursor"),
            "{}",
            finished.stderr
        );
    }
}

#[test]
fn no_more_pages_are_read_than_wanted() {
    let upstream = Upstream::start([page(&["a"]), page(&["b"]), page(&["c"])]);
    let finished = run(&upstream, &["--max-pages", "2"]).expect(0);
    assert_eq!(finished.stdout, lines(&["a", "b"]));
    assert_eq!(
        finished.stderr,
        "the list goes on after 2 pages, 2 records: add `--from-cursor b`\n"
    );
    assert_eq!(upstream.count(), 2);
}

#[test]
fn what_has_no_pages_is_2_and_names_what_has() {
    let upstream = Upstream::start([failure(500)]);
    let product = Product::calling("stripe", &upstream);
    product
        .run(&["call", "stripe", "balance.retrieve", "--all"])
        .expect(2)
        .complains(&[
            "`balance.retrieve` of `stripe` does not answer in pages",
            "`customers.list`",
        ]);
    run(&upstream, &["--all", "--output", "raw"])
        .expect(2)
        .complains(&["raw"]);
    run(&upstream, &["--all", "--include"]).expect(2);
    run(&upstream, &["--all", "--wait"]).expect(2);
    run(&upstream, &["--max-pages", "0"]).expect(2);
    assert_eq!(upstream.count(), 0);
}

#[test]
fn a_dry_run_shows_the_first_page_only() {
    let upstream = Upstream::start([failure(500)]);
    let finished = run(&upstream, &["--from-cursor", "b", "--dry-run"]).expect(0);
    let finished = finished.prints(&["GET http", "/v1/customers?limit=2&starting_after=b"]);
    assert!(!finished.stdout.contains(Product::key("STRIPE_SECRET_KEY")));
    assert_eq!(upstream.count(), 0);
}

#[test]
fn a_list_of_the_sandbox_comes_to_its_end() {
    let finished = Product::new().run(&["call", "stripe", "customers.list", "--all", "--sandbox"]);
    let finished = finished.expect(0);
    assert!(finished.stdout.lines().count() > 1, "{}", finished.stdout);
    assert!(
        finished
            .stdout
            .lines()
            .all(|line| line.starts_with('{') && line.ends_with('}'))
    );
}

#[test]
fn a_next_page_at_a_stranger_is_7_and_nobody_goes_there() {
    let stranger = Upstream::start([answer(200).json("[]")]);
    let next = format!("{}/v1/predictions?cursor=x", stranger.url());
    let body = format!(r#"{{"results": [{{"id": "a"}}], "next": "{next}", "previous": null}}"#);
    let upstream = Upstream::start([answer(200).json(&body)]);
    let product = Product::calling("replicate", &upstream)
        .variable("REPLICATE_API_TOKEN", "r8_made_up_0123456789");
    let finished = product.run(&["call", "replicate", "predictions.list", "--all"]);
    let finished = finished
        .expect(7)
        .complains(&["the next page is at `127.0.0.1:"]);
    assert_eq!(finished.stdout, "{\"id\": \"a\"}\n");
    assert_eq!(stranger.count(), 0);
}

const QUERY: &str = "query ($owner: String!, $after: String) {
  repository(owner: $owner, name: \"x\") {
    issues(first: 2, after: $after) { nodes { title } pageInfo { hasNextPage endCursor } }
  }
}";

fn github(upstream: &Upstream) -> Product {
    Product::calling("github", upstream)
        .variable("GITHUB_TOKEN", "ghp_madeUpMadeUpMadeUpMadeUpMadeUpMade12")
        .file("issues.graphql", QUERY)
}

const ISSUES: [&str; 5] = [
    "call",
    "github",
    "graphql",
    "query=@issues.graphql",
    "owner=ada",
];

#[test]
fn graphql_keeps_what_came_and_tells_every_error_with_its_path() {
    let body = r#"{"data": {"repository": {"issues": null}}, "errors": [{"type": "SERVICE", "path": ["repository", "issues"], "message": "it broke"}]}"#;
    let upstream = Upstream::start([answer(200).json(body)]);
    let finished = github(&upstream).run(&ISSUES).expect(3);
    let finished = finished.complains(&["at: `repository.issues`: it broke (`SERVICE`)"]);
    assert_eq!(finished.stdout.trim_end(), body);
    let sent: serde_json::Value = serde_json::from_slice(&upstream.only().body).expect("JSON");
    assert_eq!(sent["query"], QUERY);
    assert_eq!(sent["variables"], serde_json::json!({ "owner": "ada" }));
}

#[test]
fn graphql_variables_are_checked_before_anything_is_sent() {
    let upstream = Upstream::start([failure(500)]);
    let product = github(&upstream);
    product.run(&ISSUES[..4]).expect(2).complains(&["owner"]);
    product
        .run(&["call", "github", "graphql", "query={ a", "--all"])
        .expect(2);
    assert_eq!(upstream.count(), 0);
}

#[test]
fn graphql_pages_by_its_cursor() {
    let page = |title: &str, next: &str| {
        answer(200).json(&format!(
            r#"{{"data": {{"repository": {{"issues": {{"nodes": [{{"title": "{title}"}}], "pageInfo": {next}}}}}}}}}"#
        ))
    };
    let upstream = Upstream::start([
        page("a", r#"{"hasNextPage": true, "endCursor": "c1"}"#),
        page("b", r#"{"hasNextPage": false, "endCursor": null}"#),
    ]);
    let arguments = [&ISSUES[..], &["--all"]].concat();
    let finished = github(&upstream).run(&arguments).expect(0);
    assert_eq!(finished.stdout, "{\"title\": \"a\"}\n{\"title\": \"b\"}\n");
    let last: serde_json::Value = serde_json::from_slice(&upstream.heard()[1].body).expect("JSON");
    assert_eq!(
        last["variables"],
        serde_json::json!({ "owner": "ada", "after": "c1" })
    );
}

/// A connector whose jobs are looked at every few milliseconds.
fn with_jobs(upstream: &Upstream) -> Product {
    let connector = format!(
        r#"
schema = 1
[connector]
name = "works"
title = "Works"
base_url = "{}"
docs = "https://works.example/docs"
checked = "2026-11-22"
[auth]
kind = "none"
[verify]
operation = "jobs.get"
inputs = {{ id = "1" }}
"#,
        "https://works.example"
    );
    let operations = r#"
[[operations]]
name = "jobs.create"
title = "Begin a job"
method = "POST"
path = "/jobs"
docs = "https://works.example/docs"
body = "json"
poll = { operation = "jobs.get", inputs = { id = "/id" }, state = "/state", done = ["done"], failed = ["failed"], error = "/why", every = "5ms" }

[[operations]]
name = "jobs.get"
title = "Look at a job"
method = "GET"
path = "/jobs/{id}"
docs = "https://works.example/docs"
inputs.id = { in = "path", type = "string", need = "required" }
"#;
    let example = |operation: &str, call: &str| {
        format!(
            "operation = \"{operation}\"\ntitle = \"a call\"\n{call}\n\
             answer = {{ status = 200, headers = {{ content-type = \"application/json\" }}, body = {{ json = \"{{}}\" }} }}\n\
             reply = {{ class = \"ok\" }}\n"
        )
    };
    let create = example(
        "jobs.create",
        "request = { method = \"POST\", path = \"/jobs\" }",
    );
    let get = "call = { id = \"1\" }\nrequest = { method = \"GET\", path = \"/jobs/1\" }";
    Product::calling("works", upstream)
        .file("connectors/works/connector.toml", &connector)
        .file("connectors/works/operations/jobs.toml", operations)
        .file("connectors/works/examples/create.toml", &create)
        .file(
            "connectors/works/examples/get.toml",
            &example("jobs.get", get),
        )
}

fn job(body: &str) -> Script {
    answer(200).json(body).script()
}

const BEGIN: [&str; 4] = ["call", "works", "jobs.create", "--wait"];

#[test]
fn a_job_is_waited_for_and_its_result_printed() {
    let upstream = Upstream::start([
        job(r#"{"id": "a b"}"#),
        job(r#"{"state": "running"}"#),
        job(r#"{"state": "done", "output": 7}"#),
    ]);
    let finished = with_jobs(&upstream).run(&BEGIN).expect(0);
    assert_eq!(finished.stdout, r#"{"state": "done", "output": 7}"#);
    assert_eq!(targets(&upstream), ["/jobs", "/jobs/a%20b", "/jobs/a%20b"]);
}

#[test]
fn a_job_that_failed_is_3_with_its_reason() {
    let upstream = Upstream::start([
        job(r#"{"id": "1"}"#),
        job(r#"{"state": "failed", "why": "out of paper"}"#),
    ]);
    let finished = with_jobs(&upstream).run(&BEGIN).expect(3);
    let finished =
        finished.complains(&["Works says that it failed: `failed`", "said: out of paper"]);
    assert!(finished.stdout.contains("out of paper"));
}

#[test]
fn a_job_that_is_not_done_in_time_says_how_to_look_again() {
    let upstream = Upstream::start([job(r#"{"id": "a b"}"#), job(r#"{"state": "running"}"#)]);
    let arguments = [&BEGIN[..], &["--timeout", "40ms"]].concat();
    with_jobs(&upstream).run(&arguments).expect(6).complains(&[
        "it is `running`",
        "look again: trunkline call works jobs.get 'id=a b'",
    ]);
}

#[test]
fn what_begins_nothing_is_2_and_names_what_does() {
    let upstream = Upstream::start([job("{}")]);
    let finished = with_jobs(&upstream).run(&["call", "works", "jobs.get", "id=1", "--wait"]);
    finished
        .expect(2)
        .complains(&["begins nothing to wait for", "`jobs.create`"]);
    assert_eq!(upstream.count(), 0);
}

fn ask(pages: &str) -> Request {
    Request::get("/stripe/v1/customers?limit=2")
        .header("trunkline-paginate", pages)
        .header("trunkline-retry", "off")
        .header("authorization", "Bearer sk_of_the_caller")
}

#[test]
fn the_gateway_hands_on_each_page_as_it_comes() {
    let gate = Gate::new();
    let second = answer(200).json(&body(&["c"], "false"));
    let upstream = Upstream::start([
        page(&["a", "b"]),
        Script::reading().wait(&gate).say(second.bytes()),
    ]);
    let gateway = Product::calling("stripe", &upstream).serve();
    let mut incoming = ask("all").start(gateway.address());
    assert_eq!(incoming.status, 200);
    assert_eq!(
        incoming.header("content-type"),
        Some("application/x-ndjson")
    );
    assert!(incoming.header("trunkline-call-id").is_some());
    assert_eq!(incoming.header("content-length"), None);
    // Whatever was held back would never come: the next page waits for this gate.
    incoming.expect_so_far(&lines(&["a", "b"]));
    gate.open();
    let reply = incoming.finish();
    assert_eq!(
        (reply.text(), reply.ending),
        (lines(&["a", "b", "c"]), Ending::Clean)
    );
    assert_eq!(
        targets(&upstream),
        [
            "/v1/customers?limit=2",
            "/v1/customers?limit=2&starting_after=b"
        ]
    );
    let heard = upstream.heard();
    let key = format!("Bearer {}", Product::key("STRIPE_SECRET_KEY"));
    for heard in &heard {
        assert_eq!(heard.head.header("authorization"), Some(key.as_str()));
        assert_eq!(heard.head.header("trunkline-paginate"), None);
    }
}

#[test]
fn the_gateway_reads_no_more_pages_than_wanted() {
    let upstream = Upstream::start([page(&["a"]), page(&["b"])]);
    let gateway = Product::calling("stripe", &upstream).serve();
    let reply = gateway.send(&ask("2")).expect(200);
    assert_eq!(
        (reply.text(), reply.ending),
        (lines(&["a", "b"]), Ending::Clean)
    );
    assert_eq!(upstream.count(), 2);
}

#[test]
fn an_error_in_the_middle_breaks_the_answer_off_after_what_came() {
    let cut = Script::reading()
        .say("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{")
        .then(Act::Close);
    for second in [
        failure(500),
        page(&["a"]),
        cut,
        answer(200).json("{}").script(),
    ] {
        let upstream = Upstream::start([page(&["a"]), second]);
        let gateway = Product::calling("stripe", &upstream).serve();
        let reply = gateway.send(&ask("all")).expect(200);
        assert!(reply.text().starts_with(&lines(&["a"])), "{}", reply.text());
        assert_ne!(reply.ending, Ending::Clean);
        gateway.get("/-/health").expect(200);
        let ended = gateway.stop();
        assert!(
            ended.stderr.contains("a list broke off"),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn the_gateway_passes_the_first_pages_error_on_as_it_is() {
    let upstream = Upstream::start([failure(404)]);
    let gateway = Product::calling("stripe", &upstream).serve();
    let reply = gateway.send(&ask("all")).expect(404);
    assert!(reply.text().contains("the vendor's words"));
    assert!(reply.header("trunkline-hint").is_some());
}

#[test]
fn what_has_no_pages_is_a_bad_header() {
    let upstream = Upstream::start([failure(500)]);
    let gateway = Product::calling("stripe", &upstream).serve();
    for (target, pages) in [("/stripe/v1/balance", "all"), ("/stripe/v1/unknown", "3")] {
        let request = Request::get(target).header("trunkline-paginate", pages);
        let reply = gateway.send(&request);
        let problem = reply.problem(400, "bad_header");
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(
            detail.contains("Trunkline-Paginate") && detail.contains("/v1/"),
            "{detail}"
        );
    }
    gateway.send(&ask("0")).problem(400, "bad_header");
    assert_eq!(upstream.count(), 0);
}

#[test]
fn a_caller_that_goes_takes_the_page_along() {
    let upstream = Upstream::start([page(&["a"]), Script::silent()]);
    let gateway = Product::calling("stripe", &upstream).serve();
    let mut incoming = ask("all").start(gateway.address());
    incoming.expect_so_far(&lines(&["a"]));
    upstream.wait_for(2);
    incoming.hang_up();
    upstream.wait_for_goodbye(upstream.heard()[1].connection);
    gateway.get("/-/health").expect(200);
}

/// The pages of a list, 70 kB each, with records of their own.
fn long_list(pages: usize) -> impl Iterator<Item = Script> {
    (1..=pages).map(move |number| {
        let record = |place| format!(r#"{{"id": "cus_{number}_{place}", "text": "{place:0100}"}}"#);
        let records: Vec<String> = (0..500).map(record).collect();
        let body = format!(
            r#"{{"object": "list", "data": [{}], "has_more": {}, "url": "/v1/customers"}}"#,
            records.join(","),
            number < pages
        );
        answer(200).json(&body).script()
    })
}

#[test]
fn memory_does_not_grow_with_the_list() {
    let upstream = Upstream::start(long_list(40).chain(long_list(400)));
    let gateway = Product::calling("stripe", &upstream).serve();
    let read = |pages: usize| {
        let reply = gateway.send(&ask("all")).expect(200);
        assert_eq!(reply.ending, Ending::Clean);
        assert_eq!(reply.text().lines().count(), 500 * pages);
        gateway.memory_most()
    };
    let short = read(40);
    let long = read(400);
    let grown = long.saturating_sub(short);
    // The longer list has 25 MB more.
    assert!(grown < 5_000_000, "it took {grown} bytes more");
}

#[test]
fn records_can_go_into_a_file() {
    let upstream = Upstream::start([page(&["a"]), last_page(&["b"])]);
    let product = Product::calling("stripe", &upstream);
    let mut command = product.command(&["call", "stripe", "customers.list", "--all"]);
    let path = product.path().join("customers.ndjson");
    command.stdout(fs::File::create(&path).expect("a file can be made"));
    assert!(command.status().expect("it can be started").success());
    assert_eq!(
        fs::read_to_string(path).expect("it is there"),
        lines(&["a", "b"])
    );
}
