//! What a history costs by layout and length: bytes, appending, reading.

mod overhead;

use std::alloc::System;
use std::error::Error;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use measure::report::{Benchmark, Report};
use measure::{Figure, LatencyRecorder, Profile, Summary, Unit};
use memory_probe::history::{self, History, Message, Traffic};
use memory_probe::workload::history::Layout;
use memory_probe::{Account, Counting};

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting::new(System);

/// Messages of a history; the quick profile leaves the last out.
const LENGTHS: [usize; 3] = [1_000, 10_000, 1_000_000];

/// Messages that are timed together while they are appended.
const TOGETHER: usize = 1_000;

/// Bars of the layout that is meant to be used: bytes, nanoseconds of an append, of a read.
const BARS: [f64; 3] = [60.0, 1_000.0, 20_000.0];

fn main() -> ExitCode {
    measure::report::main(
        env!("CARGO_PKG_NAME"),
        &[
            Benchmark {
                group: "history",
                name: "unbounded",
                run: |r| layout(r, Layout::Unbounded),
            },
            Benchmark {
                group: "history",
                name: "bounded_count",
                run: |r| layout(r, Layout::BoundedCount),
            },
            Benchmark {
                group: "history",
                name: "bounded_bytes",
                run: |r| layout(r, Layout::BoundedBytes),
            },
            Benchmark { group: "history", name: "ring", run: |r| layout(r, Layout::Ring) },
            Benchmark { group: "history", name: "columns", run: |r| layout(r, Layout::Columns) },
            Benchmark { group: "history", name: "sealed", run: |r| layout(r, Layout::Sealed) },
            Benchmark { group: "history", name: "overhead", run: overhead::run },
        ],
    )
}

/// A history that was filled on the clock.
struct Filled {
    history: Box<dyn History>,
    live_bytes: i64,
    /// Nanoseconds of an append, by a thousand together.
    append_ns: Vec<f64>,
}

fn filled(layout: Layout, messages: usize) -> Result<Filled, Box<dyn Error>> {
    let before = Account::now();
    let mut history = layout.history(messages);
    let mut append_ns = Vec::with_capacity(messages.div_ceil(TOGETHER));
    let own = (append_ns.capacity() * size_of::<f64>()) as i64;
    let mut traffic = Traffic::new(1);
    let mut batch: Vec<Message> = Vec::with_capacity(TOGETHER);
    for _ in 0..messages / TOGETHER {
        batch.extend(traffic.by_ref().take(TOGETHER));
        let start = Instant::now();
        for message in batch.drain(..) {
            history.append(message)?;
        }
        append_ns.push(start.elapsed().as_nanos() as f64 / TOGETHER as f64);
    }
    drop(batch);
    let live_bytes = Account::now().since(&before).live_bytes() - own;
    if history.next() != messages as u64 {
        return Err(format!("{} of {messages} messages were appended", history.next()).into());
    }
    Ok(Filled { history, live_bytes, append_ns })
}

fn layout(report: &mut Report, layout: Layout) -> Result<(), Box<dyn Error>> {
    let lengths = match report.profile() {
        Profile::Quick => &LENGTHS[..2],
        Profile::Full => &LENGTHS,
    };
    // What a thread keeps for all its histories is told apart: it is there before they are.
    drop(filled(layout, lengths[0])?);
    let of_thread = match layout {
        Layout::Sealed => history::thread_bytes(),
        _ => 0,
    };
    let mut rows = Vec::new();
    for &messages in lengths {
        let Filled { history, live_bytes, append_ns } = filled(layout, messages)?;
        let each = live_bytes as f64 / history.len() as f64;
        let append = Summary::of(&append_ns)?;
        let read = random_reads(&*history)?;
        let [agent, hour] = searches(&*history)?;
        let percentiles = read.service();
        let judged = [each, append.median, percentiles.p50];
        let within = judged.iter().zip(BARS).all(|(figure, bar)| *figure <= bar);
        rows.push(vec![
            messages.to_string(),
            history.len().to_string(),
            format!("{each:.1}"),
            ns(append.median),
            ns(percentiles.p50),
            ns(percentiles.p99),
            ns(agent),
            ns(hour),
            if within { "met" } else { "missed" }.to_owned(),
        ]);
        let named = |record: measure::Record| record.parameter("messages", messages);
        report.record(&named(report.figure("live_bytes", Unit::Bytes, live_bytes as f64)))?;
        report.record(&named(report.figure("bytes_per_message", Unit::Bytes, each)))?;
        let append_time = report.figure("append_time", Unit::Nanoseconds, 0.0).distribution(append);
        report.record(&named(append_time))?;
        let mut read_time = read.service_record(&report.figure("", Unit::Nanoseconds, 0.0));
        read_time.metric = "read_time".to_owned();
        report.record(&named(read_time))?;
        for (metric, time) in [("agent_time", agent), ("range_time", hour)] {
            report.record(&named(report.figure(metric, Unit::Nanoseconds, time)))?;
        }
    }
    let [bytes, append, read] = BARS;
    if of_thread > 0 {
        let record = report.figure("thread_bytes", Unit::Bytes, of_thread as f64);
        report.record(&record)?;
    }
    let besides = match of_thread {
        0 => String::new(),
        bytes => format!("; besides, a thread keeps {bytes} bytes for all its histories"),
    };
    report.table(
        &format!(
            "{}: {} bytes a message as JSON; bars: {bytes} bytes, append {}, read {}{besides}",
            layout.name(),
            json_bytes()?,
            ns(append),
            ns(read)
        ),
        &["messages", "kept", "bytes", "append", "read p50", "p99", "of agent", "range", "bars"],
        &rows,
    )?;
    Ok(())
}

/// Messages by their numbers, each timed alone, in an order that visits all parts alike.
fn random_reads(history: &dyn History) -> Result<LatencyRecorder, Box<dyn Error>> {
    const READS: u64 = 20_000;
    /// Shares no factor with any power of ten, nor is it near a whole part of one.
    const STRIDE: u64 = 618_033_989;
    let mut latency = LatencyRecorder::new();
    let origin = Instant::now();
    for read in 0..READS {
        let number = history.first() + read * STRIDE % history.len() as u64;
        let started = origin.elapsed();
        let message = black_box(history.get(number));
        let ended = origin.elapsed();
        latency.record(started, started, ended);
        message.ok_or_else(|| format!("message {number} is not there"))?;
    }
    Ok(latency)
}

/// Nanoseconds to find all messages of an agent, and those of a hundredth of the time.
fn searches(history: &dyn History) -> Result<[f64; 2], Box<dyn Error>> {
    let message = |number| history.get(number).ok_or("a message is not there");
    let (first, last) = (message(history.first())?, message(history.next() - 1)?);
    let length_ns = (last.time_ns - first.time_ns) / 100;
    let middle_ns = first.time_ns + 50 * length_ns;
    let (agent_ns, found) = timed(|| history.of_agent(&first.from).count());
    let (range_ns, within) = timed(|| history.between(middle_ns..middle_ns + length_ns).count());
    if found == 0 || within == 0 {
        return Err(format!("{found} messages of {} and {within} of a time", first.from).into());
    }
    Ok([agent_ns, range_ns])
}

/// The median of several times, and the answer.
fn timed<T>(work: impl Fn() -> T) -> (f64, T) {
    const TIMES: usize = 9;
    let mut times = [0.0; TIMES];
    for time in &mut times[1..] {
        let start = Instant::now();
        black_box(work());
        *time = start.elapsed().as_nanos() as f64;
    }
    let start = Instant::now();
    let answer = work();
    times[0] = start.elapsed().as_nanos() as f64;
    times.sort_by(f64::total_cmp);
    (times[TIMES / 2], answer)
}

/// What a numbered message takes as JSON, on average.
fn json_bytes() -> Result<usize, Box<dyn Error>> {
    const MESSAGES: usize = 1_000;
    let mut bytes = 0;
    for (number, message) in Traffic::new(1).take(MESSAGES).enumerate() {
        let mut json = serde_json::to_value(message)?;
        json["number"] = number.into();
        bytes += json.to_string().len();
    }
    Ok(bytes / MESSAGES)
}

fn ns(value: f64) -> String {
    Figure { value, unit: Unit::Nanoseconds }.to_string()
}
