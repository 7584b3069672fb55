//! Waits, and the board on which the thread writes.

use super::*;

#[test]
fn waits_double_up_to_a_second() {
    let waits: Vec<_> = (1..=9).map(|n| retry_after(n).as_millis()).collect();
    assert_eq!(waits, [10, 20, 40, 80, 160, 320, 640, 1_000, 1_000]);
    assert_eq!(retry_after(u32::MAX), RETRY_MAX);
}

#[test]
fn a_connection_that_lasts_ends_the_row_of_failures() {
    assert_eq!(failures(0, Duration::ZERO), 1);
    assert_eq!(failures(7, Duration::from_secs(1)), 8);
    assert_eq!(failures(7, Duration::from_secs(5)), 1);
}

#[test]
fn a_board_is_away_until_it_is_up_and_keeps_the_last_number() {
    let board = Board::new();
    assert!(matches!(
        board.standing(),
        Standing::Away { sharing: None, .. }
    ));
    board.away();
    assert_eq!(board.counts().times_away, 0);

    board.up(3);
    assert_eq!(board.standing(), Standing::Up { sharing: 3 });

    let before = clock::now();
    board.away();
    let first = board.standing();
    let Standing::Away { since, sharing } = first else {
        panic!("{first:?}");
    };
    assert!(before <= since + Duration::from_micros(1) && since <= clock::now());
    assert_eq!(sharing, Some(3));

    board.away();
    assert_eq!(board.standing(), first);
    assert_eq!(board.counts().times_away, 1);
}
