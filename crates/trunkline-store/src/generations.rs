//! Tells what was asked for before an invalidation from what was asked for after it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::key::Address;

/// Addresses that share a counter outdate each other, which costs a call and does no harm.
const COUNTERS: usize = 4096;

/// A moment in the life of an address, to be taken before the upstream is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub(crate) address: Address,
    of_address: u64,
    of_all: u64,
}

/// How often something was invalidated.
#[derive(Debug)]
pub(crate) struct Generations {
    of_addresses: Box<[AtomicU64]>,
    of_all: AtomicU64,
}

impl Generations {
    pub(crate) fn new() -> Self {
        Self {
            of_addresses: (0..COUNTERS).map(|_| AtomicU64::new(0)).collect(),
            of_all: AtomicU64::new(0),
        }
    }

    pub(crate) fn mark(&self, address: Address) -> Mark {
        Mark {
            of_address: self
                .counter(&address)
                .map_or(0, |counter| counter.load(Ordering::SeqCst)),
            of_all: self.of_all.load(Ordering::SeqCst),
            address,
        }
    }

    pub(crate) fn is_current(&self, mark: &Mark) -> bool {
        self.mark(mark.address) == *mark
    }

    pub(crate) fn outdate(&self, address: &Address) {
        if let Some(counter) = self.counter(address) {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    }

    pub(crate) fn outdate_all(&self) {
        self.of_all.fetch_add(1, Ordering::SeqCst);
    }

    fn counter(&self, address: &Address) -> Option<&AtomicU64> {
        let [first, second, ..] = *address.as_bytes();
        let place = usize::from(u16::from_le_bytes([first, second]));
        self.of_addresses.get(place % COUNTERS)
    }
}

#[cfg(test)]
mod tests;
