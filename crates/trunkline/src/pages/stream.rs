//! Pages as a stream, for those who poll.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::{Page, PageError, Pages};

type Reading = Pin<Box<dyn Future<Output = (Pages, Result<Option<Page>, PageError>)> + Send>>;

/// The pages of a call as a stream. Each page is asked for when it is polled for, and not before.
/// It ends after an error.
pub struct PageStream(State);

enum State {
    Resting(Box<Pages>),
    Reading(Reading),
    Ended,
}

impl PageStream {
    pub(super) fn new(pages: Pages) -> Self {
        Self(State::Resting(Box::new(pages)))
    }
}

impl Stream for PageStream {
    type Item = Result<Page, PageError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut reading = match std::mem::replace(&mut self.0, State::Ended) {
            State::Ended => return Poll::Ready(None),
            State::Reading(reading) => reading,
            State::Resting(mut pages) => Box::pin(async move {
                let page = pages.next().await;
                (*pages, page)
            }),
        };
        let Poll::Ready((pages, page)) = reading.as_mut().poll(cx) else {
            self.0 = State::Reading(reading);
            return Poll::Pending;
        };
        if let Ok(Some(_)) = page {
            self.0 = State::Resting(Box::new(pages));
        }
        Poll::Ready(page.transpose())
    }
}

impl fmt::Debug for PageStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            State::Resting(_) => "PageStream(Resting)",
            State::Reading(_) => "PageStream(Reading)",
            State::Ended => "PageStream(Ended)",
        })
    }
}
