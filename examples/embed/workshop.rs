//! The slots of the workshop: counted, priced, and never promised twice.
//!
//! Not here: what an inspection is worth, which the playbook says.

use apropos::evaluate::budget::{BudgetDefinition, Budgets, Ledger, Offer};
use apropos::event::Value;
use apropos::{Decision, Moment};

use crate::host::Fallible;

/// What is left of the slots, and what one of them is worth.
pub(crate) struct Workshop {
    budgets: Budgets,
}

impl Workshop {
    /// So many slots, for about so many decisions.
    pub(crate) fn new(slots: u64, decisions: f64) -> Fallible<Self> {
        let slots = BudgetDefinition { name: "slots".to_owned(), units: slots };
        Ok(Self { budgets: Budgets::new(Ledger::new(vec![slots])?, decisions) })
    }

    /// How many slots are left.
    pub(crate) fn left(&self) -> u64 {
        self.budgets.ledger().free(0)
    }

    /// What a slot is worth to somebody else, in the unit of priorities.
    pub(crate) fn price(&self) -> f64 {
        self.budgets.prices().first().copied().unwrap_or(0.0)
    }

    /// The same moment with what is left and its price.
    pub(crate) fn tell(&self, moment: Moment) -> Fallible<Moment> {
        let left = Value::from(i64::try_from(self.left())?);
        let price = Value::double(self.price()).ok_or("a price is a finite number")?;
        let moment = moment.with_attribute("resource.slots".parse()?, left);
        Ok(moment.with_attribute("resource.slots.price".parse()?, price))
    }

    /// Books the slot that a decision takes, and gives whether it takes one. The price learns from it either way.
    pub(crate) fn book(&mut self, decision: &Decision) -> Fallible<bool> {
        let offer = decision.chosen().filter(|chosen| chosen.action.as_str() == "offer_inspection");
        let (value, cost) = match offer.and_then(|chosen| chosen.score) {
            Some(score) => (score.priority + score.price, 1),
            None => (0.0, 0),
        };
        let reservation = self.budgets.take(&Offer { value, costs: &[cost] })?;
        self.budgets.ledger_mut().settle(&reservation, &[cost])?;
        Ok(0 < cost)
    }
}
