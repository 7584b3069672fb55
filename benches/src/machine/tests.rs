//! Work can be kept on one core.

use std::thread;

use super::on_core;

#[test]
fn a_pinned_thread_and_what_it_starts_have_one_core() {
    let count = || thread::available_parallelism().unwrap().get();
    let before = count();
    let pinned = on_core(Some(0), || {
        Ok((count(), thread::spawn(count).join().unwrap()))
    });
    assert_eq!(pinned.unwrap(), (1, 1));
    assert_eq!(count(), before);
}
