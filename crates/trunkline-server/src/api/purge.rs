//! Has the cache forget answers.

#[cfg(test)]
mod tests;

use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use serde_json::{Map, Value, json};
use trunkline::connector::{Connector, ConnectorName};
use trunkline::{Catalog, Error, ErrorKind, Purge};

use super::Api;
use crate::door;
use crate::http1::Incoming;
use crate::own::{Answer, Asked, Elsewhere};

/// The largest body that is read.
const BODY_BYTES_MAX: usize = 16 << 10;

const ALLOWED: &str = r#"send `{"all": true}`, `{"key": "…"}`, `{"connector": "…"}`, `{"connector": "…", "operation": "…"}` or `{"tag": "…"}`"#;

impl Api {
    /// Drops what the body names, and says how much it was.
    pub(super) async fn purge(&self, asked: Asked) -> Result<Answer, Error> {
        let body = read(asked.body).await?;
        let purge = parse(&body, &self.engine.catalog())?;
        let engine = self.engine.clone();
        let purging = self.control.spawn(async move { engine.purge(purge).await });
        let purged = Elsewhere(purging).wait().await??;
        Ok(Answer::json(json!({ "purged": purged }).to_string()))
    }
}

async fn read(mut body: Incoming) -> Result<Bytes, Error> {
    let too_large = || door::body_too_large(BODY_BYTES_MAX as u64);
    if (BODY_BYTES_MAX as u64) < body.size_hint().lower() {
        return Err(too_large());
    }
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|err| {
            Error::new(ErrorKind::CallerGone, "the request's body ended too early").with_source(err)
        })?;
        if let Ok(data) = frame.into_data() {
            all.extend_from_slice(&data);
        }
        if BODY_BYTES_MAX < all.len() {
            return Err(too_large());
        }
    }
    Ok(all.freeze())
}

fn parse(body: &[u8], catalog: &Catalog) -> Result<Purge, Error> {
    let bad = |message: String| Error::new(ErrorKind::BadInput, message).with_hint(ALLOWED);
    let Ok(fields) = serde_json::from_slice::<Map<String, Value>>(body) else {
        return Err(bad("the body is no JSON object".to_owned()));
    };
    let known = ["all", "key", "connector", "operation", "tag"];
    if let Some(unknown) = fields.keys().find(|name| !known.contains(&name.as_str())) {
        let shown: String = unknown.chars().take(80).collect();
        return Err(bad(format!("there is no field `{shown}`")));
    }
    let text = |name: &str| match fields.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.as_str())),
        Some(_) => Err(bad(format!("`{name}` is no text, or an empty one"))),
    };
    let all = match fields.get("all") {
        None => None,
        Some(Value::Bool(true)) => Some(()),
        Some(_) => return Err(bad("`all` can only be `true`".to_owned())),
    };
    match (
        all,
        text("key")?,
        text("connector")?,
        text("operation")?,
        text("tag")?,
    ) {
        (Some(()), None, None, None, None) => Ok(Purge::All),
        (None, Some(key), None, None, None) => Ok(Purge::Key(key.to_owned())),
        (None, None, Some(name), operation, None) => {
            let connector = find(catalog, name)?;
            of_connector(connector, operation)
        }
        (None, None, None, None, Some(tag)) => Ok(Purge::Tag(tag.to_owned())),
        _ => Err(bad("this does not say which answers".to_owned())),
    }
}

fn of_connector(connector: &Connector, operation: Option<&str>) -> Result<Purge, Error> {
    let name: ConnectorName = connector.name;
    let Some(operation) = operation else {
        return Ok(Purge::Connector(name));
    };
    let known = &connector.operations;
    if known.iter().all(|known| known.name != operation) {
        return Err(Error::unknown_operation(connector, operation));
    }
    Ok(Purge::Operation {
        connector: name,
        operation: operation.to_owned(),
    })
}

fn find<'c>(catalog: &'c Catalog, name: &str) -> Result<&'c Connector, Error> {
    if let Some(entry) = catalog.find(name) {
        return Ok(&entry.connector);
    }
    let shown: String = name.chars().take(80).collect();
    let error = Error::new(
        ErrorKind::UnknownConnector,
        format!("there is no connector `{shown}`"),
    );
    Err(match catalog.suggest(&shown) {
        Some(close) => error.with_hint(format!("did you mean `{close}`?")),
        None => error,
    })
}
