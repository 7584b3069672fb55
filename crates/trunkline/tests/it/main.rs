//! The engine against a scripted upstream on loopback. Time stands still until a test moves it.

#![cfg(test)]

mod stand; // an engine with its clock, and calls for it
mod upstream; // what answers, by a script

mod attempts;
mod bodies;
mod cancel;
mod held;
mod limits;
mod retry;
mod validate;
mod waits;
