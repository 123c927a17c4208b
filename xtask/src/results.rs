//! The results folder: `daily/<id>.json` for each run, `latest.json` for the last one,
//! `baseline/counts.json` for what `check` compares with, `releases/<name>.json` for what is kept.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use measure::Run;

use crate::failure::Failure;

/// A results folder that was seen to be writable.
pub struct Results {
    folder: PathBuf,
}

impl Results {
    /// Opens a results folder, creating what is missing, and proves that it can be written:
    /// better to know before an hour of measuring than after it.
    pub fn open(folder: PathBuf) -> Result<Self, Failure> {
        let daily = folder.join("daily");
        let prove = || -> anyhow::Result<()> {
            fs::create_dir_all(&daily)?;
            for place in [&folder, &daily] {
                let mut probe = tempfile::NamedTempFile::new_in(place)?;
                std::io::Write::write_all(&mut probe, &[0; 4096])?;
                probe.as_file().sync_all()?;
            }
            Ok(())
        };
        prove().with_context(|| {
            format!(
                "{}: results cannot be written there, so nothing was started; free space or \
                 mend the permissions",
                folder.display()
            )
        })?;
        Ok(Self { folder })
    }

    /// Writes a new run, whose id is `<date>_<commit>`, under the first number that is free.
    pub fn reserve(&self, run: &mut Run) -> anyhow::Result<PathBuf> {
        let stem = run.id.clone();
        let mut n = 1_u64;
        loop {
            run.id = format!("{stem}_{n}");
            let path = self.folder.join("daily").join(format!("{}.json", run.id));
            if run.write_new(&path)? {
                return Ok(path);
            }
            n += 1;
        }
    }

    /// Where the last run stands.
    pub fn latest(folder: &Path) -> PathBuf {
        folder.join("latest.json")
    }

    /// Where the counts stand that `check` compares with.
    pub fn baseline(folder: &Path) -> PathBuf {
        folder.join("baseline").join("counts.json")
    }

    /// Where a release stands, or is to stand.
    pub fn release(folder: &Path, name: &str) -> Result<PathBuf, Failure> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if name.is_empty() || name.starts_with('.') || !name.chars().all(fits) {
            return Err(Failure::usage(format!(
                "'{name}' is no name for a release; use letters, digits, dots, dashes and underscores"
            )));
        }
        Ok(folder.join("releases").join(format!("{name}.json")))
    }

    /// Makes the folder of a file of one of these.
    pub fn make_folder_of(path: &Path) -> Result<(), Failure> {
        let Some(folder) = path.parent() else { return Ok(()) };
        let made = fs::create_dir_all(folder)
            .with_context(|| format!("{}: cannot be made", folder.display()));
        Ok(made?)
    }

    /// Reads a run file.
    pub fn read(path: &Path) -> Result<Run, Failure> {
        Run::read(path).map_err(|error| Failure::Usage(error.into()))
    }

    /// Reads the run of this name: a file, `latest`, `baseline`, a release or a run's id.
    pub fn find(folder: &Path, name: &str) -> Result<Run, Failure> {
        let named = match name {
            "latest" => Self::latest(folder),
            "baseline" => Self::baseline(folder),
            id => folder.join("daily").join(format!("{id}.json")),
        };
        let places =
            [PathBuf::from(name), named, folder.join("releases").join(format!("{name}.json"))];
        match places.iter().find(|place| place.is_file()) {
            Some(place) => Self::read(place),
            None => Err(Failure::usage(format!(
                "'{name}' is no run: neither a file, nor 'latest' or 'baseline' if there is one, nor \
                 a name in {0}/daily or {0}/releases; 'cargo xtask bench' takes one",
                folder.display()
            ))),
        }
    }

    /// Writes a run over its own file only: one that others would not look for as the last.
    pub fn finish_aside(&self, run: &Run, path: &Path) -> anyhow::Result<()> {
        Ok(run.write(path)?)
    }

    /// Writes a run over its own file and over `latest.json`.
    pub fn finish(&self, run: &Run, path: &Path) -> anyhow::Result<()> {
        run.write(path)?;
        run.write(&Self::latest(&self.folder))?;
        Ok(())
    }
}
