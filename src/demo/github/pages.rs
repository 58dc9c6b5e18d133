//! Pages for people.

use super::{
    server::{Incoming, Reply},
    state::State,
};

pub(crate) fn is_page(_incoming: &Incoming) -> bool {
    false
}

pub(crate) fn answer(_state: &mut State, _incoming: &Incoming) -> Reply {
    Reply::empty(404)
}
