//! What an agent holds and what a step allocates, by the allocator's own account.
//!
//! A binary of its own, because it owns the global allocator and its counts.

use std::error::Error;
use std::sync::Arc;

use agent_core::workload::WORKLOADS;
use agent_core::{Agent, Model, Population, Workspace};
use dhat::HeapStats;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const AGENTS: usize = 1000;

/// The most that an agent of the model whose jobs' names begin so may hold beyond the model.
const BUDGETS: [(&str, usize); 2] = [("tmaze", 256), ("grid10", 2048)];

fn main() -> Result<(), Box<dyn Error>> {
    let _profiler = dhat::Profiler::builder().testing().build();
    for workload in WORKLOADS.iter().filter(|workload| workload.group != "kernel") {
        let (name, model) = (workload.name, workload.model()?);
        let budget = BUDGETS.iter().find(|(kind, _)| name.starts_with(kind));
        let budget = budget.map_or(usize::MAX, |(_, budget)| *budget);
        agents_hold_their_account(name, &model, budget)?;
        let rooms = population_holds_its_account(name, &model, AGENTS, budget)?;
        let rooms_of_more = population_holds_its_account(name, &model, 3 * AGENTS + 1, budget)?;
        assert_eq!(rooms, rooms_of_more, "{name}: what is left out of the account grows");
    }
    println!("agents hold what they account for, and steps allocate nothing");
    Ok(())
}

fn agents_hold_their_account(
    name: &str,
    model: &Arc<Model>,
    budget: usize,
) -> Result<(), Box<dyn Error>> {
    let mut agents = Vec::with_capacity(AGENTS);
    let before = HeapStats::get();
    agents.extend((0..AGENTS).map(|_| Agent::new(model)));
    let after = HeapStats::get();
    let accounted: usize = agents.iter().map(|agent| agent.bytes() - size_of::<Agent>()).sum();
    assert_eq!(after.curr_bytes - before.curr_bytes, accounted, "{name}");
    assert_eq!(after.curr_blocks - before.curr_blocks, AGENTS, "{name}");
    assert!(agents[0].bytes() <= budget, "{name}: an agent of {} bytes", agents[0].bytes());

    let mut workspace = Workspace::new(model);
    let observation = vec![0; model.num_obs().len()];
    let before = HeapStats::get();
    for agent in &mut agents[..10] {
        agent.step(&observation, &mut workspace)?;
        agent.step(&observation, &mut workspace)?;
    }
    let after = HeapStats::get();
    assert_eq!(after.total_blocks, before.total_blocks, "{name}: a step allocates");
    Ok(())
}

/// Returns what a population that has stepped on one thread holds beyond its account.
fn population_holds_its_account(
    name: &str,
    model: &Arc<Model>,
    agents: usize,
    budget: usize,
) -> Result<usize, Box<dyn Error>> {
    let observations = vec![0; agents * model.num_obs().len()];
    let before = HeapStats::get();
    let mut population = Population::new(model);
    population.reserve(agents);
    for seed in 0..agents {
        population.spawn(seed as u64);
    }
    let held = HeapStats::get().curr_bytes - before.curr_bytes;
    assert_eq!(held, population.bytes(), "{name}: {agents} together");

    population.step_all(&observations, 1)?;
    let warm = HeapStats::get();
    let each = population.bytes().div_ceil(agents);
    assert!(each <= budget, "{name}: {each} bytes for each of {agents} together");
    population.step_all(&observations, 1)?;
    let after = HeapStats::get();
    assert_eq!(after.total_blocks, warm.total_blocks, "{name}: a warm step allocates");
    Ok(warm.curr_bytes - before.curr_bytes - population.bytes())
}
