//! Parts of a program that are accounted for by name.

use std::marker::PhantomData;
use std::sync::{OnceLock, RwLock};

use crate::account::Account;
use crate::tally;

/// Names by number; 0 is what lies outside of all scopes.
static NAMES: RwLock<[Option<&'static str>; tally::SCOPES]> = {
    let mut names = [None; tally::SCOPES];
    names[0] = Some("outside");
    names[LAST] = Some("further scopes");
    RwLock::new(names)
};

/// What scopes share that found no number.
const LAST: usize = tally::SCOPES - 1;

/// A named part of the program. What a thread allocates and frees between [`Scope::enter`] and the
/// end of the guard is counted in the innermost scope it entered, and in no other.
///
/// A block that is freed is taken off the scope in which it is freed, whoever allocated it: what is
/// live in a scope is how much more memory there is for what was done in it, and can be negative.
/// Work that goes over several threads enters the scope in each.
///
/// Scopes of one name are one scope. There is room for 62; the others share one that is called
/// "further scopes".
#[derive(Debug)]
pub struct Scope {
    name: &'static str,
    number: OnceLock<usize>,
}

impl Scope {
    /// A scope of this name, for a static.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, number: OnceLock::new() }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Counts what this thread does in this scope until the guard is dropped.
    #[must_use = "the scope ends when the guard is dropped"]
    pub fn enter(&self) -> Entered {
        Entered { left: tally::enter(self.number()), of_this_thread: PhantomData }
    }

    /// Does something within this scope.
    pub fn within<R>(&self, work: impl FnOnce() -> R) -> R {
        let _entered = self.enter();
        work()
    }

    /// What all threads did in this scope so far. Takes no lock and allocates nothing once the scope
    /// was entered.
    #[must_use]
    pub fn account(&self) -> Account {
        let number = self.number();
        tally::account(number..number + 1)
    }

    fn number(&self) -> usize {
        *self.number.get_or_init(|| {
            let mut names = NAMES.write().unwrap_or_else(|poisoned| poisoned.into_inner());
            let own = names.iter().position(|name| *name == Some(self.name));
            let Some(number) = own.or_else(|| names.iter().position(Option::is_none)) else {
                return LAST;
            };
            names[number] = Some(self.name);
            number
        })
    }
}

/// A thread is in a scope while this lives. Dropped in another order than they were made, guards
/// leave the thread in the wrong scope.
#[derive(Debug)]
pub struct Entered {
    left: usize,
    of_this_thread: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        tally::enter(self.left);
    }
}

/// Every scope that was entered or asked for, and the one outside of them, with its account.
#[must_use]
pub fn scopes() -> Vec<(&'static str, Account)> {
    let names = *NAMES.read().unwrap_or_else(|poisoned| poisoned.into_inner());
    names
        .iter()
        .enumerate()
        .filter_map(|(number, name)| Some(((*name)?, tally::account(number..number + 1))))
        .filter(|(name, account)| *name != "further scopes" || account.allocated_blocks() > 0)
        .collect()
}
