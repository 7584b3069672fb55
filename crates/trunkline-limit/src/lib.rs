//! When a call may go: rates, concurrency, breaker and fair queues, as functions of values and time.
//!
//! Nothing here waits, reads a clock, or does I/O: the time is an argument, settings are passed with
//! each question, and the answer is a value that carries its reason. What is remembered is bounded.
//!
//! - [`gcra`]: what the settings allow, as token buckets of one word each;
//! - [`learned`]: what the upstream told of its own limits;
//! - [`concurrency`]: how many calls may be under way;
//! - [`breaker`]: whether an upstream that fails is called at all;
//! - [`fair`]: who is next of those that wait;
//! - [`keys`]: the state of each key, in a table that cannot be made to grow;
//! - [`fields`]: the `RateLimit` fields of an answer.

mod nanos;
mod outcome;
mod rate;
mod reserved;
pub mod gcra;
pub mod learned;
pub mod concurrency;
pub mod breaker;
pub mod fair;
pub mod keys;
pub mod fields;

pub use nanos::Nanos;
pub use outcome::Outcome;
pub use rate::{Rate, RateError};
pub use reserved::{By, Reserved};

/// Locks, whoever panicked before: the states here are valid after every statement.
fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
