//! What every answer says of its call: `Trunkline-Call-Id` and `Trunkline-Attempts`.
//!
//! It goes with the answer's body, which no answer is without, and its lines are written behind the
//! headers: so none can be forgotten, and none costs a look-up.

#[cfg(test)]
mod tests;

use trunkline::CallId;

/// What an answer says of its call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tag {
    /// Its number.
    pub(crate) call_id: CallId,
    /// How many HTTP exchanges it took. That there was none is not said.
    pub(crate) attempts: u32,
}

/// Of a call that nobody was asked for.
impl From<CallId> for Tag {
    fn from(call_id: CallId) -> Self {
        Self {
            call_id,
            attempts: 0,
        }
    }
}

impl Tag {
    /// Appends its lines to a head.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"trunkline-call-id: ");
        out.extend_from_slice(&self.call_id.text());
        out.extend_from_slice(b"\r\n");
        match self.attempts {
            0 => {}
            // Nearly always.
            1 => out.extend_from_slice(b"trunkline-attempts: 1\r\n"),
            attempts => {
                out.extend_from_slice(format!("trunkline-attempts: {attempts}\r\n").as_bytes());
            }
        }
    }
}
