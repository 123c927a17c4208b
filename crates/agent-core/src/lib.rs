//! A discrete active-inference engine: agents that infer hidden states, weigh policies by their
//! expected free energy, and act. The job pymdp does, from one shared immutable model.
//!
//! A [`GenerativeModel`] is plain data with the field's names: likelihood A, transitions B,
//! preferences C, prior D, habits E. [`Model`] checks and compiles it once; any number of
//! [`Agent`]s share it, each holding no more than its beliefs. A [`Workspace`] is the room in
//! which one agent at a time takes a step; nothing is allocated then.
//!
//! ```
//! use agent_core::{Agent, Model, Options, Profile, Workspace, models};
//!
//! let model = Model::new(&models::grid(), Options::of(Profile::Modern))?;
//! let mut workspace = Workspace::new(&model);
//! let mut agents = vec![Agent::new(&model); 100];
//! for agent in &mut agents {
//!     let free_cell = 0;
//!     let action = agent.step(&[free_cell], &mut workspace)?;
//!     assert!(action[0] < 5);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! "Agrees with pymdp" means one of its two lines, which differ beyond rounding: see
//! [`Profile`].

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod action;
mod agent;
mod aligned;
mod arithmetic;
mod array;
mod beliefs;
mod controls;
mod counts;
mod error;
mod evidence;
mod expected_free_energy;
mod generative_model;
pub mod golden;
mod inference;
mod joint_action;
pub mod json;
mod lanes;
mod learning;
mod matrix;
mod model;
pub mod models;
#[cfg(feature = "npz")]
pub mod npz;
mod options;
mod planning;
mod policies;
mod population;
mod probability;
mod random;
mod real;
pub mod sequence;
pub mod sophisticated;
mod trace;
mod validation;
pub mod workload;
mod workspace;
mod world;

pub use agent::Agent;
pub use array::Array;
pub use controls::Controls;
pub use counts::Counts;
pub use error::{ArrayName, ModelError, StepError};
pub use evidence::Evidence;
pub use generative_model::GenerativeModel;
pub use learning::{Learner, Rates, StructuralZeros};
pub use model::Model;
pub use options::{ActionSelection, Inductive, Options, Profile, Sampling};
pub use policies::{MAX_POLICIES, MAX_POLICY_LEN, Policies};
pub use population::{Member, Population};
pub use real::Real;
pub use trace::Trace;
pub use workspace::Workspace;
pub use world::World;
