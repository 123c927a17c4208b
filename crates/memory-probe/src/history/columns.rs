//! Messages field by field, each field in an array of its own.

use super::names::Names;
use super::{History, HistoryError, Kind, Message, Messages, first_number, in_order};

/// Every message, as arrays of fields with names by number: what is looked for lies together, and
/// nothing is allocated for a message alone.
#[derive(Debug, Default)]
pub struct Columns {
    names: Names,
    fields: Fields,
}

/// The arrays. Texts and figures of a message end where those of the next begin.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub times_ns: Vec<u64>,
    pub from: Vec<u32>,
    pub to: Vec<u32>,
    pub kinds: Vec<Kind>,
    pub subjects: Vec<u32>,
    pub text_ends: Vec<usize>,
    pub texts: String,
    pub figure_ends: Vec<usize>,
    pub figure_names: Vec<u32>,
    pub figures: Vec<f64>,
}

impl Fields {
    /// With room for so many messages, with so many bytes of text and so many figures in all.
    pub fn with_room(messages: usize, texts: usize, figures: usize) -> Self {
        let numbers = || Vec::with_capacity(messages);
        Self {
            times_ns: Vec::with_capacity(messages),
            from: numbers(),
            to: numbers(),
            kinds: Vec::with_capacity(messages),
            subjects: numbers(),
            text_ends: Vec::with_capacity(messages),
            texts: String::with_capacity(texts),
            figure_ends: Vec::with_capacity(messages),
            figure_names: Vec::with_capacity(figures),
            figures: Vec::with_capacity(figures),
        }
    }

    pub fn len(&self) -> usize {
        self.times_ns.len()
    }

    pub fn push(&mut self, message: &Message, names: &mut Names) {
        self.times_ns.push(message.time_ns);
        self.from.push(names.number(&message.from));
        self.to.push(names.number(&message.to));
        self.kinds.push(message.kind);
        self.subjects.push(names.number(&message.subject));
        self.texts.push_str(&message.text);
        self.text_ends.push(self.texts.len());
        for (name, figure) in &message.figures {
            self.figure_names.push(names.number(name));
            self.figures.push(*figure);
        }
        self.figure_ends.push(self.figures.len());
    }

    /// The message at this index.
    pub fn message(&self, index: usize, names: &Names) -> Option<Message> {
        let name = |number: u32| names.name(number).to_owned();
        let range = |ends: &[usize]| {
            let begin = index.checked_sub(1).map_or(Some(0), |before| ends.get(before).copied());
            Some(begin?..*ends.get(index)?)
        };
        let figures = range(&self.figure_ends)?;
        let named = self.figure_names.get(figures.clone())?.iter().map(|number| name(*number));
        Some(Message {
            time_ns: *self.times_ns.get(index)?,
            from: name(*self.from.get(index)?),
            to: name(*self.to.get(index)?),
            kind: *self.kinds.get(index)?,
            subject: name(*self.subjects.get(index)?),
            text: self.texts.get(range(&self.text_ends)?)?.to_owned(),
            figures: named.zip(self.figures.get(figures)?.iter().copied()).collect(),
        })
    }

    /// Forgets all messages and keeps the memory.
    pub fn clear(&mut self) {
        for column in [&mut self.from, &mut self.to, &mut self.subjects, &mut self.figure_names] {
            column.clear();
        }
        for ends in [&mut self.text_ends, &mut self.figure_ends] {
            ends.clear();
        }
        self.times_ns.clear();
        self.kinds.clear();
        self.texts.clear();
        self.figures.clear();
    }

    pub fn heap_bytes(&self) -> usize {
        let numbers = [&self.from, &self.to, &self.subjects, &self.figure_names];
        let numbers: usize =
            numbers.map(|column| column.capacity() * size_of::<u32>()).iter().sum();
        let ends = self.text_ends.capacity() + self.figure_ends.capacity();
        self.times_ns.capacity() * size_of::<u64>()
            + numbers
            + self.kinds.capacity() * size_of::<Kind>()
            + ends * size_of::<usize>()
            + self.texts.capacity()
            + self.figures.capacity() * size_of::<f64>()
    }
}

impl History for Columns {
    fn append(&mut self, message: Message) -> Result<u64, HistoryError> {
        in_order(self.fields.times_ns.last().copied(), message.time_ns)?;
        self.fields.push(&message, &mut self.names);
        Ok(self.next() - 1)
    }

    fn first(&self) -> u64 {
        0
    }

    fn next(&self) -> u64 {
        self.fields.len() as u64
    }

    fn get(&self, number: u64) -> Option<Message> {
        self.fields.message(usize::try_from(number).ok()?, &self.names)
    }

    fn iter_from(&self, number: u64) -> Messages<'_> {
        let numbers = number..self.next();
        Box::new(numbers.filter_map(|number| Some((number, self.get(number)?))))
    }

    fn number_at(&self, time_ns: u64) -> u64 {
        let times = &self.fields.times_ns;
        first_number(0..self.next(), |number| times[number as usize] >= time_ns)
    }

    fn of_agent<'a>(&'a self, agent: &'a str) -> Messages<'a> {
        let Some(agent) = self.names.find(agent) else { return Box::new(std::iter::empty()) };
        let agents = self.fields.from.iter().zip(&self.fields.to);
        let own = (0..).zip(agents).filter(move |(_, (from, to))| **from == agent || **to == agent);
        Box::new(own.filter_map(|(number, _)| Some((number, self.get(number)?))))
    }

    fn heap_bytes(&self) -> usize {
        self.fields.heap_bytes() + self.names.heap_bytes()
    }
}
