//! Runs to write and read: one with every field, and any at all.

use std::collections::BTreeMap;

use measure::machine::{Machine, Toolchain};
use measure::noise::NoiseProbe;
use measure::run_file::{NoiseBracket, SCHEMA_VERSION, Selection, Source, SuiteRun};
use measure::summary::Outliers;
use measure::usage::cpu::CpuUse;
use measure::usage::disk::DiskUse;
use measure::usage::memory::MemoryUse;
use measure::usage::network::NetworkUse;
use measure::usage::pressure::{PressureUse, Stalls};
use measure::usage::scheduler::SchedulerUse;
use measure::usage::{self, Usage};
use measure::{Direction, Kind, Outcome, Percentiles, Profile, Record, Run, Summary, Unit};
use proptest::collection::{btree_map, vec};
use proptest::option::of as maybe;
use proptest::prelude::*;
use proptest::sample::select;

/// A run in which every field that may be left out is there, and every source measured.
pub fn full() -> Run {
    let summary = Summary::of(&[1.0, 2.0, 4.0]).unwrap();
    let percentiles = Percentiles { p50: 1.0, p95: 2.0, p99: 3.0, p999: Some(4.0) };
    let record = Record {
        percentiles: Some(percentiles),
        ..Record::new("agent-core", "step", "tmaze", "time", Unit::Nanoseconds, 412.0)
            .parameter("agents", 10)
            .distribution(summary)
    };
    let probe = NoiseProbe {
        spins: 100,
        median_ns: 2e5,
        spread: 1.01,
        worst: 1.5,
        steal: Some(0.25),
        preemptions: Some(3),
        load: Some(0.5),
    };
    Run {
        schema: SCHEMA_VERSION,
        id: "2026-05-01_0123abcd_1".into(),
        started: "2026-05-01T10:00:00Z".into(),
        ended: "2026-05-01T10:05:00Z".into(),
        source: Source {
            commit: Some("0123abcd".into()),
            branch: Some("main".into()),
            dirty: true,
        },
        profile: Profile::Full,
        selection: Selection { only: Some("wall".into()), filter: Some("tmaze".into()) },
        outcome: Outcome::Complete,
        machine: Machine {
            hash: "0123456789abcdef".into(),
            os: "linux".into(),
            kernel: Some("6.1.0".into()),
            arch: "x86_64".into(),
            cpu_model: Some("Model".into()),
            cores: Some(2),
            memory_bytes: Some(1 << 34),
            governor: Some("performance".into()),
            is_virtual: Some(true),
        },
        toolchain: Toolchain {
            rustc: Some("rustc 1.95.0".into()),
            libc: Some("glibc 2.36".into()),
            valgrind: Some("valgrind-3.25.0".into()),
            target_cpu: "generic".into(),
        },
        noise: NoiseBracket { before: Some(probe.clone()), after: Some(probe) },
        suites: vec![SuiteRun {
            suite: "agent-core".into(),
            seconds: 300.0,
            outcome: Outcome::Complete,
            remarks: vec!["no valgrind here".into()],
            usage: measured_usage(),
        }],
        records: vec![record],
    }
}

/// Figures of every source.
pub fn measured_usage() -> Usage {
    use usage::Source::Measured;
    let stalls = Measured(Stalls { some: 0.5, full: Some(0.25) });
    Usage {
        seconds: 300.0,
        looks: 301,
        cpu: Measured(CpuUse {
            busy: 0.5,
            busy_max: 0.75,
            user: 0.25,
            system: 0.25,
            iowait: 0.125,
            steal: 0.125,
        }),
        scheduler: Measured(SchedulerUse {
            switches_per_second: 1000.5,
            forks: 4,
            runnable_max: 3,
            oversubscribed: 0.5,
            waiting: Measured(1.5),
        }),
        memory: Measured(MemoryUse {
            total_bytes: 1 << 34,
            available_min_bytes: 1 << 33,
            swapped_in_pages: 1,
            swapped_out_pages: 2,
            major_faults: 3,
            oom_kills: Some(4),
        }),
        disk: Measured(DiskUse {
            busiest: "vda".into(),
            busy: 0.5,
            queue: 1.5,
            read_bytes: 512,
            written_bytes: 1024,
        }),
        network: Measured(NetworkUse {
            received_bytes: 1,
            sent_bytes: 2,
            loopback_bytes: 3,
            drops: 4,
            errors: 5,
            retransmitted: Measured(6),
        }),
        pressure: Measured(PressureUse { cpu: stalls.clone(), memory: stalls.clone(), io: stalls }),
    }
}

fn number() -> impl Strategy<Value = f64> {
    use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO
}

fn positive() -> impl Strategy<Value = f64> {
    number().prop_map(f64::abs)
}

fn share() -> impl Strategy<Value = f64> {
    0.0..=1.0
}

fn source<T: Strategy>(figure: T) -> impl Strategy<Value = usage::Source<T::Value>> {
    prop_oneof![
        figure.prop_map(usage::Source::Measured),
        any::<String>().prop_map(usage::Source::Missing),
    ]
}

fn summary() -> impl Strategy<Value = Summary> {
    let outliers = any::<[u64; 4]>().prop_map(|[low_severe, low_mild, high_mild, high_severe]| {
        Outliers { low_severe, low_mild, high_mild, high_severe }
    });
    let spreads = [positive(), positive(), positive()];
    (1..=u64::MAX, [number(), number(), number(), number()], spreads, outliers, interval())
        .prop_map(
            |(count, [min, max, mean, median], [stddev, iqr, mad], outliers, median_interval)| {
                Summary {
                    count,
                    min,
                    max,
                    mean,
                    stddev,
                    median,
                    iqr,
                    mad,
                    outliers,
                    median_interval,
                }
            },
        )
}

fn interval() -> impl Strategy<Value = [f64; 2]> {
    [number(), number()]
}

fn percentiles() -> impl Strategy<Value = Percentiles> {
    ([positive(), positive(), positive()], maybe(positive()))
        .prop_map(|([p50, p95, p99], p999)| Percentiles { p50, p95, p99, p999 })
}

prop_compose! {
    pub fn any_record()(
        [suite, group, benchmark, metric] in any::<[String; 4]>(),
        parameters in btree_map(any::<String>(), any::<String>(), 0..3),
        unit in select(&[
            Unit::Nanoseconds, Unit::Bytes, Unit::Instructions, Unit::Blocks, Unit::PerSecond,
            Unit::Ratio, Unit::Count,
        ]),
        direction in select(&[Direction::LowerIsBetter, Direction::HigherIsBetter]),
        kind in select(&[
            Kind::Wall, Kind::Instructions, Kind::Memory, Kind::Latency, Kind::Rate, Kind::Ratio,
        ]),
        estimate in number(),
        interval in maybe(interval()),
        count in any::<u64>(),
        summary in maybe(summary()),
        percentiles in maybe(percentiles()),
        functions in btree_map(any::<String>(), any::<u64>(), 0..3),
    ) -> Record {
        let parameters: BTreeMap<String, String> = parameters;
        Record {
            suite, group, benchmark, parameters, metric, unit, direction, kind, estimate, interval,
            count, summary, percentiles, functions,
        }
    }
}

prop_compose! {
    fn machine()(
        [hash, os, arch] in any::<[String; 3]>(),
        [kernel, cpu_model, governor] in any::<[Option<String>; 3]>(),
        [cores, memory_bytes] in any::<[Option<u64>; 2]>(),
        is_virtual in any::<Option<bool>>(),
    ) -> Machine {
        Machine { hash, os, kernel, arch, cpu_model, cores, memory_bytes, governor, is_virtual }
    }
}

prop_compose! {
    fn probe()(
        spins in any::<u64>(),
        [median_ns, spread, worst] in [positive(), positive(), positive()],
        steal in maybe(share()),
        preemptions in any::<Option<u64>>(),
        load in maybe(positive()),
    ) -> NoiseProbe {
        NoiseProbe { spins, median_ns, spread, worst, steal, preemptions, load }
    }
}

fn cpu() -> impl Strategy<Value = CpuUse> {
    [share(), share(), share(), share(), share(), share()].prop_map(
        |[busy, busy_max, user, system, iowait, steal]| CpuUse {
            busy,
            busy_max,
            user,
            system,
            iowait,
            steal,
        },
    )
}

prop_compose! {
    fn scheduler()(
        switches_per_second in positive(),
        [forks, runnable_max] in any::<[u64; 2]>(),
        oversubscribed in share(),
        waiting in source(positive()),
    ) -> SchedulerUse {
        SchedulerUse { switches_per_second, forks, runnable_max, oversubscribed, waiting }
    }
}

prop_compose! {
    fn memory()(
        [total_bytes, available_min_bytes, swapped_in_pages, swapped_out_pages, major_faults]
            in any::<[u64; 5]>(),
        oom_kills in any::<Option<u64>>(),
    ) -> MemoryUse {
        MemoryUse {
            total_bytes, available_min_bytes, swapped_in_pages, swapped_out_pages, major_faults,
            oom_kills,
        }
    }
}

prop_compose! {
    fn disk()(
        busiest in any::<String>(),
        busy in share(),
        queue in positive(),
        [read_bytes, written_bytes] in any::<[u64; 2]>(),
    ) -> DiskUse {
        DiskUse { busiest, busy, queue, read_bytes, written_bytes }
    }
}

prop_compose! {
    fn network()(
        [received_bytes, sent_bytes, loopback_bytes, drops, errors] in any::<[u64; 5]>(),
        retransmitted in source(any::<u64>()),
    ) -> NetworkUse {
        NetworkUse { received_bytes, sent_bytes, loopback_bytes, drops, errors, retransmitted }
    }
}

fn pressure() -> impl Strategy<Value = PressureUse> {
    let stalls =
        || source((share(), maybe(share())).prop_map(|(some, full)| Stalls { some, full }));
    [stalls(), stalls(), stalls()].prop_map(|[cpu, memory, io]| PressureUse { cpu, memory, io })
}

prop_compose! {
    fn any_usage()(
        seconds in positive(),
        looks in any::<u64>(),
        cpu in source(cpu()),
        scheduler in source(scheduler()),
        memory in source(memory()),
        disk in source(disk()),
        network in source(network()),
        pressure in source(pressure()),
    ) -> Usage {
        Usage { seconds, looks, cpu, scheduler, memory, disk, network, pressure }
    }
}

fn outcome() -> impl Strategy<Value = Outcome> {
    select(&[Outcome::Complete, Outcome::Partial, Outcome::Failed])
}

prop_compose! {
    fn suite()(
        suite in any::<String>(),
        seconds in positive(),
        outcome in outcome(),
        remarks in vec(any::<String>(), 0..3),
        usage in any_usage(),
    ) -> SuiteRun {
        SuiteRun { suite, seconds, outcome, remarks, usage }
    }
}

prop_compose! {
    pub fn any_run()(
        [id, started, ended, target_cpu] in any::<[String; 4]>(),
        [commit, branch, only, filter] in any::<[Option<String>; 4]>(),
        [rustc, libc, valgrind] in any::<[Option<String>; 3]>(),
        dirty in any::<bool>(),
        profile in select(&[Profile::Quick, Profile::Full]),
        outcome in outcome(),
        machine in machine(),
        before in maybe(probe()),
        after in maybe(probe()),
        suites in vec(suite(), 0..3),
        records in vec(any_record(), 0..4),
    ) -> Run {
        Run {
            schema: SCHEMA_VERSION,
            id,
            started,
            ended,
            source: Source { commit, branch, dirty },
            profile,
            selection: Selection { only, filter },
            outcome,
            machine,
            toolchain: Toolchain { rustc, libc, valgrind, target_cpu },
            noise: NoiseBracket { before, after },
            suites,
            records,
        }
    }
}
