//! A number of messages that will not change any more, as few bytes.

use zstd::zstd_safe::{CCtx, CParameter, DCtx, compress_bound, get_error_name};

use super::bytes::{put, put_figure, take, take_byte, take_figure, take_slice};
use super::columns::Fields;
use super::{HistoryError, Kind};

/// Messages of a block: more compress better, and are slower to read one of.
pub const MESSAGES: usize = 64;

/// zstd's effort. Higher ones gain little on blocks this small.
const LEVEL: i32 = 1;

/// What zstd's memory is made for, in powers of two: of bytes that a match is looked for in, which
/// few blocks have more of, and of places that are remembered of them.
const WINDOW_LOG: u32 = 14;
const HASH_LOG: u32 = 12;

/// Bytes of fields and of texts, and figures, that there is room for from the beginning, so that what a
/// thread holds does not depend on which block of hers is the largest; few blocks have more.
const ROOM: usize = 1 << WINDOW_LOG;
const ROOM_FIGURES: usize = 8 * MESSAGES;

/// Messages field by field, compressed, with who sent and received them before that, packed: whose
/// they are can be told without unpacking.
#[derive(Debug)]
pub struct Block {
    pub first_time_ns: u64,
    /// Bytes of the fields before compression.
    length: u32,
    /// Bits of an agent's number.
    width: u8,
    /// Agents, then the compressed fields.
    bytes: Box<[u8]>,
}

impl Block {
    /// Whether an agent sent or received the message at this index.
    pub fn is_of(&self, index: usize, agent: u32) -> bool {
        [2 * index, 2 * index + 1].map(|place| self.agent(place)).contains(&Some(agent))
    }

    fn agent(&self, place: usize) -> Option<u32> {
        unpacked(self.bytes.get(..self.packed_bytes())?, self.width.into(), place)
    }

    fn packed_bytes(&self) -> usize {
        (2 * MESSAGES * usize::from(self.width)).div_ceil(8)
    }

    pub fn heap_bytes(&self) -> usize {
        self.bytes.len()
    }
}

/// Makes blocks and reads them; holds the memory that zstd needs for it.
pub struct Packer {
    compressor: CCtx<'static>,
    plain: Vec<u8>,
    packed: Vec<u8>,
}

/// Reads blocks.
pub struct Unpacker {
    decompressor: DCtx<'static>,
    plain: Vec<u8>,
    pub fields: Fields,
}

impl Default for Packer {
    fn default() -> Self {
        let agents = 2 * MESSAGES * size_of::<u32>();
        let mut packer = Self {
            compressor: CCtx::create(),
            plain: Vec::with_capacity(ROOM),
            packed: vec![0; agents + compress_bound(ROOM)],
        };
        // zstd takes as much memory as the largest block so far needs. Should this fail, so does the
        // first block, which says why.
        packer.plain.resize(ROOM, 0);
        let _: Result<usize, _> = packer.compress(0);
        packer
    }
}

impl Default for Unpacker {
    fn default() -> Self {
        Self {
            decompressor: DCtx::create(),
            plain: Vec::with_capacity(ROOM),
            fields: Fields::with_room(MESSAGES, ROOM, ROOM_FIGURES),
        }
    }
}

impl Packer {
    /// A block of these fields, which are of [`MESSAGES`] messages.
    pub fn block(&mut self, fields: &Fields) -> Result<Block, HistoryError> {
        let most = fields.from.iter().chain(&fields.to).max().copied().unwrap_or(0);
        let width = (u32::BITS - most.leading_zeros()).max(1);
        self.packed.clear();
        let agents = fields.from.iter().zip(&fields.to).flat_map(|(from, to)| [*from, *to]);
        pack(&mut self.packed, agents, width);
        encode(fields, &mut self.plain);
        let begin = self.packed.len();
        self.packed.resize(begin + compress_bound(self.plain.len()), 0);
        let written = self.compress(begin)?;
        self.packed.truncate(begin + written);
        Ok(Block {
            first_time_ns: fields.times_ns.first().copied().unwrap_or(0),
            length: self.plain.len() as u32,
            width: width as u8,
            bytes: self.packed.as_slice().into(),
        })
    }

    /// Compresses what is plain to where the packed bytes go on; how many they are.
    fn compress(&mut self, begin: usize) -> Result<usize, HistoryError> {
        let failed = |code| HistoryError::Compression(get_error_name(code));
        for parameter in [
            CParameter::CompressionLevel(LEVEL),
            CParameter::WindowLog(WINDOW_LOG),
            CParameter::HashLog(HASH_LOG),
            CParameter::ContentSizeFlag(false),
            CParameter::ChecksumFlag(false),
        ] {
            self.compressor.set_parameter(parameter).map_err(failed)?;
        }
        self.compressor.compress2(&mut self.packed[begin..], &self.plain).map_err(failed)
    }

    /// Bytes on the heap, but for some for each block of zstd's.
    pub fn heap_bytes(&self) -> usize {
        self.plain.capacity() + self.packed.capacity() + self.compressor.sizeof()
    }
}

impl Unpacker {
    /// Reads a block into [`Unpacker::fields`]; nothing if it makes no sense.
    pub fn read(&mut self, block: &Block) -> Option<()> {
        self.plain.resize(block.length as usize, 0);
        let compressed = block.bytes.get(block.packed_bytes()..)?;
        let length = self.decompressor.decompress(&mut self.plain[..], compressed).ok()?;
        self.fields.clear();
        for index in 0..MESSAGES {
            self.fields.from.push(block.agent(2 * index)?);
            self.fields.to.push(block.agent(2 * index + 1)?);
        }
        decode(self.plain.get(..length)?, block.first_time_ns, &mut self.fields)
    }

    /// Bytes on the heap, but for some for each block of zstd's.
    pub fn heap_bytes(&self) -> usize {
        self.plain.capacity() + self.fields.heap_bytes() + self.decompressor.sizeof()
    }
}

/// All fields but the agents, one after the other, each as far as it goes.
fn encode(fields: &Fields, bytes: &mut Vec<u8>) {
    bytes.clear();
    let mut before = fields.times_ns.first().copied().unwrap_or(0);
    for &time_ns in &fields.times_ns {
        put(bytes, time_ns - before);
        before = time_ns;
    }
    bytes.extend(fields.kinds.iter().map(|kind| *kind as u8));
    for ends in [&fields.text_ends, &fields.figure_ends] {
        let mut before = 0;
        for &end in ends {
            put(bytes, (end - before) as u64);
            before = end;
        }
    }
    for numbers in [&fields.subjects, &fields.figure_names] {
        numbers.iter().for_each(|number| put(bytes, (*number).into()));
    }
    fields.figures.iter().for_each(|figure| put_figure(bytes, *figure));
    bytes.extend(fields.texts.as_bytes());
}

/// What [`encode`] wrote.
fn decode(mut bytes: &[u8], first_time_ns: u64, fields: &mut Fields) -> Option<()> {
    let bytes = &mut bytes;
    let mut time_ns = first_time_ns;
    for _ in 0..MESSAGES {
        time_ns = time_ns.checked_add(take(bytes)?)?;
        fields.times_ns.push(time_ns);
    }
    for _ in 0..MESSAGES {
        fields.kinds.push(*Kind::ALL.get(usize::from(take_byte(bytes)?))?);
    }
    for ends in [&mut fields.text_ends, &mut fields.figure_ends] {
        let mut end = 0_usize;
        for _ in 0..MESSAGES {
            end = end.checked_add(usize::try_from(take(bytes)?).ok()?)?;
            ends.push(end);
        }
    }
    for _ in 0..MESSAGES {
        fields.subjects.push(u32::try_from(take(bytes)?).ok()?);
    }
    let figures = *fields.figure_ends.last()?;
    for _ in 0..figures {
        fields.figure_names.push(u32::try_from(take(bytes)?).ok()?);
    }
    for _ in 0..figures {
        fields.figures.push(take_figure(bytes)?);
    }
    let texts = take_slice(bytes, *fields.text_ends.last()?)?;
    fields.texts.push_str(std::str::from_utf8(texts).ok()?);
    Some(())
}

/// Writes numbers of so many bits, one after the other, the least bits first.
fn pack(bytes: &mut Vec<u8>, numbers: impl Iterator<Item = u32>, width: u32) {
    let (mut waiting, mut bits) = (0_u64, 0);
    for number in numbers {
        waiting |= u64::from(number) << bits;
        bits += width;
        while bits >= 8 {
            bytes.push(waiting as u8);
            waiting >>= 8;
            bits -= 8;
        }
    }
    if bits > 0 {
        bytes.push(waiting as u8);
    }
}

/// The number at this place of what [`pack`] wrote.
fn unpacked(bytes: &[u8], width: usize, place: usize) -> Option<u32> {
    let bit = place * width;
    let within = bytes.get(bit / 8..(bit + width).div_ceil(8))?;
    let mut word = [0; 8];
    word.get_mut(..within.len())?.copy_from_slice(within);
    let shifted = u64::from_le_bytes(word) >> (bit % 8);
    Some((shifted & ((1 << width) - 1)) as u32)
}
