//! Telling errors apart, and what follows from each.

use redis::ServerErrorKind;

use super::*;

#[test]
fn errors_are_told_apart() {
    let of = |kind| Reason::of(&RedisError::from((kind, "text")));
    let io = |kind| Reason::of(&RedisError::from(io::Error::from(kind)));
    assert_eq!(of(ErrorKind::AuthenticationFailed), Reason::Login);
    assert_eq!(of(ErrorKind::Parse), Reason::NotRedis);
    assert_eq!(
        of(ErrorKind::Server(ServerErrorKind::ReadOnly)),
        Reason::Refused("READONLY".to_owned())
    );
    assert_eq!(
        io(io::ErrorKind::ConnectionRefused),
        Reason::Unreachable(io::ErrorKind::ConnectionRefused)
    );
    assert_eq!(io(io::ErrorKind::TimedOut), Reason::TimedOut);
    assert_eq!(io(io::ErrorKind::InvalidData), Reason::Tls);
    assert_eq!(
        of(ErrorKind::Io),
        Reason::Unreachable(io::ErrorKind::BrokenPipe)
    );
}

#[test]
fn a_name_of_an_error_is_not_just_anything() {
    assert_eq!(Reason::refused("OOM"), Reason::Refused("OOM".to_owned()));
    for text in ["", "Bad", "A B", "A\n", &"A".repeat(25)] {
        assert_eq!(Reason::refused(text), Reason::NotRedis, "{text:?}");
    }
}

#[test]
fn a_late_limit_says_more_than_a_late_value() {
    let late = Reason::TimedOut;
    assert_eq!(late.after(Purpose::Limit), After::Gone(late.clone()));
    assert_eq!(late.after(Purpose::Cache), After::Look);
    let broken = Reason::Unreachable(io::ErrorKind::BrokenPipe);
    assert_eq!(broken.after(Purpose::Cache), After::Gone(broken.clone()));
    let refused = Reason::Refused("OOM".to_owned());
    assert_eq!(refused.after(Purpose::Limit), After::Look);
}
