//! Reads the log: for people, and for programs as JSON.

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use trunkline_connector::format::Class;
use trunkline_log::{FILE_NAME, Found, Reader, Record};

use super::CallFilter;
use crate::call::CallId;
use crate::catalog::Catalog;
use crate::error::{Error, ErrorKind};
use crate::explain::{self, Explanation, Subject};

/// The class of calls that went well.
const CLASS_OK: &str = trunkline_log::CLASS_OK;

/// What the log says of a call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoggedCall {
    /// Its number.
    pub call_id: String,
    /// When it began (RFC 3339, UTC).
    pub started: String,
    /// Which API; `None` where there is none of that name.
    pub connector: Option<String>,
    /// What of it; `None` for a path that belongs to no operation.
    pub operation: Option<String>,
    /// Whose credentials were used.
    pub connection: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// The path below the connector's base address, without a query; `…` where a secret stood.
    pub path: String,
    /// The HTTP status that the caller got; `None` where it went away before.
    pub status: Option<u16>,
    /// How it ended: `ok`, what the answer means, or the code of an error of ours.
    pub class: String,
    /// The code of the error, where it was one of ours.
    pub code: Option<String>,
    /// HTTP exchanges in all.
    pub attempts: u32,
    /// How long it took, to the last byte of the answer.
    pub took_ms: f64,
    /// How long it took until the answer began.
    pub first_byte_ms: Option<f64>,
    /// How long it waited for its turn, because of limits.
    pub waited_ms: f64,
    /// Bytes of body that came from the caller.
    pub bytes_in: u64,
    /// Bytes of body that went to the caller.
    pub bytes_out: u64,
    /// What the cache did; `None` where it was not asked.
    pub cache: Option<String>,
}

/// Where the log of a data folder is.
pub fn file_in(folder: &Path) -> PathBuf {
    folder.join(FILE_NAME)
}

/// Lists the calls that ended last, the one that began last first. Where there is no log, there are
/// none.
///
/// # Errors
/// [`ErrorKind::LogUnreadable`], and [`ErrorKind::BadInput`] for a limit that is none.
pub fn list(folder: &Path, filter: &CallFilter, now: SystemTime) -> Result<Vec<LoggedCall>, Error> {
    let filter = filter.at(now)?;
    let mut records = Reader::new(folder).list(&filter).map_err(unreadable)?;
    // What several threads and processes write in the same moment stands in no order.
    records.sort_by_key(|record| Reverse(record.started_ms));
    Ok(records.into_iter().map(LoggedCall::from).collect())
}

/// Finds a call by its number or the beginning of it, `call_` left out or not.
///
/// # Errors
/// [`ErrorKind::NotFound`] and [`ErrorKind::BadInput`], if no call has it, or several; and
/// [`ErrorKind::LogUnreadable`].
pub fn find(folder: &Path, id: &str) -> Result<LoggedCall, Error> {
    let Some((first, last)) = CallId::beginning_with(id) else {
        let message = format!("`{}` is no number of a call", shown(id));
        return Err(Error::new(ErrorKind::BadInput, message).with_hint(
            "take it from `Trunkline-Call-Id` or `trunkline calls list`; a beginning will do",
        ));
    };
    match Reader::new(folder).find(first, last).map_err(unreadable)? {
        Found::One(record) => Ok(LoggedCall::from(*record)),
        Found::Nothing => {
            let message = format!("no call `{}` is kept", shown(id));
            Err(Error::new(ErrorKind::NotFound, message).with_hint(
                "`trunkline calls list` has those that are; calls are kept for as long as `calls.keep` and `calls.size_max` say",
            ))
        }
        Found::Several => {
            let message = format!("several calls begin with `{}`", shown(id));
            Err(Error::new(ErrorKind::BadInput, message).with_hint("give more of it"))
        }
    }
}

impl LoggedCall {
    /// Whether it went well.
    pub fn is_ok(&self) -> bool {
        self.class == CLASS_OK
    }

    /// What its error means; `None` where all went well.
    pub fn explanation(&self, catalog: &Catalog) -> Option<Explanation> {
        if self.is_ok() {
            return None;
        }
        if let Some(code) = &self.code {
            return explain::explain(None, Subject::Code(code));
        }
        let connector = self.connector.as_deref();
        let connector = connector.and_then(|name| Some(&*catalog.find(name)?.connector));
        let of_status = self
            .status
            .and_then(|status| explain::explain(connector, Subject::Status(status)));
        of_status
            .or_else(|| explain::of_class(class_of(&self.class)?))
            .or_else(|| explain::explain(None, Subject::Code(&self.class)))
    }

    /// The arguments of `trunkline call` that make the same call again, but for what is not kept:
    /// the query, the inputs and the body.
    pub fn again(&self) -> Option<Vec<String>> {
        let connector = self.connector.clone()?;
        let is_whole = self.path.starts_with('/') && !self.path.contains('…');
        if is_whole {
            return Some(vec![connector, self.method.clone(), self.path.clone()]);
        }
        Some(vec![connector, self.operation.clone()?])
    }

    /// Everything that is known of it, with what its error means.
    pub fn to_json(&self, catalog: &Catalog) -> Value {
        let mut json = json!(self);
        let explanation = self.explanation(catalog).map(|explanation| {
            json!({
                "what": explanation.what,
                "whose_move": explanation.whose_move.as_str(),
                "what_to_do": explanation.what_to_do,
                "docs": explanation.docs,
            })
        });
        if let Some(fields) = json.as_object_mut() {
            fields.insert("explanation".to_owned(), explanation.unwrap_or_default());
        }
        json
    }
}

impl From<Record> for LoggedCall {
    fn from(record: Record) -> Self {
        Self {
            call_id: CallId::of_number(record.id).to_string(),
            started: rfc_3339(record.started_ms),
            connector: record.connector,
            operation: record.operation,
            connection: record.connection,
            method: record.method,
            path: record.path,
            status: record.status,
            class: record.class,
            code: record.code,
            attempts: record.attempts,
            took_ms: millis(record.took),
            first_byte_ms: record.first_byte.map(millis),
            waited_ms: millis(record.waited),
            bytes_in: record.bytes_in,
            bytes_out: record.bytes_out,
            cache: record.cache,
        }
    }
}

fn class_of(word: &str) -> Option<Class> {
    serde_json::from_value(Value::from(word)).ok()
}

/// To the microsecond, as it is kept.
fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

fn rfc_3339(started_ms: i64) -> String {
    let time = Timestamp::from_millisecond(started_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{time:.3}")
}

fn shown(id: &str) -> String {
    id.chars().take(40).collect()
}

fn unreadable(error: trunkline_log::Error) -> Error {
    let kind = ErrorKind::LogUnreadable;
    Error::new(kind, error.to_string())
        .with_hint(explain::remedy(kind))
        .with_source(error)
}
