//! A pool of threads that steal work from each other.

use std::num::NonZeroUsize;
use std::panic::{self, AssertUnwindSafe};
use std::time::Instant;

use rayon::prelude::*;

use super::inline::Crew;
use super::traffic::Traffic;
use super::{Done, Outcome};
use crate::society::Society;
use crate::{Plan, RunError};

/// Crews for each thread: enough that one which is slow holds up little, few enough that each has work.
const CREWS_PER_THREAD: u32 = 4;

pub fn run(plan: &Plan, threads: u32) -> Result<Outcome, RunError> {
    let began = Instant::now();
    let society = Society::new(plan)?;
    let (traffic, inboxes) =
        Traffic::of(plan, NonZeroUsize::new(threads as usize).unwrap_or(NonZeroUsize::MIN))?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads as usize).build();
    let pool = pool.map_err(|error| RunError::Start {
        what: "a pool of threads",
        error: std::io::Error::other(error),
    })?;
    let mut inboxes = inboxes.into_iter();
    let size = plan.agents.div_ceil(threads.saturating_mul(CREWS_PER_THREAD)).max(1);
    let mut crews: Vec<Crew> = (0..plan.agents)
        .step_by(size as usize)
        .map(|first| {
            let agents = first..plan.agents.min(first.saturating_add(size));
            let own = inboxes.by_ref().take(agents.len()).collect::<Vec<_>>();
            Crew::new(&society, agents, own)
        })
        .collect();
    // Its threads are there when it answers.
    pool.broadcast(|_| ());
    let ready = Instant::now();
    let work = || pool.install(|| steps(plan, &traffic, &mut crews));
    // Rayon hands on what a job of it panicked with.
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|_| RunError::Panic)??;
    let ended = Instant::now();
    let mut done = Done::default();
    for crew in crews {
        done.add(crew.end());
    }
    drop(pool);
    let times = [ready - began, ended - ready, ended.elapsed()];
    Ok(done.outcome(times))
}

fn steps(plan: &Plan, traffic: &Traffic, crews: &mut [Crew]) -> Result<(), RunError> {
    if plan.is_connected() {
        // What is heard in a step was told in the one before, by all.
        return (0..plan.steps)
            .try_for_each(|_| crews.par_iter_mut().try_for_each(|crew| crew.step(plan, traffic)));
    }
    crews
        .par_iter_mut()
        .try_for_each(|crew| (0..plan.steps).try_for_each(|_| crew.step(plan, traffic)))
}
