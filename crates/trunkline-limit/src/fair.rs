//! Who is next of those that wait, so that no caller's crowd keeps another waiting.
//!
//! Deficit round robin: callers take turns; a turn is worth one, is saved up if the caller's first
//! call costs more, and is lost when nothing of the caller waits any more. Each caller's own calls go
//! first come, first served. A call whose deadline has passed is dropped and never handed out, and
//! one whose caller has left can be taken out wherever it stands. All of it takes time that grows
//! with the logarithm of the number that waits.

use std::collections::BTreeMap;
use std::hash::Hash;

use rustc_hash::FxHashMap;

use crate::Nanos;

/// What a turn is worth.
const QUANTUM: u32 = 1;

/// What a call costs at most, so that nobody saves up turns for long.
const COST_MAX: u32 = 64;

/// How many may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Of all callers together.
    pub total: usize,
    /// Of each caller.
    pub per_caller: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            total: 4096,
            per_caller: 1024,
        }
    }
}

/// A queue of `T`, fair to callers that are told apart by `C`.
#[derive(Debug)]
pub struct Fair<C, T> {
    callers: FxHashMap<C, Caller<T>>,
    /// Callers in the order of their turns.
    turns: BTreeMap<u64, C>,
    deadlines: BTreeMap<(Nanos, u64), C>,
    waiting: usize,
    expired: u64,
    /// Numbers waiters and turns; never used twice.
    next: u64,
}

#[derive(Debug)]
struct Caller<T> {
    waiters: BTreeMap<u64, Waiter<T>>,
    /// What was saved up.
    credit: u32,
    turn: u64,
}

#[derive(Debug)]
struct Waiter<T> {
    value: T,
    cost: u32,
    deadline: Nanos,
}

/// Names one that waits, to take it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WaiterId(u64);

/// Why a call may not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Too many of all callers wait.
    Full {
        /// So many may.
        total: usize,
    },
    /// Too many of this caller wait.
    CallerFull {
        /// So many may.
        per_caller: usize,
    },
    /// Its deadline has passed.
    Expired,
}

impl<C, T> Default for Fair<C, T> {
    fn default() -> Self {
        Self {
            callers: FxHashMap::default(),
            turns: BTreeMap::new(),
            deadlines: BTreeMap::new(),
            waiting: 0,
            expired: 0,
            next: 0,
        }
    }
}

impl<C: Clone + Eq + Hash, T> Fair<C, T> {
    /// Lets a call wait behind its caller's others until `deadline`.
    ///
    /// `cost` counts from 1 to 64. What has expired is dropped first.
    ///
    /// # Errors
    ///
    /// When as many wait as may, or the deadline has passed.
    pub fn push(
        &mut self,
        caller: &C,
        (value, cost, deadline): (T, u32, Nanos),
        bounds: &Bounds,
        now: Nanos,
    ) -> Result<WaiterId, Refusal> {
        self.drop_expired(now);
        if deadline <= now {
            return Err(Refusal::Expired);
        }
        if bounds.total <= self.waiting {
            return Err(Refusal::Full {
                total: bounds.total,
            });
        }
        if bounds.per_caller <= self.waiting_of(caller) {
            return Err(Refusal::CallerFull {
                per_caller: bounds.per_caller,
            });
        }
        let id = self.number();
        if !self.callers.contains_key(caller) {
            let turn = self.number();
            self.turns.insert(turn, caller.clone());
            let newcomer = Caller {
                waiters: BTreeMap::new(),
                credit: 0,
                turn,
            };
            self.callers.insert(caller.clone(), newcomer);
        }
        if let Some(known) = self.callers.get_mut(caller) {
            let cost = cost.clamp(1, COST_MAX);
            let waiter = Waiter {
                value,
                cost,
                deadline,
            };
            known.waiters.insert(id, waiter);
        }
        self.deadlines.insert((deadline, id), caller.clone());
        self.waiting += 1;
        Ok(WaiterId(id))
    }

    /// Takes out whoever is next; what has expired is dropped.
    pub fn pop(&mut self, now: Nanos) -> Option<T> {
        self.drop_expired(now);
        loop {
            let (turn, name) = self.turns.first_key_value()?;
            let (turn, name) = (*turn, name.clone());
            let next_turn = self.number();
            let caller = self.callers.get_mut(&name)?;
            let (id, first) = caller.waiters.first_key_value()?;
            if first.cost <= caller.credit {
                caller.credit -= first.cost;
                let id = WaiterId(*id);
                return self.remove(&name, id);
            }
            caller.credit += QUANTUM;
            caller.turn = next_turn;
            self.turns.remove(&turn);
            self.turns.insert(next_turn, name);
        }
    }

    /// Takes out one that waits, because its caller left.
    pub fn remove(&mut self, caller: &C, id: WaiterId) -> Option<T> {
        let known = self.callers.get_mut(caller)?;
        let waiter = known.waiters.remove(&id.0)?;
        self.deadlines.remove(&(waiter.deadline, id.0));
        self.waiting -= 1;
        if known.waiters.is_empty() {
            self.turns.remove(&known.turn);
            self.callers.remove(caller);
        }
        Some(waiter.value)
    }

    /// How many wait.
    pub const fn len(&self) -> usize {
        self.waiting
    }

    /// Whether nobody waits.
    pub const fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// How many callers have somebody waiting.
    pub fn callers(&self) -> usize {
        self.callers.len()
    }

    /// How many of a caller wait.
    pub fn waiting_of(&self, caller: &C) -> usize {
        let known = self.callers.get(caller);
        known.map_or(0, |known| known.waiters.len())
    }

    /// How many were dropped because their deadline had passed.
    pub const fn expired(&self) -> u64 {
        self.expired
    }

    /// When the next of those that wait expires.
    pub fn next_deadline(&self) -> Option<Nanos> {
        let ((deadline, _), _) = self.deadlines.first_key_value()?;
        Some(*deadline)
    }

    fn drop_expired(&mut self, now: Nanos) {
        while let Some((&(deadline, id), caller)) = self.deadlines.first_key_value()
            && deadline <= now
        {
            let caller = caller.clone();
            self.deadlines.remove(&(deadline, id));
            drop(self.remove(&caller, WaiterId(id)));
            self.expired = self.expired.saturating_add(1);
        }
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

#[cfg(test)]
mod tests;
