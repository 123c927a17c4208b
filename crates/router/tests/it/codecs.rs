//! The measured jobs on messages as bytes.

#[path = "../../benches/libraries/mod.rs"]
mod libraries;
#[path = "../../benches/serialization/mod.rs"]
mod serialization;

use serialization::format::Format;
use serialization::message::BELIEFS;
use serialization::{batch, encoded, jobs};

#[test]
fn every_job_gives_its_answer_again_and_again() {
    for (_, act) in jobs() {
        let mut job = act.start();
        for _ in 0..2 {
            job.run();
            job.verify();
        }
    }
}

#[test]
fn beliefs_are_distributions() {
    for message in batch() {
        assert_eq!(message.beliefs.len(), BELIEFS);
        assert!(message.beliefs.iter().all(|belief| (0.0..1.0).contains(belief)));
        let total: f64 = message.beliefs.iter().sum();
        assert!((total - 1.0).abs() < 1e-12, "{total}");
    }
}

#[test]
fn a_message_that_is_cut_short_is_refused_in_every_format() {
    let messages = batch();
    for format in Format::ALL {
        let mut codec = format.codec();
        for bytes in encoded(format, &messages[..3]) {
            for length in 0..bytes.len() {
                let read = codec.decode(&bytes[..length]);
                assert!(read.is_err(), "{format:?} takes {length} bytes of {}", bytes.len());
            }
        }
    }
}

/// One that `Cargo.toml` pins, those that are measured, and none.
#[test]
fn the_versions_of_libraries_are_those_of_the_lock_file() {
    assert_eq!(libraries::version("gungraun"), Some("0.20.0"));
    for format in Format::ALL {
        assert!(libraries::version(libraries::library(format)).is_some(), "{format:?}");
    }
    assert_eq!(libraries::version("serde_jso"), None);
}
