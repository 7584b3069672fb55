//! What the test file of an SDK runs against: gateways, what stands behind them, and their addresses.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use trunkline_tests::{Gateway, Product, Program, Upstream, answer, is_ci, repository};

use super::keys;

/// Everything that one connector's test file needs. All of it ends with it.
pub(super) struct Stage {
    connector: &'static str,
    variables: Vec<(String, String)>,
    gateways: Vec<Gateway>,
    /// Ended after the gateways in front of them, and so named after them.
    programs: Vec<Program>,
}

impl Stage {
    /// A sandbox, and an upstream that does as it is told (`vendor.mjs`) behind a gateway that tries
    /// everything once. Nothing where the SDKs are not installed, which in CI is an error.
    pub(super) fn of(connector: &'static str) -> Option<Self> {
        is_installed().then(|| {
            Self {
                connector,
                variables: Vec::new(),
                gateways: Vec::new(),
                programs: Vec::new(),
            }
            .with_sandbox()
            .with_vendor()
            .with_real_keys()
        })
    }

    fn with_sandbox(self) -> Self {
        let gateway = self.product().serve_sandbox();
        self.with_gateway("SANDBOX", gateway)
    }

    fn with_vendor(mut self) -> Self {
        let (program, url) = server(&["vendor.mjs"]);
        let retry = format!("connectors.{}.retry.attempts", self.connector);
        // Recorded refusals follow each other, and none is to hold the next call.
        let limits = format!("connectors.{}.upstream_limits", self.connector);
        let gateway = self.behind(&url).set(&retry, 1);
        let gateway = gateway.set(&limits, r#""off""#).serve();
        self.programs.push(program);
        self.with_variable("VENDOR", url)
            .with_gateway("GATEWAY", gateway)
    }

    fn with_real_keys(mut self) -> Self {
        for (name, value) in keys::of(self.connector) {
            self = self.with_variable(&format!("REAL_{name}"), value.to_owned());
        }
        self
    }

    /// An upstream that is away for ever, behind a gateway that tries as often as it does.
    pub(super) fn with_journal(self) -> (Self, Upstream) {
        let upstream = Upstream::start([
            answer(503).json(r#"{"error":{"message":"away","type":"api_error"}}"#)
        ]);
        let gateway = self.behind(&upstream.url()).serve();
        (self.with_gateway("JOURNAL", gateway), upstream)
    }

    /// Prism with the vendor's own document.
    pub(super) fn with_prism(mut self) -> Self {
        let mut command = node(&["node_modules/@stoplight/prism-cli/dist/index.js"]);
        command
            .args(["mock", "--host", "127.0.0.1", "--port", "0"])
            .arg(format!(".documents/{}.json", self.connector));
        let program = Program::start(command);
        let url = program.wait_for(|printed| {
            let (_, rest) = printed.split_once("Prism is listening on ")?;
            let (url, _) = rest.split_once(char::is_whitespace)?;
            Some(url.trim_end_matches('\u{1b}').to_owned())
        });
        let gateway = self.behind(&url).serve();
        self.programs.push(program);
        self.with_gateway("PRISM", gateway)
    }

    /// A server of `tests/sdks` behind a gateway, under a name.
    pub(super) fn with_server(mut self, name: &str, arguments: &[&str]) -> Self {
        let (program, url) = server(arguments);
        let gateway = self.behind(&url).serve();
        self.programs.push(program);
        self.with_variable(&format!("{name}_DIRECT"), url)
            .with_gateway(name, gateway)
    }

    /// Runs the connector's test file.
    #[track_caller]
    pub(super) fn run(&self) {
        self.run_file(&format!("{}.test.mjs", self.connector));
    }

    /// Runs a test file.
    #[track_caller]
    pub(super) fn run_file(&self, file: &str) {
        let mut command = node(&["--import", "./loopback.mjs"]);
        command
            .args(["--test", "--test-force-exit", "--test-reporter=spec", file])
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        let finished = Program::start(command).finish_within(Duration::from_mins(2));
        assert_eq!(
            finished.status,
            Some(0),
            "{}\n{}",
            finished.stdout,
            finished.stderr
        );
    }

    fn with_variable(mut self, name: &str, value: String) -> Self {
        self.variables.push((format!("TRUNKLINE_{name}"), value));
        self
    }

    /// Says where a gateway is, and its dedicated listener, where it has one.
    fn with_gateway(mut self, name: &str, gateway: Gateway) -> Self {
        self = self.with_variable(name, gateway.url());
        if self.has_listener() {
            let dedicated = format!("http://{}", gateway.dedicated());
            self = self.with_variable(&format!("{name}_DEDICATED"), dedicated);
        }
        self.gateways.push(gateway);
        self
    }

    /// Whether the SDK takes no path in its address.
    fn has_listener(&self) -> bool {
        self.connector == "stripe"
    }

    /// Settings with which attempts follow each other at once.
    fn product(&self) -> Product {
        let wait = format!("connectors.{}.retry.wait_first", self.connector);
        let product = Product::new().set(&wait, r#""1ms""#);
        if self.has_listener() {
            product.set("listeners.stripe", r#""127.0.0.1:0""#)
        } else {
            product
        }
    }

    /// A gateway with real keys in front of an upstream.
    fn behind(&self, url: &str) -> Product {
        let base_url = format!("connectors.{}.base_url", self.connector);
        let product = self.product().set(&base_url, format!("{url:?}"));
        keys::of(self.connector).fold(product, |product, (name, value)| {
            product.variable(name, value)
        })
    }
}

fn folder() -> PathBuf {
    repository().join("tests/sdks")
}

/// Whether the packages are there. Without them there is nothing to do, except in CI.
pub(super) fn is_installed() -> bool {
    let is_installed = [
        "node_modules/ws",
        "node_modules/oidc-provider",
        ".documents/github.json",
    ]
    .iter()
    .all(|path| folder().join(path).exists());
    if !is_installed {
        let missing = "the SDKs are not installed: run `npm ci` in tests/sdks";
        assert!(!is_ci(), "{missing}");
        eprintln!("skipped: {missing}");
    }
    is_installed
}

fn node(arguments: &[&str]) -> Command {
    let mut command = Command::new("node");
    command.args(arguments).current_dir(folder());
    // Variables that SDKs read by themselves would make them talk to somebody else.
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "NODE_OPTIONS"] {
        command.env_remove(name);
    }
    command
}

/// A server of `tests/sdks`, and where it is.
pub(super) fn server(arguments: &[&str]) -> (Program, String) {
    let program = Program::start(node(arguments));
    let url = program.wait_for(|printed| {
        let (_, url) = printed.split_once("listening on ")?;
        Some(url.split_once('\n')?.0.to_owned())
    });
    (program, url)
}
