//! What could not be carried over, counted by kind, with the first few places.

use std::collections::BTreeMap;

use crate::at::At;

/// How many places of a kind are kept.
const FIRST_MAX: usize = 3;

/// The longest detail that is kept, in characters.
const DETAIL_MAX: usize = 80;

/// What could not be carried over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    losses: BTreeMap<Loss, Places>,
}

/// Where something could not be carried over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// How often.
    pub count: usize,
    /// The first few.
    pub first: Vec<Place>,
}

/// One place where something could not be carried over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// JSON Pointer into the document.
    pub at: String,
    /// What it was, or what was done instead; may be empty.
    pub detail: String,
}

impl Report {
    /// Every kind, in the order of [`Loss`].
    pub fn losses(&self) -> impl Iterator<Item = (Loss, &Places)> {
        self.losses.iter().map(|(loss, places)| (*loss, places))
    }

    /// The places of one kind.
    pub fn of(&self, loss: Loss) -> Option<&Places> {
        self.losses.get(&loss)
    }

    /// Whether everything was carried over.
    pub fn is_empty(&self) -> bool {
        self.losses.is_empty()
    }

    /// How many things were not carried over as they stand.
    pub fn total(&self) -> usize {
        self.losses.values().map(|places| places.count).sum()
    }

    /// Gives places other names.
    pub(crate) fn rename_places(&mut self, rename: impl Fn(&str) -> String) {
        for place in self
            .losses
            .values_mut()
            .flat_map(|places| &mut places.first)
        {
            place.at = rename(&place.at);
        }
    }

    pub(crate) fn add(&mut self, loss: Loss, at: &At<'_>, detail: impl AsRef<str>) {
        let places = self.losses.entry(loss).or_default();
        places.count += 1;
        if places.first.len() < FIRST_MAX {
            places.first.push(Place {
                at: at.to_string(),
                detail: detail.as_ref().chars().take(DETAIL_MAX).collect(),
            });
        }
    }
}

macro_rules! losses {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal, $words:literal;)+) => {
        /// A kind of thing that could not be carried over as it stands.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Loss {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Loss {
            /// Its name for programs.
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// What happened, after a count: "3 cookie parameters are not sent" is `3` and this.
            pub fn in_words(self) -> &'static str {
                match self {
                    $(Self::$variant => $words,)+
                }
            }
        }
    };
}

losses! {
    /// The version of OpenAPI is newer than what is known.
    Version = "version", "version that is not known, read as 3.1";
    /// A key of an object that is there already.
    Twice = "twice", "key that stands twice in one place, of which the last counts";
    /// Another document in the same file.
    OtherDocument = "other_document", "further document in the file, not read";
    /// The document does not say where the API answers.
    NoServer = "no_server", "missing address: each user gives one";
    /// Another address of the API.
    OtherServer = "other_server", "further address, not used";
    /// A part of an address for which its default was taken.
    ServerVariable = "server_variable", "part of the address, taken as by default";
    /// An address without encryption, or with more than an address has.
    ServerChanged = "server_changed", "address that was changed";
    /// An address that cannot be called.
    ServerUnusable = "server_unusable", "address that cannot be called";
    /// Operations at another address, under a path that the document does not have.
    MadeUpPath = "made_up_path", "operation at another address, under a path of ours";
    /// The document does not say how a request proves who calls.
    NoCredential = "no_credential", "missing credential: nothing says how a call proves who calls";
    /// A way to prove who calls that there is no mechanism for.
    Security = "security", "way to prove who calls, not carried over";
    /// A grant that needs a person; a token that somebody has is sent instead.
    SecurityToken = "security_token", "OAuth flow that needs a person: a token is taken as it is";
    /// A further way to prove who calls.
    OtherSecurity = "other_security", "further way to prove who calls, not used";
    /// There was no operation that only reads and needs nothing.
    Verify = "verify", "call that would prove the credential is not sure to work";
    /// The method is none that connectors have.
    Method = "method", "operation with a method that is not called";
    /// There is another operation with this method and path.
    SamePath = "same_path", "operation with the method and path of another, left out";
    /// A path that cannot be written.
    Path = "path", "operation whose path cannot be written, left out";
    /// A part of a path that was changed.
    PathChanged = "path_changed", "path that was changed";
    /// The operation is not described as the standard says.
    Malformed = "malformed", "part of the document that is not as the standard says";
    /// Something refers to what is not there, or is in another document.
    Reference = "reference", "reference that leads nowhere";
    /// A parameter in a cookie.
    Cookie = "cookie", "cookie, not sent";
    /// A header that belongs to the connection or to the credential.
    Header = "header", "header that an input cannot set";
    /// A parameter whose value is written in a way that there is no style for.
    Style = "style", "input that takes its text as it is sent";
    /// Values that are allowed and cannot be listed.
    Values = "values", "list of allowed values, left out";
    /// Lengths, ranges and patterns that an input must keep to.
    Limits = "limits", "limits of an input, not checked";
    /// A body that a request of this method does not have.
    Body = "body", "body that cannot be sent";
    /// Another way to write the body.
    OtherBody = "other_body", "further way to write a body, not used";
    /// Alternatives of a body that became one set of inputs.
    Alternatives = "alternatives", "body of alternatives, made one set of inputs";
    /// Inputs of an operation beyond those that are listed.
    ManyInputs = "many_inputs", "operation with more inputs than are listed";
    /// A file of several.
    Files = "files", "list of files, of which one is sent";
    /// A reply that is not JSON.
    Reply = "reply", "reply that is not JSON, handed on as it is";
    /// Something in a schema that JSON Schema does not have.
    Keyword = "keyword", "part of a schema that JSON Schema does not have";
    /// A pattern that is no regular expression.
    Pattern = "pattern", "pattern that is no regular expression";
    /// A schema that contains itself without end.
    Cycle = "cycle", "schema that contains itself, cut";
    /// A discriminator.
    Discriminator = "discriminator", "discriminator, not checked";
    /// A schema that would make the connector too large to be loaded.
    SchemaSize = "schema_size", "schema that would be too large";
    /// What the API calls by itself.
    Webhook = "webhook", "webhook, not received";
    /// What the API calls by itself, after an operation.
    Callback = "callback", "callback, not received";
}
