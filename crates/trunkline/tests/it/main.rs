//! The engine against a scripted upstream on loopback. Time stands still until a test moves it.

#[cfg(test)]
mod stand; // an engine with its clock, and calls for it
#[cfg(test)]
mod upstream; // what answers, by a script

#[cfg(test)]
mod retry;
#[cfg(test)]
mod waits;
