//! The measured jobs.

use router::workload::{Traffic, WORKLOADS};

#[test]
fn every_job_gives_its_answer_again_and_again() {
    for workload in &WORKLOADS {
        let mut job = workload.start().unwrap();
        for _ in 0..2 {
            job.run().unwrap();
            workload.verify(job.answer()).unwrap();
        }
    }
}

#[test]
fn what_every_job_must_answer_is_what_its_traffic_adds_up_to() {
    for workload in &WORKLOADS {
        let found = workload.traffic().checksum();
        assert_eq!(found, workload.expected, "{}: {found:#018x}", workload.name);
    }
}

#[test]
fn any_number_of_messages_gives_the_answer_of_its_traffic() {
    for mut workload in WORKLOADS {
        // What senders cannot share evenly is not sent.
        workload.operations = 12_345;
        let mut job = workload.start().unwrap();
        job.run().unwrap();
        assert_eq!(job.answer(), workload.traffic().checksum(), "{}", workload.name);
    }
}

#[test]
fn senders_share_the_messages_and_send_to_agents_that_are_there() {
    let traffic = Traffic { agents: 7, senders: 3, messages: 300 };
    for sender in 0..3 {
        let sends: Vec<_> = traffic.sends(sender).collect();
        assert_eq!((traffic.sends(sender).len(), sends.len()), (100, 100));
        assert!((0..7).all(|agent| sends.iter().any(|(to, _)| *to == agent)));
        assert!(sends.iter().all(|(to, _)| *to < 7));
        assert!((0..100).eq(sends.iter().map(|(_, message)| message[0])));
    }
    let receivers = |sender| traffic.sends(sender).map(|(to, _)| to).collect::<Vec<_>>();
    assert_ne!(receivers(0), receivers(1));
}

#[test]
fn a_job_of_another_size_knows_the_answer_of_that_size() {
    for workload in WORKLOADS.iter().filter(|workload| workload.group == "routing") {
        let same = workload.resized(workload.traffic().agents, workload.operations);
        assert_eq!(same.expected, workload.expected, "{}", workload.name);
        let resized = workload.resized(7, 2_500);
        let mut job = resized.start().unwrap();
        job.run().unwrap();
        resized.verify(job.answer()).unwrap();
        assert_eq!(resized.traffic(), Traffic { agents: 7, senders: 1, messages: 2_500 });
        assert!(workload.verify(job.answer()).is_err());
    }
}
