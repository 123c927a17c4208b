//! Every way within a process does the same work, or ends with an error.

use concurrency_model::{Channel, Fault, Mishap, Plan, RunError, Task, Way, run, workload};
use proptest::prelude::*;
use proptest::sample::select;

const WAYS: [Way; 6] = [
    Way::ThreadPerAgent,
    Way::Pool { threads: 1 },
    Way::Pool { threads: 3 },
    Way::Tasks { threads: 1 },
    Way::Tasks { threads: 2 },
    Way::Tasks { threads: 4 },
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_way_comes_to_the_same_beliefs(
        task in select(&Task::ALL[..]),
        agents in 1..40_u32,
        steps in 0..12_u32,
        seed in any::<u64>(),
        channel in select(&[Channel::Open, Channel::Null][..]),
        way in select(&WAYS[..]),
    ) {
        let plan = Plan { task, agents, steps, seed, channel, ..Plan::default() };
        let inline = run(&plan, Way::Inline).unwrap();
        let timed = Plan { timed: true, ..plan };
        let outcome = run(&timed, way).unwrap();
        prop_assert_eq!(outcome.checksum, inline.checksum, "{}", way);
        prop_assert_eq!(outcome.step_ns.len() as u64, plan.agent_steps());
        prop_assert!(inline.step_ns.is_empty());
    }
}

#[test]
fn lives_depend_on_task_seed_number_length_and_messages() {
    let plan = Plan { agents: 6, steps: 12, ..Plan::default() };
    let plans = [
        plan,
        Plan { task: Task::Exploration, ..plan },
        Plan { task: Task::Learning, ..plan },
        Plan { seed: 1, ..plan },
        Plan { agents: 7, ..plan },
        Plan { steps: 13, ..plan },
        Plan { channel: Channel::Null, ..plan },
    ];
    let mut checksums: Vec<u64> =
        plans.iter().map(|plan| run(plan, Way::Inline).unwrap().checksum).collect();
    checksums.sort_unstable();
    checksums.dedup();
    assert_eq!(checksums.len(), plans.len());
}

#[test]
fn a_panic_ends_every_run_with_an_error() {
    for task in [Task::Coordination, Task::Exploration] {
        for way in WAYS {
            let fault = Some(Fault { agent: 3, step: 5, what: Mishap::Panic });
            let plan = Plan { task, agents: 8, steps: 20, fault, ..Plan::default() };
            let error = run(&plan, way).unwrap_err();
            assert!(matches!(error, RunError::Panic), "{way}: {error}");
        }
    }
}

#[test]
fn nobody_and_nothing_to_work_with_are_refused() {
    let nobody = Plan { agents: 0, ..Plan::default() };
    for way in [Way::Inline, Way::Processes { workers: 1 }].into_iter().chain(WAYS) {
        assert!(matches!(run(&nobody, way), Err(RunError::NoAgents)), "{way}");
    }
    let plan = Plan::default();
    for way in [Way::Pool { threads: 0 }, Way::Tasks { threads: 0 }, Way::Processes { workers: 0 }]
    {
        assert!(matches!(run(&plan, way), Err(RunError::NoWorkers(_))), "{way}");
    }
}

#[test]
fn measured_jobs_answer_as_they_should() {
    for workload in &workload::WORKLOADS {
        workload.run().unwrap();
    }
}
