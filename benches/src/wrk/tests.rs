//! What wrk prints is read, and nothing but good answers counts.

use std::time::Duration;

use super::read;
use crate::rounds::Load;

const GOOD: &str = "\
Running 3s test @ http://127.0.0.1:4000/openai/v1/models
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.12ms  210.00us   4.80ms   88.10%
    Req/Sec    56.10k     1.20k   58.00k    70.00%
  Latency Distribution
     50%    1.04ms
     75%    1.20ms
     90%    1.31ms
     99%  970.50us
  167890 requests in 3.00s, 198.12MB read
Requests/sec:  55963.20
Transfer/sec:     66.04MB
";

#[test]
fn a_good_run_is_read() {
    let expected = Load {
        count: 167_890.0,
        per_second: 55_963.2,
        p50: Duration::from_micros(1040),
        p99: Duration::from_nanos(970_500),
    };
    assert_eq!(read(GOOD).unwrap(), expected);
}

#[test]
fn bad_answers_are_an_error() {
    for complaint in [
        "  Non-2xx or 3xx responses: 12",
        "  Socket errors: connect 0, read 3, write 0, timeout 0",
    ] {
        let err = read(&format!("{GOOD}{complaint}\n")).unwrap_err();
        assert_eq!(
            err.to_string(),
            format!("not every answer was good: {}", complaint.trim())
        );
    }
}

#[test]
fn a_torn_run_is_an_error() {
    let torn = GOOD.replace("Requests/sec:", "Requests");
    assert_eq!(
        read(&torn).unwrap_err().to_string(),
        "wrk did not say `Requests/sec:`"
    );
    let torn = GOOD.replace("1.04ms", "1.04m");
    assert_eq!(
        read(&torn).unwrap_err().to_string(),
        "`1.04m` is no time as wrk prints it"
    );
}
