//! A page of a stranger, in a real browser, at a gateway on the same machine: nothing it tries may
//! reach the upstream, since every call costs money or says something.

use trunkline_tests::{Browser, Product, Upstream, answer, chromium, is_ci};

/// Tries everything that a page can do without asking anybody, then reports what it was told.
const PAGE: &str = r#"<!doctype html><title>a page of a stranger</title><body><script>
const gateway = new URLSearchParams(location.search).get("gateway");
const outcomes = [];
const note = (name, outcome) => outcomes.push(name + "=" + outcome);
const fetched = async (name, options) => {
  try {
    const response = await fetch(gateway + "/openai/v1/models?" + name, options);
    note(name, response.type === "opaque" ? "opaque" : response.status);
  } catch { note(name, "blocked"); }
};
const element = (name, tag, attribute) => new Promise(done => {
  const made = document.createElement(tag);
  made.onload = () => { note(name, "loaded"); done(); };
  made.onerror = () => { note(name, "blocked"); done(); };
  made[attribute] = gateway + "/openai/v1/models?" + name;
  if (tag === "link") made.rel = "stylesheet";
  document.body.append(made);
});
const form = name => new Promise(done => {
  const frame = document.createElement("iframe");
  frame.name = "frame-" + name;
  const made = document.createElement("form");
  made.method = "POST";
  made.action = gateway + "/openai/v1/chat/completions?" + name;
  made.target = frame.name;
  made.innerHTML = "<input name=a value=b>";
  document.body.append(frame, made);
  // An empty frame loads once by itself; the next load is the answer to the form.
  setTimeout(() => { frame.onload = () => { note(name, "loaded"); done(); }; made.submit(); });
});
(async () => {
  await fetched("cors", {});
  await fetched("post", { method: "POST", body: "{}", headers: { "content-type": "application/json" } });
  await fetched("no-cors", { mode: "no-cors" });
  await fetched("no-cors-post", { method: "POST", mode: "no-cors", body: "{}" });
  await fetched("with-cookies", { mode: "no-cors", credentials: "include" });
  await element("image", "img", "src");
  await element("script", "script", "src");
  await element("style", "link", "href");
  await element("frame", "iframe", "src");
  await form("form");
  if (navigator.sendBeacon) note("beacon", navigator.sendBeacon(gateway + "/openai/v1/x?beacon", "{}"));
  await fetch("/done?" + outcomes.join(","));
})();
</script>"#;

/// Calls as an SDK in a page does, and reports what it read.
const ALLOWED_PAGE: &str = r#"<!doctype html><script>
const gateway = new URLSearchParams(location.search).get("gateway");
const headers = { "content-type": "application/json", "x-stainless-lang": "js" };
fetch(gateway + "/openai/v1/chat/completions", { method: "POST", body: "{}", headers })
  .then(response => response.json())
  .then(answer => fetch("/done?" + answer.seen), error => fetch("/done?" + error));
</script>"#;

const TRIES: [&str; 10] = [
    "cors",
    "post",
    "no-cors",
    "no-cors-post",
    "with-cookies",
    "image",
    "script",
    "style",
    "frame",
    "form",
];

#[test]
fn a_page_of_a_stranger_reaches_nothing() {
    let Some(chromium) = chromium() else {
        assert!(!is_ci(), "Chromium is not installed");
        eprintln!("skipped: Chromium is not installed");
        return;
    };
    let upstream = Upstream::start([answer(200).json("{}")]);
    let product = Product::calling("openai", &upstream);
    let gateway = product.serve();
    // One page from another port, which is the same site, and one from another site.
    for host in ["127.0.0.1", "localhost"] {
        let query = format!("gateway=http://{host}:{}", gateway.address().port());
        let browser = Browser::visit(&chromium, Browser::site(PAGE), &query);
        let report = browser.report();
        for name in TRIES {
            assert!(
                report.contains(&format!("{name}=")),
                "`{name}` was not tried: {report}"
            );
        }
        for kind in ["cors", "post"] {
            assert!(report.contains(&format!("{kind}=blocked")), "{report}");
        }
        assert!(!report.contains("=200"), "{report}");
        assert!(
            report.contains("image=blocked") && report.contains("script=blocked"),
            "{report}"
        );
    }
    assert_eq!(upstream.count(), 0, "{:#?}", upstream.heard());
}

#[test]
fn an_allowed_page_reads_the_answer() {
    let Some(chromium) = chromium() else {
        assert!(!is_ci(), "Chromium is not installed");
        eprintln!("skipped: Chromium is not installed");
        return;
    };
    let upstream = Upstream::start([answer(200).json(r#"{"seen":"yes"}"#)]);
    let site = Browser::site(ALLOWED_PAGE);
    let product = Product::calling("openai", &upstream);
    let gateway = product
        .set("server.origins", format!("[{:?}]", site.url()))
        .serve();
    let browser = Browser::visit(&chromium, site, &format!("gateway={}", gateway.url()));
    assert_eq!(browser.report(), "yes");
    assert_eq!(upstream.only().head.word(0), "POST");
}
