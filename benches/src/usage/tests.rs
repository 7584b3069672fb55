//! The lines of `/proc` are read as proc(5) describes them.

use super::{memory, memory_most, parse, processor_time, thread_named};

#[test]
fn a_name_may_hold_anything() {
    let line = "77 (a) R (b) S 12 77 77 0 -1 4194560 9 0 0 0 250 31 4 5 20 0 3 0 100 1 2";
    let process = parse(77, line).unwrap();
    assert_eq!((process.id, process.parent, process.ticks), (77, 12, 281));
}

#[test]
fn a_torn_line_is_nobody() {
    assert!(parse(77, "77 (a) S 12").is_none());
    assert!(parse(77, "").is_none());
}

#[test]
fn this_process_has_used_something() {
    let own = std::process::id();
    assert!(memory(own).unwrap() <= memory_most(own).unwrap());
    // It may be younger than a tick; a process that does not exist has used none.
    assert!(processor_time(u32::MAX).unwrap() <= processor_time(own).unwrap());
}

#[test]
fn threads_are_found_by_their_names() {
    let (say, said) = std::sync::mpsc::channel::<()>();
    let named = std::thread::Builder::new().name("some-name".to_owned());
    let thread = named.spawn(move || said.recv()).unwrap();
    let id = std::process::id();
    // A thread names itself, soon after it was started.
    let found = std::iter::repeat_with(|| thread_named(id, "some-name").unwrap());
    assert!(found.flatten().next().unwrap() > 0, "the first is another");
    assert_eq!(thread_named(id, "another-name").unwrap(), None);
    drop(say);
    thread.join().unwrap().unwrap_err();
}
