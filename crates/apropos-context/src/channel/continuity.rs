//! Continuity: an interaction that began on one channel is taken up on another, from a token that carries its state.
//!
//! A token is text that a customer may carry: it is sealed with the host's key, so that nobody can change it, and it
//! has one effect however often it is presented. Its content is **not** secret: seal nothing that must be hidden.

use apropos_event::{ChannelId, CustomerId, Duration, Timestamp, Value};
use serde::{Deserialize, Serialize};

/// The host's key for sealing tokens.
#[derive(Clone)]
pub struct SealKey([u8; 32]);

impl SealKey {
    /// A key of 32 secret bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey(hidden)")
    }
}

/// An interaction that can be taken up elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContinuityToken {
    /// The interaction: unique for the customer.
    pub interaction: String,
    /// Whose it is.
    pub customer: CustomerId,
    /// The channel it began on.
    pub channel: ChannelId,
    /// When it was put down.
    pub at: Timestamp,
    /// Until when it can be taken up.
    pub until: Timestamp,
    /// How far it had come: whatever the channel needs to go on.
    pub state: Value,
}

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContinuityError {
    /// The text is not a token.
    #[error("the text is not a continuity token")]
    Malformed,
    /// The seal does not fit: it was changed, or sealed with another key.
    #[error("the seal of the token does not fit")]
    Seal,
    /// It belongs to another customer.
    #[error("the token belongs to another customer")]
    OtherCustomer,
    /// It can no longer be taken up.
    #[error("the token could be taken up until {until}")]
    Expired {
        /// Until when it could.
        until: Timestamp,
    },
    /// As many interactions as are kept were taken up and could come again.
    #[error("{MAX_KEPT} interactions were taken up whose tokens have not expired")]
    Full,
    /// The token would be too long.
    #[error("the state of the interaction is too long for a token: at most {MAX_TOKEN} bytes")]
    TooLong,
}

/// What taking up an interaction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resumption {
    /// It is taken up: the one effect.
    Taken,
    /// It was taken up before: nothing changed.
    Already,
}

/// The longest text of a token, in bytes.
const MAX_TOKEN: usize = 16 << 10;
/// Interactions that are kept, waiting or taken up.
const MAX_KEPT: usize = 32;

/// The interactions of one customer that wait to be taken up, and those that were.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Continuity {
    /// Waiting, oldest first.
    pub waiting: Vec<Waiting>,
    /// Taken up, oldest first, kept until their tokens expire.
    pub taken: Vec<Taken>,
}

/// An interaction that waits to be taken up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// The interaction.
    pub interaction: String,
    /// The channel it began on.
    pub channel: ChannelId,
    /// Since when it waits.
    pub at: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// An interaction that was taken up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    /// The interaction.
    pub interaction: String,
    /// The channel it went on on.
    pub channel: ChannelId,
    /// When.
    pub at: Timestamp,
    /// When its token expires.
    pub until: Timestamp,
}

impl ContinuityToken {
    /// Puts an interaction down for `keep`.
    pub fn new(
        interaction: impl Into<String>,
        customer: CustomerId,
        channel: ChannelId,
        at: Timestamp,
        keep: Duration,
    ) -> Self {
        Self {
            interaction: interaction.into(),
            customer,
            channel,
            at,
            until: at.plus(keep),
            state: Value::Null,
        }
    }

    /// The same with how far the interaction had come.
    #[must_use]
    pub fn with_state(mut self, state: Value) -> Self {
        self.state = state;
        self
    }

    /// The token as text that can stand in a link, sealed with `key` (keyed BLAKE3).
    ///
    /// # Errors
    /// When the text would be longer than 16 KiB.
    pub fn seal(&self, key: &SealKey) -> Result<String, ContinuityError> {
        let body = serde_json::to_vec(self).map_err(|_| ContinuityError::Malformed)?;
        let seal = blake3::keyed_hash(&key.0, &body);
        let text = format!("{}.{}", to_hex(&body), seal.to_hex());
        if MAX_TOKEN < text.len() { Err(ContinuityError::TooLong) } else { Ok(text) }
    }

    /// Reads a sealed token of `customer` that can still be taken up at `now`.
    ///
    /// # Errors
    /// When the text is no token, its seal does not fit, it is somebody else's, or it has expired.
    pub fn open(
        text: &str,
        key: &SealKey,
        customer: &CustomerId,
        now: Timestamp,
    ) -> Result<Self, ContinuityError> {
        if MAX_TOKEN < text.len() {
            return Err(ContinuityError::TooLong);
        }
        let (body, seal) = text.split_once('.').ok_or(ContinuityError::Malformed)?;
        let body = from_hex(body).ok_or(ContinuityError::Malformed)?;
        let seal = blake3::Hash::from_hex(seal).map_err(|_| ContinuityError::Malformed)?;
        // Comparing two BLAKE3 hashes takes constant time.
        if blake3::keyed_hash(&key.0, &body) != seal {
            return Err(ContinuityError::Seal);
        }
        let token: Self = serde_json::from_slice(&body).map_err(|_| ContinuityError::Malformed)?;
        if token.customer != *customer {
            return Err(ContinuityError::OtherCustomer);
        }
        if token.until < now {
            return Err(ContinuityError::Expired { until: token.until });
        }
        Ok(token)
    }
}

impl Continuity {
    /// Notes that an interaction waits to be taken up. One with the same name is replaced, and waits again only if
    /// it was not taken up.
    pub fn put_down(&mut self, token: &ContinuityToken) {
        if self.taken.iter().any(|taken| taken.interaction == token.interaction) {
            return;
        }
        self.waiting.retain(|waiting| waiting.interaction != token.interaction && token.at <= waiting.until);
        if MAX_KEPT <= self.waiting.len() {
            self.waiting.remove(0);
        }
        let (interaction, channel) = (token.interaction.clone(), token.channel.clone());
        self.waiting.push(Waiting { interaction, channel, at: token.at, until: token.until });
    }

    /// Takes an interaction up on a channel. Doing so twice has one effect.
    ///
    /// # Errors
    /// When the token has expired, or 32 others were taken up whose tokens have not; then nothing changed.
    pub fn take_up(
        &mut self,
        token: &ContinuityToken,
        on: &ChannelId,
        now: Timestamp,
    ) -> Result<Resumption, ContinuityError> {
        if token.until < now {
            return Err(ContinuityError::Expired { until: token.until });
        }
        if self.taken.iter().any(|taken| taken.interaction == token.interaction) {
            return Ok(Resumption::Already);
        }
        let live = self.taken.iter().filter(|taken| now <= taken.until).count();
        if MAX_KEPT <= live {
            return Err(ContinuityError::Full);
        }
        self.waiting.retain(|waiting| waiting.interaction != token.interaction);
        // One whose token has expired can never come again, so nothing is lost by forgetting it.
        self.taken.retain(|taken| now <= taken.until);
        let (interaction, channel) = (token.interaction.clone(), on.clone());
        self.taken.push(Taken { interaction, channel, at: now, until: token.until });
        Ok(Resumption::Taken)
    }

    /// The interaction that waits since last, if any still can be taken up.
    pub fn unfinished(&self, now: Timestamp) -> Option<&Waiting> {
        self.waiting.iter().filter(|waiting| now <= waiting.until).max_by_key(|waiting| waiting.at)
    }
}

fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = (0..text.len()).step_by(2).map(|at| text.get(at..at + 2));
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::EPOCH.plus(Duration::from_mins(minutes))
    }

    fn token(interaction: &str) -> ContinuityToken {
        let (customer, channel) = (CustomerId::new("c").unwrap(), ChannelId::new("web").unwrap());
        ContinuityToken::new(interaction, customer, channel, at(0), Duration::from_hours(1))
            .with_state(Value::Map([("step".to_owned(), Value::Int(3))].into_iter().collect()))
    }

    #[test]
    fn a_sealed_token_carries_the_state_and_cannot_be_changed() {
        let key = SealKey::new([7; 32]);
        let customer = CustomerId::new("c").unwrap();
        let text = token("claim-1").seal(&key).unwrap();
        assert_eq!(ContinuityToken::open(&text, &key, &customer, at(5)), Ok(token("claim-1")));
        let open = |text: &str, key: &SealKey, customer: &str, minute| {
            ContinuityToken::open(text, key, &CustomerId::new(customer).unwrap(), at(minute)).unwrap_err()
        };
        assert_eq!(open(&text, &SealKey::new([8; 32]), "c", 5), ContinuityError::Seal);
        assert_eq!(open(&text, &key, "d", 5), ContinuityError::OtherCustomer);
        assert_eq!(open(&text, &key, "c", 61), ContinuityError::Expired { until: at(60) });
        let mut forged = text.clone();
        forged.replace_range(2..3, if text.as_bytes()[2] == b'2' { "3" } else { "2" });
        assert_eq!(open(&forged, &key, "c", 5), ContinuityError::Seal);
        assert_eq!(open("x", &key, "c", 5), ContinuityError::Malformed);
        assert!(!format!("{key:?}").contains('7'));
    }

    proptest::proptest! {
        #[test]
        fn taking_up_twice_has_one_effect(
            order in proptest::collection::vec((0_usize..6, 0_i64..90, 0_usize..3), 1..60),
        ) {
            let channels = ["web", "phone", "kiosk"].map(|name| ChannelId::new(name).unwrap());
            let mut continuity = Continuity::default();
            let mut effects = [0; 6];
            let mut now = 0;
            for (which, wait, channel) in order {
                now += wait % 4;
                let token = token(&which.to_string());
                if wait % 3 == 0 {
                    continuity.put_down(&token);
                    continue;
                }
                let before = continuity.clone();
                match continuity.take_up(&token, &channels[channel], at(now)) {
                    Ok(Resumption::Taken) => effects[which] += 1,
                    Ok(Resumption::Already) | Err(_) => proptest::prop_assert_eq!(before, continuity.clone()),
                }
                // Presenting it at once again changes nothing.
                let after = continuity.clone();
                let _ = continuity.take_up(&token, &channels[0], at(now));
                proptest::prop_assert_eq!(after, continuity.clone());
            }
            proptest::prop_assert!(effects.iter().all(|effects| *effects <= 1));
        }

        #[test]
        fn no_text_panics(text in ".{0,80}") {
            let _ = ContinuityToken::open(&text, &SealKey::new([0; 32]), &CustomerId::new("c").unwrap(), at(0));
        }
    }
}
