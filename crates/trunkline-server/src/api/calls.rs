//! The log of calls, as `trunkline calls` shows it too.

#[cfg(test)]
mod tests;

use serde_json::json;
use trunkline::Error;
use trunkline::connector::units::Span;
use trunkline::log::{self, CallFilter};

use super::{Api, query};
use crate::own::Answer;

/// What a query may say.
pub(super) const PARAMETERS: [&str; 7] = [
    "limit",
    "connector",
    "operation",
    "status",
    "errors",
    "since",
    "slower",
];

impl Api {
    /// Those that the filter lets through.
    pub(super) async fn calls(&self, filter: CallFilter) -> Result<Answer, Error> {
        let listing = self.aside(move |engine| {
            let folder = &engine.config().data_dir;
            log::list(folder, &filter, engine.clock().wall())
        });
        Ok(Answer::json(json!(listing.await?).to_string()))
    }

    /// One of them, with what its error means.
    pub(super) async fn call(&self, id: String) -> Result<Answer, Error> {
        let finding = self.aside(move |engine| {
            let call = log::find(&engine.config().data_dir, &id)?;
            Ok(call.to_json(&engine.catalog()))
        });
        Ok(Answer::json(finding.await?.to_string()))
    }
}

/// Reads a query as a filter.
pub(super) fn filter(query: &str) -> Result<CallFilter, Error> {
    let mut filter = CallFilter::default();
    query::read(query, &PARAMETERS, |name, value| {
        match name {
            "limit" => {
                let limit = value.parse();
                filter.limit = limit.map_err(|_| query::wrong(name, &value, "a number"))?;
            }
            "connector" => filter.connector = Some(value),
            "operation" => filter.operation = Some(value),
            "status" => filter.status = Some(value.parse()?),
            "errors" => {
                let errors = value.parse();
                let allowed = "`true` or `false`";
                filter.errors = errors.map_err(|_| query::wrong(name, &value, allowed))?;
            }
            "since" => filter.since = Some(value.parse()?),
            _ => {
                let allowed = "a time such as `500ms` or `2s`";
                let Span(slower) = value
                    .parse()
                    .map_err(|_| query::wrong(name, &value, allowed))?;
                filter.slower = Some(slower);
            }
        }
        Ok(())
    })?;
    Ok(filter)
}
