//! What an agent holds and what a step allocates, by the allocator's own account.
//!
//! A binary of its own, because it owns the global allocator and its counts.

use agent_core::workload::{WORKLOADS, WorkloadError};
use agent_core::{Agent, Workspace};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const AGENTS: usize = 1000;

fn main() -> Result<(), WorkloadError> {
    let _profiler = dhat::Profiler::builder().testing().build();
    for workload in &WORKLOADS {
        let model = workload.model()?;
        let mut agents = Vec::with_capacity(AGENTS);
        let before = dhat::HeapStats::get();
        agents.extend((0..AGENTS).map(|_| Agent::new(&model)));
        let after = dhat::HeapStats::get();
        let accounted: usize = agents.iter().map(|agent| agent.bytes() - size_of::<Agent>()).sum();
        assert_eq!(after.curr_bytes - before.curr_bytes, accounted, "{}", workload.name);
        assert_eq!(after.curr_blocks - before.curr_blocks, AGENTS, "{}", workload.name);

        let mut workspace = Workspace::new(&model);
        let observation = vec![0; model.num_obs().len()];
        let before = dhat::HeapStats::get();
        for agent in &mut agents[..10] {
            agent.step(&observation, &mut workspace)?;
            agent.step(&observation, &mut workspace)?;
        }
        let after = dhat::HeapStats::get();
        assert_eq!(after.total_blocks, before.total_blocks, "{}: a step allocates", workload.name);
    }
    println!("agents hold what they account for, and steps allocate nothing");
    Ok(())
}
