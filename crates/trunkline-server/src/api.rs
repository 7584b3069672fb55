//! The API for whoever runs the gateway, under `/-/api/`: what it does, what it has done, and what
//! it is to forget. `api/openapi.json` describes it.

mod calls;
mod purge;
mod query;
mod route;

#[cfg(test)]
mod tests;

use http::request::Parts;
use http::{Method, header};
use serde_json::json;
use tokio::runtime::Handle;
use trunkline::admin::AdminToken;
use trunkline::{Error, ErrorKind, Trunkline};

use crate::own::{Answer, Asked, Elsewhere, Refused};
use route::Route;

/// Describes the routes, for people and programs.
const OPENAPI: &str = include_str!("api/openapi.json");

/// Answers the API's routes.
pub(crate) struct Api {
    engine: Trunkline,
    control: Handle,
    admin: Option<AdminToken>,
}

impl Api {
    /// Slow work runs on `control`. Without a token nobody may ask.
    pub(crate) fn new(engine: Trunkline, control: Handle, admin: Option<AdminToken>) -> Self {
        Self {
            engine,
            control,
            admin,
        }
    }

    /// Answers `/-/api/{path}`.
    pub(crate) async fn answer(&self, path: &str, asked: Asked) -> Result<Answer, Refused> {
        let route = Route::find(path)?;
        let takes_head = route.method() == Method::GET && asked.head.method == Method::HEAD;
        if asked.head.method != route.method() && !takes_head {
            return Err(Refused::method(&asked.head, route.allowed()));
        }
        if route != Route::Description {
            self.admit(&asked.head).map_err(Refused::stranger)?;
        }
        let query = asked.head.uri.query().unwrap_or_default();
        Ok(match route {
            Route::Description => {
                query::none(query)?;
                Answer::json(OPENAPI)
            }
            Route::Upstreams => {
                query::none(query)?;
                let upstreams = json!({ "upstreams": self.engine.upstreams() });
                Answer::json(upstreams.to_string())
            }
            Route::Calls => self.calls(calls::filter(query)?).await?,
            Route::Call(id) => {
                query::none(query)?;
                self.call(id.to_owned()).await?
            }
            Route::Purge => {
                query::none(query)?;
                self.purge(asked).await?
            }
        })
    }

    /// Lets in whoever brings the token.
    fn admit(&self, head: &Parts) -> Result<(), Error> {
        let Some(admin) = &self.admin else {
            let message = "this gateway has no admin token, so nobody may use its API";
            return Err(Error::new(ErrorKind::AdminTokenRequired, message).with_hint(
                "let it write to its data folder, and start it anew; its log says what was in the way",
            ));
        };
        let mut given = head.headers.get_all(header::AUTHORIZATION).iter();
        let (Some(given), None) = (given.next(), given.next()) else {
            let message = "this route asks for the admin token";
            return Err(Error::new(ErrorKind::AdminTokenRequired, message));
        };
        // RFC 9110 section 11.1: the scheme in any case.
        let token = given.as_bytes().split_at_checked(7);
        let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"Bearer "));
        if token.is_some_and(|(_, token)| admin.is(token.trim_ascii())) {
            return Ok(());
        }
        let message = "this is not the admin token of this gateway";
        Err(Error::new(ErrorKind::AdminTokenRequired, message))
    }

    /// Does something slow where it holds up no call.
    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Trunkline) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let engine = self.engine.clone();
        let working = self.control.spawn_blocking(move || work(&engine));
        Elsewhere(working).wait().await?
    }
}
