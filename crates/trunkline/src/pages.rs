//! Reads a list that an API hands out in pages: one ordinary call after another, one page at a time.
//!
//! How an API pages is data of its connector, and whether there is another page is decided by
//! [`trunkline_connector::paging`]. What is done here: the next page's call is made of the one
//! before, records are taken out of the body as text, and whatever goes wrong in the middle says
//! what came before and where to go on.

mod asking;
mod begin;
mod body;
mod connection;
mod fields;
pub(crate) mod place;
mod split;
mod stream;
mod trouble;

use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use serde_json::Value;
use trunkline_connector::Operation;
use trunkline_connector::format::{Class, PaginationSection, StopRule};
use trunkline_connector::paging::{self, Next, Pager, Step};
use url::Url;

use self::asking::Asking;
use self::place::Base;
use self::split::Split;
use crate::call::{Call, CallId, Reply};
use crate::client::Trunkline;
use crate::error::{Error, ErrorKind};
use crate::installed::{self, Installed};

pub(crate) use self::body::read as read_body;
pub use self::stream::PageStream;

/// Some APIs search as they go, and a page may have found nothing; this many in a row lead nowhere.
const EMPTY_MAX: u32 = 1000;

/// How the pages of a call are read. The default is all of them, from the first.
#[derive(Debug, Clone, Default)]
pub struct PageOptions {
    /// How many pages are read at most.
    pub pages_max: Option<NonZeroU64>,
    /// Where to begin, as an earlier reading said: see [`Pages::resume`].
    pub from_cursor: Option<String>,
    /// JSON Pointer to the records of a page, where the connector does not say. In a GraphQL
    /// reply the one list that has pages is found without.
    pub items: Option<String>,
}

/// The pages of a call, read one at a time.
#[derive(Debug)]
pub struct Pages {
    engine: Trunkline,
    installed: Arc<Installed>,
    /// The operation, as a place in the connector's list.
    operation: usize,
    asking: Asking,
    /// Where the page that is next is asked for.
    address: Url,
    bases: Vec<Base>,
    pager: Pager,
    knows: Knows,
    options: PageOptions,
    standing: Standing,
    /// The place of the page that is next; `None` for the first.
    place: Option<String>,
    came: Came,
    /// Pages without a record that came one after another.
    empty: u32,
}

/// What has come so far.
#[derive(Debug, Clone, Copy, Default)]
struct Came {
    pages: u64,
    records: u64,
}

/// Whether it is known where the records are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Knows {
    /// The connector, the operation or the caller says.
    Yes,
    /// The first reply of a GraphQL query will show.
    NotYet,
}

/// What is to be done next.
#[derive(Debug)]
enum Standing {
    /// To ask for a page.
    Asks,
    /// To say why the page that came last leads no further.
    Complains(Box<PageError>),
    /// Nothing, and here it would go on if it does at all.
    Stopped(Option<Resume>),
}

/// One page.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its records, each as JSON on a line of its own.
    pub lines: String,
    /// How many there are.
    pub count: u64,
    /// How many there are in the whole list, where the API says so.
    pub total: Option<u64>,
    /// The number of the call that brought it.
    pub call_id: CallId,
    /// How many HTTP exchanges that took.
    pub attempts: u32,
    /// How it differs from what the operation promises.
    pub schema_problem: Option<String>,
}

/// Why there are no more pages although the list has not ended.
#[derive(Debug)]
pub struct PageError {
    /// What happened.
    pub cause: Stopped,
    /// The pages that came before.
    pub pages: u64,
    /// The records that came before.
    pub records: u64,
    /// Where to go on; `None` where nothing came, so that one begins anew.
    pub resume: Option<Resume>,
}

/// What ended a series of calls.
#[derive(Debug)]
pub enum Stopped {
    /// The upstream answered a call with an error.
    Answered(Box<Reply>),
    /// A call had no answer, or one that cannot be used.
    Failed(Error),
}

/// Where the reading of pages goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resume {
    /// With the page that is next. No record comes twice.
    Next(String),
    /// With the page that came last, since it does not say how to go on. Its records come again.
    Again(String),
}

impl Page {
    /// Its records, each as JSON.
    pub fn records(&self) -> impl Iterator<Item = &str> {
        self.lines.lines()
    }
}

impl Pages {
    pub(crate) fn new(engine: &Trunkline, call: Call, options: PageOptions) -> Result<Self, Error> {
        let snapshot = engine.snapshot();
        let Some(installed) = snapshot.installed.get(&call.connector).map(Arc::clone) else {
            let name = call.connector.as_str();
            return Err(installed::unknown_connector(&snapshot.catalog, name));
        };
        let (operation, way) = begin::way_of(&installed, &call.target)?;
        let section = operation_of(&installed, operation)?;
        let mut asking = Asking::new(call)?;
        let inputs = asking.inputs(section, way.inputs().into_iter().chain(way.page_input()));
        begin::refuse_excluded(section, &asking)?;
        let (pager, knows) = begin::pager(&way, section, (&inputs, &options))?;
        begin::check_variable(&way, section, &asking)?;
        if let Some((name, value)) = pager.opening(&inputs) {
            asking.set(section, &name, value)?;
        }
        let mut reading = Self {
            address: begin::address(&installed, section, asking.target())?,
            bases: place::bases(&installed)?,
            engine: engine.clone(),
            operation,
            asking,
            pager,
            knows,
            options,
            standing: Standing::Asks,
            place: None,
            came: Came::default(),
            empty: 0,
            installed,
        };
        if let Some(from) = reading.options.from_cursor.take() {
            let next = reading.pager.resume(&from, &reading.address);
            reading.go_to(next.map_err(trouble::of_paging)?)?;
        }
        Ok(reading)
    }

    /// Reads the next page; `None` after the last, and after as many as were wanted.
    ///
    /// Each page is one call, retries included. Dropped before it is done, it cancels that call,
    /// and may be called again for the same page. After an error there are no more pages.
    ///
    /// # Errors
    /// What went wrong, with what came before and where to go on.
    pub async fn next(&mut self) -> Result<Option<Page>, PageError> {
        match &self.standing {
            Standing::Asks => {}
            Standing::Stopped(_) => return Ok(None),
            Standing::Complains(_) => {
                let stopped = Standing::Stopped(self.resume());
                return match std::mem::replace(&mut self.standing, stopped) {
                    Standing::Complains(error) => Err(*error),
                    Standing::Asks | Standing::Stopped(_) => Ok(None),
                };
            }
        }
        match self.fetch().await {
            Ok(page) => {
                self.came.pages += 1;
                self.came.records += page.count;
                Ok(Some(page))
            }
            Err(cause) => {
                let resume = self.resume();
                self.standing = Standing::Stopped(resume.clone());
                Err(self.error(cause, resume))
            }
        }
    }

    /// Where the reading goes on: in the middle, after as many pages as were wanted, and after an
    /// error. `None` before the first page and after the last.
    pub fn resume(&self) -> Option<Resume> {
        match &self.standing {
            Standing::Asks => self.place.clone().map(Resume::Next),
            Standing::Complains(error) => error.resume.clone(),
            Standing::Stopped(resume) => resume.clone(),
        }
    }

    /// How many pages have come.
    pub fn pages(&self) -> u64 {
        self.came.pages
    }

    /// How many records have come.
    pub fn records(&self) -> u64 {
        self.came.records
    }

    /// The call of the page that is next, for those who only want to look at it.
    pub fn call(&self) -> Call {
        self.asking.call()
    }

    /// The same pages as a stream.
    pub fn into_stream(self) -> PageStream {
        PageStream::new(self)
    }

    async fn fetch(&mut self) -> Result<Page, Stopped> {
        let reply = self.engine.call(self.asking.call()).await;
        let reply = reply.map_err(Stopped::Failed)?;
        if reply.class != Class::Ok || !reply.status.is_success() {
            return Err(Stopped::Answered(Box::new(reply)));
        }
        let Reply {
            status,
            headers,
            body,
            call_id,
            attempts,
            schema_problem,
            ..
        } = reply;
        let text = body::read(body, &headers).await.map_err(Stopped::Failed)?;
        let mut page = Page {
            lines: String::new(),
            count: 0,
            total: None,
            call_id,
            attempts,
            schema_problem,
        };
        // Some APIs say so that a list is empty. In the middle of one it would hide how it goes on.
        if status == StatusCode::NO_CONTENT && text.is_empty() && self.may_end_empty() {
            self.standing = Standing::Stopped(None);
            return Ok(page);
        }
        self.read(&text, &headers, &mut page)
            .map_err(Stopped::Failed)?;
        Ok(page)
    }

    /// Takes a page apart, and finds out what comes after it.
    fn read(&mut self, text: &[u8], headers: &HeaderMap, page: &mut Page) -> Result<(), Error> {
        self.look_for_records(text)?;
        let Split { lines, count, rest } =
            split::split(text, self.pager.items()).map_err(|err| trouble::no_json(&err))?;
        // A page that lacks its records is no page.
        self.pager.records(&rest).map_err(trouble::of_paging)?;
        page.lines = lines;
        page.count = count;
        self.empty = if count == 0 { self.empty + 1 } else { 0 };
        if EMPTY_MAX < self.empty {
            let message =
                format!("{EMPTY_MAX} pages in a row have no record, and each names another");
            return Err(trouble::broken(message));
        }
        page.total = self.total(&rest);
        let before = self.place.take();
        if let Err(error) = self.follow(&rest, headers) {
            // Its records came, so they are given before it is said that it leads nowhere.
            let mut error = self.error(Stopped::Failed(error), before.map(Resume::Again));
            error.pages += 1;
            error.records += count;
            self.standing = Standing::Complains(Box::new(error));
        }
        Ok(())
    }

    /// Where nobody has said where the records of a GraphQL reply are, the first one shows.
    fn look_for_records(&mut self, text: &[u8]) -> Result<(), Error> {
        if self.knows == Knows::Yes {
            return Ok(());
        }
        let reply: Value = serde_json::from_slice(text).map_err(|err| trouble::no_json(&err))?;
        let found = connection::find(&reply).map_err(|problem| {
            Error::new(ErrorKind::BadInput, problem).with_hint(
                "ask for `pageInfo { hasNextPage endCursor }` beside the one list that is wanted",
            )
        })?;
        let (way, operation) = self.way()?;
        let inputs = self.asking.inputs(operation, way.page_input());
        let asked = begin::asked(&self.options, Some(found.items), Some(found.page_info));
        let pager = Pager::new(way, operation, &inputs, asked);
        self.pager = pager.map_err(trouble::of_paging)?;
        self.knows = Knows::Yes;
        Ok(())
    }

    /// Sets what is to be done after a page.
    fn follow(&mut self, rest: &Value, headers: &HeaderMap) -> Result<(), Error> {
        let page = paging::Page {
            body: rest,
            headers,
            address: &self.address,
        };
        match self.pager.step(&page).map_err(trouble::of_paging)? {
            Step::Last(_) => self.standing = Standing::Stopped(None),
            Step::Next(next) => self.go_to(next)?,
            Step::Capped(next) => {
                self.go_to(next)?;
                self.standing = Standing::Stopped(self.resume());
            }
        }
        Ok(())
    }

    /// Has the call ask for another page from now on.
    fn go_to(&mut self, next: Next) -> Result<(), Error> {
        let installed = Arc::clone(&self.installed);
        let operation = operation_of(&installed, self.operation)?;
        let place = match next {
            Next::Input { name, value } => {
                let next = Next::Input {
                    name: name.clone(),
                    value: value.clone(),
                };
                self.asking.set(operation, &name, value)?;
                next.to_string()
            }
            Next::Address(url) => {
                let connector = &installed.connector;
                let Some(path) = place::below(connector, &self.bases, &url) else {
                    return Err(trouble::foreign(connector, &url));
                };
                self.asking.go_to(operation, path)?;
                self.address = url.clone();
                let fields = &installed.credential_query;
                place::without_credential(connector, fields, &self.bases, url).to_string()
            }
        };
        self.place = Some(place);
        Ok(())
    }

    /// Whether nothing at all may be the end: where nothing came before, or where the list ends with
    /// a page that has no records.
    fn may_end_empty(&self) -> bool {
        let ends_empty = |way: &PaginationSection| way.stop() == Some(&StopRule::EmptyPage);
        self.place.is_none() || self.way().is_ok_and(|(way, _)| ends_empty(way))
    }

    fn way(&self) -> Result<(&PaginationSection, &Operation), Error> {
        let connector = &self.installed.connector;
        let operation = operation_of(&self.installed, self.operation)?;
        let way = operation
            .pagination
            .and_then(|way| connector.pagination.get(way));
        way.map(|(_, way)| (way, operation))
            .ok_or_else(trouble::no_operation)
    }

    fn total(&self, rest: &Value) -> Option<u64> {
        match self.way().ok()?.0.stop() {
            Some(StopRule::TotalAt(pointer)) => rest.pointer(pointer)?.as_u64(),
            _ => None,
        }
    }

    fn error(&self, cause: Stopped, resume: Option<Resume>) -> PageError {
        PageError {
            cause,
            pages: self.came.pages,
            records: self.came.records,
            resume,
        }
    }
}

fn operation_of(installed: &Installed, place: usize) -> Result<&Operation, Error> {
    let operation = installed.connector.operations.get(place);
    operation.ok_or_else(trouble::no_operation)
}

impl Resume {
    /// What [`PageOptions::from_cursor`] takes.
    pub fn cursor(&self) -> &str {
        match self {
            Self::Next(cursor) | Self::Again(cursor) => cursor,
        }
    }
}

impl Stopped {
    /// The same as an error of a call, for those who can only break off.
    pub fn into_error(self) -> Error {
        match self {
            Self::Failed(error) => error,
            Self::Answered(reply) => trouble::broken(format!(
                "a page was answered with {}",
                reply.status.as_u16()
            )),
        }
    }
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Stopped::Failed(error) => error.fmt(f)?,
            Stopped::Answered(reply) => {
                write!(f, "the page was answered with {}", reply.status.as_u16())?;
            }
        }
        write!(
            f,
            "; {} records of {} pages came before",
            self.records, self.pages
        )
    }
}

impl std::error::Error for PageError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            Stopped::Failed(error) => Some(error),
            Stopped::Answered(_) => None,
        }
    }
}
