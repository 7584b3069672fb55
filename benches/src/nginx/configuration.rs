//! What nginx is told: as people tune it who want the most of one worker.

use std::net::SocketAddr;

use crate::gateway::KEY;
use crate::nginx::{Extra, Handshakes, Role, Tls};
use crate::upstream::{self, Caching};

/// The whole file.
pub(super) fn of(role: Role<'_>, address: SocketAddr) -> String {
    let servers = match role {
        Role::Upstream(caching) => upstream_server(&format!("listen {address};"), caching),
        Role::SecureUpstream(tls) => {
            let listen = format!("listen {address} ssl;\n    {}", secure_upstream(tls));
            upstream_server(&listen, Caching::Unsaid)
        }
        Role::Proxy(upstream, extras) => proxy_server(address, upstream, extras),
    };
    format!(
        r#"daemon off;
worker_processes 1;
pid nginx.pid;
error_log errors.log warn;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  sendfile on;
  default_type application/json;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
{servers}
}}
"#
    )
}

fn upstream_server(listen: &str, caching: Caching) -> String {
    let body = upstream::answer_body();
    let caching = caching.value().map_or(String::new(), |value| {
        format!("add_header Cache-Control \"{value}\"; ")
    });
    format!(
        r#"  server {{
    {listen}
    if ($http_authorization != "Bearer {KEY}") {{ return 401; }}
    location / {{ {caching}return 200 '{body}'; }}
  }}"#
    )
}

/// The header tells `r` where a session was resumed, else `.`, and which request of its connection
/// this is.
fn secure_upstream(tls: Tls<'_>) -> String {
    let handshakes = match tls.handshakes {
        Handshakes::Few => "",
        Handshakes::Full => {
            "keepalive_timeout 0;\n    ssl_session_cache off;\n    ssl_session_tickets off;"
        }
        Handshakes::Resumed => "keepalive_timeout 0;\n    ssl_session_cache shared:sessions:1m;",
    };
    let (chain, key) = (tls.certificate.chain(), tls.certificate.key());
    format!(
        r#"ssl_certificate "{}";
    ssl_certificate_key "{}";
    ssl_protocols TLSv1.3;
    add_header X-Tls "$ssl_session_reused $connection_requests";
    {handshakes}"#,
        chain.display(),
        key.display()
    )
}

fn proxy_server(address: SocketAddr, upstream: SocketAddr, extras: &[Extra<'_>]) -> String {
    let (around, inside): (Vec<&str>, Vec<String>) = extras.iter().map(directives).unzip();
    let (around, inside) = (around.join("\n  "), inside.join("\n      "));
    let is_secure = extras.iter().any(|extra| matches!(extra, Extra::Secure(_)));
    let scheme = if is_secure { "https" } else { "http" };
    format!(
        r#"  {around}
  upstream api {{
    server {upstream};
    keepalive 128;
    keepalive_requests 1000000000;
  }}
  server {{
    listen {address};
    location /openai/ {{
      proxy_pass {scheme}://api/;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "Bearer {KEY}";
      {inside}
    }}
  }}"#
    )
}

/// What stands outside of the server, and inside of the place that passes requests on.
fn directives(extra: &Extra<'_>) -> (&'static str, String) {
    let (around, inside) = match extra {
        Extra::Log => ("", "access_log calls.log combined buffer=64k flush=1s;"),
        Extra::Limit => (
            "limit_req_zone $binary_remote_addr zone=callers:1m rate=1000000r/s;",
            "limit_req zone=callers burst=1000000 nodelay;",
        ),
        Extra::Cache => (
            "proxy_cache_path cache keys_zone=answers:1m;",
            // Without open files kept, a hit costs it a third more.
            "proxy_cache answers; add_header X-Cache $upstream_cache_status;\n      open_file_cache max=1000; open_file_cache_valid 60s;",
        ),
        Extra::Streams => ("", "proxy_buffering off;"),
        Extra::Secure(tls) => return ("", secure_proxy(*tls)),
    };
    (around, inside.to_owned())
}

fn secure_proxy(tls: Tls<'_>) -> String {
    let reuse = match tls.handshakes {
        Handshakes::Few | Handshakes::Resumed => "on",
        Handshakes::Full => "off",
    };
    format!(
        r#"proxy_ssl_trusted_certificate "{}";
      proxy_ssl_verify on;
      proxy_ssl_name localhost;
      proxy_ssl_protocols TLSv1.3;
      proxy_ssl_session_reuse {reuse};"#,
        tls.certificate.authority().display()
    )
}

#[cfg(test)]
mod tests;
