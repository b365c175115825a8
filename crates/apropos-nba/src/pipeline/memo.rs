//! What one decision has found out so far, so that no action asks again what another has asked.
//!
//! Not here: the questions themselves, see `gates`.

use apropos_context::Moment;
use apropos_event::Purpose;
use apropos_profile::Use;

use super::View;
use crate::catalogue::Catalogue;
use crate::layout::Channel;
use crate::stage::Reason;

/// An answer, once it was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<T>(Option<T>);

impl<T: Copy> Asked<T> {
    pub(super) const NOT: Self = Self(None);

    /// The answer, asked for now if it was not before.
    pub(super) fn or(&mut self, ask: impl FnOnce() -> T) -> T {
        *self.0.get_or_insert_with(ask)
    }
}

/// What one decision has found out so far.
#[derive(Debug)]
pub(super) struct Memo {
    places: Vec<Place>,
    /// For each limit, why it forbids an interruption, if it does.
    limits: Vec<Asked<Option<Reason>>>,
    /// Why the customer's own pace forbids an interruption, if it does.
    paced: Asked<Option<Reason>>,
    protected: Asked<bool>,
    personalise: Asked<bool>,
    pressure: Asked<f64>,
}

/// What one decision has found out about a channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Whether the customer is on it now, or has chosen it.
    pub(super) here: bool,
    /// Whether the customer has chosen it.
    pub(super) chosen: bool,
    /// Why the customer does not want it: for what is not marketing, and for what is.
    pub(super) refusals: [Asked<Option<Reason>>; 2],
    /// Why it must be quiet.
    pub(super) quiet: Asked<Option<Reason>>,
}

impl Default for Memo {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            limits: Vec::new(),
            paced: Asked::NOT,
            protected: Asked::NOT,
            personalise: Asked::NOT,
            pressure: Asked::NOT,
        }
    }
}

impl Memo {
    /// Forgets the last decision; nothing but where the customer is has been asked.
    pub(super) fn begin(&mut self, catalogue: &Catalogue, moment: &Moment) {
        self.places.clear();
        self.places.extend(catalogue.layout.channels.iter().map(|channel| {
            let chosen = moment.chosen_channel.as_ref() == Some(&channel.id);
            let here = chosen || moment.channel.as_ref() == Some(&channel.id);
            Place { here, chosen, refusals: [Asked::NOT; 2], quiet: Asked::NOT }
        }));
        self.limits.clear();
        self.limits.resize(catalogue.policy.limits.len(), Asked::NOT);
        self.paced = Asked::NOT;
        (self.protected, self.personalise, self.pressure) = (Asked::NOT, Asked::NOT, Asked::NOT);
    }

    /// Whether the customer is on a channel now, or has chosen it.
    pub(super) fn here(&self, channel: usize) -> bool {
        self.places.get(channel).is_some_and(|place| place.here)
    }
}

impl<'a> View<'a> {
    /// A channel, and what was found out about it.
    pub(super) fn place<'m>(&self, at: usize, memo: &'m mut Memo) -> Option<(&'a Channel, &'m mut Place)> {
        self.catalogue.layout.channels.get(at).zip(memo.places.get_mut(at))
    }

    /// Why a limit forbids an interruption, if it does.
    pub(super) fn limit(&self, at: usize, memo: &mut Memo) -> Option<Reason> {
        let limit = self.catalogue.policy.limits.get(at)?;
        let reservation = self.catalogue.policy.reservation;
        let reached = || crate::policy::reached(limit, self.q.ledger, reservation, self.now, self.q.zone);
        memo.limits.get_mut(at)?.or(reached)
    }

    /// Why the pace that the customer chose forbids an interruption, if it does.
    pub(super) fn paced(&self, memo: &mut Memo) -> Option<Reason> {
        let reservation = self.catalogue.policy.reservation;
        memo.paced.or(|| {
            let paces = self.q.profile_rules.paces(self.q.profile);
            crate::policy::paced(paces, self.q.ledger, reservation, self.now, self.q.zone)
        })
    }

    /// Whether the customer is in any protected state.
    pub(super) fn protected(&self, memo: &mut Memo) -> bool {
        memo.protected.or(|| self.q.profile_rules.is_protected_at_all(self.q.profile, self.now))
    }

    /// Whether the customer agrees to be treated personally.
    pub(super) fn personalise(&self, memo: &mut Memo) -> bool {
        let asked = Use::of(Purpose::Personalise);
        memo.personalise.or(|| self.q.profile_rules.permission(self.q.profile, asked, self.now).allowed)
    }

    /// How much contact the customer still feels.
    pub(super) fn pressure(&self, memo: &mut Memo) -> f64 {
        let half_life = self.catalogue.policy.fatigue_half_life;
        memo.pressure.or(|| self.q.ledger.pressure.at(self.now, half_life))
    }
}
