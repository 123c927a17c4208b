//! criterion's folders: `<group>/<function>[/<value>]/new/{benchmark,sample}.json`.

use std::path::Path;

use anyhow::{Context as _, ensure};
use measure::{Record, Summary, Unit};
use serde::Deserialize;

use super::{Gathered, files_ending, parameters, read_json};

const WRITER: &str = "criterion 0.8";

#[derive(Deserialize)]
struct Benchmark {
    group_id: String,
    function_id: Option<String>,
    value_str: Option<String>,
    throughput: Option<Throughput>,
    full_id: String,
}

/// Work per iteration; only the kinds our benches use.
#[derive(Clone, Copy, Deserialize)]
enum Throughput {
    Elements(u64),
    Bytes(u64),
}

/// Each sample ran `iters[i]` iterations in `times[i]` nanoseconds.
#[derive(Deserialize)]
struct Sample {
    iters: Vec<f64>,
    times: Vec<f64>,
}

/// Reads every benchmark under a `CRITERION_HOME` that one run had to itself.
pub fn gather(suite: &str, home: &Path) -> anyhow::Result<Vec<Gathered>> {
    let mut found = Vec::new();
    for path in files_ending(home, "new/benchmark.json")? {
        let benchmark: Benchmark = read_json(&path, WRITER)?;
        let sample_path = path.with_file_name("sample.json");
        let sample: Sample = read_json(&sample_path, WRITER)?;
        let place = || sample_path.display().to_string();
        ensure!(sample.iters.len() == sample.times.len(), "{}: unequal lengths", place());
        // An iteration may be many operations; the figure is the time of one.
        let operations = match benchmark.throughput {
            Some(Throughput::Elements(n)) => n as f64,
            _ => 1.0,
        };
        let per_operation = sample.times.iter().zip(&sample.iters).map(|(t, n)| t / n / operations);
        let per_operation: Vec<f64> = per_operation.collect();
        let mut records = vec![record(suite, &benchmark, &per_operation).with_context(place)?];
        match benchmark.throughput {
            Some(Throughput::Elements(_)) => records.push(rate(&records[0], "throughput", 1.0)),
            Some(Throughput::Bytes(n)) => {
                records.push(rate(&records[0], "byte_throughput", n as f64));
            }
            None => {}
        }
        found.push(Gathered { id: benchmark.full_id, records });
    }
    Ok(found)
}

fn record(suite: &str, benchmark: &Benchmark, samples: &[f64]) -> anyhow::Result<Record> {
    let name = benchmark.function_id.as_deref().unwrap_or(&benchmark.group_id);
    let mut record = Record::new(suite, &benchmark.group_id, name, "time", Unit::Nanoseconds, 0.0)
        .distribution(Summary::of(samples)?);
    if let Some(value) = &benchmark.value_str {
        record.parameters = parameters(value);
    }
    Ok(record)
}

/// Operations or bytes per second, from the median time; the interval turns round with it.
fn rate(time: &Record, metric: &str, amount: f64) -> Record {
    let per_second = |nanoseconds: f64| amount * 1e9 / nanoseconds;
    let mut rate = Record::new(
        &time.suite,
        &time.group,
        &time.benchmark,
        metric,
        Unit::PerSecond,
        per_second(time.estimate),
    );
    rate.parameters.clone_from(&time.parameters);
    rate.interval = time.interval.map(|[low, high]| [per_second(high), per_second(low)]);
    rate.count = time.count;
    rate
}
