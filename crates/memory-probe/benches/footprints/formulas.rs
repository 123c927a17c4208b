//! Bytes as a function of parameters, fitted over random models and over routers.

use std::error::Error;
use std::num::NonZeroUsize;
use std::sync::Arc;

use agent_core::{Agent, Model, ModelError, Options, Profile, Trace, Workspace, models};
use measure::report::Report;
use measure::{Direction, Record, Unit};
use memory_probe::{Coefficient, Formula, Term, footprint};
use router::workload::Message;
use router::{Envelope, MailboxOptions, Router};

use super::{bytes, derived};

/// Columns of a table, and of the formula above it.
const WIDTH: usize = 100;

/// Things that are made of each shape: the bytes of one are an average.
const FEW: NonZeroUsize = NonZeroUsize::new(4).unwrap();

/// A term's name and its value for a thing of this shape.
type Part<S> = (&'static str, fn(&S) -> usize);

/// A dense model of one factor and one modality.
#[derive(Clone, Copy, Debug)]
struct Shape {
    states: usize,
    observations: usize,
    actions: usize,
    horizon: u32,
}

const AGENT: [Part<Shape>; 2] = [("1", |_| 1), ("states", |s| s.states)];

const MODEL: [Part<Shape>; 6] = [
    ("1", |_| 1),
    ("states", |s| s.states),
    ("states x observations", |s| s.states * s.observations),
    ("states x actions", |s| s.states * s.actions),
    ("states^2 x actions", |s| s.states * s.states * s.actions),
    ("nodes", Shape::nodes),
];

const WORKSPACE: [Part<Shape>; 5] = [
    ("1", |_| 1),
    ("states", |s| s.states),
    ("observations", |s| s.observations),
    ("nodes", Shape::nodes),
    ("states x nodes", |s| s.states * s.nodes()),
];

impl Shape {
    fn policies(&self) -> usize {
        self.actions.pow(self.horizon)
    }

    /// Nodes of the policy tree.
    fn nodes(&self) -> usize {
        (1..=self.horizon).map(|steps| self.actions.pow(steps)).sum()
    }

    fn model(&self) -> Result<Arc<Model>, ModelError> {
        let Self { states, observations, actions, horizon } = *self;
        let options = Options { policy_len: horizon as usize, ..Options::of(Profile::Modern) };
        Model::new(&models::random(&[states], &[observations], &[actions], 1), options)
    }
}

fn shapes() -> Vec<Shape> {
    let mut shapes = Vec::new();
    for states in [4, 10, 25, 60] {
        for observations in [3, 12, 50] {
            for actions in [2, 3, 5] {
                let of_horizon = |horizon| Shape { states, observations, actions, horizon };
                shapes.extend((1..=3).map(of_horizon));
            }
        }
    }
    shapes
}

/// An agent, its model and its workspace by states, observations, actions and horizon.
pub fn agents(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let shapes = shapes();
    let (mut agents, mut compiled, mut rooms) = (Vec::new(), Vec::new(), Vec::new());
    for shape in &shapes {
        let model = shape.model()?;
        agents.push(footprint(FEW, |_| Agent::new(&model))?.bytes());
        compiled.push(footprint(FEW, |_| shape.model().unwrap())?.bytes());
        rooms.push(footprint(FEW, |_| Workspace::new(&model))?.bytes());
    }
    fitted(report, "agent", &AGENT, &shapes, &agents)?;
    fitted(report, "model", &MODEL, &shapes, &compiled)?;
    fitted(report, "workspace", &WORKSPACE, &shapes, &rooms)
}

/// An agent's past: what it saw, did and believed at each step, and what its policies were worth.
struct Past {
    shape: Shape,
    steps: usize,
}

const HISTORY: [Part<Past>; 4] = [
    ("1", |_| 1),
    ("steps", |p| p.steps),
    ("steps x states", |p| p.steps * p.shape.states),
    ("steps x policies", |p| p.steps * p.shape.policies()),
];

impl Past {
    fn live(&self, model: &Arc<Model>) -> Trace {
        let (mut agent, mut workspace) = (Agent::new(model), Workspace::new(model));
        let mut trace = Trace::default();
        for step in 0..self.steps {
            let observation = [step % self.shape.observations];
            let action = agent.step(&observation, &mut workspace).unwrap().to_vec();
            trace.push(&observation, &agent, &workspace, &action);
        }
        trace
    }
}

/// The engine's `Trace` by the steps that it holds, and what of it is room for further steps.
pub fn histories(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let (mut pasts, mut observed, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for steps in [10, 50, 100, 500, 1_000] {
        for states in [4, 25, 60] {
            for actions in [2, 5] {
                let shape = Shape { states, observations: 12, actions, horizon: 2 };
                let (model, past) = (shape.model()?, Past { shape, steps });
                let found = footprint(FEW, |_| past.live(&model))?;
                if (states, actions) == (4, 2) {
                    let parts = parts(&past.live(&model)) as f64;
                    rows.push(vec![
                        steps.to_string(),
                        format!("{:.0}", found.bytes()),
                        format!("{parts:.0}"),
                        format!("{:.1} %", found.spare_percent(parts)),
                        format!("{:.1}", found.blocks() / steps as f64),
                    ]);
                }
                observed.push(found.bytes());
                pasts.push(past);
            }
        }
    }
    fitted(report, "history", &HISTORY, &pasts, &observed)?;
    report.table(
        "A history of 4 states and 4 policies, and the sum of its numbers and their headers",
        &["steps", "bytes", "parts", "spare", "blocks a step"],
        &rows,
    )?;
    Ok(())
}

/// Bytes that a trace needs for what it holds.
fn parts(trace: &Trace) -> usize {
    fn rows<T>(rows: &[Vec<T>]) -> usize {
        size_of_val(rows) + rows.iter().map(|row| size_of_val(&row[..])).sum::<usize>()
    }
    let Trace { observations, actions, qs, q_pi, neg_efe } = trace;
    let beliefs = size_of_val(&qs[..]) + qs.iter().map(|factor| rows(factor)).sum::<usize>();
    let seen_and_done = rows(observations) + rows(actions);
    size_of::<Trace>() + seen_and_done + beliefs + rows(q_pi) + rows(neg_efe)
}

/// A router whose agents have each so many messages waiting.
struct Traffic {
    agents: usize,
    waiting: usize,
}

const ROUTER: [Part<Traffic>; 3] =
    [("1", |_| 1), ("agents", |t| t.agents), ("messages", |t| t.agents * t.waiting)];

impl Traffic {
    fn router(&self) -> Router<Message> {
        let router = Router::default();
        for _ in 0..self.agents {
            let agent = router.register(MailboxOptions::default()).unwrap();
            for _ in 0..self.waiting {
                router.send(agent, Envelope::new(None, [1; 8])).unwrap();
            }
        }
        router
    }
}

/// Routers by agents and by 64-byte messages that wait.
pub fn routers(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let (mut routers, mut observed) = (Vec::new(), Vec::new());
    for agents in [100, 300, 1_000, 3_000, 10_000] {
        for waiting in [0, 1, 3, 10, 30] {
            let traffic = Traffic { agents, waiting };
            observed.push(footprint(NonZeroUsize::MIN, |_| traffic.router())?.bytes());
            routers.push(traffic);
        }
    }
    fitted(report, "router", &ROUTER, &routers, &observed)
}

/// Fits, records and prints.
fn fitted<S>(
    report: &mut Report,
    of: &str,
    parts: &[Part<S>],
    things: &[S],
    observed: &[f64],
) -> Result<(), Box<dyn Error>> {
    let term = |(name, value): &Part<S>| Term {
        name: (*name).to_owned(),
        values: things.iter().map(|thing| value(thing) as f64).collect(),
    };
    let terms: Vec<Term> = parts.iter().map(term).collect();
    let formula = Formula::fit("bytes", &terms, observed)?;
    let mut rows = Vec::new();
    for Coefficient { term, value, interval } in &formula.coefficients {
        let figure = report.figure("coefficient", Unit::Bytes, *value);
        let record = derived(figure).parameter("of", of).parameter("term", term);
        report.record(&Record { interval: *interval, count: things.len() as u64, ..record })?;
        let interval =
            interval.map_or_else(|| "-".to_owned(), |[low, high]| format!("{low:.2} to {high:.2}"));
        rows.push(vec![term.clone(), format!("{value:.2}"), interval]);
    }
    for (metric, value) in [
        ("largest_error", formula.largest_error),
        ("unexplained", 1.0 - formula.r_squared.unwrap_or(1.0)),
    ] {
        let record = report.figure(metric, Unit::Ratio, value).parameter("of", of);
        report.record(&Record { direction: Direction::LowerIsBetter, ..record })?;
    }
    let (least, most) = observed
        .iter()
        .fold((f64::INFINITY, 0.0_f64), |(least, most), &y| (least.min(y), most.max(y)));
    let title = format!(
        "{of}: {} of {} to {}; residuals {} (root of the mean square) and {} (largest)\n{}",
        things.len(),
        bytes(least),
        bytes(most),
        bytes(formula.rms_residual),
        bytes(formula.largest_residual),
        wrapped(&formula.to_string()),
    );
    report.table(&title, &["each", "bytes", "95 % interval"], &rows)?;
    Ok(())
}

/// A formula in lines that begin with a sign: half of a line has room for what is between two.
fn wrapped(formula: &str) -> String {
    let mut lines = String::new();
    let mut width = 0;
    for word in formula.split_inclusive(' ') {
        if matches!(word, "+ " | "- ") && width > WIDTH / 2 {
            lines.truncate(lines.trim_end().len());
            lines.push_str("\n  ");
            width = 2;
        }
        lines.push_str(word);
        width += word.len();
    }
    lines
}
