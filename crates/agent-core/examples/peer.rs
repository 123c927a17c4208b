//! This engine's side of `cargo xtask peers agent-core`: gives the benches' own problems away as
//! data, and solves them as the peers do.
//!
//! Reads a request a line, answers each with a line of JSON; benches/peers/README.md says which.

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::io::{self, BufRead as _, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use agent_core::workload::{self, EPISODE_SEED};
use agent_core::{Agent, GenerativeModel, Model, Options, Profile, StepError, Workspace};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

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
#[derive(Default, Serialize)]
struct Answer {
    /// Actions, one per factor and step.
    choices: Vec<Vec<usize>>,
    /// How far each step's action was ahead of the next best, once per factor.
    margins: Vec<Vec<f64>>,
    numbers: Numbers,
}

/// At the end of each life.
#[derive(Default, Serialize)]
struct Numbers {
    beliefs: Vec<Vec<f64>>,
    policies: Vec<Vec<f64>>,
}

/// A problem ready to be solved.
struct Session {
    model: Arc<Model>,
    workspace: Workspace,
    agents: Vec<Agent>,
    together: bool,
    observations: Vec<Vec<Vec<usize>>>,
}

fn main() -> io::Result<()> {
    let mut session = None;
    for line in io::stdin().lock().lines() {
        let reply =
            reply(&line?, &mut session).unwrap_or_else(|e| json!({ "error": e.to_string() }));
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{reply}")?;
        stdout.flush()?;
    }
    Ok(())
}

fn reply(line: &str, session: &mut Option<Session>) -> Result<Value, Box<dyn Error>> {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    if verb == "export" {
        return Ok(serde_json::to_value(Problem::of(&serde_json::from_str(rest)?)?)?);
    }
    if verb == "load" {
        *session = Some(Session::new(&serde_json::from_str(&fs::read_to_string(rest)?)?)?);
        return Ok(json!({ "ready": "agents in turn, f64" }));
    }
    let session = session.as_mut().ok_or("nothing was loaded")?;
    match verb {
        "measure" => {
            let (time, steps) = session.measure(rest.parse()?)?;
            Ok(json!({ "ns": time.as_nanos() as f64, "operations": steps }))
        }
        "answer" => Ok(serde_json::to_value(session.answer()?)?),
        _ => Err(format!("'{verb}' is no request").into()),
    }
}

impl Problem {
    fn of(request: &Request) -> Result<Self, Box<dyn Error>> {
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
        problem.actions = Session::new(&problem)?.answer()?.choices;
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

impl Session {
    fn new(problem: &Problem) -> Result<Self, Box<dyn Error>> {
        let options = Options {
            policy_len: problem.policy_len,
            gamma: problem.gamma,
            num_iter: problem.num_iter,
            df_tolerance: problem.df_tolerance,
            ..Options::of(problem.profile.into())
        };
        let model = Model::new(&problem.model, options)?;
        Ok(Self {
            workspace: Workspace::new(&model),
            agents: vec![Agent::new(&model); problem.observations.len()],
            together: problem.together,
            observations: problem.observations.clone(),
            model,
        })
    }

    /// The time of this many lives of every agent, and the steps taken in it.
    fn measure(&mut self, repeats: u32) -> Result<(Duration, usize), StepError> {
        let mut time = Duration::ZERO;
        for _ in 0..repeats {
            self.agents.iter_mut().for_each(Agent::reset);
            let began = Instant::now();
            self.live(|_, action, _| {
                black_box(action);
            })?;
            time += began.elapsed();
        }
        let steps: usize = self.observations.iter().map(Vec::len).sum();
        Ok((time, steps * repeats as usize))
    }

    /// The life of every agent.
    fn live(
        &mut self,
        mut acted: impl FnMut(usize, &[usize], &Workspace),
    ) -> Result<(), StepError> {
        if self.together {
            return self.live_together(acted);
        }
        for (index, (agent, life)) in self.agents.iter_mut().zip(&self.observations).enumerate() {
            for observation in life {
                agent.step(observation, &mut self.workspace)?;
                acted(index, self.workspace.action(), &self.workspace);
            }
        }
        Ok(())
    }

    /// The same step by step. Whatever steps a whole population belongs here.
    fn live_together(
        &mut self,
        mut acted: impl FnMut(usize, &[usize], &Workspace),
    ) -> Result<(), StepError> {
        let steps = self.observations.first().map_or(0, Vec::len);
        for step in 0..steps {
            for (index, agent) in self.agents.iter_mut().enumerate() {
                agent.step(&self.observations[index][step], &mut self.workspace)?;
                acted(index, self.workspace.action(), &self.workspace);
            }
        }
        Ok(())
    }

    fn answer(&mut self) -> Result<Answer, StepError> {
        let agents = self.agents.len();
        let mut answer = Answer {
            choices: vec![Vec::new(); agents],
            margins: vec![Vec::new(); agents],
            numbers: Numbers { beliefs: Vec::new(), policies: vec![Vec::new(); agents] },
        };
        self.agents.iter_mut().for_each(Agent::reset);
        let model = Arc::clone(&self.model);
        self.live(|agent, action, workspace| {
            answer.choices[agent].extend(action);
            answer.margins[agent].extend(margins(&model, action, workspace.q_pi()));
            answer.numbers.policies[agent] = workspace.q_pi().to_vec();
        })?;
        answer.numbers.beliefs = self.agents.iter().map(|agent| agent.beliefs().to_vec()).collect();
        Ok(answer)
    }
}

/// How much more probable each factor's action is than any other of that factor.
fn margins(model: &Model, action: &[usize], q_pi: &[f64]) -> Vec<f64> {
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
