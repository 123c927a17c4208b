//! The results folder: `daily/<id>.json` for each run, `latest.json` for the last one.

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
