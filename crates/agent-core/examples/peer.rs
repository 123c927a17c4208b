//! This engine's side of `cargo xtask peers agent-core`: gives the benches' own problems away as
//! data, and solves them as the peers do.
//!
//! benches/peers/README.md says how it is asked.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use agent_core::workload::{self, EPISODE_SEED};
use agent_core::{
    Agent, GenerativeModel, Model, Options, Population, Profile, StepError, Workspace,
};
use measure::peer::{self, Answer, Loaded, Measured, Refused};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One of the benches' workloads, for any number of agents.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    /// Its name in the group `step`.
    name: String,
    /// How many agents live, each in a world of its own. The first sees what the bench's does.
    agents: u64,
    /// How long.
    steps: usize,
    /// Whether they live at the same time, step by step, and not one after the other.
    #[serde(default)]
    together: bool,
    /// Another arithmetic than the workload's own.
    profile: Option<ProfileName>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ProfileName {
    Legacy,
    Modern,
}

/// All that an engine needs to know.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Problem {
    profile: ProfileName,
    policy_len: usize,
    gamma: f64,
    num_iter: usize,
    df_tolerance: f64,
    model: GenerativeModel,
    together: bool,
    /// `[agent][step][modality]`.
    observations: Vec<Vec<Vec<usize>>>,
    /// `[agent][step, factor]`: what this engine did. A peer does the same whatever it chose, so
    /// that one that decides a tie otherwise still lives the same life.
    actions: Vec<Vec<usize>>,
}

/// What the agents did and came to believe: `[agent][...]`.
#[derive(Default)]
struct Lived {
    /// One per factor and step.
    actions: Vec<Vec<usize>>,
    /// How far each step's action was ahead of the next best, once per factor.
    margins: Vec<Vec<f64>>,
    /// At the end of each life.
    beliefs: Vec<Vec<f64>>,
    /// At the end of each life.
    policies: Vec<Vec<f64>>,
}

/// A problem ready to be solved.
struct Lives {
    model: Arc<Model>,
    workspace: Workspace,
    agents: Vec<Agent>,
    /// The same agents stepped together, if they are to be.
    population: Option<Population>,
    /// `[agent][step][modality]`.
    observations: Vec<Vec<Vec<usize>>>,
    /// `[step]`, each `[agent][modality]`.
    observations_by_step: Vec<Vec<usize>>,
}

fn main() -> io::Result<()> {
    peer::serve(export, load)
}

fn export(request: &str) -> Result<Value, Refused> {
    Ok(serde_json::to_value(Problem::of(&serde_json::from_str(request)?)?)?)
}

fn load(problem: &str) -> Result<Loaded, Refused> {
    let loaded = Lives::new(&serde_json::from_str(problem)?)?;
    let way = match loaded.population {
        Some(_) => "a population, f64",
        None => "agents in turn, f64",
    };
    Ok((way.to_owned(), Box::new(loaded)))
}

impl peer::Session for Lives {
    fn answer(&mut self) -> Result<Answer, Refused> {
        let lived = self.live()?;
        let choices = lived.actions.iter().map(|life| life.iter().map(|a| *a as i64).collect());
        Ok(Answer {
            choices: choices.collect(),
            margins: lived.margins,
            numbers: BTreeMap::from([
                ("beliefs".to_owned(), lived.beliefs),
                ("policies".to_owned(), lived.policies),
            ]),
        })
    }

    fn measure(&mut self, repeats: u32) -> Result<Measured, Refused> {
        let (time, steps) = self.time(repeats)?;
        Ok(Measured::time(time, steps as u64))
    }
}

impl Problem {
    fn of(request: &Request) -> Result<Self, Refused> {
        let name = &request.name;
        let workload =
            workload::find("step", name).ok_or_else(|| format!("no workload 'step/{name}'"))?;
        let options = match request.profile {
            None => workload.options(),
            Some(name) => {
                let policy_len = workload.options().policy_len;
                Options { policy_len, ..Options::of(name.into()) }
            }
        };
        let model = Model::new(&workload.generative_model(), options.clone())?;
        let observations: Result<_, _> = (0..request.agents)
            .map(|agent| workload.episode(&model, EPISODE_SEED + agent, request.steps))
            .collect();
        let mut problem = Self {
            profile: match options.profile {
                Profile::Legacy => ProfileName::Legacy,
                Profile::Modern => ProfileName::Modern,
            },
            policy_len: options.policy_len,
            gamma: options.gamma,
            num_iter: options.num_iter,
            df_tolerance: options.df_tolerance,
            model: workload.generative_model(),
            together: request.together,
            observations: observations?,
            actions: Vec::new(),
        };
        problem.actions = Lives::new(&problem)?.live()?.actions;
        Ok(problem)
    }
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Legacy => Self::Legacy,
            ProfileName::Modern => Self::Modern,
        }
    }
}

impl Lives {
    fn new(problem: &Problem) -> Result<Self, Refused> {
        let options = Options {
            policy_len: problem.policy_len,
            gamma: problem.gamma,
            num_iter: problem.num_iter,
            df_tolerance: problem.df_tolerance,
            ..Options::of(problem.profile.into())
        };
        let model = Model::new(&problem.model, options)?;
        let observations = problem.observations.clone();
        let steps = observations.first().map_or(0, Vec::len);
        let of_step = |step: usize| observations.iter().flat_map(move |life| life[step].clone());
        let population = problem.together.then(|| {
            let mut population = Population::new(&model);
            (0..observations.len()).for_each(|_| {
                population.spawn(0);
            });
            population
        });
        Ok(Self {
            workspace: Workspace::new(&model),
            agents: vec![Agent::new(&model); observations.len()],
            population,
            observations_by_step: (0..steps).map(|step| of_step(step).collect()).collect(),
            observations,
            model,
        })
    }

    /// The time of this many lives of every agent, and the steps taken in it.
    fn time(&mut self, repeats: u32) -> Result<(Duration, usize), StepError> {
        let mut time = Duration::ZERO;
        for _ in 0..repeats {
            self.agents.iter_mut().for_each(Agent::reset);
            if let Some(population) = &mut self.population {
                population.reset();
            }
            let began = Instant::now();
            match &mut self.population {
                Some(population) => {
                    for observations in &self.observations_by_step {
                        black_box(population.step_all(observations, 1)?);
                    }
                }
                None => {
                    for (agent, life) in self.agents.iter_mut().zip(&self.observations) {
                        for observation in life {
                            black_box(agent.step(observation, &mut self.workspace)?);
                        }
                    }
                }
            }
            time += began.elapsed();
        }
        let steps: usize = self.observations.iter().map(Vec::len).sum();
        Ok((time, steps * repeats as usize))
    }

    /// What the agents did and came to believe. Where they live together, what they do and
    /// believe is the population's; what their policies were worth to them is found by agents
    /// that are led through the same lives.
    fn live(&mut self) -> Result<Lived, StepError> {
        let mut lived = Lived::default();
        let together = self.population.as_mut().map(|population| {
            population.reset();
            let factors = population.model().factors();
            let mut choices = vec![Vec::new(); self.agents.len()];
            for observations in &self.observations_by_step {
                let chosen = population.step_all(observations, 1)?.chunks_exact(factors);
                choices.iter_mut().zip(chosen).for_each(|(all, one)| all.extend_from_slice(one));
            }
            let members: Vec<_> = population.members().collect();
            let beliefs = members.into_iter().map(|member| population.beliefs(member));
            Ok::<_, StepError>((choices, beliefs.collect::<Result<Vec<_>, _>>()?))
        });
        let together = together.transpose()?;
        let factors = self.model.factors();
        for (index, (agent, life)) in self.agents.iter_mut().zip(&self.observations).enumerate() {
            agent.reset();
            let (mut choices, mut margins) = (Vec::new(), Vec::new());
            for (step, observation) in life.iter().enumerate() {
                let own = agent.step(observation, &mut self.workspace)?.to_vec();
                let done = match &together {
                    Some((all, _)) => all[index][step * factors..][..factors].to_vec(),
                    None => own,
                };
                agent.set_action(&done)?;
                margins.extend(leads(&self.model, &done, self.workspace.q_pi()));
                choices.extend(done);
            }
            lived.actions.push(choices);
            lived.margins.push(margins);
            lived.policies.push(self.workspace.q_pi().to_vec());
            lived.beliefs.push(match &together {
                Some((_, beliefs)) => beliefs[index].clone(),
                None => agent.beliefs().to_vec(),
            });
        }
        Ok(lived)
    }
}

/// How much more probable each factor's action is than any other of that factor.
fn leads(model: &Model, action: &[usize], q_pi: &[f64]) -> Vec<f64> {
    let lead = |(factor, chosen): (usize, &usize)| {
        let mut marginals = Vec::new();
        for (policy, q) in q_pi.iter().enumerate() {
            let first = model.policies().first_action(policy)[factor];
            if first >= marginals.len() {
                marginals.resize(first + 1, 0.0);
            }
            marginals[first] += q;
        }
        let others = marginals.iter().enumerate().filter(|(action, _)| action != chosen);
        others.map(|(_, q)| marginals[*chosen] - q).fold(1.0, f64::min)
    };
    action.iter().enumerate().map(lead).collect()
}
