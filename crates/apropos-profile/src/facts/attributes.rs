//! The attributes that profiles supply, and the functions that conditions may call for counters.

use apropos_condition::{AttributeDefinition, AttributeType, FunctionDefinition, ParameterType, Sensitivity};
use apropos_event::{AttributeName, ChannelId, Purpose, Purposes};

use crate::definition::{AdvocacySignal, Aggregate};
use crate::rules::ProfileRules;
use crate::standing::ConsentState;

/// `consent.contact.email` and `consent.state.contact.email`.
pub(super) fn consent_names(purpose: Purpose, channel: &ChannelId) -> (String, String) {
    (format!("consent.{purpose}.{channel}"), format!("consent.state.{purpose}.{channel}"))
}

/// `profile.advocacy.reviewed`.
pub(super) fn sign_name(signal: AdvocacySignal) -> String {
    let name = match signal {
        AdvocacySignal::Reviewed => "reviewed",
        AdvocacySignal::Referred => "referred",
        AdvocacySignal::Helped => "helped",
    };
    format!("profile.advocacy.{name}")
}

/// Collects declarations whose names come from definitions: a name that cannot be one is left out here and reported
/// where the schema is built.
struct List(Vec<AttributeDefinition>);

impl List {
    fn add(&mut self, name: &str, kind: AttributeType, doc: &str) -> Option<&mut AttributeDefinition> {
        let name = AttributeName::new(name).ok()?;
        if self.0.iter().any(|known| known.name == name) {
            return None;
        }
        let new = AttributeDefinition::new(name, kind).with_source("the profile").with_doc(doc);
        self.0.push(new.with_sensitivity(Sensitivity::Personal));
        self.0.last_mut()
    }

    fn symbols(&mut self, name: &str, values: impl IntoIterator<Item = &'static str>, doc: &str) {
        if let Some(new) = self.add(name, AttributeType::Symbol, doc) {
            new.values = values.into_iter().map(str::to_owned).collect();
            new.sensitivity = Sensitivity::Internal;
        }
    }
}

impl ProfileRules {
    /// The attributes that profiles supply: `profile.*`, `consent.*` and `history.*`.
    pub fn attributes(&self) -> Vec<AttributeDefinition> {
        let mut list = List(Vec::new());
        for known in &self.traits {
            let name = format!("profile.{}", known.name);
            let doc = known.doc.as_deref().unwrap_or("a trait of the customer");
            if let Some(new) = list.add(&name, known.kind.clone(), doc) {
                new.unit.clone_from(&known.unit);
                new.default.clone_from(&known.default);
                new.values.clone_from(&known.values);
                new.purposes = known.purposes;
                new.sensitivity = known.sensitivity;
            }
        }
        self.profile_attributes(&mut list);
        self.consent_attributes(&mut list);
        self.history_attributes(&mut list);
        list.0
    }

    fn profile_attributes(&self, list: &mut List) {
        use AttributeType::{Decimal, Double, Int, Text};
        let texts = || AttributeType::set(Text);
        list.add(
            "profile.told",
            texts(),
            "the traits that the customer told in person: never ask for them again",
        );
        list.add("profile.known", texts(), "the traits of which a value is known");
        list.add("profile.members", Int, "how many keys of the host stand for this customer");
        list.add("profile.goals", texts(), "the goals that the customer is on the way to");
        list.add("profile.likes", texts(), "the topics that the customer likes");
        list.add("profile.dislikes", texts(), "the topics that the customer does not like");
        list.add("profile.preferred_channel", Text, "the channel that the customer likes best");
        list.add("profile.open_cases", Int, "cases and complaints that are open");
        list.add("profile.open_promises", Int, "promises that are neither kept nor broken");
        if let Some(value) = &self.definition.value {
            let code = value.currency.code();
            for (name, doc) in [
                ("profile.value.spent", "money spent, refunds taken off"),
                ("profile.value.margin", "margin earned, refunds taken off"),
                ("profile.value.monetary", "mean money spent per purchase in the window"),
            ] {
                if let Some(new) = list.add(name, Decimal, doc) {
                    new.unit = Some(code.to_owned());
                }
            }
            list.add("profile.value.purchases", Int, "how many purchases there were");
            list.add("profile.value.frequency", Int, "how many purchases there were in the window");
            list.add("profile.value.recency_days", Double, "days since the last purchase");
        }
        list.add("profile.benefit.company", Decimal, "what the company gained, as recorded");
        list.add("profile.benefit.customer", Decimal, "what the customer gained, as recorded");
        for sign in &self.definition.advocacy {
            list.add(&sign_name(sign.signal), Int, "how often the customer spoke or acted for others");
        }
    }

    fn consent_attributes(&self, list: &mut List) {
        use AttributeType::{Bool, Text};
        let states = || ConsentState::ALL.map(ConsentState::as_str);
        for purpose in Purpose::ALL {
            list.add(&format!("consent.{purpose}"), Bool, "whether this purpose is permitted");
            list.symbols(
                &format!("consent.state.{purpose}"),
                states(),
                "what the customer said about this purpose",
            );
            for channel in &self.definition.consent.channels {
                let (allowed, state) = consent_names(purpose, channel);
                list.add(&allowed, Bool, "whether this purpose is permitted on this channel");
                list.symbols(&state, states(), "what the customer said about this purpose on this channel");
            }
        }
        list.add("consent.marketing", Bool, "whether direct marketing is permitted");
        list.symbols("consent.state.marketing", states(), "what the customer said about direct marketing");
        list.add("consent.protected", Bool, "whether the customer is in any protected state");
        for state in &self.states {
            let doc = "whether the customer is in this protected state";
            if let Some(new) = list.add(&format!("consent.protected.{state}"), Bool, doc) {
                // Vulnerability may restrain, never be learned from.
                new.purposes = Purposes::ALL.iter().filter(|purpose| *purpose != Purpose::Learn).collect();
                new.sensitivity = Sensitivity::Special;
            }
        }
        list.add("consent.resting", Bool, "whether a snooze of all contact runs");
        let texts = || AttributeType::set(Text);
        list.add("consent.blocked_channels", texts(), "the channels that the customer blocked");
        list.add("consent.less_actions", texts(), "the actions that the customer wants less of");
        list.add("consent.less_groups", texts(), "the groups of actions that the customer wants less of");
        list.add("consent.less_topics", texts(), "the topics that the customer wants less of");
    }

    fn history_attributes(&self, list: &mut List) {
        list.add("history.events", AttributeType::Int, "how many events there ever were");
        list.add("history.days_since_last", AttributeType::Double, "days since the last event");
        list.add("history.last_channel", AttributeType::Text, "the channel of the last event that had one");
        for counter in &self.definition.counters {
            let name = format!("history.{}", counter.name);
            list.add(&name, result(counter.aggregate), "a counter that the definition declares");
        }
    }

    /// The functions that conditions may call for counters; each call becomes an attribute that
    /// [`ProfileRules::register`] sees to.
    ///
    /// `history.count("purchase", "30d")`, `history.sum("purchase", "amount", "30d")`,
    /// `history.distinct("view", "product", "7d")`, `history.last("purchase")`, `history.first("purchase")`,
    /// `history.days_since("purchase")`. The window may be left out, which means ever; see
    /// [`Window`](apropos_event::counter::Window) for how it is written. `*` stands for all kinds.
    pub fn functions() -> Vec<FunctionDefinition> {
        let function = |name: &str, aggregate: Aggregate, doc: &str| {
            let new =
                FunctionDefinition::new(name, result(aggregate)).with_parameter("event", ParameterType::Text);
            let new = match aggregate {
                Aggregate::Sum | Aggregate::Distinct => new.with_parameter("property", ParameterType::Text),
                _ => new,
            };
            new.with_optional("window", ParameterType::Text).with_doc(doc)
        };
        vec![
            function("history.count", Aggregate::Count, "how many events of a kind there were"),
            function("history.sum", Aggregate::Sum, "the sum of a property over events of a kind"),
            function("history.last", Aggregate::Last, "when the last event of a kind was"),
            function("history.first", Aggregate::First, "when the first event of a kind was"),
            function("history.distinct", Aggregate::Distinct, "how many different values a property had"),
            function(
                "history.days_since",
                Aggregate::DaysSince,
                "days of 24 hours since the last event of a kind",
            ),
        ]
    }
}

fn result(aggregate: Aggregate) -> AttributeType {
    match aggregate {
        Aggregate::Count | Aggregate::Distinct => AttributeType::Int,
        Aggregate::Sum => AttributeType::Decimal,
        Aggregate::Last | Aggregate::First => AttributeType::Timestamp,
        Aggregate::DaysSince => AttributeType::Double,
    }
}
