//! Call sites and changes as tables, or as JSON.

use std::fmt::Write as _;

use measure::heap_profile::{Change, Frame, Rank, Site, Totals};
use measure::{Figure, HeapProfile, Unit, table};
use serde::Serialize;

/// A profile, what it is shown beside, and how much of it.
pub struct Shown<'a> {
    pub profile: &'a HeapProfile,
    pub before: Option<&'a HeapProfile>,
    pub top: usize,
}

const RANKS: [(Rank, &str); 4] = [
    (Rank::Bytes, "Most bytes"),
    (Rank::Blocks, "Most blocks"),
    (Rank::Lifetime, "Longest lives"),
    (Rank::End, "Still there at the end"),
];

#[derive(Serialize)]
struct AsJson {
    command: String,
    time_unit: String,
    duration: u64,
    totals: TotalsAsJson,
    sites: Vec<SiteAsJson>,
    changes: Option<Vec<ChangeAsJson>>,
}

#[derive(Serialize)]
struct TotalsAsJson {
    bytes: u64,
    blocks: u64,
    peak_bytes: u64,
    end_bytes: u64,
}

#[derive(Serialize)]
struct SiteAsJson {
    owner: String,
    stack: Vec<String>,
    bytes: u64,
    blocks: u64,
    mean_lifetime: u64,
    peak_bytes: u64,
    peak_blocks: u64,
    end_bytes: u64,
    end_blocks: u64,
}

#[derive(Serialize)]
struct ChangeAsJson {
    owner: String,
    stack: Vec<String>,
    bytes: [u64; 2],
    blocks: [u64; 2],
}

impl Shown<'_> {
    /// The most of each rank, and what changed.
    pub fn tables(&self) -> String {
        let Totals { bytes, blocks, peak_bytes, end_bytes } = self.profile.totals();
        let sites = counted(self.profile.sites.len() as u64, "call site");
        let mut text = format!(
            "{} in {} by {sites}; at most {} at a time, {} at the end\n",
            size(bytes),
            counted(blocks, "block"),
            size(peak_bytes),
            size(end_bytes)
        );
        let unit = &self.profile.time_unit;
        for (rank, title) in RANKS {
            let ranked = self.profile.ranked(rank);
            let rows: Vec<_> = ranked.iter().take(self.top).map(|site| self.row(site)).collect();
            if !rows.is_empty() {
                let life = format!("mean life ({unit})");
                let header = ["call site", "bytes", "blocks", &life, "at peak", "at end"];
                let _ = write!(text, "\n{title}\n{}\n", table::render(&header, &rows));
            }
        }
        if let Some(before) = self.before {
            text.push_str(&self.changes(before));
        }
        text
    }

    fn row(&self, site: &Site) -> Vec<String> {
        vec![
            owner(site.owner()),
            share(site.bytes, self.profile.totals().bytes),
            site.blocks.to_string(),
            site.mean_lifetime().to_string(),
            site.peak_bytes.to_string(),
            site.end_bytes.to_string(),
        ]
    }

    fn changes(&self, before: &HeapProfile) -> String {
        let changes = self.profile.changes_since(before);
        let (old, new) = (before.totals(), self.profile.totals());
        let mut text = format!(
            "\nSince the profile before: {} bytes, {} blocks; {} changed\n",
            signed([old.bytes, new.bytes]),
            signed([old.blocks, new.blocks]),
            counted(changes.len() as u64, "call site")
        );
        let row = |change: &Change| {
            let [before, after] = change.bytes;
            vec![
                owner(change.owner()),
                before.to_string(),
                after.to_string(),
                signed(change.bytes),
                signed(change.blocks),
            ]
        };
        let rows: Vec<_> = changes.iter().take(self.top).map(row).collect();
        if !rows.is_empty() {
            let header = ["call site", "bytes before", "bytes now", "bytes", "blocks"];
            let _ = writeln!(text, "{}", table::render(&header, &rows));
        }
        text
    }

    /// All sites, the most bytes first, with their whole stacks.
    pub fn json(&self) -> anyhow::Result<String> {
        let Totals { bytes, blocks, peak_bytes, end_bytes } = self.profile.totals();
        let site = |site: &Site| SiteAsJson {
            owner: owner(site.owner()),
            stack: stack(&site.frames),
            bytes: site.bytes,
            blocks: site.blocks,
            mean_lifetime: site.mean_lifetime(),
            peak_bytes: site.peak_bytes,
            peak_blocks: site.peak_blocks,
            end_bytes: site.end_bytes,
            end_blocks: site.end_blocks,
        };
        let change = |change: &Change| ChangeAsJson {
            owner: owner(change.owner()),
            stack: stack(&change.frames),
            bytes: change.bytes,
            blocks: change.blocks,
        };
        let changes = |before| self.profile.changes_since(before).iter().map(change).collect();
        let ranked = self.profile.ranked(Rank::Bytes);
        Ok(serde_json::to_string_pretty(&AsJson {
            command: self.profile.command.clone(),
            time_unit: self.profile.time_unit.clone(),
            duration: self.profile.end,
            totals: TotalsAsJson { bytes, blocks, peak_bytes, end_bytes },
            sites: ranked.into_iter().map(site).collect(),
            changes: self.before.map(changes),
        })?)
    }
}

fn stack(frames: &[Frame]) -> Vec<String> {
    frames.iter().map(Frame::to_string).collect()
}

fn owner(frame: Option<&Frame>) -> String {
    frame.map_or_else(|| "unknown".to_owned(), Frame::to_string)
}

fn size(bytes: u64) -> String {
    Figure { value: bytes as f64, unit: Unit::Bytes }.to_string()
}

fn counted(number: u64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

fn share(part: u64, whole: u64) -> String {
    format!("{part} ({:.0} %)", 100.0 * part as f64 / whole.max(1) as f64)
}

fn signed([before, after]: [u64; 2]) -> String {
    let sign = if after < before { '-' } else { '+' };
    format!("{sign}{}", after.abs_diff(before))
}
