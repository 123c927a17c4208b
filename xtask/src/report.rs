//! `cargo xtask report`: a run as a page to attach to a pull request.

use std::path::PathBuf;

use measure::comparison::{Comparison, Times, Verdict, obstacles_to_counts, obstacles_to_times};
use measure::{Outcome, Profile, Record, Run};

use crate::compare::named;
use crate::comparisons;
use crate::failure::Failure;
use crate::limits::Limits;
use crate::page::{self, Form, Grid, Page, Part, Section};
use crate::results::Results;
use crate::tables;
use crate::target_table::{Status, TargetTable};
use crate::workspace::Workspace;

/// Which run, and how it is written down.
#[derive(Clone, Debug, clap::Args)]
pub struct ReportArguments {
    /// The run: a file, `latest`, a release's name or a run's id; the last run if none is given
    run: Option<String>,
    /// The run that it is compared with, named likewise; the baseline if none is given
    #[arg(long, value_name = "RUN")]
    against: Option<String>,
    /// Only what changed and which targets are missed, for a comment
    #[arg(long)]
    short: bool,
    /// Write Markdown
    #[arg(long, conflicts_with = "html")]
    markdown: bool,
    /// Write a page for a browser
    #[arg(long)]
    html: bool,
    /// Write to this file instead of the terminal
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The command.
pub fn command(arguments: &ReportArguments) -> Result<(), Failure> {
    let workspace = Workspace::discover()?;
    let results = workspace.results();
    let run = Results::find(&results, arguments.run.as_deref().unwrap_or("latest"))?;
    let before = match &arguments.against {
        Some(name) => Some(Results::find(&results, name)?),
        None if Results::baseline(&results).exists() => Some(Results::find(&results, "baseline")?),
        None => None,
    };
    let targets = TargetTable::read_if_there(&workspace.targets_file())?;
    let mut sections = vec![summary(&run)];
    sections.extend(targets.map(|targets| of_targets(&targets, &run, arguments.short)));
    sections.extend(changes(&workspace, before.as_ref(), &run)?);
    if !arguments.short {
        sections.extend(figures(&workspace, &run));
        sections.push(usage(&run));
        sections.push(environment(&run));
    }
    let page = Page { title: format!("Run {}", run.id), sections };
    let form = match (arguments.markdown, arguments.html) {
        (true, _) => Form::Markdown,
        (_, true) => Form::Html,
        _ => Form::Text,
    };
    page::write(&page.shown(form), arguments.output.as_deref())
}

fn summary(run: &Run) -> Section {
    let mut parts = vec![Part::Text(format!("{}, begun {}", named(run), run.started))];
    let mut doubts = Vec::new();
    if run.profile == Profile::Quick {
        doubts.push("a quick run: times are too noisy for history".to_owned());
    }
    if run.outcome == Outcome::Partial {
        doubts.push("interrupted: what was measured until then is here".to_owned());
    }
    if !run.selection.is_everything() {
        let parts = [&run.selection.only, &run.selection.filter];
        let narrowed: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        doubts.push(format!("narrowed to {}", narrowed.join(", ")));
    }
    for suite in &run.suites {
        let remarks = suite.remarks.iter().map(|remark| format!("{}: {remark}", suite.suite));
        doubts.extend(remarks);
    }
    parts.extend(doubts.into_iter().map(Part::Text));
    Section { title: "Summary".to_owned(), parts }
}

fn of_targets(targets: &TargetTable, run: &Run, short: bool) -> Section {
    let judged = targets.judge(run);
    let shown: Vec<_> =
        judged.iter().filter(|row| !short || row.status == Status::Missed).cloned().collect();
    let (title, ..) = tables::of_targets(&judged);
    let (_, grid, reasons) = tables::of_targets(&shown);
    let mut parts = Vec::new();
    if !grid.rows.is_empty() {
        parts.push(Part::Table(grid));
    }
    parts.extend(reasons.into_iter().map(Part::Text));
    Section { title, parts }
}

/// What changed since another run, as far as the two can be compared.
fn changes(
    workspace: &Workspace,
    before: Option<&Run>,
    run: &Run,
) -> Result<Vec<Section>, Failure> {
    let title = "Changes".to_owned();
    let Some(before) = before else {
        let text = "there is no baseline to compare with ('cargo xtask baseline save' takes one)";
        return Ok(vec![Section { title, parts: vec![Part::Text(text.to_owned())] }]);
    };
    let limits = Limits::read(&workspace.limits_file())?;
    let mut parts = vec![Part::Text(format!("since {}", named(before)))];
    let (counts, times) = (obstacles_to_counts(before, run), obstacles_to_times(before, run));
    let obstacles = counts.iter().map(|obstacle| format!("counts are not comparable: {obstacle}"));
    let obstacles =
        obstacles.chain(times.iter().map(|obstacle| format!("times are not judged: {obstacle}")));
    parts.extend(obstacles.map(Part::Text));
    let judged = if times.is_empty() { Times::Judged } else { Times::Listed };
    let mut comparison = Comparison::of(before, run, |record| limits.of(record), judged);
    if !counts.is_empty() {
        comparison.pairs.retain(|pair| !pair.kind.is_exact());
    }
    // A report is of what was measured: what the other run has besides is no news.
    comparison.gone.clear();
    let is_news = |verdict| !comparison.with(verdict).is_empty();
    if !is_news(Verdict::Worse) && !is_news(Verdict::Better) {
        parts.push(Part::Text("nothing got worse or better beyond its limit".to_owned()));
    }
    comparison.new.clear();
    let mut sections = vec![Section { title, parts }];
    sections.extend(comparisons::sections(&comparison));
    Ok(sections)
}

/// Every figure, group by group, with what the group measures.
fn figures(workspace: &Workspace, run: &Run) -> Vec<Section> {
    let mut sections = Vec::new();
    let groups = run.records.iter().map(|record| (&record.suite, &record.group));
    for (suite, group) in tables::in_order(groups) {
        let is_of = |record: &&Record| record.suite == *suite && record.group == *group;
        let records: Vec<&Record> = run.records.iter().filter(is_of).collect();
        let known = workspace.suites.iter().find(|known| known.name == *suite);
        let analysis = known.and_then(|known| known.groups.get(group));
        let analysis = analysis.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
        let mut parts: Vec<Part> = analysis.into_iter().map(Part::Text).collect();
        parts.extend(tables::of_group(&records).into_iter().map(Part::Table));
        sections.push(Section { title: format!("{suite}/{group}"), parts });
    }
    sections
}

fn usage(run: &Run) -> Section {
    let mut parts = Vec::new();
    for suite in &run.suites {
        let findings = suite.usage.findings();
        let findings = findings.iter().map(|finding| format!("{}: {finding}", suite.suite));
        parts.extend(findings.map(Part::Text));
    }
    if parts.is_empty() {
        parts.push(Part::Text("nothing was saturated while the suites ran".to_owned()));
    }
    Section { title: "The machine meanwhile (USE)".to_owned(), parts }
}

fn environment(run: &Run) -> Section {
    let unknown = || "unknown".to_owned();
    let toolchain = &run.toolchain;
    let rows = [
        ("machine", run.machine.describe()),
        ("before", run.noise.before.as_ref().map_or_else(unknown, |before| before.describe())),
        ("after", run.noise.after.as_ref().map_or_else(unknown, |after| after.describe())),
        ("rustc", toolchain.rustc.clone().unwrap_or_else(unknown)),
        ("C library", toolchain.libc.clone().unwrap_or_else(unknown)),
        ("valgrind", toolchain.valgrind.clone().unwrap_or_else(|| "none".to_owned())),
        ("target processor", toolchain.target_cpu.clone()),
    ];
    let rows = rows.into_iter().map(|(what, value)| vec![what.to_owned(), value]).collect();
    let method = "How each kind of figure is taken, and what it cannot tell, is in METHODOLOGY.md.";
    let parts = vec![Part::Table(Grid::new(&["", ""], rows)), Part::Text(method.to_owned())];
    Section { title: "Environment and method".to_owned(), parts }
}
