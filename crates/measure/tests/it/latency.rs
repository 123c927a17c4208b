use std::time::Duration;

use measure::latency::{LONGEST, OBSERVATIONS_FOR_P999};
use measure::{Direction, Kind, LatencyRecorder, Record, Unit};

const MICROSECOND: Duration = Duration::from_micros(1);
const MILLISECOND: Duration = Duration::from_millis(1);

/// The histograms keep three digits.
fn assert_close(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 1e-3, "{found} is not {expected}");
}

/// Serves 100,000 requests one after the other, each in 100 us but for every thousandth, which
/// stalls for 60 ms. `intended` says when a request should begin, given its number and when the
/// server is free.
fn serve(intended: impl Fn(u32, Duration) -> Duration) -> LatencyRecorder {
    let mut latency = LatencyRecorder::new();
    let mut free = Duration::ZERO;
    for number in 0..100_000 {
        let intended = intended(number, free);
        let started = intended.max(free);
        let took = if number % 1000 == 500 { 60 * MILLISECOND } else { 100 * MICROSECOND };
        free = started + took;
        latency.record(intended, started, free);
    }
    latency
}

/// At 1,000 requests a second the server needs 66 requests to catch up with a stall, each of
/// which waited 0.9 ms less than the one before. So in each thousand 10 responses are longer than
/// `60 ms - 10 * 0.9 ms`, which is the p99, and 50 longer than the p95.
#[test]
fn a_stall_shows_in_the_response_and_not_in_the_service() {
    let open = serve(|number, _| number * MILLISECOND);
    assert_close(open.service().p50, 1e5);
    assert_close(open.service().p99, 1e5);
    assert_close(open.response().p50, 1e5);
    assert_close(open.response().p99, 60e6 - 10.0 * 0.9e6);
    assert_close(open.response().p95, 60e6 - 50.0 * 0.9e6);
    assert_close(open.longest_response(), 60e6);
}

/// A client that waits for each answer measures the same server and sees nothing.
#[test]
fn a_closed_loop_hides_the_stall() {
    let closed = serve(|_, free| free);
    assert_eq!(closed.response(), closed.service());
    assert_close(closed.response().p99, 1e5);
    assert_close(closed.longest_response(), 60e6);
}

#[test]
fn percentiles_of_evenly_spread_times() {
    let mut latency = LatencyRecorder::new();
    for k in 1..=10_000 {
        latency.record(Duration::ZERO, k * MICROSECOND, 3 * k * MICROSECOND);
    }
    let response = latency.response();
    for (found, expected) in [
        (response.p50, 15e6),
        (response.p95, 28.5e6),
        (response.p99, 29.7e6),
        (response.p999.unwrap_or(0.0), 29.97e6),
    ] {
        assert_close(found, expected);
    }
    assert_close(latency.service().p99, 19.8e6);
}

#[test]
fn no_p999_of_too_few() {
    let mut latency = LatencyRecorder::new();
    for _ in 1..OBSERVATIONS_FOR_P999 {
        latency.record(Duration::ZERO, Duration::ZERO, MICROSECOND);
    }
    assert_eq!(latency.response().p999, None);
    latency.record(Duration::ZERO, Duration::ZERO, MICROSECOND);
    assert_close(latency.response().p999.unwrap_or(0.0), 1e3);
}

#[test]
fn merged_recorders_hold_what_both_held() {
    let record = |latency: &mut LatencyRecorder, k: u32| {
        let intended = k * MILLISECOND;
        latency.record(intended, intended + k % 7 * MICROSECOND, intended + k % 97 * MICROSECOND);
    };
    let (mut whole, mut even, mut odd) =
        (LatencyRecorder::new(), LatencyRecorder::new(), LatencyRecorder::new());
    for k in 0..20_000 {
        record(&mut whole, k);
        record(if k % 2 == 0 { &mut even } else { &mut odd }, k);
    }
    odd.record(Duration::ZERO, Duration::ZERO, 2 * LONGEST);
    whole.record(Duration::ZERO, Duration::ZERO, 2 * LONGEST);
    even.merge(&odd);
    assert_eq!((even.count(), even.saturated()), (20_001, 1));
    assert_eq!(even.response(), whole.response());
    assert_eq!(even.service(), whole.service());
    assert_eq!(even.longest_response(), whole.longest_response());
}

#[test]
fn what_takes_too_long_is_kept_as_the_longest_and_counted() {
    let mut latency = LatencyRecorder::new();
    latency.record(Duration::ZERO, Duration::ZERO, LONGEST);
    assert_eq!(latency.saturated(), 0);
    latency.record(Duration::ZERO, Duration::ZERO, Duration::MAX);
    assert_eq!((latency.count(), latency.saturated()), (2, 1));
    assert_close(latency.longest_response(), LONGEST.as_nanos() as f64);
}

#[test]
fn a_recorder_gives_a_record_for_each_time() {
    let mut latency = LatencyRecorder::new();
    for _ in 0..3 {
        latency.record(Duration::ZERO, MILLISECOND, 3 * MILLISECOND);
    }
    let template = Record::new("net", "send", "echo", "", Unit::PerSecond, 0.0).parameter("n", 4);
    let [response, service] = latency.records(&template);
    assert_eq!(response.series().to_string(), "net/send/echo{n=4}:response_time");
    assert_eq!(service.series().to_string(), "net/send/echo{n=4}:service_time");
    assert_close(response.estimate, 3e6);
    assert_close(service.estimate, 2e6);
    assert_eq!(response.percentiles, Some(latency.response()));
    assert_eq!(service.percentiles, Some(latency.service()));
    assert_eq!(latency.service_record(&template), service);
    for record in [response, service] {
        assert_eq!((record.unit, record.kind), (Unit::Nanoseconds, Kind::Latency));
        assert_eq!((record.direction, record.count), (Direction::LowerIsBetter, 3));
    }
}
