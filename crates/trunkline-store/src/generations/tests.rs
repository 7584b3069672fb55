//! A mark outlives what concerns others, and nothing that concerns its address.

use super::Generations;
use crate::samples::address;

#[test]
fn a_mark_is_current_until_its_address_is_outdated() {
    let generations = Generations::new();
    let (mark, other) = (generations.mark(address(1)), generations.mark(address(2)));
    assert!(generations.is_current(&mark));
    generations.outdate(&address(1));
    assert!(!generations.is_current(&mark));
    assert!(generations.is_current(&other));
    assert!(generations.is_current(&generations.mark(address(1))));
}

#[test]
fn all_marks_can_be_outdated_at_once() {
    let generations = Generations::new();
    let marks = [1, 2].map(|number| generations.mark(address(number)));
    generations.outdate_all();
    assert!(marks.iter().all(|mark| !generations.is_current(mark)));
    assert!(generations.is_current(&generations.mark(address(1))));
}

#[test]
fn two_steps_do_not_undo_each_other() {
    let generations = Generations::new();
    let mark = generations.mark(address(1));
    generations.outdate(&address(1));
    generations.outdate_all();
    assert!(!generations.is_current(&mark));
}
