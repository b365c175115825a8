//! The nine signals that most playbooks want, over conventional kinds of events.

use apropos_event::{Duration, EventKind, PropertyName, SignalId};

use super::definition::{EvidenceDefinition, Repeat, SignalDefinition, Silence};
use crate::pattern::EventPattern;

/// A row of evidence: kind of event, weight, times within seconds (0 for at once), property that stays the same,
/// pause in seconds (0 for none), reason.
type Row = (&'static str, f64, u8, i64, &'static str, i64, &'static str);

/// Hesitation, comparison, price sensitivity, frustration, asking friends, nervousness, urgency, help seeking and
/// disengagement, for events of the kinds named in the table. A playbook may take them, change them, or write its own.
pub fn usual_signals() -> Vec<SignalDefinition> {
    const TABLE: [(&str, i64, &[Row]); 9] = [
        (
            "hesitation",
            30,
            &[
                ("cart_view", 0.3, 2, 900, "", 0, "looks into the cart again and again"),
                ("checkout_step", 0.25, 0, 0, "", 60, "pauses before a step of the checkout"),
                ("cart_remove", 0.35, 0, 0, "", 0, "takes something out of the cart"),
                ("checkout_leave", 0.5, 0, 0, "", 0, "leaves the checkout"),
                ("purchase", -1.0, 0, 0, "", 0, "bought"),
            ],
        ),
        (
            "comparison",
            60,
            &[
                ("product_view", 0.3, 3, 900, "category", 0, "looks at several things of one kind"),
                ("compare", 0.6, 0, 0, "", 0, "uses the comparison"),
                ("review_read", 0.2, 0, 0, "", 0, "reads reviews"),
                ("purchase", -0.8, 0, 0, "", 0, "bought"),
            ],
        ),
        (
            "price_sensitivity",
            7 * 24 * 60,
            &[
                ("sort_by_price", 0.4, 0, 0, "", 0, "sorts by price"),
                ("coupon_apply", 0.5, 0, 0, "", 0, "tries a coupon"),
                ("coupon_search", 0.5, 0, 0, "", 0, "looks for a coupon"),
                ("price_alert", 0.6, 0, 0, "", 0, "asks to be told of a lower price"),
            ],
        ),
        (
            "frustration",
            20,
            &[
                ("click", 0.5, 3, 2, "target", 0, "clicks the same thing again and again"),
                ("error", 0.35, 0, 0, "", 0, "ran into an error"),
                ("search", 0.3, 3, 300, "", 0, "searches again and again"),
                ("page_view", 0.25, 3, 120, "page", 0, "comes back to the same page again and again"),
                ("complaint", 0.8, 0, 0, "", 0, "complains"),
                ("resolved", -0.7, 0, 0, "", 0, "the matter was resolved"),
            ],
        ),
        (
            "asking_friends",
            24 * 60,
            &[
                ("share", 0.7, 0, 0, "", 0, "shares it with others"),
                ("wishlist_share", 0.6, 0, 0, "", 0, "shares a list of wishes"),
            ],
        ),
        (
            "nervousness",
            60,
            &[
                ("return_policy_view", 0.5, 0, 0, "", 0, "looks up how to give things back"),
                ("warranty_view", 0.4, 0, 0, "", 0, "looks up the warranty"),
                ("security_info_view", 0.4, 0, 0, "", 0, "looks up how payment is protected"),
                ("review_read", 0.2, 3, 1_800, "", 0, "reads many reviews"),
                ("purchase", -0.6, 0, 0, "", 0, "bought"),
            ],
        ),
        (
            "urgency",
            4 * 60,
            &[
                ("delivery_time_view", 0.4, 0, 0, "", 0, "asks how soon it comes"),
                ("express_selected", 0.7, 0, 0, "", 0, "chooses the fastest delivery"),
                ("stock_check", 0.4, 0, 0, "", 0, "asks whether it is there now"),
                ("purchase", -0.7, 0, 0, "", 0, "bought"),
            ],
        ),
        (
            "help_seeking",
            45,
            &[
                ("faq_view", 0.35, 0, 0, "", 0, "reads questions and answers"),
                ("contact_view", 0.5, 0, 0, "", 0, "looks for a way to reach us"),
                ("chat_start", 0.7, 0, 0, "", 0, "begins a chat"),
                ("call_start", 0.8, 0, 0, "", 0, "calls"),
                ("resolved", -0.8, 0, 0, "", 0, "the matter was resolved"),
            ],
        ),
        (
            "disengagement",
            30 * 24 * 60,
            &[
                ("unsubscribe", 0.6, 0, 0, "", 0, "asks for fewer messages"),
                ("message_dismiss", 0.15, 3, 14 * 86_400, "", 0, "dismisses message after message"),
                ("app_uninstall", 0.8, 0, 0, "", 0, "removes the app"),
                ("purchase", -0.7, 0, 0, "", 0, "bought"),
            ],
        ),
    ];
    TABLE.iter().filter_map(|(id, minutes, rows)| signal(id, *minutes, rows)).collect()
}

/// The names in the table are valid, so nothing is ever left out.
fn signal(id: &str, minutes: i64, rows: &[Row]) -> Option<SignalDefinition> {
    let silence = (id == "disengagement")
        .then_some(Silence { after: Duration::from_days(30), full: Duration::from_days(90) });
    Some(SignalDefinition {
        id: SignalId::new(id).ok()?,
        half_life: Duration::from_mins(minutes),
        evidence: rows.iter().filter_map(evidence).collect(),
        silence,
    })
}

fn evidence((kind, weight, times, within, same, pause, reason): &Row) -> Option<EvidenceDefinition> {
    Some(EvidenceDefinition {
        on: EventPattern::new(EventKind::new(kind).ok()?),
        weight: *weight,
        repeat: (0 < *times).then(|| Repeat {
            times: *times,
            within: Duration::from_secs(*within),
            same: PropertyName::new(same).ok(),
        }),
        pause: (0 < *pause).then(|| Duration::from_secs(*pause)),
        reason: (*reason).to_owned(),
    })
}
