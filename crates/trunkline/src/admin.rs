//! Who may see and change what the gateway does: whoever can read a file in the data folder, and
//! asks with the token in it.

mod ask;
mod token;

pub use ask::{Asked, Question, ask_gateway};
pub use token::AdminToken;
