//! Whether answers of each operation are kept, and what tells them apart.

use std::sync::Arc;

use http::{HeaderName, Method};
use rustc_hash::FxHashMap;
use trunkline_connector::format::InputPlace;
use trunkline_connector::{Connector, Operation, words};

use crate::config::{Caching, Keep, Override};
use crate::error::{Error, ErrorKind};

/// Whether answers are kept, and what tells them apart.
#[derive(Debug)]
pub(crate) struct Keeping {
    pub(crate) time: Keep,
    pub(crate) methods: Methods,
    /// The query fields that tell them apart, sorted; `None`: the whole query does.
    pub(crate) query: Option<Vec<String>>,
    /// The request headers that do besides; `None`: with a time, every one that may choose what is
    /// answered.
    pub(crate) headers: Option<Vec<HeaderName>>,
    /// Words by which they are purged.
    pub(crate) tags: Vec<Box<str>>,
}

/// Which requests may be answered from what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Methods {
    /// GET and HEAD.
    Reading,
    /// A POST that only asks.
    Asking,
}

/// What is kept of a connector's operations.
#[derive(Debug)]
pub(super) struct Keepings {
    usual: Option<Arc<Keeping>>,
    /// Of operations with a setting of their own, by their place.
    own: FxHashMap<usize, Option<Arc<Keeping>>>,
}

impl Keepings {
    /// What the settings say.
    ///
    /// # Errors
    /// [`ErrorKind::BadSettings`], if answers of such an operation are never kept, or a query field
    /// is none of its inputs.
    pub(super) fn new(connector: &Connector, over: &Override) -> Result<Self, Error> {
        let mut own = FxHashMap::default();
        for (place, operation) in connector.operations.iter().enumerate() {
            let over = over.operations.get(&operation.name);
            if let Some(caching) = over.and_then(|over| over.cache.as_ref()) {
                let methods = methods_of(operation, caching)?;
                check_query(operation, caching)?;
                own.insert(place, keeping(caching, methods));
            }
        }
        let usual = over.cache.as_ref();
        Ok(Self {
            usual: usual.and_then(|caching| keeping(caching, Methods::Reading)),
            own,
        })
    }

    /// Of the operation at a place.
    pub(super) fn of(&self, operation: Option<usize>) -> Option<&Arc<Keeping>> {
        if !self.own.is_empty()
            && let Some(own) = operation.and_then(|place| self.own.get(&place))
        {
            return own.as_ref();
        }
        self.usual.as_ref()
    }
}

fn keeping(caching: &Caching, methods: Methods) -> Option<Arc<Keeping>> {
    if caching.time == Keep::Off {
        return None;
    }
    Some(Arc::new(Keeping {
        time: caching.time,
        methods,
        query: caching.query.clone(),
        headers: caching.headers.clone(),
        tags: caching.tags.iter().map(|tag| tag.as_str().into()).collect(),
    }))
}

fn methods_of(operation: &Operation, caching: &Caching) -> Result<Methods, Error> {
    match (&operation.method, caching.time) {
        (&Method::GET | &Method::HEAD, _) | (_, Keep::Off) => Ok(Methods::Reading),
        (&Method::POST, Keep::For(_)) => Ok(Methods::Asking),
        (&Method::POST, Keep::Headers) => Err(wrong(
            caching,
            "goes by the headers, and no upstream says by them that a POST may be answered again",
            "give it a time such as `1h` if it only asks",
        )),
        (method, _) => Err(wrong(
            caching,
            &format!("is for a {method}, whose answers are never kept"),
            "only GET, HEAD and a POST that only asks can be answered from what is kept",
        )),
    }
}

fn check_query(operation: &Operation, caching: &Caching) -> Result<(), Error> {
    let inputs = operation.inputs.iter();
    let known: Vec<&str> = inputs
        .filter(|input| input.place == InputPlace::Query)
        .map(|input| input.sent_as.as_ref().unwrap_or(&input.name).as_str())
        .collect();
    let named = caching.query.iter().flatten();
    let mut unknown = named.filter(|name| !known.contains(&name.as_str()));
    let Some(name) = unknown.next() else {
        return Ok(());
    };
    let hint = if known.is_empty() {
        format!("`{}` has no query fields", operation.name)
    } else {
        words::allowed(name, known.iter().copied())
    };
    let what = format!("names the query field `{name}`, which is no input of the operation");
    Err(wrong(caching, &what, &hint))
}

fn wrong(caching: &Caching, what: &str, hint: &str) -> Error {
    let mut problem = caching.setting.clone();
    problem.message = format!("{}{what}", problem.message);
    problem.hint = None;
    Error::new(ErrorKind::BadSettings, problem.to_string()).with_hint(hint)
}
