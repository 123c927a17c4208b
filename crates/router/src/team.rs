//! A group of agents as one receiver.

use std::sync::{Arc, RwLock};

use crate::groups::{Group, Key};
use crate::route::Route;
use crate::sync::{read, write};
use crate::{AgentId, Envelope, Router, Sent, SubscribeError, TeamError};

/// Agents of whom any will do, and the way to one of them. A clone is the same team.
///
/// ```
/// use router::{Choice, Envelope, MailboxOptions, Router};
///
/// let router = Router::default();
/// let team = router.team();
/// let workers = [(); 3].map(|()| router.register(MailboxOptions::default()));
/// for worker in workers.clone() {
///     team.join(worker?)?;
/// }
/// for job in 0..6 {
///     team.send(Choice::InTurn, Envelope::new(None, job))?;
/// }
/// for worker in workers {
///     assert_eq!(router.depth(worker?)?.now, 2);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Team<M> {
    router: Router<M>,
    group: Arc<RwLock<Group>>,
}

/// Who of a team gets a message; [`groups`](crate::groups) says what each costs and promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Choice {
    /// Round robin.
    InTurn,
    /// Who has the fewest messages waiting.
    LeastLoaded,
    /// Who has fewer messages waiting, of two drawn at random.
    LighterOfTwo,
    /// Always the same for the same key, by consistent hashing.
    ByKey(Key),
}

impl Choice {
    /// The choice by a key: a number, text, bytes or an agent.
    pub fn by_key(key: impl Into<Key>) -> Self {
        Self::ByKey(key.into())
    }
}

impl<M> Router<M> {
    /// A team without members.
    #[must_use]
    pub fn team(&self) -> Team<M> {
        Team { router: self.clone(), group: Arc::default() }
    }
}

impl<M> Team<M> {
    /// Adds an agent; whether it was not there.
    ///
    /// # Errors
    /// If the router has no such agent.
    pub fn join(&self, agent: AgentId) -> Result<bool, SubscribeError> {
        if !self.router.has(agent) {
            return Err(SubscribeError::NoSuchAgent(agent));
        }
        Ok(write(&self.group).join(agent))
    }

    /// Takes an agent out of the team; whether it was there. One that is removed from the router
    /// leaves by itself, when it would have been chosen.
    pub fn leave(&self, agent: AgentId) -> bool {
        write(&self.group).leave(agent)
    }

    /// Its agents, some of whom may be gone.
    #[must_use]
    pub fn members(&self) -> Vec<AgentId> {
        read(&self.group).members().to_vec()
    }

    /// Who gets the next message; none if there is nobody.
    #[must_use]
    pub fn choose(&self, choice: Choice) -> Option<AgentId> {
        loop {
            let agent = self.candidate(choice)?;
            if self.router.has(agent) {
                return Some(agent);
            }
            self.leave(agent);
        }
    }

    fn candidate(&self, choice: Choice) -> Option<AgentId> {
        // Who is gone is chosen last, and then leaves.
        let depth = |agent| self.router.depth(agent).map_or(u32::MAX, |depth| depth.now);
        let group = read(&self.group);
        match choice {
            Choice::InTurn => group.in_turn(),
            Choice::LeastLoaded => group.least_loaded(depth),
            Choice::LighterOfTwo => group.lighter_of_two(depth),
            Choice::ByKey(key) => group.by_key(key),
        }
    }

    /// Sends a message to one of the team, as [`Router::send`] does.
    ///
    /// # Errors
    /// The message back, if nobody is there or as [`Router::send`].
    pub fn send(&self, choice: Choice, envelope: Envelope<M>) -> Result<Sent, TeamError<M>> {
        let (to, envelope) = self.address(choice, envelope)?;
        Ok(self.router.send(to, envelope)?)
    }

    /// As [`Router::try_send`] does.
    ///
    /// # Errors
    /// The message back, if nobody is there or as [`Router::try_send`].
    pub fn try_send(&self, choice: Choice, envelope: Envelope<M>) -> Result<Sent, TeamError<M>> {
        let (to, envelope) = self.address(choice, envelope)?;
        Ok(self.router.try_send(to, envelope)?)
    }

    /// As [`Router::send_async`] does.
    ///
    /// # Errors
    /// The message back, if nobody is there or as [`Router::send_async`].
    pub async fn send_async(
        &self,
        choice: Choice,
        envelope: Envelope<M>,
    ) -> Result<Sent, TeamError<M>> {
        let (to, envelope) = self.address(choice, envelope)?;
        Ok(self.router.send_async(to, envelope).await?)
    }

    fn address(
        &self,
        choice: Choice,
        envelope: Envelope<M>,
    ) -> Result<(AgentId, Envelope<M>), TeamError<M>> {
        match self.choose(choice) {
            Some(to) => Ok((to, envelope.by(Route::Group))),
            None => Err(TeamError::Nobody(envelope)),
        }
    }
}
