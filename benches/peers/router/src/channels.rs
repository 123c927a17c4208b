//! Channels between threads behind one interface.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use router::workload::Message;

/// Where one agent's messages wait.
pub trait Mailbox: 'static {
    type Sender: Send + Sync;
    type Receiver: Send;

    fn open() -> (Self::Sender, Self::Receiver);

    /// Whether it could be sent.
    fn send(sender: &Self::Sender, message: Message) -> bool;

    fn try_receive(receiver: &mut Self::Receiver) -> Option<Message>;

    /// All that is there, with one lock where there is a way.
    #[inline]
    fn take_all(receiver: &mut Self::Receiver, batch: &mut Vec<Message>) {
        while let Some(message) = Self::try_receive(receiver) {
            batch.push(message);
        }
    }
}

/// A mailbox that can be waited at.
pub trait Channel: Mailbox {
    /// None where nobody can send any more.
    fn receive(receiver: &mut Self::Receiver) -> Option<Message>;

    /// As `receive`, and all else that is there.
    #[inline]
    fn receive_batch(receiver: &mut Self::Receiver, batch: &mut Vec<Message>) {
        batch.extend(Self::receive(receiver));
        Self::take_all(receiver, batch);
    }
}

/// Most messages in a bounded channel.
pub const CAPACITY: usize = 1_024;

/// A channel by its types and calls; `take_all` where the library has a way of its own.
macro_rules! channel {
    (
        $name:ident, $sender:ty, $receiver:ty, $open:expr,
        send: $send:expr, try_receive: $try_receive:expr, receive: $receive:expr
        $(, take_all: $take_all:expr)?
    ) => {
        pub struct $name;

        impl Mailbox for $name {
            type Sender = $sender;
            type Receiver = $receiver;

            fn open() -> (Self::Sender, Self::Receiver) {
                $open
            }

            #[inline]
            fn send(sender: &Self::Sender, message: Message) -> bool {
                let send: fn(&$sender, Message) -> bool = $send;
                send(sender, message)
            }

            #[inline]
            fn try_receive(receiver: &mut Self::Receiver) -> Option<Message> {
                let try_receive: fn(&mut $receiver) -> Option<Message> = $try_receive;
                try_receive(receiver)
            }

            $(
                #[inline]
                fn take_all(receiver: &mut Self::Receiver, batch: &mut Vec<Message>) {
                    let take_all: fn(&mut $receiver, &mut Vec<Message>) = $take_all;
                    take_all(receiver, batch);
                }
            )?
        }

        impl Channel for $name {
            #[inline]
            fn receive(receiver: &mut Self::Receiver) -> Option<Message> {
                let receive: fn(&mut $receiver) -> Option<Message> = $receive;
                receive(receiver)
            }
        }
    };
}

/// A library whose bounded and unbounded channels are of one type.
macro_rules! one_type {
    (
        $unbounded:ident, $bounded:ident, $library:ident,
        try_receive: $try_receive:expr $(, take_all: $take_all:expr)?
    ) => {
        one_type!(
            @ $unbounded, $library, $library::unbounded(), $try_receive $(, take_all: $take_all)?
        );
        one_type!(
            @ $bounded, $library, $library::bounded(CAPACITY), $try_receive
            $(, take_all: $take_all)?
        );
    };
    (
        @ $name:ident, $library:ident, $open:expr, $try_receive:expr
        $(, take_all: $take_all:expr)?
    ) => {
        channel!(
            $name, $library::Sender<Message>, $library::Receiver<Message>, $open,
            send: |sender, message| sender.send(message).is_ok(),
            try_receive: $try_receive,
            receive: |receiver| receiver.recv().ok()
            $(, take_all: $take_all)?
        );
    };
}

one_type!(Crossbeam, CrossbeamBounded, crossbeam_channel, try_receive: |r| r.try_recv().ok());

one_type!(
    Flume, FlumeBounded, flume,
    try_receive: |receiver| receiver.try_recv().ok(),
    take_all: |receiver, batch| batch.extend(receiver.drain())
);

one_type!(
    Kanal, KanalBounded, kanal,
    try_receive: |receiver| receiver.try_recv().ok().flatten(),
    take_all: |receiver, batch| {
        // Of a closed one there is nothing to take.
        let _: Result<usize, _> = receiver.drain_into(batch);
    }
);

channel!(
    Std, mpsc::Sender<Message>, mpsc::Receiver<Message>, mpsc::channel(),
    send: |sender, message| sender.send(message).is_ok(),
    try_receive: |receiver| receiver.try_recv().ok(),
    receive: |receiver| receiver.recv().ok()
);

channel!(
    StdBounded, mpsc::SyncSender<Message>, mpsc::Receiver<Message>, mpsc::sync_channel(CAPACITY),
    send: |sender, message| sender.send(message).is_ok(),
    try_receive: |receiver| receiver.try_recv().ok(),
    receive: |receiver| receiver.recv().ok()
);

channel!(
    Tokio,
    tokio::sync::mpsc::UnboundedSender<Message>, tokio::sync::mpsc::UnboundedReceiver<Message>,
    tokio::sync::mpsc::unbounded_channel(),
    send: |sender, message| sender.send(message).is_ok(),
    try_receive: |receiver| receiver.try_recv().ok(),
    receive: |receiver| receiver.blocking_recv()
);

channel!(
    TokioBounded,
    tokio::sync::mpsc::Sender<Message>, tokio::sync::mpsc::Receiver<Message>,
    tokio::sync::mpsc::channel(CAPACITY),
    send: |sender, message| sender.blocking_send(message).is_ok(),
    try_receive: |receiver| receiver.try_recv().ok(),
    receive: |receiver| receiver.blocking_recv()
);

/// No channel: a queue behind a lock.
pub struct Locked;

type Queue = Arc<Mutex<VecDeque<Message>>>;

impl Mailbox for Locked {
    type Sender = Queue;
    type Receiver = Queue;

    fn open() -> (Queue, Queue) {
        let queue = Queue::default();
        (Arc::clone(&queue), queue)
    }

    #[inline]
    fn send(sender: &Queue, message: Message) -> bool {
        sender.lock().unwrap_or_else(PoisonError::into_inner).push_back(message);
        true
    }

    #[inline]
    fn try_receive(receiver: &mut Queue) -> Option<Message> {
        receiver.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    #[inline]
    fn take_all(receiver: &mut Queue, batch: &mut Vec<Message>) {
        batch.extend(receiver.lock().unwrap_or_else(PoisonError::into_inner).drain(..));
    }
}
