//! Hostile numbers, greedy subjects, bad days, and learning without acting.

use apropos_event::{DecisionId, Timestamp, draw};
use apropos_learn::join::{Decided, JoinError, Joined, Joiner};
use apropos_learn::{
    Apprentice, Features, Guarded, Input, InputDefinition, InputKind, LearnError, Model, ModelDefinition,
    Outcome, RewardDefinition, Scores, Shadow,
};

use crate::times;
use crate::world::{World, action, definition, inputs};

fn numbers() -> Model {
    let definition = ModelDefinition {
        inputs: vec![InputDefinition { name: "x".to_owned(), kind: InputKind::Number }],
        rewards: vec![RewardDefinition::new("click")],
        ..ModelDefinition::default()
    };
    Model::new(&definition, &[action(0), action(1)]).unwrap()
}

#[test]
fn hostile_numbers_leave_no_trace() {
    let hostile = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e38];
    let (mut clean, mut attacked) = (numbers(), numbers());
    let (mut features, mut refused) = (Features::new(), 0);
    // A million with `APROPOS_CASES=10`.
    for t in 0..100_000 * times() {
        if t.is_multiple_of(100) {
            let bad = hostile[(t / 100 % 5) as usize];
            assert!(attacked.encode(&[Input::Number(bad)], &mut features).is_err());
            attacked.encode(&[Input::Number(-0.0)], &mut features).unwrap();
            let outcomes = [(bad, 1.0), (-0.5, 1.0), (1.0, bad), (1.0, 0.0), (1.0, -1.0)];
            for (value, weight) in outcomes {
                assert!(attacked.learn(&features, 0, &Outcome::new(0, value), weight).is_err());
                refused += 1;
            }
            let offset = Outcome { offset: bad, ..Outcome::new(0, 1.0) };
            assert_eq!(attacked.learn(&features, 0, &offset, 1.0), Err(LearnError::Offset));
            refused += 1;
        }
        let x = draw::uniform(1, "x", t) * 1e15 * if t.is_multiple_of(3) { 1.0 } else { 1e-300 };
        let hit = f64::from(u8::from(draw::uniform(1, "y", t) < 0.3));
        for model in [&mut clean, &mut attacked] {
            model.encode(&[Input::Number(x)], &mut features).unwrap();
            model.learn(&features, (t % 2) as u32, &Outcome::new(0, hit), 1.0).unwrap();
        }
    }
    assert_eq!(attacked.refused(), refused);
    let mut scores = Scores::new();
    for x in [-1e15, -1.0, 0.0, 1e-300, 1e15] {
        let mut p = Vec::new();
        for model in [&clean, &attacked] {
            model.encode(&[Input::Number(x)], &mut features).unwrap();
            model.score(&features, &[0, 1], 0, &mut scores).unwrap();
            assert!(
                scores
                    .iter()
                    .all(|estimate| estimate.variance.is_finite() && (0.0..=1.0).contains(&estimate.p))
            );
            p.push(scores.p().to_vec());
        }
        assert_eq!(p[0], p[1]);
    }
}

#[test]
fn features_of_another_model_are_refused() {
    let other = Model::new(&definition(1), &[action(0)]).unwrap();
    let mut features = Features::new();
    other.encode(&inputs(&[false; 12]), &mut features).unwrap();
    assert_eq!(numbers().learn(&features, 0, &Outcome::new(0, 1.0), 1.0), Err(LearnError::Features));
    assert_eq!(numbers().score(&features, &[0], 0, &mut Scores::new()), Err(LearnError::Features));
}

#[test]
fn stored_features_that_are_not_finite_are_refused_when_read() {
    let mut features = Features::new();
    numbers().encode([Input::Number(2.5)], &mut features).unwrap();
    let text = serde_json::to_string(&features).unwrap();
    assert_eq!(serde_json::from_str::<Features>(&text).unwrap(), features);
    for (from, to) in [("2.5", "1e300"), ("[1.0", "[1e30"), ("\"rows\":[0", "\"rows\":[0,0"), ("[0", "[1")] {
        let altered = text.replacen(from, to, 1);
        assert_ne!(altered, text, "{from}");
        assert!(serde_json::from_str::<Features>(&altered).is_err(), "{altered}");
    }
    assert_eq!(
        serde_json::from_str::<Features>(r#"{"rows":[],"values":[],"raw":[]}"#).unwrap(),
        Features::new()
    );
}

#[test]
fn one_subject_has_one_say_a_day_for_an_action() {
    let mut model = numbers();
    let mut features = Features::new();
    model.encode(&[Input::Number(1.0)], &mut features).unwrap();
    let mut learn = |day, action, subject| {
        let outcome = Outcome { subject: Some(subject), day, ..Outcome::new(0, 1.0) };
        model.learn(&features, action, &outcome, 1.0)
    };
    assert_eq!(learn(10, 0, 7), Ok(()));
    assert_eq!(learn(10, 0, 7), Err(LearnError::Influence));
    assert_eq!(learn(10, 1, 7), Ok(()));
    assert_eq!(learn(10, 0, 8), Ok(()));
    assert_eq!(learn(11, 0, 7), Ok(()));
    assert_eq!(learn(200, 0, 7), Ok(()));
    assert_eq!(learn(10, 0, 9), Err(LearnError::Influence), "what is no longer remembered is refused");
}

#[test]
fn a_subject_that_always_says_yes_is_heard_until_it_is_no_news() {
    let definition = ModelDefinition {
        inputs: vec![InputDefinition { name: "x".to_owned(), kind: InputKind::Number }],
        rewards: vec![RewardDefinition { base_rate: 0.02, ..RewardDefinition::new("click") }],
        ..ModelDefinition::default()
    };
    let mut model = Model::new(&definition, &[action(0)]).unwrap();
    let mut features = Features::new();
    model.encode([Input::Number(1.0)], &mut features).unwrap();
    let mut learn = |day, subject, value| {
        let outcome = Outcome { subject: Some(subject), day, ..Outcome::new(0, value) };
        model.learn(&features, 0, &outcome, 1.0)
    };
    let heard = (1..40).take_while(|day| learn(*day, 7, 1.0) == Ok(())).count() as i32;
    assert!((3..12).contains(&heard), "{heard}: each comes as less of a surprise");
    let next = heard + 1;
    assert_eq!(learn(next, 7, 1.0), Err(LearnError::Influence));
    assert_eq!(learn(next, 7, 0.0), Ok(()), "what speaks against it is heard");
    assert_eq!(learn(next, 8, 1.0), Ok(()), "others are heard");
    assert_eq!(learn(next - 1, 7, 0.0), Err(LearnError::Influence), "going back a day gives no second say");
}

#[test]
fn a_spike_of_loss_is_rolled_back() {
    let mut guarded = Guarded::new(numbers());
    let (mut features, mut scores) = (Features::new(), Scores::new());
    let mut rolled = 0;
    for t in 0..30_000_u64 {
        let x = draw::uniform(1, "x", t);
        guarded.model().encode(&[Input::Number(x)], &mut features).unwrap();
        let poisoned = (20_000..20_500).contains(&t);
        let hit = f64::from(u8::from((0.5 < x) != poisoned));
        rolled += u32::from(guarded.learn(&features, 0, &Outcome::new(0, hit), 1.0).unwrap());
        if t == 20_999 {
            guarded.model().encode(&[Input::Number(0.9)], &mut features).unwrap();
            guarded.model().score(&features, &[0], 0, &mut scores).unwrap();
            assert!(0.9 < scores.p()[0], "{:?}", scores.p());
        }
    }
    assert_eq!((rolled, guarded.rollbacks()), (1, 1));
}

#[test]
fn an_apprentice_foretells_the_host_and_a_shadow_agrees_with_it() {
    let world = World::new(5, 3);
    let mut model = Model::new(&definition(1), &(0..3).map(action).collect::<Vec<_>>()).unwrap();
    let apprentice = Apprentice { reward: 0 };
    let mut features = Features::new();
    let (mut early, mut late) = (Shadow::new(), Shadow::new());
    for t in 0..6_000 {
        let context = world.context(t);
        let host = if context[0] { 2 } else { usize::from(context[1]) };
        model.encode(&inputs(&context), &mut features).unwrap();
        let shadow = if t < 100 { &mut early } else { &mut late };
        if !(100..5_000).contains(&t) {
            shadow.decided(&model, &features, &[0, 1, 2], host, 0).unwrap();
        }
        apprentice.decided(&mut model, &features, &[0, 1, 2], host).unwrap();
    }
    assert!(0.95 < late.agreement() && early.agreement() < late.agreement(), "{early:?} {late:?}");
    assert!(apprentice.decided(&mut model, &features, &[0], 1).is_err());
}

#[test]
fn outcomes_join_their_decisions_once_and_in_time() {
    let mut model = numbers();
    let mut joiner = Joiner::new(&model);
    let mut features = Features::new();
    model.encode(&[Input::Number(1.0)], &mut features).unwrap();
    let at = |hours: i64| Timestamp::from_secs_saturating(hours * 3_600);
    let id = |n: u32| DecisionId::new(format!("d{n}")).unwrap();
    for n in 0..4 {
        let features = features.clone();
        let decided = Decided { id: id(n), features, action: 0, at: at(0), weight: 1.0, subject: None };
        joiner.decided(&model, decided.clone()).unwrap();
        assert_eq!(joiner.decided(&model, decided), Err(JoinError::Duplicate(id(n))));
    }
    assert_eq!(model.updates(0), 0, "nothing is learned when deciding");
    assert_eq!(joiner.outcome(&mut model, &id(0), 0, 1.0, at(1)), Ok(Joined::Noted));
    assert_eq!(joiner.outcome(&mut model, &id(0), 0, 1.0, at(2)), Ok(Joined::Again));
    assert_eq!(joiner.outcome(&mut model, &id(9), 0, 1.0, at(2)), Err(JoinError::Unknown(id(9))));
    assert!(matches!(joiner.outcome(&mut model, &id(1), 0, f64::NAN, at(2)), Err(JoinError::Learn(_))));
    joiner.inactive(&id(1)).unwrap();
    assert_eq!((model.updates(0), joiner.len()), (0, 3));
    // The window is a week: what has not come by then is learned as the default, and nothing waits any more.
    joiner.advance(&mut model, at(24 * 8));
    assert_eq!((model.updates(0), joiner.len(), joiner.next_due()), (3, 0, None));
    assert!(joiner.outcome(&mut model, &id(2), 0, 1.0, at(24 * 8)).is_err());
    let counts = joiner.counts();
    assert_eq!((counts.decided, counts.noted, counts.silent, counts.inactive), (4, 1, 2, 1));
    let json = serde_json::to_string(&joiner);
    assert!(json.is_ok());
}
