//! Texts of `/proc` with figures worked out by hand.

use std::time::Duration;

use measure::usage::cpu::{self, CpuUse};
use measure::usage::disk::{self, DiskUse};
use measure::usage::memory::{self, MemoryUse};
use measure::usage::network::{self, NetworkUse};
use measure::usage::pressure::{self, PressureUse, Stalls};
use measure::usage::scheduler::{self, SchedulerUse};
use measure::usage::{Sampler, Source};
use proptest::prelude::*;

fn assert_close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
}

/// What `/proc/stat` says of two processors, of which only the sum counts.
fn stat(cpu: &str, switches: u64, forks: u64, runnable: u64) -> String {
    format!(
        "cpu  {cpu} 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\ncpu1 1 2 3 4 5 6 7 8 0 0\nintr 9 0 9\n\
         ctxt {switches}\nbtime 1700000000\nprocesses {forks}\nprocs_running {runnable}\n\
         procs_blocked 0\nsoftirq 5 0 5\n"
    )
}

/// User, nice, system, idle, iowait, irq, softirq and steal.
fn ticks(cpu: &str) -> cpu::Counters {
    cpu::Counters::parse(&stat(cpu, 0, 0, 1)).unwrap()
}

/// 1000 ticks pass: 300 of users, 50 of nice ones, 100 of the kernel with 30 of interrupts, 400
/// idle, 40 waiting for a disk, 80 stolen. In the first 400 of them 370 are busy.
#[test]
fn shares_of_processor_time() {
    let usage = CpuUse::over(&[
        ticks("1000 100 500 8000 200 30 20 50"),
        ticks("1200 150 590 8020 205 40 40 55"),
        ticks("1300 150 600 8400 240 40 40 130"),
    ])
    .unwrap();
    assert_close(usage.user, 0.35);
    assert_close(usage.system, 0.13);
    assert_close(usage.busy, 0.48);
    assert_close(usage.iowait, 0.04);
    assert_close(usage.steal, 0.08);
    assert_close(usage.busy_max, 0.925);
}

#[test]
fn a_counter_that_went_backwards_gives_no_figure() {
    let (before, after) = (ticks("1000 0 500 8000 0 0 0 0"), ticks("10 0 5 8100 0 0 0 0"));
    let missing = |reason: &str| Source::Missing(reason.to_owned());
    let cpu: Source<CpuUse> = CpuUse::over(&[before, after]).into();
    assert_eq!(cpu, missing("the counter of user time went backwards"));
    let still: Source<CpuUse> = CpuUse::over(&[before, before]).into();
    assert_eq!(still, missing("no clock tick passed"));
    let once: Source<CpuUse> = CpuUse::over(&[before]).into();
    assert_eq!(once, missing("looked at less than twice"));
    // The kernel lets this one go back (proc_stat(5)): then nothing waited.
    let waited = [ticks("0 0 0 0 9 0 0 0"), ticks("1 0 0 1 8 0 0 0")];
    assert_eq!(CpuUse::over(&waited).unwrap().iowait, 0.0);
}

const SCHEDSTAT: [&str; 2] = [
    "version 15\ntimestamp 4295\ncpu0 0 0 1 2 3 4 5000 1000000000 7\n\
     domain0 3 9 9 9 9 9 9 9 9 9\ncpu1 0 0 1 2 3 4 5000 2000000000 7\n",
    "version 15\ntimestamp 4495\ncpu0 0 0 1 2 3 4 9000 1500000000 9\n\
     domain0 3 9 9 9 9 9 9 9 9 9\ncpu1 0 0 1 2 3 4 9000 2900000000 9\n",
];

fn looks(schedstat: [Result<String, String>; 2]) -> Vec<scheduler::Counters> {
    let [first, last] = schedstat;
    let cpu = "1 0 0 1 0 0 0 0";
    [
        (stat(cpu, 1000, 10, 3), first.clone()),
        (stat(cpu, 2000, 12, 4), first),
        (stat(cpu, 5000, 14, 1), last),
    ]
    .map(|(stat, schedstat)| scheduler::Counters::parse(&stat, schedstat).unwrap())
    .into()
}

/// Over 2 s: 4000 switches, 4 forks, 1.4 s waited. Two, three and no tasks were runnable besides
/// the one that looked, for two processors.
#[test]
fn the_run_queue() {
    let usage = SchedulerUse::over(&looks(SCHEDSTAT.map(|text| Ok(text.to_owned()))), 2.0).unwrap();
    assert_eq!((usage.switches_per_second, usage.forks, usage.runnable_max), (2000.0, 4, 3));
    assert_close(usage.oversubscribed, 1.0 / 3.0);
    assert_close(*usage.waiting.measured().unwrap(), 0.7);
}

#[test]
fn a_kernel_without_schedstat_still_has_a_run_queue() {
    let gone = || Err("/proc/schedstat: no such file".to_owned());
    let usage = SchedulerUse::over(&looks([gone(), gone()]), 2.0).unwrap();
    assert_eq!(usage.waiting, Source::Missing("/proc/schedstat: no such file".into()));
    assert_eq!(usage.switches_per_second, 2000.0);

    let empty = SchedulerUse::over(&looks([Ok("version 15\n".into()), gone()]), 2.0).unwrap();
    assert_eq!(empty.waiting, Source::Missing("/proc/schedstat: no line of a cpu".into()));
    let reset = SchedulerUse::over(&looks([1, 0].map(|i| Ok(SCHEDSTAT[i].into()))), 2.0).unwrap();
    let reason = "the counter of run-queue waiting went backwards";
    assert_eq!(reset.waiting, Source::Missing(reason.into()));
    assert!(SchedulerUse::over(&looks([gone(), gone()]), 0.0).is_err());

    let old = stat("1 0 0 1 0 0 0 0", 1, 1, 1).replace("procs_running 1\n", "");
    let error = scheduler::Counters::parse(&old, gone()).unwrap_err();
    assert!(error.contains("procs_running"), "{error}");
}

fn memory(
    available_kb: u64,
    counters: [u64; 3],
    oom_kills: &str,
) -> Result<memory::Counters, String> {
    let [swapped_in, swapped_out, faults] = counters;
    memory::Counters::parse(
        &format!(
            "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: {available_kb} kB\nBuffers: 1 kB\n\
             Cached: 1 kB\nSwapCached: 0 kB\nActive: 1 kB\nInactive: 1 kB\nSwapTotal: 0 kB\n\
             SwapFree: 0 kB\nDirty: 0 kB\nWriteback: 0 kB\nMapped: 0 kB\nSlab: 1 kB\nCommitted_AS: 1 kB\n\
             VmallocTotal: 1 kB\nVmallocUsed: 0 kB\nVmallocChunk: 0 kB\n"
        ),
        &format!(
            "nr_free_pages 25\npswpin {swapped_in}\npswpout {swapped_out}\npgmajfault {faults}\n\
             {oom_kills}"
        ),
    )
}

#[test]
fn memory_at_its_scarcest() {
    let usage = MemoryUse::over(&[
        memory(800, [10, 20, 30], "oom_kill 1\n").unwrap(),
        memory(300, [11, 25, 31], "oom_kill 1\n").unwrap(),
        memory(600, [13, 27, 41], "oom_kill 3\n").unwrap(),
    ]);
    let expected = MemoryUse {
        total_bytes: 1_024_000,
        available_min_bytes: 307_200,
        swapped_in_pages: 3,
        swapped_out_pages: 7,
        major_faults: 11,
        oom_kills: Some(2),
    };
    assert_eq!(usage, Ok(expected));

    let uncounted = [5, 6].map(|faults| memory(800, [0, 0, faults], "").unwrap());
    assert_eq!(MemoryUse::over(&uncounted).unwrap().oom_kills, None);
    let reset = [6, 5].map(|faults| memory(800, [0, 0, faults], "").unwrap());
    let reason = "the counter of major faults went backwards";
    assert_eq!(MemoryUse::over(&reset), Err(reason.to_owned()));
    let error = memory::Counters::parse("MemTotal: 1000 kB\n", "").unwrap_err();
    assert!(error.starts_with("/proc/meminfo: "), "{error}");
}

/// Reads, merged, sectors, ms; the same of writes; in flight, busy ms, weighted ms.
fn disks(lines: &[&str]) -> disk::Counters {
    let whole = ["vda".to_owned(), "vdb".to_owned()];
    disk::Counters::parse(&lines.join("\n"), &whole).unwrap()
}

/// Over 4 s vda is busy for 1 s and vdb for 3 s, with 6 s of waiting requests; 300 sectors are
/// read and 50 written. Of vda1 all is part of vda.
#[test]
fn the_busiest_disk_and_the_bytes_of_all() {
    let before = disks(&[
        "254 0 vda 9 0 100 9 9 0 500 9 0 1000 5000",
        "254 1 vda1 9 0 100 9 9 0 500 9 0 1000 5000",
        "254 2 vdb 9 0 1000 9 9 0 0 9 0 2000 4000",
    ]);
    let after = disks(&[
        "254 0 vda 9 0 300 9 9 0 550 9 0 2000 9000",
        "254 1 vda1 9 0 300 9 9 0 550 9 0 2000 9000",
        "254 2 vdb 9 0 1100 9 9 0 0 9 0 5000 10000",
    ]);
    let usage = DiskUse::over(&[before.clone(), after.clone()], 4.0).unwrap();
    assert_eq!(usage.busiest, "vdb");
    assert_close(usage.busy, 0.75);
    assert_close(usage.queue, 1.5);
    assert_eq!((usage.read_bytes, usage.written_bytes), (300 * 512, 50 * 512));
    // Whole milliseconds may exceed the time that passed.
    assert_eq!(DiskUse::over(&[before.clone(), after.clone()], 2.999).unwrap().busy, 1.0);

    let reason = "the counter of vda went backwards";
    assert_eq!(DiskUse::over(&[after.clone(), before.clone()], 4.0), Err(reason.into()));
    assert!(DiskUse::over(&[before, after], 0.0).is_err());
}

#[test]
fn a_disk_that_appears_has_no_figure() {
    let (vda, vdb) = ("254 0 vda 0 0 7 0 0 0 0 0 0 5 5", "254 2 vdb 0 0 9 0 0 0 0 0 0 9 9");
    let usage = DiskUse::over(&[disks(&[vda]), disks(&[vda, vdb])], 1.0).unwrap();
    assert_eq!((usage.busiest.as_str(), usage.read_bytes), ("vda", 0));
    assert!(DiskUse::over(&[disks(&[vda]), disks(&[vdb])], 1.0).is_err());
    let none = disk::Counters::parse("254 1 vda1 0 0 0 0 0 0 0 0 0 0 0", &["vda".to_owned()]);
    assert_eq!(none, Err("/proc/diskstats: no block device".to_owned()));
}

/// Bytes, errors and drops, received and sent, of the loopback and of one interface.
fn interfaces(lo: [u64; 6], eth0: [u64; 6], snmp: Result<String, String>) -> network::Counters {
    let line = |name, [received, errors_in, drops_in, sent, errors_out, drops_out]: [u64; 6]| {
        format!(
            "  {name}: {received} 9 {errors_in} {drops_in} 0 0 0 0 {sent} 9 {errors_out} \
             {drops_out} 0 0 0 0\n"
        )
    };
    let text = format!(
        "Inter-|   Receive                |  Transmit\n face |bytes    packets errs drop fifo frame \
         compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n{}{}",
        line("lo", lo),
        line("eth0", eth0),
    );
    network::Counters::parse(&text, snmp).unwrap()
}

/// The lines of `/proc/net/snmp` that every kernel has.
fn snmp(retransmitted: u64) -> String {
    format!(
        "Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams \
         InUnknownProtos InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout \
         ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates\n\
         Ip: 2 64 5932 0 0 0 0 0 5932 4149 0 0 0 0 0 0 0 0 0\n\
         Icmp: InMsgs InErrors InCsumErrors InDestUnreachs InTimeExcds InParmProbs InSrcQuenchs \
         InRedirects InEchos InEchoReps InTimestamps InTimestampReps InAddrMasks InAddrMaskReps \
         OutMsgs OutErrors OutDestUnreachs OutTimeExcds OutParmProbs OutSrcQuenchs OutRedirects \
         OutEchos OutEchoReps OutTimestamps OutTimestampReps OutAddrMasks OutAddrMaskReps\n\
         Icmp: 1 0 0 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n\
         Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails \
         EstabResets CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors\n\
         Tcp: 1 200 120000 -1 83 2 0 72 0 5770 4061 {retransmitted} 0 74 0\n\
         Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors \
         IgnoredMulti\nUdp: 161 0 0 162 0 0 0 0\n\
         UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors \
         InCsumErrors IgnoredMulti\nUdpLite: 0 0 0 0 0 0 0 0\n"
    )
}

#[test]
fn the_loopback_is_counted_apart() {
    let before = interfaces([100, 0, 0, 100, 0, 0], [1000, 1, 2, 2000, 3, 4], Ok(snmp(5)));
    let after = interfaces([150, 0, 1, 150, 2, 0], [1700, 2, 4, 2900, 6, 8], Ok(snmp(12)));
    let usage = NetworkUse::over(&[before.clone(), after.clone()]);
    let expected = NetworkUse {
        received_bytes: 700,
        sent_bytes: 900,
        loopback_bytes: 50,
        drops: 1 + 2 + 4,
        errors: 2 + 1 + 3,
        retransmitted: Source::Measured(7),
    };
    assert_eq!(usage, Ok(expected));
    let reason = "the counter of bytes received went backwards";
    assert_eq!(NetworkUse::over(&[after, before]), Err(reason.to_owned()));
}

#[test]
fn a_missing_count_of_retransmissions_is_named() {
    let gone = || Err("/proc/net/snmp: no such file".to_owned());
    let look = || interfaces([0; 6], [0; 6], gone());
    let usage = NetworkUse::over(&[look(), look()]).unwrap();
    assert_eq!(usage.retransmitted, Source::Missing("/proc/net/snmp: no such file".into()));
    let garbled = interfaces([0; 6], [0; 6], Ok("Tcp: what\n".into()));
    let usage = NetworkUse::over(&[garbled, look()]).unwrap();
    let Source::Missing(reason) = usage.retransmitted else { panic!("{usage:?}") };
    assert!(reason.starts_with("/proc/net/snmp: "), "{reason}");
}

fn stalled(some: u64, full: u64) -> Result<String, String> {
    let averages = "avg10=0.00 avg60=0.09 avg300=0.26";
    Ok(format!("some {averages} total={some}\nfull {averages} total={full}\n"))
}

/// Over 3 s: 1.5 s for some and 0.3 s for all, in microseconds.
#[test]
fn shares_of_stalled_time() {
    let some_only = |total: u64| stalled(total, 0).map(|text| text.lines().next().unwrap().into());
    let before =
        pressure::Counters::parse(stalled(1_000_000, 500_000), some_only(7), stalled(9, 0));
    let after = pressure::Counters::parse(stalled(2_500_000, 800_000), some_only(7), stalled(8, 0));
    let usage = PressureUse::over(&[before, after], 3.0).unwrap();
    let cpu = usage.cpu.measured().unwrap();
    assert_close(cpu.some, 0.5);
    assert_close(cpu.full.unwrap(), 0.1);
    assert_eq!(usage.memory, Source::Measured(Stalls { some: 0.0, full: None }));
    assert_eq!(usage.io, Source::Missing("the counter of stalls went backwards".into()));
}

#[test]
fn missing_pressure_is_named() {
    let gone = "/proc/pressure/io: no such file".to_owned();
    let look =
        || pressure::Counters::parse(stalled(0, 0), Ok("all quiet\n".into()), Err(gone.clone()));
    let usage = PressureUse::over(&[look(), look()], 1.0).unwrap();
    assert_eq!(usage.memory, Source::Missing("/proc/pressure: no line 'some'".into()));
    assert_eq!(usage.io, Source::Missing(gone.clone()));
    assert!(PressureUse::over(&[look(), look()], 0.0).is_err());
}

fn any_ticks() -> impl Strategy<Value = [u64; 8]> {
    prop::array::uniform8(prop_oneof![0..3_u64, 0..1_u64 << 40])
}

proptest! {
    #[test]
    fn shares_are_of_one_whole(first in any_ticks(), steps in prop::collection::vec(any_ticks(), 1..5)) {
        let mut now = first;
        let mut looks = vec![first];
        for step in steps {
            now = std::array::from_fn(|i| now[i] + step[i]);
            looks.push(now);
        }
        let line = |ticks: &[u64; 8]| ticks.map(|tick| tick.to_string()).join(" ");
        let looks: Vec<_> = looks.iter().map(|look| ticks(&line(look))).collect();
        prop_assume!(first != now);
        let usage = CpuUse::over(&looks).unwrap();
        let idle = 1.0 - usage.busy - usage.iowait - usage.steal;
        for share in [usage.user, usage.system, usage.busy, usage.iowait, usage.steal, usage.busy_max] {
            prop_assert!((0.0..=1.0).contains(&share), "{usage:?}");
        }
        prop_assert!(idle > -1e-9 && usage.busy <= usage.busy_max, "{usage:?}");
        prop_assert!((usage.user + usage.system - usage.busy).abs() < 1e-9, "{usage:?}");
    }

    #[test]
    fn any_counter_that_goes_backwards_is_seen(before in any_ticks(), which in 0..8_usize, by in 1..99_u64) {
        prop_assume!(which != 4 && before[which] >= by);
        let mut after = before;
        after[which] -= by;
        let line = |ticks: [u64; 8]| ticks.map(|tick| tick.to_string()).join(" ");
        let error = CpuUse::over(&[ticks(&line(before)), ticks(&line(after))]).unwrap_err();
        prop_assert!(error.ends_with("went backwards"), "{}", error);
    }
}

/// Spins until the kernel says that this process used 20 ticks; the sampler saw them at work.
#[cfg(target_os = "linux")]
#[test]
fn a_sampler_sees_a_thread_that_spins() {
    let used = || {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        let (_, numbers) = stat.rsplit_once(") ").unwrap();
        let numbers: Vec<&str> = numbers.split(' ').collect();
        // Of users and of the kernel, the 14th and 15th of proc_pid_stat(5).
        numbers[11].parse::<u64>().unwrap() + numbers[12].parse::<u64>().unwrap()
    };
    let sampler = Sampler::start(Duration::from_millis(10));
    let before = used();
    while used() < before + 20 {
        std::hint::black_box((0..100_000).fold(1_u64, |x, i| std::hint::black_box(x ^ i)));
    }
    let usage = sampler.stop();
    let busy = usage.cpu.measured().unwrap_or_else(|| panic!("{usage:?}")).busy;
    let processors = std::fs::read_to_string("/proc/stat").unwrap();
    let processors =
        processors.lines().filter(|line| line.starts_with("cpu") && !line.starts_with("cpu "));
    let ticks = busy * processors.count() as f64 * usage.seconds * 100.0;
    // Half, since the clocks of a guest may disagree.
    assert!(ticks > 10.0, "{ticks} ticks: {usage:?}");
    assert!(usage.looks > 2, "{usage:?}");
}
