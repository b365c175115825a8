//! Uplift over silence in a world with planted sleeping dogs: they are left alone, and the check sees a wrong model.

#![expect(clippy::unwrap_used, reason = "a figure that cannot be compared is a failing test")]

use apropos_evaluate::uplift::{Scored, SilenceModel, qini_curve};
use apropos_event::ActionId;
use apropos_event::draw::{mix, unit};
use apropos_learn::{
    Features, Input, InputDefinition, InputKind, Model, ModelDefinition, RewardDefinition, Scores,
};

/// A customer: loyalty in 0..1 and a segment. The loyal buy anyway; a fifth are sleeping dogs that contact drives away.
struct Customer {
    loyalty: f64,
    segment: &'static str,
    u: f64,
    arm: u32,
}

fn customer(seed: u64, at: u64) -> Customer {
    let draw = |slot: u64| unit(mix(mix(seed ^ slot.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_add(at)));
    let segment = ["persuadable", "sure", "lost", "dog", "dog-ish"][(draw(1) * 5.0) as usize];
    Customer { loyalty: draw(2), segment, u: draw(3), arm: u32::from(draw(4) < 0.5) }
}

impl Customer {
    fn base(&self) -> f64 {
        match self.segment {
            "sure" | "dog" => 0.6 + 0.2 * self.loyalty,
            "lost" => 0.05,
            "dog-ish" => 0.4,
            _ => 0.15,
        }
    }

    fn effect(&self) -> f64 {
        match self.segment {
            "persuadable" => 0.15 + 0.2 * self.loyalty,
            "dog" => -0.25,
            "dog-ish" => -0.1,
            _ => 0.0,
        }
    }

    fn outcome(&self) -> f64 {
        let chance = self.base() + if self.arm == 1 { self.effect() } else { 0.0 };
        f64::from(u8::from(self.u < chance))
    }

    fn inputs(&self) -> [Input<'_>; 2] {
        [Input::Number(self.loyalty), Input::Category(self.segment)]
    }
}

fn model() -> Model {
    let input = |name: &str, kind| InputDefinition { name: name.to_owned(), kind };
    let definition = ModelDefinition {
        inputs: vec![input("loyalty", InputKind::Number), input("segment", InputKind::Category)],
        rewards: vec![RewardDefinition::new("bought")],
        ..ModelDefinition::default()
    };
    Model::new(&definition, &["silence", "offer"].map(|id| ActionId::new(id).unwrap())).unwrap()
}

#[test]
fn sleeping_dogs_are_left_alone() {
    let mut silence = SilenceModel::new(model(), 0, "uniform-share", 10_000);
    let mut features = Features::new();
    for at in 0..40_000 {
        let customer = customer(1, at);
        silence.model().encode(&customer.inputs(), &mut features).unwrap();
        assert!(silence.is_uniform(&format!("d-{at}")));
        silence.learn(&features, customer.arm, customer.outcome(), Some(0.5)).unwrap();
    }
    let (mut scores, mut uplift) = (Scores::new(), Vec::new());
    let (mut contacted, mut dogs) = (0, 0);
    let mut units: [Vec<Scored>; 3] = Default::default();
    for at in 0..20_000 {
        let customer = customer(2, at);
        silence.model().encode(&customer.inputs(), &mut features).unwrap();
        silence.uplift(&features, &mut scores, &mut uplift).unwrap();
        assert_eq!(uplift[0], 0.0);
        contacted += u32::from(0.0 < uplift[1]);
        dogs += u32::from(0.0 < uplift[1] && customer.segment == "dog");
        // The exact Qini area: each customer stands once in each group, with the chance in place of the outcome.
        let response = f64::from(scores.p()[1]);
        for (units, score) in units.iter_mut().zip([uplift[1], customer.effect(), response]) {
            units.push(Scored { score, treated: true, outcome: customer.base() + customer.effect() });
            units.push(Scored { score, treated: false, outcome: customer.base() });
        }
    }
    let area = |units: &[Scored]| {
        let curve = qini_curve(units);
        let end = curve.last().copied().unwrap();
        curve.iter().sum::<f64>() / curve.len() as f64 - 0.5 * end
    };
    let [ours, oracle, response] = units.map(|units| area(&units));
    println!(
        "Qini of the oracle: ours {:.1} %, response model {:.1} %; dogs contacted {dogs} of about 4000, all {contacted}",
        100.0 * ours / oracle,
        100.0 * response / oracle
    );
    assert!(0.9 <= ours / oracle);
    assert!(response / oracle <= 0.6);
    assert!(dogs <= 40, "{dogs}");
    let verdict = silence.verdict(1).unwrap();
    println!("{verdict:?}");
    assert!(verdict.agrees);
    assert!(0.1 < verdict.measured_where_gain && verdict.measured_where_none < -0.05);
}

#[test]
fn the_check_sees_a_model_that_is_wrong() {
    // The reward is recorded the wrong way round for the model, and the right way for the check's uniform share.
    let mut silence = SilenceModel::new(model(), 0, "uniform-share", 500);
    let mut features = Features::new();
    for at in 0..20_000 {
        let customer = customer(3, at);
        silence.model().encode(&customer.inputs(), &mut features).unwrap();
        if silence.is_uniform(&format!("d-{at}")) {
            silence.learn(&features, customer.arm, customer.outcome(), Some(0.5)).unwrap();
        } else {
            let wrong = if customer.arm == 1 { 1.0 } else { 0.0 };
            silence.learn(&features, customer.arm, wrong, None).unwrap();
        }
    }
    let verdict = silence.verdict(1).unwrap();
    assert!(!verdict.agrees, "{verdict:?}");
    assert!((700..1_300).contains(&verdict.decisions));
    assert_eq!(silence.verdict(0), None);
}
