//! One array in numpy's .npy format, versions 1 to 3.

use crate::Array;

const MAGIC: &[u8] = b"\x93NUMPY";

/// Longer headers than this are refused; a plain array's has a hundred bytes.
const MAX_HEADER: usize = 1 << 16;

/// More axes than this numpy itself does not have.
const MAX_AXES: usize = 64;

/// The largest integer up to which every one is a number in f64.
const MAX_EXACT: i128 = 1 << f64::MANTISSA_DIGITS;

/// Why an array could not be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NpyError {
    /// It does not begin like an array of numpy's.
    #[error("is not an array of numpy's; write it with numpy.savez")]
    Magic,
    /// It is of a version that this program does not read.
    #[error("is of .npy version {0}, this program reads 1 to 3")]
    Version(u8),
    /// Its header is not what numpy writes.
    #[error("has the header '{header}': {problem}")]
    Header {
        /// The header, cut where it is long.
        header: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// It holds Python objects, which numpy pickles.
    #[error(
        "holds Python objects, which only Python can unpickle; save each of them as an array of \
         its own, as A_0, A_1 and so on"
    )]
    Objects,
    /// Its elements are of a type that does not fit.
    #[error("has elements of type '{found}'; {expected}")]
    Dtype {
        /// numpy's name of the type.
        found: String,
        /// What would fit.
        expected: &'static str,
    },
    /// It holds more or less than its shape says.
    #[error("has shape {shape:?} and so should hold {expected} bytes, but holds {found}")]
    Size {
        /// Its shape.
        shape: Vec<usize>,
        /// Bytes by the shape; `usize::MAX` if they are more than can be counted.
        expected: usize,
        /// Bytes there are.
        found: usize,
    },
    /// An element is not one that may stand there.
    #[error("holds {value} at {index:?}; {expected}")]
    Value {
        /// Where.
        index: Vec<usize>,
        /// What.
        value: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// It has another number of axes.
    #[error("has shape {found:?}; {expected}")]
    Shape {
        /// Its shape.
        found: Vec<usize>,
        /// What would fit.
        expected: &'static str,
    },
}

/// An array of integers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Integers {
    pub(super) shape: Vec<usize>,
    pub(super) data: Vec<usize>,
}

/// An array as it stands in a file: in C order, elements not yet read.
struct Stored<'a> {
    dtype: Dtype,
    is_fortran: bool,
    shape: Vec<usize>,
    bytes: &'a [u8],
}

#[derive(Clone, Copy)]
struct Dtype {
    is_big: bool,
    kind: u8,
    size: usize,
}

/// Reads an array of numbers of any type.
pub(super) fn numbers(file: &[u8]) -> Result<Array, NpyError> {
    let stored = stored(file)?;
    let mut data = Vec::with_capacity(stored.bytes.len() / stored.dtype.size);
    for (place, bytes) in stored.bytes.chunks_exact(stored.dtype.size).enumerate() {
        data.push(match stored.dtype.kind {
            b'f' => float(bytes, stored.dtype),
            _ => {
                let value = integer(bytes, stored.dtype);
                if value.abs() > MAX_EXACT {
                    return Err(stored.refused(place, value, "it is rounded if read as a number"));
                }
                value as f64
            }
        });
    }
    let (shape, data) = stored.in_c_order(data);
    Ok(Array { shape, data })
}

/// Reads an array of integers, none of them negative.
pub(super) fn integers(file: &[u8]) -> Result<Integers, NpyError> {
    let stored = stored(file)?;
    if stored.dtype.kind == b'f' {
        let found = format!("f{}", stored.dtype.size);
        return Err(NpyError::Dtype { found, expected: "integers are needed" });
    }
    let mut data = Vec::with_capacity(stored.bytes.len() / stored.dtype.size);
    for (place, bytes) in stored.bytes.chunks_exact(stored.dtype.size).enumerate() {
        let value = integer(bytes, stored.dtype);
        data.push(usize::try_from(value).map_err(|_| {
            stored.refused(place, value, "an index is not negative and fits this machine")
        })?);
    }
    let (shape, data) = stored.in_c_order(data);
    Ok(Integers { shape, data })
}

/// Writes an array of f64.
pub(super) fn write_numbers(array: &Array) -> Vec<u8> {
    let mut file = header("<f8", &array.shape);
    file.extend(array.data.iter().flat_map(|x| x.to_le_bytes()));
    file
}

/// Writes an array of integers as numpy's int64.
pub(super) fn write_integers(array: &Integers) -> Vec<u8> {
    let mut file = header("<i8", &array.shape);
    file.extend(array.data.iter().flat_map(|x| (*x as i64).to_le_bytes()));
    file
}

fn header(descr: &str, shape: &[usize]) -> Vec<u8> {
    let axes: String = shape.iter().map(|axis| format!("{axis},")).collect();
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({axes}), }}");
    // numpy aligns the data to 64 bytes: magic, version, length, text and a line feed.
    let unaligned = MAGIC.len() + 2 + 2 + text.len() + 1;
    text.push_str(&" ".repeat(unaligned.next_multiple_of(64) - unaligned));
    text.push('\n');
    let mut file = MAGIC.to_vec();
    file.extend([1, 0]);
    file.extend((text.len() as u16).to_le_bytes());
    file.extend(text.as_bytes());
    file
}

fn stored(file: &[u8]) -> Result<Stored<'_>, NpyError> {
    let rest = file.strip_prefix(MAGIC).ok_or(NpyError::Magic)?;
    let (&[major, _minor], rest) = rest.split_first_chunk().ok_or(NpyError::Magic)?;
    let (length, rest) = match major {
        1 => rest.split_first_chunk().map(|(n, rest)| (usize::from(u16::from_le_bytes(*n)), rest)),
        2 | 3 => rest
            .split_first_chunk()
            .map(|(n, rest)| (usize::try_from(u32::from_le_bytes(*n)).unwrap_or(usize::MAX), rest)),
        _ => return Err(NpyError::Version(major)),
    }
    .ok_or(NpyError::Magic)?;
    let text = rest.get(..length).filter(|_| length <= MAX_HEADER);
    let text = text.and_then(|text| std::str::from_utf8(text).ok()).ok_or(NpyError::Magic)?;
    let (dtype, is_fortran, shape) = parse(text)?;
    let bytes = &rest[length..];
    let size = shape.iter().try_fold(dtype.size, |size, axis| size.checked_mul(*axis));
    if size != Some(bytes.len()) {
        let expected = size.unwrap_or(usize::MAX);
        return Err(NpyError::Size { shape, expected, found: bytes.len() });
    }
    Ok(Stored { dtype, is_fortran, shape, bytes })
}

/// Reads `{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }`, keys in any order.
fn parse(text: &str) -> Result<(Dtype, bool, Vec<usize>), NpyError> {
    let wrong =
        |problem| NpyError::Header { header: text.trim().chars().take(120).collect(), problem };
    let body = text.trim().strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    let mut rest = body.ok_or_else(|| wrong("it is no dictionary"))?.trim_start();
    let (mut descr, mut is_fortran, mut shape) = (None, None, None);
    while !rest.is_empty() {
        let (key, after) = quoted(rest).ok_or_else(|| wrong("a key is missing"))?;
        let value =
            after.trim_start().strip_prefix(':').ok_or_else(|| wrong("a ':' is missing"))?;
        let value = value.trim_start();
        rest = match key {
            "descr" => {
                let (found, after) = quoted(value).ok_or_else(|| NpyError::Dtype {
                    found: value.chars().take(60).collect(),
                    expected: "plain numbers are needed, not records",
                })?;
                descr = Some(found);
                after
            }
            "fortran_order" => {
                let after_true = value.strip_prefix("True").map(|after| (true, after));
                let found = after_true.or_else(|| value.strip_prefix("False").map(|a| (false, a)));
                let (found, after) = found.ok_or_else(|| wrong("fortran_order is no boolean"))?;
                is_fortran = Some(found);
                after
            }
            "shape" => {
                let (inner, after) = value
                    .strip_prefix('(')
                    .and_then(|value| value.split_once(')'))
                    .ok_or_else(|| wrong("the shape is no tuple"))?;
                shape = Some(axes(inner).ok_or_else(|| wrong("the shape is not one of integers"))?);
                after
            }
            _ => return Err(wrong("it has a key that is not numpy's")),
        };
        rest = rest.trim_start();
        rest = match rest.strip_prefix(',') {
            Some(after) => after.trim_start(),
            None if rest.is_empty() => rest,
            None => return Err(wrong("a ',' is missing")),
        };
    }
    match (descr, is_fortran, shape) {
        (Some(descr), Some(is_fortran), Some(shape)) => Ok((dtype(descr)?, is_fortran, shape)),
        _ => Err(wrong("descr, fortran_order and shape are needed")),
    }
}

/// What stands in quotation marks, and what follows.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let mark = text.chars().next().filter(|mark| matches!(mark, '\'' | '"'))?;
    text[1..].split_once(mark)
}

fn axes(inner: &str) -> Option<Vec<usize>> {
    let inner = inner.trim();
    let inner = inner.strip_suffix(',').unwrap_or(inner);
    if inner.is_empty() {
        return Some(Vec::new());
    }
    if inner.split(',').count() > MAX_AXES {
        return None;
    }
    inner.split(',').map(|axis| axis.trim().parse().ok()).collect()
}

fn dtype(descr: &str) -> Result<Dtype, NpyError> {
    let unfit = || NpyError::Dtype {
        found: descr.chars().take(60).collect(),
        expected: "f4, f8, integers and booleans can be read; convert it with astype",
    };
    let (order, rest) = match descr.as_bytes() {
        [order @ (b'<' | b'>' | b'|' | b'='), rest @ ..] => (*order, rest),
        rest => (b'=', rest),
    };
    let (&kind, size) = rest.split_first().ok_or_else(unfit)?;
    if kind == b'O' {
        return Err(NpyError::Objects);
    }
    let size = match size {
        [digit] => usize::from(digit.wrapping_sub(b'0')),
        _ => 0,
    };
    let fits = match kind {
        b'f' => matches!(size, 4 | 8),
        b'i' | b'u' => matches!(size, 1 | 2 | 4 | 8),
        b'b' => size == 1,
        _ => false,
    };
    let is_big = order == b'>' || (order == b'=' && cfg!(target_endian = "big"));
    if fits { Ok(Dtype { is_big, kind, size }) } else { Err(unfit()) }
}

/// The bytes of one element as the lowest of an integer.
fn bits(bytes: &[u8], dtype: Dtype) -> u64 {
    let fold = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
    if dtype.is_big { bytes.iter().fold(0, fold) } else { bytes.iter().rev().fold(0, fold) }
}

fn float(bytes: &[u8], dtype: Dtype) -> f64 {
    let bits = bits(bytes, dtype);
    if dtype.size == 4 { f64::from(f32::from_bits(bits as u32)) } else { f64::from_bits(bits) }
}

fn integer(bytes: &[u8], dtype: Dtype) -> i128 {
    let bits = bits(bytes, dtype);
    let unused = 64 - 8 * dtype.size as u32;
    match dtype.kind {
        b'i' => i128::from((bits << unused) as i64 >> unused),
        _ => i128::from(bits),
    }
}

impl Stored<'_> {
    fn refused(&self, place: usize, value: i128, expected: &'static str) -> NpyError {
        let index = match self.is_fortran {
            true => {
                let reversed: Vec<usize> = self.shape.iter().rev().copied().collect();
                let mut index = crate::validation::index_of(place, &reversed);
                index.reverse();
                index
            }
            false => crate::validation::index_of(place, &self.shape),
        };
        NpyError::Value { index, value: value.to_string(), expected }
    }

    /// The shape, and the elements with the last index fastest.
    fn in_c_order<T: Copy>(self, data: Vec<T>) -> (Vec<usize>, Vec<T>) {
        if !self.is_fortran || data.is_empty() {
            return (self.shape, data);
        }
        let mut strides = Vec::with_capacity(self.shape.len());
        let mut stride = 1;
        for axis in &self.shape {
            strides.push(stride);
            stride *= axis;
        }
        let turned = (0..data.len()).map(|place| {
            let index = crate::validation::index_of(place, &self.shape);
            data[index.iter().zip(&strides).map(|(i, stride)| i * stride).sum::<usize>()]
        });
        let turned = turned.collect();
        (self.shape, turned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of version 1 with this header.
    fn with_header(text: &str, bytes: &[u8]) -> Vec<u8> {
        let length = (text.len() as u16).to_le_bytes();
        [MAGIC, &[1, 0], &length, text.as_bytes(), bytes].concat()
    }

    fn refused(text: &str) -> String {
        numbers(&with_header(text, &[0; 16])).unwrap_err().to_string()
    }

    #[test]
    fn a_header_that_promises_too_much_is_refused_before_memory_is_asked_for() {
        let shaped = |shape: &str| {
            refused(&format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"))
        };
        assert!(shaped("(9999999999, 9999999999)").contains("should hold 18446744073709551615"));
        assert!(shaped("(3,)").contains("should hold 24 bytes, but holds 16"));
        assert!(shaped("()").contains("should hold 8 bytes"));
        for wrong in ["(2, -1)", "((2, 2), 3)", "(2.0,)", "(99999999999999999999,)", "(,,)"] {
            assert!(shaped(wrong).contains("the shape is not one of integers"), "{wrong}");
        }
        assert!(shaped(&format!("({})", "1,".repeat(65))).contains("not one of integers"));
        assert!(shaped(&"(".repeat(9999)).contains("the shape is no tuple"));
    }

    #[test]
    fn headers_that_numpy_does_not_write_are_refused() {
        let typed = |descr: &str| {
            refused(&format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (2,), }}"))
        };
        assert!(typed("'|O'").contains("Python objects"));
        for unfit in ["'<c16'", "'<U3'", "'<f2'", "'<M8[ns]'", "''", "'<f'", "'<f16'"] {
            assert!(typed(unfit).contains("f4, f8, integers and booleans"), "{unfit}");
        }
        assert!(typed("[('x', '<f8')]").contains("not records"));
        assert!(refused("{}").contains("are needed"));
        assert!(refused("").contains("no dictionary"));
        assert!(refused("{'descr' '<f8'}").contains("a ':' is missing"));
        assert!(refused("{'pickle': True}").contains("not numpy's"));
        assert_eq!(numbers(b"PK"), Err(NpyError::Magic));
        assert_eq!(numbers(b"\x93NUMPY\x04\x00\x00\x00"), Err(NpyError::Version(4)));
        assert_eq!(numbers(b"\x93NUMPY\x01\x00\xff\xff{"), Err(NpyError::Magic));
    }

    #[test]
    fn integers_keep_their_sign_and_are_never_rounded() {
        let file = |descr: &str, order: &str, bytes: &[u8]| {
            let text =
                format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': (2, 1), }}");
            with_header(&text, bytes)
        };
        let small = file(">i2", "False", &[0xff, 0xfe, 0x01, 0x00]);
        assert_eq!(numbers(&small).unwrap().data, [-2.0, 256.0]);
        let error = integers(&small).unwrap_err();
        assert!(error.to_string().starts_with("holds -2 at [0, 0]; an index"), "{error}");
        let mut large = [0; 16];
        large[8..].copy_from_slice(&((1_u64 << 53) + 1).to_le_bytes());
        let error = numbers(&file("<u8", "True", &large)).unwrap_err();
        assert!(error.to_string().starts_with("holds 9007199254740993 at [1, 0]"), "{error}");
    }
}
