//! Messages as bytes, in a buffer that never grows.

use std::collections::VecDeque;

use super::bytes::{put, put_figure, take, take_byte, take_figure, take_slice};
use super::names::{UsedNames, charge};
use super::{History, HistoryError, Kind, Message, Messages, first_number, in_order};

/// The last messages, as bytes in one buffer that is allocated once. The oldest make room for the
/// new ones.
///
/// Besides the buffer there is a list of where messages begin, 24 bytes a message that is kept, and
/// the names of agents, subjects and figures in use, each kept once and counted as 64 bytes more than
/// it is long: together they may count as much as the buffer has, or the oldest messages go. So it
/// never grows beyond a multiple of the buffer, whatever is appended.
#[derive(Debug)]
pub struct Ring {
    buffer: Box<[u8]>,
    names: UsedNames,
    places: VecDeque<Place>,
    first: u64,
    /// A message on its way into the buffer.
    encoded: Vec<u8>,
}

/// Where a message is, and what is looked for most.
#[derive(Clone, Copy, Debug)]
struct Place {
    time_ns: u64,
    from: u32,
    to: u32,
    begin: u32,
    length: u32,
}

impl Ring {
    /// An empty history with a buffer of so many bytes, up to 4 GiB; about a hundred of them a
    /// message.
    #[must_use]
    pub fn new(bytes: u32) -> Self {
        Self {
            buffer: vec![0; bytes as usize].into_boxed_slice(),
            names: UsedNames::default(),
            places: VecDeque::new(),
            first: 0,
            encoded: Vec::new(),
        }
    }

    /// Makes room for so many bytes in one piece and says where it begins.
    fn room(&mut self, length: usize) -> usize {
        let mut begin = self.places.back().map_or(0, |last| (last.begin + last.length) as usize);
        if begin + length > self.buffer.len() {
            // What lies between here and the end of the buffer is older than what follows.
            self.drop_within(begin..self.buffer.len());
            begin = 0;
        }
        self.drop_within(begin..begin + length);
        begin
    }

    fn drop_within(&mut self, range: std::ops::Range<usize>) {
        while let Some(oldest) = self.places.front()
            && (oldest.begin as usize) < range.end
            && (oldest.begin + oldest.length) as usize > range.start
        {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.places.pop_front() else { return };
        self.first += 1;
        self.names.let_go(oldest.from);
        self.names.let_go(oldest.to);
        let Place { begin, length, .. } = oldest;
        let bytes = self.buffer.get(begin as usize..(begin + length) as usize);
        bytes.and_then(|bytes| each_name(bytes, |name| self.names.let_go(name)));
    }

    fn place(&self, number: u64) -> Option<&Place> {
        self.places.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    fn decoded(&self, place: &Place) -> Option<Message> {
        let Place { time_ns, from, to, begin, length } = *place;
        let mut bytes = self.buffer.get(begin as usize..)?.get(..length as usize)?;
        let kind = *Kind::ALL.get(usize::from(take_byte(&mut bytes)?))?;
        let name = |number: u64| self.names.name(number as u32).to_owned();
        let subject = name(take(&mut bytes)?);
        let length = take(&mut bytes)? as usize;
        let text = String::from_utf8(take_slice(&mut bytes, length)?.to_vec()).ok()?;
        let figures = (0..take(&mut bytes)?)
            .map(|_| Some((name(take(&mut bytes)?), take_figure(&mut bytes)?)))
            .collect::<Option<_>>()?;
        let [from, to] = [from, to].map(|agent| name(agent.into()));
        Some(Message { time_ns, from, to, kind, subject, text, figures })
    }
}

/// All of a message but what its place has.
fn encode(message: &Message, names: &mut UsedNames, bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.push(message.kind as u8);
    put(bytes, names.take_up(&message.subject).into());
    put(bytes, message.text.len() as u64);
    bytes.extend(message.text.as_bytes());
    put(bytes, message.figures.len() as u64);
    for (name, figure) in &message.figures {
        put(bytes, names.take_up(name).into());
        put_figure(bytes, *figure);
    }
}

/// The numbers of names in what [`encode`] wrote.
fn each_name(mut bytes: &[u8], mut each: impl FnMut(u32)) -> Option<()> {
    let bytes = &mut bytes;
    take_byte(bytes)?;
    each(take(bytes)? as u32);
    let text = take(bytes)? as usize;
    take_slice(bytes, text)?;
    for _ in 0..take(bytes)? {
        each(take(bytes)? as u32);
        take_figure(bytes)?;
    }
    Some(())
}

/// What must fit, whatever else is kept: a message's text, and its names, were they new. It is more
/// than [`encode`] writes: a name is counted as 64 bytes or more, and takes at most 16 with its figure.
fn least_bytes(message: &Message) -> usize {
    let names = [&message.from, &message.to, &message.subject];
    let names = names.into_iter().chain(message.figures.keys());
    message.text.len() + names.map(|name| charge(name)).sum::<usize>()
}

impl History for Ring {
    fn append(&mut self, message: Message) -> Result<u64, HistoryError> {
        in_order(self.places.back().map(|last| last.time_ns), message.time_ns)?;
        let (bytes, limit) = (least_bytes(&message), self.buffer.len());
        if bytes > limit {
            return Err(HistoryError::TooLarge { bytes, limit });
        }
        encode(&message, &mut self.names, &mut self.encoded);
        let bytes = self.encoded.len();
        let from = self.names.take_up(&message.from);
        let to = self.names.take_up(&message.to);
        while self.names.charged() > limit && !self.places.is_empty() {
            self.drop_oldest();
        }
        let begin = self.room(bytes);
        self.buffer[begin..begin + bytes].copy_from_slice(&self.encoded);
        let (begin, length) = (begin as u32, bytes as u32);
        self.places.push_back(Place { time_ns: message.time_ns, from, to, begin, length });
        Ok(self.next() - 1)
    }

    fn first(&self) -> u64 {
        self.first
    }

    fn next(&self) -> u64 {
        self.first + self.places.len() as u64
    }

    fn get(&self, number: u64) -> Option<Message> {
        self.decoded(self.place(number)?)
    }

    fn iter_from(&self, number: u64) -> Messages<'_> {
        let numbers = number.max(self.first)..self.next();
        Box::new(numbers.filter_map(|number| Some((number, self.get(number)?))))
    }

    fn number_at(&self, time_ns: u64) -> u64 {
        first_number(self.first..self.next(), |number| {
            self.place(number).is_none_or(|place| place.time_ns >= time_ns)
        })
    }

    fn of_agent<'a>(&'a self, agent: &'a str) -> Messages<'a> {
        let Some(agent) = self.names.find(agent) else { return Box::new(std::iter::empty()) };
        let numbered = (self.first..).zip(&self.places);
        let own = numbered.filter(move |(_, place)| place.from == agent || place.to == agent);
        Box::new(own.filter_map(|(number, place)| Some((number, self.decoded(place)?))))
    }

    fn heap_bytes(&self) -> usize {
        let places = self.places.capacity() * size_of::<Place>();
        self.buffer.len() + places + self.encoded.capacity() + self.names.heap_bytes()
    }
}
