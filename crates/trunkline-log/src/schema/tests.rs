//! Old files become new ones, and newer ones are left alone.

use std::thread;

use super::*;

const TWO: &[&str] = &[
    "CREATE TABLE one (a INTEGER) STRICT; INSERT INTO one VALUES (1)",
    "ALTER TABLE one ADD COLUMN b INTEGER NOT NULL DEFAULT 2",
];

fn sum(connection: &Connection, what: &str) -> rusqlite::Result<i64> {
    let ask = format!("SELECT sum({what}) FROM one");
    connection.query_row(&ask, [], |row| row.get(0))
}

#[test]
fn each_step_is_taken_once() {
    let mut connection = Connection::open_in_memory().expect("there is room");
    let taken = version(&connection, TWO).expect("it can be read");
    assert_eq!(taken, Version::Empty);
    for steps in [&TWO[..1], &TWO[..1], TWO, TWO] {
        let taken = migrate(&mut connection, steps).expect("they fit");
        assert_eq!(taken, Version::Known);
        assert_eq!(done(&connection).expect("it can be read"), steps.len());
    }
    assert_eq!(sum(&connection, "a + b").expect("both are there"), 3);
}

#[test]
fn a_newer_file_stays_as_it_is() {
    let mut connection = Connection::open_in_memory().expect("there is room");
    migrate(&mut connection, TWO).expect("they fit");
    let taken = migrate(&mut connection, &TWO[..1]).expect("it can be read");
    assert_eq!(taken, Version::Newer);
    assert_eq!(done(&connection).expect("it can be read"), 2);
    let negative = connection.pragma_update(None, "user_version", -1);
    negative.expect("SQLite takes any number");
    let taken = migrate(&mut connection, TWO).expect("it can be read");
    assert_eq!(taken, Version::Newer);
}

#[test]
fn a_step_that_does_not_work_is_not_half_taken() {
    let mut connection = Connection::open_in_memory().expect("there is room");
    migrate(&mut connection, &TWO[..1]).expect("it fits");
    let broken = [TWO[0], "ALTER TABLE one ADD COLUMN b; DROP TABLE nowhere"];
    assert!(migrate(&mut connection, &broken).is_err());
    assert_eq!(done(&connection).expect("it can be read"), 1);
    assert!(sum(&connection, "b").is_err());
}

#[test]
fn many_at_once_take_each_step_once() {
    let folder = tempfile::tempdir().expect("there is room");
    let file = folder.path().join("file");
    thread::scope(|scope| {
        let threads = [(); 4].map(|()| {
            scope.spawn(|| {
                let mut connection = Connection::open(&file).expect("it can be made");
                migrate(&mut connection, TWO)
            })
        });
        for thread in threads {
            let taken = thread.join().expect("nobody panics").expect("they wait");
            assert_eq!(taken, Version::Known);
        }
    });
    let connection = Connection::open(&file).expect("it is there");
    assert_eq!(sum(&connection, "a").expect("it is there"), 1);
}

#[test]
fn our_own_steps_fit() {
    let mut connection = Connection::open_in_memory().expect("there is room");
    let taken = migrate(&mut connection, STEPS).expect("they fit");
    assert_eq!(taken, Version::Known);
}
