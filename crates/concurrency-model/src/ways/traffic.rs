//! Notes within a process: a router with a mailbox for each agent.

use std::num::NonZeroUsize;

use router::{AgentId, Envelope, Mailbox, MailboxOptions, Router, RouterOptions};

use crate::note::Note;
use crate::{Plan, RunError};

/// The router of a society, if it has anything to tell, and whom each agent tells.
#[derive(Clone)]
pub struct Traffic {
    router: Option<Router<Note>>,
    listeners: std::sync::Arc<[AgentId]>,
}

/// An agent's end of it.
pub type Inbox = Option<Mailbox<Note>>;

impl Traffic {
    /// With a mailbox for each agent, in their order, spread over as many locks as threads will send.
    pub fn of(plan: &Plan, threads: NonZeroUsize) -> Result<(Self, Vec<Inbox>), RunError> {
        if !plan.is_connected() {
            let inboxes = (0..plan.agents).map(|_| None).collect();
            return Ok((Self { router: None, listeners: [].into() }, inboxes));
        }
        // It is the society that is timed, not its router.
        let options = RouterOptions { shards: threads, timed: None, ..RouterOptions::default() };
        let router = Router::new(options);
        let mut mailboxes = Vec::with_capacity(plan.agents as usize);
        for agent in 0..plan.agents {
            let mailbox = router.mailbox(MailboxOptions::default());
            let problem = |error: router::RegisterError| error.to_string();
            mailboxes.push(mailbox.map_err(|error| problem_of(agent, 0, problem(error)))?);
        }
        let ids: Vec<AgentId> = mailboxes.iter().map(Mailbox::id).collect();
        let listener = |agent| ids[plan.listener_of(agent) as usize];
        let listeners = (0..plan.agents).map(listener).collect();
        Ok((Self { router: Some(router), listeners }, mailboxes.into_iter().map(Some).collect()))
    }

    /// Tells an agent's listener.
    pub fn tell(&self, note: Option<Note>) -> Result<(), RunError> {
        let (Some(router), Some(note)) = (&self.router, note) else { return Ok(()) };
        let listener = self.listeners[note.from as usize];
        // Two notes at most wait for anyone, so there is room.
        match router.try_send(listener, Envelope::new(None, note)) {
            Ok(_) => Ok(()),
            Err(error) => Err(problem_of(note.from, note.step, error.to_string())),
        }
    }

    /// The note for an agent's step if it has come, where one must have: from the step before.
    pub fn heard(inbox: &mut Inbox, agent: u32, step: u32) -> Result<Option<Note>, RunError> {
        let Some(mailbox) = inbox else { return Ok(None) };
        if step == 0 {
            return Ok(None);
        }
        let note = mailbox.try_receive().map(|envelope| envelope.message);
        let note = note.map_err(|error| problem_of(agent, step, error.to_string()))?;
        expected(note, agent, step).map(Some)
    }
}

/// That a note is of the step before.
pub fn expected(note: Note, agent: u32, step: u32) -> Result<Note, RunError> {
    if note.step + 1 == step {
        return Ok(note);
    }
    let problem = format!("a note of step {} came, after {} of them", note.step, step - 1);
    Err(problem_of(agent, step, problem))
}

pub fn problem_of(agent: u32, step: u32, problem: String) -> RunError {
    RunError::Message { agent, step, problem }
}
