//! Models and traces as numpy's .npz: what `numpy.savez` writes and `numpy.load` reads.
//!
//! A model's arrays are `A_0`, `A_1`, ... (one per modality), `B_0`, ... (per factor), `C_0`, ...,
//! `D_0`, ... and, if there are any, `E`, the counts `pA_0`, ..., `pB_0`, ..., `pC_0`, ...,
//! `pD_0`, ..., `pE`, and the dependencies `A_dependencies_0`, ..., `B_dependencies_0`, ... as
//! integers of one axis. Axes are those of [`GenerativeModel`]. A trace's are `observations`
//! `[step, modality]` and `actions` `[step, factor]` (integers), `qs_0`, ... `[step, state]` per
//! factor, `q_pi` and `neg_efe` `[step, policy]`.
//!
//! Read are f4, f8, integers and booleans of either byte order, in C and Fortran order, stored or
//! deflated; written are f8 and i8. Object arrays, which are pickles, are refused, and so is an
//! array with any other name. Whether a model is a valid one is for [`crate::Model::new`] to say.
//!
//! ```no_run
//! use agent_core::{Model, Options, Profile, npz};
//!
//! // In Python: numpy.savez("model.npz", A_0=A[0], B_0=B[0], C_0=C[0], D_0=D[0])
//! let (model, counts) = npz::read_model("model.npz".as_ref())?;
//! let model = Model::with_counts(&model, &counts, Options::of(Profile::Modern))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod npy;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

pub use npy::NpyError;

use crate::{Array, Counts, GenerativeModel, Trace};
use npy::Integers;

/// More bytes than this in one file, once inflated, are refused.
pub const MAX_BYTES: u64 = 1 << 30;

/// Why a file of arrays could not be read or written. Every message names the file.
#[derive(Debug, thiserror::Error)]
pub enum NpzError {
    /// It could not be opened, read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no zip archive, or a damaged one.
    #[error("{}: not an archive as numpy.savez writes it: {problem}", path.display())]
    Archive {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// It holds too much.
    #[error("{}: holds more than {MAX_BYTES} bytes of arrays", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// It holds an array that is not known.
    #[error("{}: the array '{name}' is none of {expected}", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The array.
        name: String,
        /// Which are known.
        expected: &'static str,
    },
    /// An array is missing.
    #[error("{}: there is no array '{name}'", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The array.
        name: String,
    },
    /// An array cannot be read or does not fit.
    #[error("{}: the array '{name}' {source}", path.display())]
    Array {
        /// The file.
        path: PathBuf,
        /// The array.
        name: String,
        /// What is wrong with it.
        source: NpyError,
    },
}

/// Reads a model, with its counts if the file has any.
///
/// # Errors
/// [`NpzError`].
pub fn read_model(path: &Path) -> Result<(GenerativeModel, Counts), NpzError> {
    read_model_from(open(path)?, path)
}

/// Reads a model from what is already open; `path` is what errors call it.
///
/// # Errors
/// [`NpzError`].
pub fn read_model_from(
    reader: impl Read + Seek,
    path: &Path,
) -> Result<(GenerativeModel, Counts), NpzError> {
    let mut arrays = Arrays::read(reader, path)?;
    let model = GenerativeModel {
        a: arrays.needed("A")?,
        b: arrays.needed("B")?,
        c: arrays.needed("C")?,
        d: arrays.needed("D")?,
        e: arrays.take("E", npy::numbers)?,
        a_dependencies: arrays.dependencies("A_dependencies")?,
        b_dependencies: arrays.dependencies("B_dependencies")?,
    };
    let counts = Counts {
        a: arrays.numbered("pA", npy::numbers)?,
        b: arrays.numbered("pB", npy::numbers)?,
        c: arrays.numbered("pC", npy::numbers)?,
        d: arrays.numbered("pD", npy::numbers)?,
        e: arrays.take("pE", npy::numbers)?,
    };
    arrays.finish(
        "A_0, B_0, C_0, D_0, E, pA_0, pB_0, pC_0, pD_0, pE, A_dependencies_0, B_dependencies_0, \
         each numbered on from 0",
    )?;
    Ok((model, counts))
}

/// Writes a model and its counts; a file of that name is replaced when the new one is complete.
///
/// # Errors
/// [`NpzError::Io`].
pub fn write_model(path: &Path, model: &GenerativeModel, counts: &Counts) -> Result<(), NpzError> {
    let mut entries = Vec::new();
    let lists = [
        ("A", Some(&model.a)),
        ("B", Some(&model.b)),
        ("C", Some(&model.c)),
        ("D", Some(&model.d)),
        ("pA", counts.a.as_ref()),
        ("pB", counts.b.as_ref()),
        ("pC", counts.c.as_ref()),
        ("pD", counts.d.as_ref()),
    ];
    for (name, list) in lists {
        for (number, array) in list.into_iter().flatten().enumerate() {
            entries.push((format!("{name}_{number}"), npy::write_numbers(array)));
        }
    }
    for (name, array) in [("E", &model.e), ("pE", &counts.e)] {
        if let Some(array) = array {
            entries.push((name.to_owned(), npy::write_numbers(array)));
        }
    }
    let dependencies =
        [("A_dependencies", &model.a_dependencies), ("B_dependencies", &model.b_dependencies)];
    for (name, all) in dependencies {
        for (number, factors) in all.iter().flatten().enumerate() {
            let array = Integers { shape: vec![factors.len()], data: factors.clone() };
            entries.push((format!("{name}_{number}"), npy::write_integers(&array)));
        }
    }
    write(path, &entries)
}

/// Reads a trace.
///
/// # Errors
/// [`NpzError`], also for arrays that do not have as many steps.
pub fn read_trace(path: &Path) -> Result<Trace, NpzError> {
    read_trace_from(open(path)?, path)
}

/// Reads a trace from what is already open; `path` is what errors call it.
///
/// # Errors
/// As [`read_trace`].
pub fn read_trace_from(reader: impl Read + Seek, path: &Path) -> Result<Trace, NpzError> {
    let mut arrays = Arrays::read(reader, path)?;
    let observations = arrays.one("observations", npy::integers)?;
    let steps = observations.shape.first().copied().unwrap_or(0);
    let actions = arrays.one("actions", npy::integers)?;
    let qs = arrays.needed("qs")?;
    let (q_pi, neg_efe) = (arrays.one("q_pi", npy::numbers)?, arrays.one("neg_efe", npy::numbers)?);
    let rows = |name: &str, array: &Array| arrays.rows(name, &array.shape, &array.data, steps);
    let trace = Trace {
        observations: arrays.rows(
            "observations",
            &observations.shape,
            &observations.data,
            steps,
        )?,
        actions: arrays.rows("actions", &actions.shape, &actions.data, steps)?,
        qs: (qs.iter().enumerate())
            .map(|(f, array)| rows(&format!("qs_{f}"), array))
            .collect::<Result<_, _>>()?,
        q_pi: rows("q_pi", &q_pi)?,
        neg_efe: rows("neg_efe", &neg_efe)?,
    };
    arrays.finish("observations, actions, qs_0 (numbered on), q_pi, neg_efe")?;
    Ok(trace)
}

/// Writes a trace; a file of that name is replaced when the new one is complete.
///
/// # Errors
/// [`NpzError::Io`]; [`NpzError::Array`] for steps that are not of one length.
pub fn write_trace(path: &Path, trace: &Trace) -> Result<(), NpzError> {
    let mut entries = Vec::new();
    let lists = [("observations", &trace.observations), ("actions", &trace.actions)];
    for (name, list) in lists {
        let (shape, data) = table(path, name, list)?;
        entries.push((name.to_owned(), npy::write_integers(&Integers { shape, data })));
    }
    let qs = trace.qs.iter().enumerate().map(|(f, rows)| (format!("qs_{f}"), rows));
    let others = [("q_pi".to_owned(), &trace.q_pi), ("neg_efe".to_owned(), &trace.neg_efe)];
    for (name, rows) in qs.chain(others) {
        let (shape, data) = table(path, &name, rows)?;
        entries.push((name, npy::write_numbers(&Array { shape, data })));
    }
    write(path, &entries)
}

/// Rows of one length as one array.
fn table<T: Copy>(
    path: &Path,
    name: &str,
    rows: &[Vec<T>],
) -> Result<(Vec<usize>, Vec<T>), NpzError> {
    let length = rows.first().map_or(0, Vec::len);
    if let Some(row) = rows.iter().find(|row| row.len() != length) {
        let found = vec![rows.len(), row.len()];
        let expected = "every step has as many elements as the first";
        let (path, name) = (path.to_owned(), name.to_owned());
        return Err(NpzError::Array { path, name, source: NpyError::Shape { found, expected } });
    }
    Ok((vec![rows.len(), length], rows.concat()))
}

fn open(path: &Path) -> Result<File, NpzError> {
    File::open(path).map_err(|source| NpzError::Io { path: path.to_owned(), source })
}

fn write(path: &Path, entries: &[(String, Vec<u8>)]) -> Result<(), NpzError> {
    crate::json::replace(path, |file| {
        let mut archive = ZipWriter::new(file);
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        for (name, bytes) in entries {
            let large = bytes.len() >= u32::MAX as usize;
            archive.start_file(format!("{name}.npy"), options.large_file(large))?;
            archive.write_all(bytes)?;
        }
        archive.finish()?;
        Ok(())
    })
    .map_err(|source| NpzError::Io { path: path.to_owned(), source })
}

/// The arrays of one file, not yet read.
struct Arrays<'a> {
    path: &'a Path,
    files: BTreeMap<String, Vec<u8>>,
}

impl<'a> Arrays<'a> {
    fn read(reader: impl Read + Seek, path: &'a Path) -> Result<Self, NpzError> {
        let damaged = |problem: String| NpzError::Archive { path: path.to_owned(), problem };
        let mut archive = ZipArchive::new(reader).map_err(|error| damaged(error.to_string()))?;
        let mut files = BTreeMap::new();
        let mut left = MAX_BYTES;
        for index in 0..archive.len() {
            let entry = archive.by_index(index).map_err(|error| damaged(error.to_string()))?;
            let full = entry.name().map_err(|error| damaged(error.to_string()))?.into_owned();
            let name = full.strip_suffix(".npy").unwrap_or(&full).to_owned();
            let mut bytes = Vec::new();
            // What the archive says of its sizes need not be true: read no further than allowed.
            let read = entry.take(left + 1).read_to_end(&mut bytes);
            read.map_err(|error| damaged(format!("'{full}': {error}")))?;
            left = left
                .checked_sub(bytes.len() as u64)
                .ok_or_else(|| NpzError::TooLarge { path: path.to_owned() })?;
            if files.insert(name, bytes).is_some() {
                return Err(damaged(format!("'{full}' is there twice")));
            }
        }
        Ok(Self { path, files })
    }

    fn missing(&self, name: &str) -> NpzError {
        NpzError::Missing { path: self.path.to_owned(), name: name.to_owned() }
    }

    /// One array, if it is there.
    fn take<T>(
        &mut self,
        name: &str,
        read: fn(&[u8]) -> Result<T, NpyError>,
    ) -> Result<Option<T>, NpzError> {
        let Some(bytes) = self.files.remove(name) else { return Ok(None) };
        read(&bytes).map(Some).map_err(|source| self.wrong(name, source))
    }

    fn one<T>(
        &mut self,
        name: &str,
        read: fn(&[u8]) -> Result<T, NpyError>,
    ) -> Result<T, NpzError> {
        self.take(name, read)?.ok_or_else(|| self.missing(name))
    }

    /// `name_0`, `name_1` and so on; none if there is no first.
    fn numbered<T>(
        &mut self,
        name: &str,
        read: fn(&[u8]) -> Result<T, NpyError>,
    ) -> Result<Option<Vec<T>>, NpzError> {
        let mut all = Vec::new();
        while let Some(array) = self.take(&format!("{name}_{}", all.len()), read)? {
            all.push(array);
        }
        Ok((!all.is_empty()).then_some(all))
    }

    fn needed(&mut self, name: &str) -> Result<Vec<Array>, NpzError> {
        self.numbered(name, npy::numbers)?.ok_or_else(|| self.missing(&format!("{name}_0")))
    }

    fn dependencies(&mut self, name: &str) -> Result<Option<Vec<Vec<usize>>>, NpzError> {
        let Some(all) = self.numbered(name, npy::integers)? else { return Ok(None) };
        let mut lists = Vec::with_capacity(all.len());
        for (number, array) in all.into_iter().enumerate() {
            if array.shape.len() != 1 {
                let expected = "the numbers of factors have one axis";
                let source = NpyError::Shape { found: array.shape, expected };
                return Err(self.wrong(&format!("{name}_{number}"), source));
            }
            lists.push(array.data);
        }
        Ok(Some(lists))
    }

    fn rows<T: Copy>(
        &self,
        name: &str,
        shape: &[usize],
        data: &[T],
        steps: usize,
    ) -> Result<Vec<Vec<T>>, NpzError> {
        match shape {
            [found, length] if *found == steps && *length > 0 => {
                Ok(data.chunks_exact(*length).map(<[T]>::to_vec).collect())
            }
            // Of no steps nothing is left that could have a length.
            [0, _] if steps == 0 => Ok(Vec::new()),
            _ => {
                let expected = "two axes are needed, the first as long as that of observations";
                Err(self.wrong(name, NpyError::Shape { found: shape.to_vec(), expected }))
            }
        }
    }

    fn wrong(&self, name: &str, source: NpyError) -> NpzError {
        NpzError::Array { path: self.path.to_owned(), name: name.to_owned(), source }
    }

    /// Refuses what is left.
    fn finish(self, expected: &'static str) -> Result<(), NpzError> {
        match self.files.into_keys().next() {
            None => Ok(()),
            Some(name) => Err(NpzError::Unknown { path: self.path.to_owned(), name, expected }),
        }
    }
}
