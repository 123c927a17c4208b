//! What it saves to share a model: between the agents of a process, and between processes.

use std::error::Error;
use std::io::Write;
use std::num::NonZeroUsize;

use agent_core::{Agent, GenerativeModel};
use measure::report::Report;
use measure::{Direction, Record, Unit};
use memory_probe::footprint;
use tempfile::NamedTempFile;

use super::child::{self, Load, Outside};
use super::{MANY_AGENTS, bytes, derived, job};

/// The small worlds, and one whose model is of a size that hurts.
const KINDS: [&str; 4] = ["tmaze", "grid10", "cue_chaining", STRESS];
const STRESS: &str = "stress_h3";

/// Agents that share a model, or have one each.
const AGENTS: usize = 100;

/// Agents with a model each, of two fresh processes.
const MANY_MODELS: [usize; 2] = [20, 120];

/// Processes that have the same model.
const PROCESSES: usize = 8;

pub fn shared_models(report: &mut Report) -> Result<(), Box<dyn Error>> {
    within_a_process(report)?;
    across_processes(report)
}

/// Agents over one model, and as many with a model each.
fn within_a_process(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let rows: Result<Vec<_>, _> = KINDS.iter().map(|kind| saved(report, kind)).collect();
    report.table(
        &format!(
            "{AGENTS} agents that share a model, and that have one each: bytes by the allocator, \
             exactly;\nand what each of many more adds to a fresh process, by PSS"
        ),
        &["kind", "shared", "copied", "saved", "of copied", "shared, PSS", "copied, PSS"],
        &rows?,
    )?;
    Ok(())
}

/// Measures and records one kind; returns its row.
fn saved(report: &mut Report, kind: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let job = job(kind)?;
    // The models are made with the team, so that they count.
    let shared = footprint(NonZeroUsize::MIN, |_| {
        let model = job.model().unwrap();
        (0..AGENTS).map(|_| Agent::new(&model)).collect::<Vec<_>>()
    })?;
    let copied = footprint(NonZeroUsize::MIN, |_| {
        (0..AGENTS).map(|_| Agent::new(&job.model().unwrap())).collect::<Vec<_>>()
    })?;
    let (shared, copied) = (shared.heap_bytes as f64, copied.heap_bytes as f64);
    let saved = copied - shared;
    for (metric, value, direction) in [
        ("shared_bytes", shared, Direction::LowerIsBetter),
        ("copied_bytes", copied, Direction::LowerIsBetter),
        ("saved_bytes", saved, Direction::HigherIsBetter),
    ] {
        let record = report.figure(metric, Unit::Bytes, value);
        let record = record.parameter("kind", kind).parameter("agents", AGENTS);
        report.record(&Record { direction, ..record })?;
    }
    let share = format!("{:.1} %", 100.0 * saved / copied);
    let mut row = vec![kind.to_owned(), bytes(shared), bytes(copied), bytes(saved), share];
    for (metric, outside) in [
        ("shared_pss_bytes", child::each(|agents| Load::Shared { kind, agents }, MANY_AGENTS)?),
        ("copied_pss_bytes", child::each(|agents| Load::Copied { kind, agents }, MANY_MODELS)?),
    ] {
        if let Some(Outside { pss, .. }) = outside {
            let record = derived(report.figure(metric, Unit::Bytes, pss));
            report.record(&record.parameter("kind", kind))?;
        }
        row.push(outside.map_or_else(|| "-".to_owned(), |outside| bytes(outside.pss)));
    }
    Ok(row)
}

/// The same model in several processes, by what the system adds up for all of them.
fn across_processes(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let job = job(STRESS)?;
    let model = footprint(NonZeroUsize::MIN, |_| job.model().unwrap())?.heap_bytes as usize;
    let mut file = NamedTempFile::new()?;
    file.write_all(&numbers(&job.generative_model(), model))?;
    file.flush()?;
    let path = file.path().to_str().ok_or("the temporary folder's name is not in UTF-8")?;
    let (mut rows, mut sums) = (Vec::new(), Vec::new());
    for (way, what, load) in [
        ("compiled", "a model compiled by itself", Load::Copied { kind: STRESS, agents: 1 }),
        ("copied", "as many bytes, a copy of its own", Load::Read { path }),
        ("mapped", "as many bytes, in a file mapped by all", Load::Mapped { path }),
    ] {
        let Some(found) = child::together(load, PROCESSES)? else { return Ok(()) };
        for (metric, value) in [("pss_sum_bytes", found.pss), ("uss_sum_bytes", found.uss)] {
            let record = derived(report.figure(metric, Unit::Bytes, value));
            report.record(&record.parameter("way", way).parameter("processes", PROCESSES))?;
        }
        let each = bytes(found.pss / PROCESSES as f64);
        rows.push(vec![what.to_owned(), bytes(found.pss), each, bytes(found.uss)]);
        sums.push(found.pss);
    }
    let saved = sums[1] - sums[2];
    let record = derived(report.figure("mapping_saves_bytes", Unit::Bytes, saved));
    let record = record.parameter("processes", PROCESSES);
    report.record(&Record { direction: Direction::HigherIsBetter, ..record })?;
    report.table(
        &format!(
            "{STRESS}, whose model holds {}, in {PROCESSES} processes, summed. The engine cannot use a \
             mapping\ntoday: the most that one could save, if all of a model could lie in it, is {}",
            bytes(model as f64),
            bytes(saved)
        ),
        &["each process has", "PSS of all", "PSS each", "USS of all"],
        &rows,
    )?;
    Ok(())
}

/// So many bytes of the numbers of A, B, C and D, again and again: all that a compiled model holds is
/// made of them.
fn numbers(model: &GenerativeModel, bytes: usize) -> Vec<u8> {
    let arrays = [&model.a, &model.b, &model.c, &model.d].into_iter().flatten();
    let numbers = arrays.flat_map(|array| &array.data).flat_map(|number| number.to_ne_bytes());
    numbers.cycle().take(bytes).collect()
}
