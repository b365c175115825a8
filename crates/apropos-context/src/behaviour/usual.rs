//! The nine signals that most playbooks want, over conventional kinds of events.

use apropos_event::{Duration, EventKind, PropertyName, SignalId};

use super::definition::{EvidenceDefinition, Repeat, SignalDefinition, Silence};
use crate::pattern::EventPattern;

/// Evidence of the table.
#[derive(Clone, Copy)]
struct Sign {
    kind: &'static str,
    weight: f64,
    reason: &'static str,
    /// So many times within so many seconds.
    again: Option<(u8, i64)>,
    /// The property that stays the same.
    same: Option<&'static str>,
    /// Seconds since the event before.
    pause: Option<i64>,
}

/// An event that counts at once.
const fn sign(kind: &'static str, weight: f64, reason: &'static str) -> Sign {
    Sign { kind, weight, reason, again: None, same: None, pause: None }
}

impl Sign {
    const fn again(self, times: u8, within: i64) -> Self {
        Self { again: Some((times, within)), ..self }
    }

    const fn same(self, property: &'static str) -> Self {
        Self { same: Some(property), ..self }
    }

    const fn after_pause(self, seconds: i64) -> Self {
        Self { pause: Some(seconds), ..self }
    }
}

/// Hesitation, comparison, price sensitivity, frustration, asking friends, nervousness, urgency, help seeking and
/// disengagement, for events of the kinds named in the table. A playbook may take them, change them, or write its own.
pub fn usual_signals() -> Vec<SignalDefinition> {
    const TABLE: [(&str, i64, &[Sign]); 9] = [
        (
            "hesitation",
            30,
            &[
                sign("cart_view", 0.3, "looks into the cart again and again").again(2, 900),
                sign("checkout_step", 0.25, "pauses before a step of the checkout").after_pause(60),
                sign("cart_remove", 0.35, "takes something out of the cart"),
                sign("checkout_leave", 0.5, "leaves the checkout"),
                sign("purchase", -1.0, "bought"),
            ],
        ),
        (
            "comparison",
            60,
            &[
                sign("product_view", 0.3, "looks at several things of one kind")
                    .again(3, 900)
                    .same("category"),
                sign("compare", 0.6, "uses the comparison"),
                sign("review_read", 0.2, "reads reviews"),
                sign("purchase", -0.8, "bought"),
            ],
        ),
        (
            "price_sensitivity",
            7 * 24 * 60,
            &[
                sign("sort_by_price", 0.4, "sorts by price"),
                sign("coupon_apply", 0.5, "tries a coupon"),
                sign("coupon_search", 0.5, "looks for a coupon"),
                sign("price_alert", 0.6, "asks to be told of a lower price"),
            ],
        ),
        (
            "frustration",
            20,
            &[
                sign("click", 0.5, "clicks the same thing again and again").again(3, 2).same("target"),
                sign("error", 0.35, "ran into an error"),
                sign("search", 0.3, "searches again and again").again(3, 300),
                sign("page_view", 0.25, "comes back to the same page again and again")
                    .again(3, 120)
                    .same("page"),
                sign("complaint", 0.8, "complains"),
                sign("resolved", -0.7, "the matter was resolved"),
            ],
        ),
        (
            "asking_friends",
            24 * 60,
            &[
                sign("share", 0.7, "shares it with others"),
                sign("wishlist_share", 0.6, "shares a list of wishes"),
            ],
        ),
        (
            "nervousness",
            60,
            &[
                sign("return_policy_view", 0.5, "looks up how to give things back"),
                sign("warranty_view", 0.4, "looks up the warranty"),
                sign("security_info_view", 0.4, "looks up how payment is protected"),
                sign("review_read", 0.2, "reads many reviews").again(3, 1_800),
                sign("purchase", -0.6, "bought"),
            ],
        ),
        (
            "urgency",
            4 * 60,
            &[
                sign("delivery_time_view", 0.4, "asks how soon it comes"),
                sign("express_selected", 0.7, "chooses the fastest delivery"),
                sign("stock_check", 0.4, "asks whether it is there now"),
                sign("purchase", -0.7, "bought"),
            ],
        ),
        (
            "help_seeking",
            45,
            &[
                sign("faq_view", 0.35, "reads questions and answers"),
                sign("contact_view", 0.5, "looks for a way to reach us"),
                sign("chat_start", 0.7, "begins a chat"),
                sign("call_start", 0.8, "calls"),
                sign("resolved", -0.8, "the matter was resolved"),
            ],
        ),
        (
            "disengagement",
            30 * 24 * 60,
            &[
                sign("unsubscribe", 0.6, "asks for fewer messages"),
                sign("message_dismiss", 0.15, "dismisses message after message").again(3, 14 * 86_400),
                sign("app_uninstall", 0.8, "removes the app"),
                sign("purchase", -0.7, "bought"),
            ],
        ),
    ];
    TABLE.iter().filter_map(|(id, minutes, signs)| signal(id, *minutes, signs)).collect()
}

/// The names in the table are valid, so nothing is ever left out.
fn signal(id: &str, minutes: i64, signs: &[Sign]) -> Option<SignalDefinition> {
    let silence = (id == "disengagement")
        .then_some(Silence { after: Duration::from_days(30), full: Duration::from_days(90) });
    Some(SignalDefinition {
        id: SignalId::new(id).ok()?,
        half_life: Duration::from_mins(minutes),
        evidence: signs.iter().filter_map(evidence).collect(),
        silence,
    })
}

fn evidence(sign: &Sign) -> Option<EvidenceDefinition> {
    Some(EvidenceDefinition {
        on: EventPattern::new(EventKind::new(sign.kind).ok()?),
        weight: sign.weight,
        repeat: sign.again.map(|(times, within)| Repeat {
            times,
            within: Duration::from_secs(within),
            same: sign.same.and_then(|name| PropertyName::new(name).ok()),
        }),
        pause: sign.pause.map(Duration::from_secs),
        reason: sign.reason.to_owned(),
    })
}
