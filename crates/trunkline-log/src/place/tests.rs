//! Files are made once, for their owner only, and only the right one is moved.

use std::thread;

use super::*;

fn mode(path: &Path) -> u32 {
    let metadata = fs::metadata(path).expect("it is there");
    metadata.permissions().mode() & 0o777
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("it is there");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("it is there").file_name())
        .map(|name| name.into_string().expect("we named it"))
        .collect();
    names.sort();
    names
}

#[test]
fn folder_and_file_are_their_owner_s() {
    let folder = tempfile::tempdir().expect("there is room");
    let folder = folder.path().join("a/b");
    let place = Place::new(&folder);
    assert_eq!(place.identity().expect("nothing is in the way"), None);
    let identity = place.claim().expect("it can be made");
    assert_eq!(place.claim().expect("it is there"), identity);
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(place.file()), 0o600);
    assert_eq!(names(&folder), [".gitignore", FILE_NAME, LOCK_NAME]);
    fs::set_permissions(place.file(), Permissions::from_mode(0o644)).expect("it is ours");
    assert_eq!(place.claim().expect("it is there"), identity);
    assert_eq!(mode(place.file()), 0o600);
}

#[test]
fn what_a_removed_file_left_goes_with_it() {
    let folder = tempfile::tempdir().expect("there is room");
    let place = Place::new(folder.path());
    for ending in ["-wal", "-shm"] {
        fs::write(beside(place.file(), ending), "old").expect("there is room");
    }
    place.claim().expect("it can be made");
    assert_eq!(names(folder.path()), [FILE_NAME, LOCK_NAME]);
    // Those of a file that is there are its own.
    fs::write(beside(place.file(), "-wal"), "new").expect("there is room");
    place.claim().expect("it is there");
    assert_eq!(names(folder.path()), [FILE_NAME, "calls.db-wal", LOCK_NAME]);
}

#[test]
fn only_the_damaged_file_is_moved() {
    let folder = tempfile::tempdir().expect("there is room");
    let place = Place::new(folder.path());
    let damaged = place.claim().expect("it can be made");
    fs::write(place.file(), "damaged").expect("there is room");
    fs::write(beside(place.file(), "-wal"), "journal").expect("there is room");
    let aside = place.set_aside(damaged).expect("nothing is in the way");
    let aside = aside.expect("it was there");
    assert_eq!(fs::read(&aside).expect("it is there"), b"damaged");
    let journal = beside(&aside, "-wal");
    assert_eq!(fs::read(journal).expect("it is there"), b"journal");
    assert_eq!(
        place.set_aside(damaged).expect("nothing is in the way"),
        None
    );
    // While the first one exists, under whatever name, the second one is another.
    assert_ne!(place.claim().expect("it can be made"), damaged);
    assert_eq!(
        place.set_aside(damaged).expect("nothing is in the way"),
        None
    );
    assert!(place.file().is_file());
}

#[test]
fn many_at_once_make_one_file() {
    let folder = tempfile::tempdir().expect("there is room");
    let place = Place::new(folder.path());
    for _ in 0..50 {
        let made = thread::scope(|scope| {
            let threads = [(); 4].map(|()| scope.spawn(|| place.claim()));
            threads.map(|thread| thread.join().expect("nobody panics"))
        });
        let made = made.map(|identity| identity.expect("it can be made"));
        assert_eq!(made, [made[0]; 4]);
        fs::remove_file(place.file()).expect("it is there");
    }
}

#[test]
fn a_file_in_place_of_the_folder_is_an_error() {
    let folder = tempfile::tempdir().expect("there is room");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("there is room");
    assert!(Place::new(&file).claim().is_err());
    assert!(Place::new(&file.join("below")).claim().is_err());
}
