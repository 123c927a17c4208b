//! One kind of agent by every view: the allocator, the engine's own account, the sum of the parts,
//! and the system.

use std::error::Error;
use std::num::NonZeroUsize;
use std::sync::Arc;

use agent_core::{Agent, Model, Population, Workspace};
use measure::Unit;
use measure::report::Report;
use memory_probe::{Footprint, footprint};

use super::child::{self, Load, Outside};
use super::{MANY_AGENTS, derived, job};

/// Agents by whose number the allocator's bytes are divided.
const AGENTS: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();

/// Models and workspaces, which are larger.
const MODELS: NonZeroUsize = NonZeroUsize::new(10).unwrap();

pub fn tmaze(report: &mut Report) -> Result<(), Box<dyn Error>> {
    kind(report, "tmaze")
}

pub fn grid10(report: &mut Report) -> Result<(), Box<dyn Error>> {
    kind(report, "grid10")
}

pub fn cue_chaining(report: &mut Report) -> Result<(), Box<dyn Error>> {
    kind(report, "cue_chaining")
}

/// What the allocator says of one kind.
struct Views {
    /// An agent beside a model that it shares.
    alone: Footprint,
    /// A population of [`AGENTS`].
    population: Footprint,
    model: Footprint,
    workspace: Footprint,
}

fn kind(report: &mut Report, kind: &str) -> Result<(), Box<dyn Error>> {
    let views = views(kind)?;
    let outside = child::each(|agents| Load::Shared { kind, agents }, MANY_AGENTS)?;
    record(report, &views, outside)?;
    let title = format!(
        "{kind}: bytes by the allocator, as accounted; by PSS and USS {} more in a fresh process",
        MANY_AGENTS[1] - MANY_AGENTS[0]
    );
    report.table(
        &title,
        &["what", "bytes", "blocks", "transient", "PSS", "USS"],
        &rows(&views, outside),
    )?;
    Ok(())
}

/// An agent of this kind, many together, their model and the room for their steps; an error where the
/// accounts do not agree with the allocator.
fn views(kind: &str) -> Result<Views, Box<dyn Error>> {
    let job = job(kind)?;
    let model = job.model()?;
    let views = Views {
        alone: footprint(AGENTS, |_| Agent::new(&model))?,
        population: footprint(NonZeroUsize::MIN, |_| together(&model))?,
        model: footprint(MODELS, |_| job.model().unwrap())?,
        workspace: footprint(MODELS, |_| Workspace::new(&model))?,
    };
    let states: usize = job.generative_model().num_states().iter().sum();
    let parts = size_of::<Agent>() + states * size_of::<f64>();
    agree(kind, &[views.alone.bytes(), parts as f64, Agent::new(&model).bytes() as f64])?;
    agree(kind, &[views.population.heap_bytes as f64, together(&model).bytes() as f64])?;
    for found in [views.alone, views.population, views.model, views.workspace] {
        if found.left_bytes != 0 {
            return Err(format!("{kind}: what was dropped leaves memory behind: {found:?}").into());
        }
    }
    Ok(views)
}

fn together(model: &Arc<Model>) -> Population {
    let mut population = Population::new(model);
    population.reserve(AGENTS.get());
    (0..AGENTS.get() as u64).for_each(|seed| {
        population.spawn(seed);
    });
    population
}

fn record(
    report: &mut Report,
    views: &Views,
    outside: Option<Outside>,
) -> Result<(), Box<dyn Error>> {
    for (metric, value) in [
        ("live_bytes", views.alone.bytes()),
        ("population_bytes", views.population.bytes() / AGENTS.get() as f64),
        ("model_bytes", views.model.bytes()),
        ("workspace_bytes", views.workspace.bytes()),
    ] {
        report.record(&report.figure(metric, Unit::Bytes, value))?;
    }
    report.record(&report.figure("live_blocks", Unit::Blocks, views.alone.blocks()))?;
    if let Some(Outside { pss, uss }) = outside {
        report.record(&derived(report.figure("pss_bytes", Unit::Bytes, pss)))?;
        report.record(&derived(report.figure("uss_bytes", Unit::Bytes, uss)))?;
    }
    Ok(())
}

fn rows(views: &Views, outside: Option<Outside>) -> Vec<Vec<String>> {
    let row = |what: &str, found: &Footprint, objects: usize| {
        let each = |all: f64| all / objects as f64;
        vec![
            what.to_owned(),
            format!("{:.1}", each(found.bytes())),
            format!("{:.3}", each(found.blocks())),
            format!("{:.1} %", found.transient_percent()),
        ]
    };
    let mut alone = row("agent, beside a shared model", &views.alone, 1);
    if let Some(Outside { pss, uss }) = outside {
        alone.extend([format!("{pss:.1}"), format!("{uss:.1}")]);
    }
    let mut rows = vec![
        alone,
        row(&format!("one of a population of {AGENTS}"), &views.population, AGENTS.get()),
        row("model", &views.model, 1),
        row("workspace, one for each thread", &views.workspace, 1),
    ];
    rows.iter_mut().for_each(|row| row.resize_with(6, || "-".to_owned()));
    rows
}

/// The allocator's bytes are those of every account, or one of them forgot something.
fn agree(kind: &str, accounts: &[f64]) -> Result<(), Box<dyn Error>> {
    if accounts.windows(2).all(|pair| pair[0] == pair[1]) {
        return Ok(());
    }
    Err(format!("{kind}: the allocator's bytes and the accounts differ: {accounts:?}").into())
}
