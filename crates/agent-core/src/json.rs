//! Models as JSON: `{"model": {"a": [{"shape": [2, 2], "data": [...]}, ...], "b": ..., "c": ...,
//! "d": ..., "e": ..., "a_dependencies": ..., "b_dependencies": ...}, "counts": {"a": ...}}`.
//!
//! Numbers are read back to the bit. Golden files, which hold traces as well, are
//! [`crate::golden`]'s.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Array, Counts, GenerativeModel};

/// Why a model's file could not be read or written. Every message names the file.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// It could not be opened, read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not what it should be.
    #[error("{}: in {field}: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The field, as `model.a[0].shape`.
        field: String,
        /// What is wrong, with line and column.
        source: serde_json::Error,
    },
    /// A number that JSON has no way to write.
    #[error("{}: {field} is {value}, which JSON cannot hold", path.display())]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The field, as `model.a[0].data[5]`.
        field: String,
        /// The number.
        value: f64,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    model: GenerativeModel,
    #[serde(default)]
    counts: Counts,
}

#[derive(Serialize)]
struct KnownRef<'a> {
    model: &'a GenerativeModel,
    counts: &'a Counts,
}

/// Reads a model, with its counts if the file has any. Whether it is a valid one is for
/// [`crate::Model::new`] to say.
///
/// # Errors
/// [`JsonError`].
pub fn read_model(path: &Path) -> Result<(GenerativeModel, Counts), JsonError> {
    let text = fs::read_to_string(path)
        .map_err(|source| JsonError::Io { path: path.to_owned(), source })?;
    parse_model(&text, path)
}

/// Reads a model from a text; `path` is what errors call it.
///
/// # Errors
/// [`JsonError::Malformed`].
pub fn parse_model(text: &str, path: &Path) -> Result<(GenerativeModel, Counts), JsonError> {
    let Known { model, counts } = parse(text).map_err(|(field, source)| JsonError::Malformed {
        path: path.to_owned(),
        field,
        source,
    })?;
    Ok((model, counts))
}

/// Writes a model and its counts; a file of that name is replaced when the new one is complete.
///
/// # Errors
/// [`JsonError::NotFinite`] for infinities and what is not a number, [`JsonError::Io`].
pub fn write_model(path: &Path, model: &GenerativeModel, counts: &Counts) -> Result<(), JsonError> {
    let lists = [
        ("model.a", Some(&model.a)),
        ("model.b", Some(&model.b)),
        ("model.c", Some(&model.c)),
        ("model.d", Some(&model.d)),
        ("counts.a", counts.a.as_ref()),
        ("counts.b", counts.b.as_ref()),
        ("counts.c", counts.c.as_ref()),
        ("counts.d", counts.d.as_ref()),
    ];
    for (name, list) in lists {
        for (number, array) in list.into_iter().flatten().enumerate() {
            check_finite(path, &format!("{name}[{number}]"), array)?;
        }
    }
    for (name, array) in [("model.e", &model.e), ("counts.e", &counts.e)] {
        array.iter().try_for_each(|array| check_finite(path, name, array))?;
    }
    replace(path, |file| {
        let mut file = BufWriter::new(file);
        serde_json::to_writer(&mut file, &KnownRef { model, counts })?;
        file.write_all(b"\n")?;
        file.flush()
    })
    .map_err(|source| JsonError::Io { path: path.to_owned(), source })
}

fn check_finite(path: &Path, name: &str, array: &Array) -> Result<(), JsonError> {
    match array.data.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some((place, value)) => Err(JsonError::NotFinite {
            path: path.to_owned(),
            field: format!("{name}.data[{place}]"),
            value: *value,
        }),
    }
}

/// Parses a whole text, or says in which field it is wrong.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, (String, serde_json::Error)> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| (error.path().to_string(), error.into_inner()))?;
    deserializer.end().map_err(|source| ("the end".to_owned(), source))?;
    Ok(value)
}

/// Writes to a temporary name beside the file and renames.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    write(file.as_file_mut())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
