//! How many bytes a message is in each format.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod libraries;
mod serialization;

use std::error::Error;
use std::process::ExitCode;

use measure::Unit;
use measure::report::{Benchmark, Report};
use serialization::format::Format;
use serialization::message::{AgentMessage, BELIEFS};
use serialization::{MESSAGES, batch, encoded, jobs};

fn main() -> ExitCode {
    let size = Benchmark { group: "serialization", name: "size", run: size };
    measure::report::main(env!("CARGO_PKG_NAME"), &[size])
}

/// Bytes of a message, on average over the messages.
fn mean_bytes(format: Format, messages: &[AgentMessage]) -> f64 {
    let bytes: usize = encoded(format, messages).iter().map(|bytes| bytes.len()).sum();
    bytes as f64 / messages.len() as f64
}

/// The messages that are timed. What a belief takes is what a message loses with all of them.
fn size(report: &mut Report) -> Result<(), Box<dyn Error>> {
    // A format whose messages do not come back as they went has no size.
    for (_, act) in jobs() {
        act.start();
    }
    let messages = batch();
    let mut without_beliefs = messages.clone();
    for message in &mut without_beliefs {
        message.beliefs.clear();
    }
    let json = mean_bytes(Format::Json, &messages);
    let mut rows = Vec::new();
    for format in Format::ALL {
        let bytes = mean_bytes(format, &messages);
        let per_belief = (bytes - mean_bytes(format, &without_beliefs)) / BELIEFS as f64;
        for (metric, value) in [("bytes", bytes), ("bytes_per_belief", per_belief)] {
            let record = report.figure(metric, Unit::Bytes, value);
            report.record(&record.parameter("format", format.name()))?;
        }
        let library = libraries::library(format);
        let version = libraries::version(library).ok_or_else(|| {
            format!("Cargo.lock has no version of {library}, or several; which one is measured?")
        })?;
        rows.push(vec![
            format.name().to_owned(),
            format!("{library} {version}"),
            format!("{bytes:.1}"),
            format!("{per_belief:.2}"),
            format!("{:.2}", bytes / json),
        ]);
    }
    report.table(
        &format!("Bytes of a message with {BELIEFS} beliefs, the mean of {MESSAGES}"),
        &["format", "library", "bytes", "per belief", "of JSON"],
        &rows,
    )?;
    Ok(())
}
