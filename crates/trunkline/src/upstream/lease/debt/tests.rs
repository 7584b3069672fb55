//! Whatever went without asking is told, until it is charged or has come back by itself.

use trunkline_redis::{Address, Options, Redis};

use super::*;

/// Nothing listens there: accounts are given all the same.
fn debt() -> Debt {
    let address = Address::parse("unix:/nowhere/redis.sock").unwrap();
    let redis = Redis::start(&address, Options::default(), drop, drop).unwrap();
    Debt::new(redis.account())
}

fn fading(outage: u64) -> Fading {
    Fading {
        outage,
        after: Duration::from_secs(10),
        each: Duration::from_secs(2),
    }
}

fn at(secs: u64) -> Nanos {
    Nanos::ZERO.plus(Duration::from_secs(secs))
}

/// What is told now is so much in all, of which so much need not be charged.
#[track_caller]
fn check(debt: &mut Debt, spent: u64, charged: u64) -> Apart {
    let told = debt.tell();
    assert_eq!((told.spent, told.charged), (spent, charged));
    told
}

#[test]
fn it_is_told_until_it_is_charged() {
    let mut debt = debt();
    check(&mut debt, 0, 0);
    debt.spend(5, at(0), fading(1));
    let first = check(&mut debt, 5, 0);
    debt.spend(2, at(0), fading(1));
    let second = check(&mut debt, 7, 0);
    debt.charged(second);
    // The answers came in another order.
    debt.charged(first);
    check(&mut debt, 7, 7);
}

#[test]
fn what_did_not_go_is_not_owed_unless_it_was_told() {
    let mut debt = debt();
    debt.spend(5, at(0), fading(1));
    debt.unspend(2);
    let told = check(&mut debt, 3, 0);
    debt.unspend(1);
    check(&mut debt, 3, 0);
    debt.charged(told);
    debt.unspend(1);
    check(&mut debt, 3, 3);
    debt.spend(4, at(0), fading(1));
    debt.unspend(4);
    check(&mut debt, 3, 3);
}

#[test]
fn in_a_long_outage_it_comes_back_by_itself() {
    let mut debt = debt();
    debt.spend(5, at(0), fading(1));
    debt.spend(1, at(10), fading(1));
    check(&mut debt, 6, 0);
    debt.spend(1, at(13), fading(1));
    check(&mut debt, 7, 1);
    // What is left of the time counts.
    debt.spend(1, at(14), fading(1));
    check(&mut debt, 8, 2);
    debt.spend(1, at(1000), fading(1));
    check(&mut debt, 9, 8);
}

#[test]
fn short_outages_do_not_make_a_long_one() {
    let mut debt = debt();
    for outage in 0..10 {
        let spent = outage * 5;
        debt.spend(5, at(outage * 9), fading(outage));
        check(&mut debt, spent + 5, 0);
    }
    // Nor does one that begins when all is paid.
    let told = debt.tell();
    debt.charged(told);
    debt.spend(5, at(200), fading(9));
    debt.spend(5, at(209), fading(9));
    check(&mut debt, 60, 50);
}
