//! Heap profiles in DHAT's format, as the crate `dhat` and valgrind's tool of that name write them:
//! which call sites allocate, how much, and how long it lives.
//!
//! The format is described in valgrind's `dhat/dh_main.c` and read by its viewer.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use fnv::FnvBuildHasher;
use serde::Deserialize;

/// The version of the format that is read.
const VERSION: u64 = 2;

/// What a program allocated, by call site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeapProfile {
    /// The program and its arguments.
    pub command: String,
    /// What times and lifetimes count: `µs` by the crate `dhat`, `instrs` by valgrind.
    pub time_unit: String,
    /// When the profile ended, since its beginning.
    pub end: u64,
    /// Each stack once, in the order they were first seen.
    pub sites: Vec<Site>,
}

/// A stack on which blocks were allocated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The innermost first.
    pub frames: Vec<Frame>,
    /// All that was ever allocated.
    pub bytes: u64,
    /// All blocks ever.
    pub blocks: u64,
    /// The sum of how long they lived, in the profile's unit of time.
    pub lifetimes: u64,
    /// Bytes that lived when most lived in the whole program.
    pub peak_bytes: u64,
    /// Blocks that lived then.
    pub peak_blocks: u64,
    /// Bytes that lived at the end.
    pub end_bytes: u64,
    /// Blocks that lived at the end.
    pub end_blocks: u64,
}

/// A function on a stack.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Frame {
    /// Its name, with its path.
    pub function: String,
    /// File and line, where they are known.
    pub place: Option<String>,
}

/// What call sites are ordered by, the most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// Bytes ever allocated.
    Bytes,
    /// Blocks ever allocated.
    Blocks,
    /// How long a block lived on average.
    Lifetime,
    /// Bytes that lived when most lived in the whole program: what leaks is there, be it freed later
    /// or not.
    Peak,
    /// Bytes that lived at the end.
    End,
}

/// What all sites have together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// All that was ever allocated.
    pub bytes: u64,
    /// All blocks ever.
    pub blocks: u64,
    /// Bytes that lived when most lived.
    pub peak_bytes: u64,
    /// Bytes that lived at the end.
    pub end_bytes: u64,
}

/// A stack in two profiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The innermost first, places as in the profile that has them.
    pub frames: Vec<Frame>,
    /// Bytes before and after.
    pub bytes: [u64; 2],
    /// Blocks before and after.
    pub blocks: [u64; 2],
}

/// Why a file is no heap profile.
#[derive(Debug, thiserror::Error)]
pub enum HeapProfileError {
    /// It cannot be read.
    #[error("{}: cannot be read: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is not what DHAT writes.
    #[error("{}: not a profile as DHAT writes them: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
}

/// The file, as far as it is needed. Names are the format's own.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    dhat_file_version: u64,
    mode: String,
    #[serde(rename = "bklt")]
    has_lifetimes: bool,
    #[serde(rename = "cmd")]
    command: String,
    #[serde(rename = "tu")]
    time_unit: String,
    #[serde(rename = "te")]
    end: u64,
    #[serde(rename = "pps")]
    points: Vec<Point>,
    #[serde(rename = "ftbl")]
    frames: Vec<String>,
}

/// One of its program points.
#[derive(Deserialize)]
struct Point {
    #[serde(rename = "tb")]
    bytes: u64,
    #[serde(rename = "tbk")]
    blocks: u64,
    #[serde(rename = "tl")]
    lifetimes: u64,
    #[serde(rename = "gb")]
    peak_bytes: u64,
    #[serde(rename = "gbk")]
    peak_blocks: u64,
    #[serde(rename = "eb")]
    end_bytes: u64,
    #[serde(rename = "ebk")]
    end_blocks: u64,
    #[serde(rename = "fs")]
    frames: Vec<usize>,
}

impl HeapProfile {
    /// Reads a file.
    ///
    /// # Errors
    /// [`HeapProfileError`].
    pub fn read(path: &Path) -> Result<Self, HeapProfileError> {
        let text = fs::read_to_string(path)
            .map_err(|error| HeapProfileError::Read { path: path.to_owned(), error })?;
        Self::parse(&text)
            .map_err(|reason| HeapProfileError::Malformed { path: path.to_owned(), reason })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let written: Written = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if written.dhat_file_version != VERSION {
            let found = written.dhat_file_version;
            return Err(format!("version {found} of the format; this reads version {VERSION}"));
        }
        if !written.has_lifetimes {
            let mode = written.mode;
            return Err(format!("its mode is '{mode}', which has no lifetimes; profile the heap"));
        }
        let table: Vec<Frame> = written.frames.iter().map(|frame| Frame::parse(frame)).collect();
        let mut sites: Vec<Site> = Vec::new();
        let mut known: HashMap<Vec<Frame>, usize, FnvBuildHasher> = HashMap::default();
        for point in written.points {
            let frame = |index: &usize| {
                let known = table.get(*index);
                known.cloned().ok_or_else(|| format!("frame {index} of {} frames", table.len()))
            };
            let frames = point.frames.iter().map(frame).collect::<Result<Vec<_>, _>>()?;
            let site = *known.entry(frames).or_insert_with_key(|frames| {
                sites.push(Site::at(frames.clone()));
                sites.len() - 1
            });
            sites[site].add(&point);
        }
        let Written { command, time_unit, end, .. } = written;
        Ok(Self { command, time_unit, end, sites })
    }

    /// What all sites have together.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.sites.iter().fold(Totals::default(), |sum, site| Totals {
            bytes: sum.bytes.saturating_add(site.bytes),
            blocks: sum.blocks.saturating_add(site.blocks),
            peak_bytes: sum.peak_bytes.saturating_add(site.peak_bytes),
            end_bytes: sum.end_bytes.saturating_add(site.end_bytes),
        })
    }

    /// The sites that have anything of it, the most first. O(n log n).
    #[must_use]
    pub fn ranked(&self, rank: Rank) -> Vec<&Site> {
        let key = |site: &Site| match rank {
            Rank::Bytes => site.bytes,
            Rank::Blocks => site.blocks,
            Rank::Lifetime => site.mean_lifetime(),
            Rank::Peak => site.peak_bytes,
            Rank::End => site.end_bytes,
        };
        let mut sites: Vec<&Site> = self.sites.iter().filter(|site| key(site) > 0).collect();
        sites.sort_by_key(|site| Reverse((key(site), site.bytes)));
        sites
    }

    /// A line for each stack, the outermost function first, with its bytes: what flame graphs are
    /// drawn of.
    pub fn folded(&self) -> impl Iterator<Item = String> {
        self.sites.iter().filter(|site| site.bytes > 0).map(|site| {
            let outermost_first = site.frames.iter().rev();
            let names: Vec<String> =
                outermost_first.map(|frame| frame.function.replace(';', ":")).collect();
            format!("{} {}", names.join(";"), site.bytes)
        })
    }

    /// Stacks that do not have the same here as in the profile before, the largest change of bytes
    /// first. A stack is known by its functions: a line may move.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Vec<Change> {
        let mut changes: BTreeMap<Vec<&str>, Change> = BTreeMap::new();
        for (side, profile) in [before, self].into_iter().enumerate() {
            for site in &profile.sites {
                let functions = site.frames.iter().map(|frame| frame.function.as_str()).collect();
                let change = changes.entry(functions).or_insert_with(|| Change {
                    frames: Vec::new(),
                    bytes: [0; 2],
                    blocks: [0; 2],
                });
                change.frames.clone_from(&site.frames);
                change.bytes[side] += site.bytes;
                change.blocks[side] += site.blocks;
            }
        }
        let mut changes: Vec<Change> = changes.into_values().filter(Change::is_one).collect();
        let size = |[before, after]: [u64; 2]| before.abs_diff(after);
        changes.sort_by_key(|change| Reverse((size(change.bytes), size(change.blocks))));
        changes
    }
}

impl Change {
    fn is_one(&self) -> bool {
        self.bytes[0] != self.bytes[1] || self.blocks[0] != self.blocks[1]
    }

    /// As [`Site::owner`].
    #[must_use]
    pub fn owner(&self) -> Option<&Frame> {
        owner(&self.frames)
    }
}

impl Site {
    fn at(frames: Vec<Frame>) -> Self {
        Self {
            frames,
            bytes: 0,
            blocks: 0,
            lifetimes: 0,
            peak_bytes: 0,
            peak_blocks: 0,
            end_bytes: 0,
            end_blocks: 0,
        }
    }

    /// What another address of the same stack has.
    fn add(&mut self, point: &Point) {
        self.bytes = self.bytes.saturating_add(point.bytes);
        self.blocks = self.blocks.saturating_add(point.blocks);
        self.lifetimes = self.lifetimes.saturating_add(point.lifetimes);
        self.peak_bytes = self.peak_bytes.saturating_add(point.peak_bytes);
        self.peak_blocks = self.peak_blocks.saturating_add(point.peak_blocks);
        self.end_bytes = self.end_bytes.saturating_add(point.end_bytes);
        self.end_blocks = self.end_blocks.saturating_add(point.end_blocks);
    }

    /// How long a block lived on average, in the profile's unit of time.
    #[must_use]
    pub fn mean_lifetime(&self) -> u64 {
        self.lifetimes / self.blocks.max(1)
    }

    /// Whose allocation it is: the innermost function that belongs neither to an allocator nor to the
    /// standard library, or the innermost one of all.
    #[must_use]
    pub fn owner(&self) -> Option<&Frame> {
        owner(&self.frames)
    }
}

fn owner(frames: &[Frame]) -> Option<&Frame> {
    frames.iter().find(|frame| !frame.is_plumbing()).or(frames.first())
}

/// Where functions live that allocate for others.
const PLUMBING: [&str; 9] = [
    "alloc::",
    "core::",
    "std::",
    "dhat::",
    "hashbrown::",
    "memory_probe::counting",
    "memory_probe::tally",
    "__rust",
    "__rdl_",
];

impl Frame {
    /// `ADDRESS: FUNCTION (PLACE)`; address and place may be missing.
    fn parse(text: &str) -> Self {
        let text = match text.split_once(": ") {
            Some((address, rest)) if address.starts_with("0x") => rest,
            _ => text,
        };
        let (function, place) = match text.strip_suffix(')').and_then(|text| text.rsplit_once(" ("))
        {
            Some((function, place)) if !place.starts_with("in ") => (function, Some(place)),
            Some((function, _)) => (function, None),
            None => (text, None),
        };
        Self { function: function.to_owned(), place: place.map(str::to_owned) }
    }

    fn is_plumbing(&self) -> bool {
        let mut path = self.function.trim_start_matches(['<', '&', '[', '(']);
        // A type parameter has no path; whose trait it is tells.
        if let Some((implementor, of)) = path.split_once(" as ")
            && !implementor.contains("::")
        {
            path = of;
        }
        // Valgrind names what is inlined without its path, and has the standard library's places.
        let place = self.place.as_deref().unwrap_or("");
        let allocating = ["malloc", "calloc", "realloc", "memalign", "posix_memalign"];
        allocating.contains(&path)
            || PLUMBING.iter().any(|prefix| path.starts_with(prefix))
            || ["library/", "/rustc/"].iter().any(|standard| place.starts_with(standard))
            || place.contains("memory-probe/src/counting.rs")
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{} ({place})", self.function),
            None => f.write_str(&self.function),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Two addresses of one stack, and a stack of its own that keeps a block.
    fn sample() -> serde_json::Value {
        serde_json::json!({
            "dhatFileVersion": 2, "mode": "rust-heap", "verb": "Allocated",
            "bklt": true, "bkacc": false, "tu": "µs", "Mtu": "s", "tuth": 10,
            "cmd": "heap step/tmaze", "pid": 1, "tg": 5, "te": 90,
            "pps": [
                { "tb": 100, "tbk": 2, "tl": 40, "mb": 0, "mbk": 0,
                  "gb": 50, "gbk": 1, "eb": 0, "ebk": 0, "fs": [1, 2, 4] },
                { "tb": 30, "tbk": 1, "tl": 20, "mb": 0, "mbk": 0,
                  "gb": 30, "gbk": 1, "eb": 0, "ebk": 0, "fs": [1, 3, 4] },
                { "tb": 64, "tbk": 1, "tl": 80, "mb": 0, "mbk": 0,
                  "gb": 64, "gbk": 1, "eb": 64, "ebk": 1, "fs": [4] }
            ],
            "ftbl": [
                "[root]",
                "0x10: <T as alloc::slice::ConvertVec>::to_vec (alloc/slice.rs:3:4)",
                "0x20: agent_core::agent::step (src/agent.rs:30:5)",
                "0x21: agent_core::agent::step (src/agent.rs:30:5)",
                "0x30: main (in /usr/bin/heap)"
            ]
        })
    }

    fn parse(value: &serde_json::Value) -> HeapProfile {
        HeapProfile::parse(&value.to_string()).unwrap()
    }

    #[test]
    fn a_stack_is_one_site_whatever_its_addresses() {
        let profile = parse(&sample());
        let [step, main] = &profile.sites[..] else { panic!("{:?}", profile.sites) };
        assert_eq!((step.bytes, step.blocks, step.mean_lifetime()), (130, 3, 20));
        assert_eq!((step.peak_bytes, step.peak_blocks, step.end_bytes), (80, 2, 0));
        assert_eq!(main.frames, [Frame { function: "main".into(), place: None }]);
        let totals = Totals { bytes: 194, blocks: 4, peak_bytes: 144, end_bytes: 64 };
        assert_eq!(profile.totals(), totals);
        let owner = step.owner().unwrap().to_string();
        assert_eq!(owner, "agent_core::agent::step (src/agent.rs:30:5)");
    }

    #[test]
    fn every_rank_has_its_own_first() {
        let profile = parse(&sample());
        let first = |rank| profile.ranked(rank)[0].owner().unwrap().function.as_str();
        assert_eq!(first(Rank::Bytes), "agent_core::agent::step");
        assert_eq!(first(Rank::Blocks), "agent_core::agent::step");
        assert_eq!(first(Rank::Lifetime), "main");
        assert_eq!(first(Rank::Peak), "agent_core::agent::step");
        assert_eq!(first(Rank::End), "main");
        assert_eq!(profile.ranked(Rank::End).len(), 1, "what keeps nothing is not listed");
    }

    #[test]
    fn owners_are_found_in_what_either_program_writes() {
        let owner = |stack: &[&str]| {
            let frames: Vec<Frame> = stack.iter().map(|frame| Frame::parse(frame)).collect();
            owner(&frames).map(ToString::to_string).unwrap_or_default()
        };
        let by_valgrind = [
            "0x48417B4: malloc (in /usr/libexec/valgrind/vgpreload_dhat-amd64-linux.so)",
            "0x1EB4CC: alloc (library/std/src/sys/alloc/unix.rs:14)",
            "0x1EB4CC: alloc<std::alloc::System> (/home/a/crates/memory-probe/src/counting.rs:52)",
            "0x1EB4CC: __rust_alloc (/home/a/crates/memory-probe/benches/report_leaks.rs:22)",
            "0x1EB4CC: to_vec_in<u8> (library/alloc/src/slice.rs:400)",
            "0x1EB4CC: to_vec<u8> (/rustc/59807616e1fa/library/alloc/src/slice.rs:376)",
            "0x1EB4CC: {closure#1} (/home/a/crates/memory-probe/benches/leaking/mod.rs:265)",
        ];
        assert_eq!(
            owner(&by_valgrind),
            "{closure#1} (/home/a/crates/memory-probe/benches/leaking/mod.rs:265)"
        );
        let by_dhat = [
            "0x5: <dhat::Alloc as core::alloc::global::GlobalAlloc>::alloc (???:0:0)",
            "0x6: <T as alloc::slice::<impl [T]>::to_vec_in::ConvertVec>::to_vec (src/slice.rs:4:2)",
            "0x7: <agent_core::Model as core::clone::Clone>::clone (src/model.rs:1:1)",
        ];
        assert_eq!(
            owner(&by_dhat),
            "<agent_core::Model as core::clone::Clone>::clone (src/model.rs:1:1)"
        );
        assert_eq!(owner(&by_dhat[..1]), by_dhat[0].split_once(": ").unwrap().1);
    }

    #[test]
    fn folded_stacks_begin_outside_and_add_up() {
        let lines: Vec<String> = parse(&sample()).folded().collect();
        let step = "main;agent_core::agent::step;<T as alloc::slice::ConvertVec>::to_vec 130";
        assert_eq!(lines, [step, "main 64"]);
    }

    #[test]
    fn a_change_is_what_differs_and_a_moved_line_is_none() {
        let before = parse(&sample());
        assert_eq!(before.changes_since(&before), []);
        let mut value = sample();
        value["ftbl"][2] = "0x99: agent_core::agent::step (src/agent.rs:77:5)".into();
        value["ftbl"][3] = value["ftbl"][2].clone();
        assert_eq!(parse(&value).changes_since(&before), []);
        value["pps"][2]["tb"] = 4.into();
        value["pps"].as_array_mut().unwrap().remove(0);
        let changes = parse(&value).changes_since(&before);
        let seen: Vec<_> = changes.iter().map(|change| (change.bytes, change.blocks)).collect();
        assert_eq!(seen, [([130, 30], [3, 1]), ([64, 4], [1, 1])]);
        assert_eq!(changes[1].owner().unwrap().function, "main");
    }

    #[test]
    fn what_is_no_profile_is_refused_with_the_reason() {
        let refused = |change: &dyn Fn(&mut serde_json::Value), says: &str| {
            let mut value = sample();
            change(&mut value);
            let reason = HeapProfile::parse(&value.to_string()).unwrap_err();
            assert!(reason.contains(says), "{reason}");
        };
        refused(&|value| value["dhatFileVersion"] = 3.into(), "version 3");
        refused(&|value| value["bklt"] = false.into(), "no lifetimes");
        refused(&|value| value["pps"][0]["fs"][0] = 9.into(), "frame 9 of 5 frames");
        refused(&|value| value["pps"][0]["tb"] = (-1).into(), "expected u64");
        refused(&|value| value["ftbl"] = serde_json::Value::Null, "null");
        let missing = HeapProfile::read(Path::new("/nonexistent/heap.json")).unwrap_err();
        assert!(missing.to_string().starts_with("/nonexistent/heap.json: cannot be read"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(cut in 0..900_usize, byte in any::<u8>(), text in ".{0,40}") {
            let _: Result<HeapProfile, String> = HeapProfile::parse(&text);
            let mut bytes = sample().to_string().into_bytes();
            let place = cut % bytes.len();
            bytes[place] = byte;
            let _: Result<HeapProfile, String> = HeapProfile::parse(&String::from_utf8_lossy(&bytes));
            bytes.truncate(place);
            prop_assert!(HeapProfile::parse(&String::from_utf8_lossy(&bytes)).is_err());
        }
    }
}
