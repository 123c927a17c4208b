//! What a person is told of the machine's use.

use measure::usage::pressure::PressureUse;
use measure::usage::{Source, Usage};

use crate::runs;

/// The figures of a source that was measured, to change them.
fn figures<T>(source: &mut Source<T>) -> &mut T {
    match source {
        Source::Measured(figures) => figures,
        Source::Missing(reason) => panic!("{reason}"),
    }
}

#[test]
fn what_casts_doubt_on_figures_is_said() {
    let mut usage = runs::measured_usage();
    let disk = figures(&mut usage.disk);
    (disk.busy, disk.queue) = (0.9, 2.25);
    figures(&mut usage.cpu).steal = 0.07;
    let PressureUse { cpu, memory, io } = figures(&mut usage.pressure);
    for (stalls, some) in [(cpu, 0.125), (memory, 0.25), (io, 0.5)] {
        figures(stalls).some = some;
    }
    let findings = [
        "cpu: the hypervisor took 7.0 % of the time for others; wall times are too long by about \
         that much",
        "scheduler: more tasks than processors were runnable at 50.0 % of the looks (up to 3); \
         latencies include waiting for a processor",
        "memory: 4 processes were killed for want of memory",
        "disk: vda was busy 90.0 % of the time with 2.2 requests on average; what writes waited \
         for it",
        "network: 5 packets were in error",
        "pressure: for 50.0 % of the time some task waited for a disk",
    ];
    assert_eq!(usage.findings(), findings);

    let memory = figures(&mut usage.memory);
    memory.oom_kills = Some(0);
    assert_eq!(usage.findings()[2], "memory: 2 pages were swapped out; wall times are worthless");
    let memory = figures(&mut usage.memory);
    (memory.swapped_out_pages, memory.total_bytes, memory.available_min_bytes) = (0, 1000, 30);
    assert_eq!(usage.findings()[2], "memory: 97.0 % was in use at the worst");
}

#[test]
fn a_quiet_machine_has_no_findings_and_neither_has_an_unknown_one() {
    let mut usage = runs::measured_usage();
    figures(&mut usage.cpu).steal = 0.01;
    figures(&mut usage.scheduler).oversubscribed = 0.1;
    let memory = figures(&mut usage.memory);
    (memory.oom_kills, memory.swapped_out_pages) = (None, 0);
    figures(&mut usage.network).errors = 0;
    let PressureUse { cpu, memory, io } = figures(&mut usage.pressure);
    for stalls in [cpu, memory, io] {
        figures(stalls).some = 0.1;
    }
    assert_eq!(usage.findings(), [""; 0]);

    let unknown = Usage {
        seconds: 0.0,
        looks: 0,
        cpu: Source::Missing(String::new()),
        scheduler: Source::Missing(String::new()),
        memory: Source::Missing(String::new()),
        disk: Source::Missing(String::new()),
        network: Source::Missing(String::new()),
        pressure: Source::Missing(String::new()),
    };
    assert_eq!(unknown.findings(), [""; 0]);
    assert_eq!(Usage::between(&[]).cpu, Source::Missing("looked at less than twice".into()));
}
