use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use measure::pacing::{
    Arrival, Arrivals, OneWay, OneWayError, PacingError, run_one_way, run_open_loop,
    run_open_loop_elsewhere,
};
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

fn starts(arrivals: Arrivals, length: Duration) -> Vec<Duration> {
    let schedule = arrivals.schedule(length).unwrap();
    schedule.collect()
}

#[test]
fn a_constant_rate_does_not_drift() {
    // A thousand seconds of gaps that no float holds exactly.
    let starts = starts(Arrivals::Constant { per_second: 300.0 }, 1000 * SECOND);
    assert_eq!(starts.len(), 300_000);
    for (k, start) in (0_u64..).zip(&starts) {
        let exact = Duration::from_nanos(k * 10_000_000 / 3);
        assert!(start.abs_diff(exact) <= Duration::from_nanos(1), "{k}: {start:?}");
    }
}

#[test]
fn a_burst_comes_at_one_moment() {
    let every = Duration::from_millis(290);
    let starts = starts(Arrivals::Burst { size: 3, every }, 100 * every);
    assert_eq!(starts.len(), 300);
    for (k, start) in (0_u32..).zip(&starts) {
        assert_eq!(*start, k / 3 * every);
    }
}

/// From 100 to 300 a second over 4 s: by `t` there have been `100 t + 25 t^2`, 800 in all.
#[test]
fn a_ramp_follows_the_integral_of_its_rate() {
    let ramp = Arrivals::Ramp { from_per_second: 100.0, to_per_second: 300.0 };
    let starts = starts(ramp, 4 * SECOND);
    assert_eq!(starts.len(), 800);
    for (k, start) in (0_u32..).zip(&starts) {
        let t = start.as_secs_f64();
        assert!((100.0 * t + 25.0 * t * t - f64::from(k)).abs() < 1e-6, "{k}: {start:?}");
    }
    // By half of the time 300 of the 800 are due.
    assert_eq!(starts.iter().filter(|start| **start < 2 * SECOND).count(), 300);
}

/// The last operation of a ramp down to nothing is due when the rate is nearly zero.
#[test]
fn a_ramp_may_begin_or_end_at_rest() {
    let up = starts(Arrivals::Ramp { from_per_second: 0.0, to_per_second: 100.0 }, 2 * SECOND);
    let down = starts(Arrivals::Ramp { from_per_second: 100.0, to_per_second: 0.0 }, 2 * SECOND);
    assert_eq!((up.len(), down.len()), (100, 100));
    // 25 t^2 = 81 at 1.8 s, and from the end, 25 (2 - t)^2 = 100 - 19.
    assert_eq!(up[81], Duration::from_millis(1800));
    assert_eq!(down[19], Duration::from_millis(200));
}

/// Gaps of a Poisson process are exponential: mean and deviation are both `1 / rate`, and the
/// Kolmogorov-Smirnov distance from `1 - exp(-rate t)` stays below `1.63 / sqrt(n)`, its 1 %
/// critical value (Massey 1951).
#[test]
fn poisson_gaps_are_exponential() {
    let rate = 1000.0;
    for seed in [1, 2, 3] {
        let starts = starts(Arrivals::Poisson { per_second: rate, seed }, 20 * SECOND);
        let n = starts.len() as f64;
        assert!((n - 20_000.0).abs() < 3.0 * 20_000_f64.sqrt(), "{n} arrivals");
        let moments = [Duration::ZERO].iter().chain(&starts);
        let mut gaps: Vec<f64> =
            moments.zip(&starts).map(|(before, after)| (*after - *before).as_secs_f64()).collect();
        gaps.sort_by(f64::total_cmp);

        let mean = gaps.iter().sum::<f64>() / n;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / n;
        assert!((mean * rate - 1.0).abs() < 3.0 / n.sqrt(), "mean {mean}");
        // The variance of an exponential sample's variance is 8 / n.
        assert!((variance * rate * rate - 1.0).abs() < 3.0 * (8.0 / n).sqrt(), "{variance}");

        let mut distance: f64 = 0.0;
        for (k, gap) in gaps.iter().enumerate() {
            let expected = 1.0 - (-rate * gap).exp();
            let (below, above) = (k as f64 / n, (k + 1) as f64 / n);
            distance = distance.max(expected - below).max(above - expected);
        }
        assert!(distance < 1.63 / n.sqrt(), "seed {seed}: distance {distance}");
    }
}

#[test]
fn a_seed_gives_one_timetable() {
    let poisson = |seed| starts(Arrivals::Poisson { per_second: 50.0, seed }, SECOND);
    assert_eq!(poisson(7), poisson(7));
    assert_ne!(poisson(7), poisson(8));
}

#[test]
fn no_time_has_no_arrivals() {
    for arrivals in [
        Arrivals::Constant { per_second: 5.0 },
        Arrivals::Burst { size: 5, every: SECOND },
        Arrivals::Ramp { from_per_second: 1.0, to_per_second: 2.0 },
        Arrivals::Ramp { from_per_second: 2.0, to_per_second: 2.0 },
        Arrivals::Poisson { per_second: 5.0, seed: 0 },
    ] {
        assert_eq!(starts(arrivals, Duration::ZERO), []);
    }
    // The gap before a second arrival is longer than any duration.
    assert_eq!(starts(Arrivals::Constant { per_second: 1e-320 }, SECOND), [Duration::ZERO]);
    assert_eq!(starts(Arrivals::Poisson { per_second: 1e-320, seed: 0 }, SECOND), []);
}

#[test]
fn arrivals_without_a_timetable_are_refused() {
    let refused = |arrivals: Arrivals| arrivals.schedule(SECOND).unwrap_err();
    for rate in [0.0, -1.0, f64::INFINITY] {
        assert_eq!(refused(Arrivals::Constant { per_second: rate }), PacingError::Rate(rate));
        let poisson = Arrivals::Poisson { per_second: rate, seed: 0 };
        assert_eq!(refused(poisson), PacingError::Rate(rate));
    }
    let nan = refused(Arrivals::Constant { per_second: f64::NAN });
    assert_eq!(
        nan.to_string(),
        "the rate is NaN operations per second; it must be finite and above 0"
    );
    for (from, to) in [(0.0, 0.0), (-1.0, 2.0), (1.0, f64::INFINITY)] {
        let ramp = Arrivals::Ramp { from_per_second: from, to_per_second: to };
        assert_eq!(refused(ramp), PacingError::Ramp { from, to });
    }
    for (size, every) in [(0, SECOND), (1, Duration::ZERO)] {
        let error = PacingError::Burst { size, every };
        assert_eq!(refused(Arrivals::Burst { size, every }), error);
    }
}

fn arrivals() -> impl Strategy<Value = Arrivals> {
    let rate = || 0.1..2000.0;
    prop_oneof![
        rate().prop_map(|per_second| Arrivals::Constant { per_second }),
        (1..20_u64, 1..500_u64)
            .prop_map(|(size, ms)| Arrivals::Burst { size, every: Duration::from_millis(ms) }),
        (rate(), rate()).prop_map(|(from_per_second, to_per_second)| Arrivals::Ramp {
            from_per_second,
            to_per_second
        }),
        (rate(), any::<u64>())
            .prop_map(|(per_second, seed)| Arrivals::Poisson { per_second, seed }),
    ]
}

proptest! {
    #[test]
    fn starts_are_in_order_and_before_the_end(arrivals in arrivals(), ms in 0..3000_u64) {
        let length = Duration::from_millis(ms);
        let starts = starts(arrivals, length);
        prop_assert!(starts.is_sorted());
        prop_assert!(starts.iter().all(|start| *start < length));
    }

    #[test]
    fn as_many_arrive_as_the_rate_says(arrivals in arrivals(), ms in 1..3000_u64) {
        let seconds = ms as f64 / 1e3;
        let expected = match arrivals {
            Arrivals::Constant { per_second } => (per_second * seconds).ceil(),
            Arrivals::Burst { size, every } => {
                (size * u128::from(ms).div_ceil(every.as_millis()) as u64) as f64
            }
            Arrivals::Ramp { from_per_second, to_per_second } => {
                (f64::midpoint(from_per_second, to_per_second) * seconds).ceil()
            }
            // Random; six deviations and a little for small rates.
            Arrivals::Poisson { per_second, .. } => {
                let (found, mean) =
                    (starts(arrivals, Duration::from_millis(ms)).len() as f64, per_second * seconds);
                prop_assert!((found - mean).abs() < 6.0 * mean.sqrt() + 6.0, "{found} for {mean}");
                return Ok(());
            }
        };
        prop_assert_eq!(starts(arrivals, Duration::from_millis(ms)).len() as f64, expected);
    }
}

/// What is late is still done: the second operation outlasts the intended starts of the rest.
#[test]
fn a_late_operation_is_not_skipped() {
    let ms = Duration::from_millis;
    let schedule = Arrivals::Constant { per_second: 1000.0 }.schedule(ms(10)).unwrap();
    let mut numbers = Vec::new();
    let run = run_open_loop(schedule, |number| {
        numbers.push(number);
        if number == 1 {
            thread::sleep(ms(30));
        }
        if number % 5 == 0 { Err("refused") } else { Ok(()) }
    });
    assert_eq!(numbers, (0..10).collect::<Vec<u64>>());
    assert_eq!((run.latency.count(), run.errors), (10, 2));
    // Begun no sooner than 1 ms, done no sooner than 31 ms: the last, due at 9 ms, began later.
    assert!(run.behind >= ms(22), "{:?}", run.behind);
    assert!(run.elapsed >= ms(31), "{:?}", run.elapsed);
    // Nine of ten are done after 31 ms at the soonest, those due by 6 ms at least 25 ms late.
    assert!(run.latency.response().p50 >= 25e6, "{:?}", run.latency.response());
}

#[test]
fn nothing_begins_before_its_time() {
    let schedule = Arrivals::Burst { size: 2, every: Duration::from_millis(3) };
    let intended = starts(schedule, Duration::from_millis(12));
    let began = std::time::Instant::now();
    let mut started = Vec::new();
    run_open_loop(schedule.schedule(Duration::from_millis(12)).unwrap(), |_| {
        started.push(began.elapsed());
        Ok::<(), ()>(())
    });
    assert_eq!(started.len(), 8);
    assert!(started.iter().zip(&intended).all(|(start, intended)| start >= intended));
}

/// 50 messages, each carried to the receiver by this.
/// One worker for all, who takes 20 ms each: the third waits for two of them.
#[test]
fn what_waits_for_a_worker_elsewhere_is_late_from_when_it_should_have_begun() {
    let work = Duration::from_millis(20);
    let (sender, arrivals) = mpsc::channel::<Arrival>();
    let worker = thread::spawn(move || {
        for arrival in arrivals {
            let number = arrival.number;
            let started = arrival.start();
            thread::sleep(work);
            started.end(&if number == 1 { Err(number) } else { Ok(()) });
        }
    });
    let together = Arrivals::Burst { size: 3, every: SECOND };
    let run = run_open_loop_elsewhere(together.schedule(SECOND).unwrap(), move |arrival| {
        sender.send(arrival).unwrap();
    });
    worker.join().unwrap();
    assert_eq!((run.latency.count(), run.errors), (3, 1));
    assert!(run.elapsed >= 3 * work, "{:?}", run.elapsed);
    assert!(run.behind >= 2 * work, "{:?}", run.behind);
    let (service, longest) = (run.latency.service(), run.latency.longest_response());
    assert!(service.p50 >= 0.99 * work.as_nanos() as f64);
    assert!(longest >= 0.99 * (3 * work).as_nanos() as f64);
}

#[test]
fn an_operation_that_is_dropped_elsewhere_has_failed() {
    let four = Arrivals::Burst { size: 4, every: SECOND }.schedule(SECOND).unwrap();
    let run = run_open_loop_elsewhere(four, |arrival| match arrival.number {
        0 => drop(arrival),
        1 => drop(arrival.start()),
        _ => arrival.start().end(&Ok::<(), ()>(())),
    });
    assert_eq!((run.latency.count(), run.errors), (2, 2));
}

fn one_way(
    carry: impl Fn([u64; 8], &mpsc::Sender<[u64; 8]>) -> bool + Send,
) -> Result<OneWay, OneWayError> {
    let schedule = Arrivals::Constant { per_second: 10_000.0 };
    let (sender, receiver) = mpsc::channel();
    let send = move |message| carry(message, &sender);
    run_one_way(schedule.schedule(Duration::from_millis(5)).unwrap(), send, || receiver.recv().ok())
}

#[test]
fn a_message_is_late_from_when_it_was_sent_or_should_have_been() {
    let held = Duration::from_millis(2);
    let run = one_way(|message, sender| {
        thread::sleep(held);
        sender.send(message).is_ok()
    })
    .unwrap();
    let OneWay { latency, behind, furthest_behind, elapsed } = run;
    assert_eq!(latency.count(), 50);
    // Each is held after the clock began; the last should have been sent 49 such waits before.
    assert!(latency.service().p50 >= held.as_nanos() as f64);
    let all_held = (held * 50 - Duration::from_millis(5)).as_nanos() as f64;
    assert!(latency.longest_response() >= all_held, "{}", latency.longest_response());
    assert!(latency.service().p50 < latency.response().p50);
    assert!(elapsed >= held * 50, "{elapsed:?}");
    assert!(behind >= held * 49 - Duration::from_millis(5), "{behind:?}");
    assert!(furthest_behind >= behind, "{furthest_behind:?}");
}

#[test]
fn a_message_lost_or_out_of_turn_gives_no_times() {
    let skips = one_way(|message, sender| message[0] == 7 || sender.send(message).is_ok());
    assert_eq!(skips.unwrap_err(), OneWayError::Order { expected: 7, found: 8 });
    let stops = one_way(|message, sender| message[0] < 7 && sender.send(message).is_ok());
    assert_eq!(stops.unwrap_err(), OneWayError::NotSent(7));
    let forgets = one_way(|message, sender| message[0] > 48 || sender.send(message).is_ok());
    assert_eq!(forgets.unwrap_err(), OneWayError::NotReceived(49));
}

#[test]
fn whoever_gives_up_lets_the_other_end() {
    let schedule = Arrivals::Constant { per_second: 10_000.0 };
    let (sender, receiver) = mpsc::sync_channel(1);
    let send = move |message: [u64; 8]| sender.send(message).is_ok();
    // The receiver goes with the closure, so that the sender does not wait for room for ever.
    let receive = move || receiver.recv().ok().filter(|message| message[0] < 3);
    let result = run_one_way(schedule.schedule(Duration::from_millis(5)).unwrap(), send, receive);
    assert!(matches!(result.unwrap_err(), OneWayError::NotSent(3..)));
}
