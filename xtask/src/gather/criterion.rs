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
#[derive(Deserialize)]
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
        let per_iteration: Vec<f64> =
            sample.times.iter().zip(&sample.iters).map(|(time, n)| time / n).collect();
        let mut records = vec![record(suite, &benchmark, &per_iteration).with_context(place)?];
        if let Some(work) = &benchmark.throughput {
            records.push(rate(&records[0], work));
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
fn rate(time: &Record, work: &Throughput) -> Record {
    let (metric, amount) = match *work {
        Throughput::Elements(n) => ("throughput", n as f64),
        Throughput::Bytes(n) => ("byte_throughput", n as f64),
    };
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
