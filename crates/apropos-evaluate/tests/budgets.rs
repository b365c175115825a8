//! Budgets on 50 synthetic seasons with a peak: near the clairvoyant plan, never overspent.

#![expect(clippy::unwrap_used, reason = "a ledger that cannot be settled is a failing test")]

use apropos_evaluate::budget::{
    BudgetDefinition, Budgets, Forecast, Ledger, Offer, Sample, SampleOffer, dual_bound,
};
use apropos_event::draw::{mix, unit};

const DAYS: usize = 60;
const PEAK: std::ops::Range<usize> = 44..48;

/// A season: more visits and dearer wishes at the peak, six actions over three budgets.
fn season(seed: u64) -> Vec<Sample> {
    let mut slot = 0_u64;
    let mut draw = || {
        slot += 1;
        unit(mix(mix(seed) ^ slot.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    };
    let mut decisions = Vec::new();
    for day in 0..DAYS {
        let peak = PEAK.contains(&day);
        let weekend = if day % 7 > 4 { 1.3 } else { 1.0 };
        let visits = (40.0 * weekend * if peak { 3.0 } else { 1.0 } * (0.85 + 0.3 * draw())) as usize;
        for _ in 0..visits {
            let wish = draw() * draw() * if peak { 2.0 } else { 1.0 };
            let offers = (0..6)
                .map(|action| {
                    let value = wish * (5.0 + 4.0 * action as f64) * (0.4 + 1.2 * draw());
                    let cents = [0, 50, 100, 200, 400, 800][action];
                    let minutes = if action == 5 { 10 } else { 0 };
                    SampleOffer { value, costs: vec![cents, u64::from(action == 3 || action == 4), minutes] }
                })
                .collect();
            decisions.push(Sample { period: day, offers });
        }
    }
    decisions
}

const UNITS: [u64; 3] = [90_000, 450, 500];

/// What a season earned, and how far its spending strayed from the plan.
fn play(decisions: &[Sample], last_year: &[Sample], forecast: Option<&Forecast>) -> (f64, f64) {
    let definitions = ["cents", "vouchers", "minutes"].into_iter().zip(UNITS);
    let definitions =
        definitions.map(|(name, units)| BudgetDefinition { name: name.to_owned(), units }).collect();
    let mut budgets = Budgets::new(Ledger::new(definitions).unwrap(), last_year.len() as f64);
    if let Some(forecast) = forecast {
        budgets = budgets.with_forecast(forecast);
    }
    let (mut earned, mut day, mut planned, mut off) = (0.0, usize::MAX, 0.0, 0.0_f64);
    for decision in decisions {
        if decision.period != day {
            if let Some(forecast) = forecast.filter(|_| day != usize::MAX) {
                planned += forecast.plan[0][day];
                off = off.max((budgets.ledger().spent()[0] as f64 / UNITS[0] as f64 - planned).abs());
            }
            day = decision.period;
            let expected = last_year.iter().filter(|sample| sample.period == day).count();
            budgets.begin_period(day, expected as f64);
        }
        let offers: Vec<Offer<'_>> =
            decision.offers.iter().map(|offer| Offer { value: offer.value, costs: &offer.costs }).collect();
        if let Some((chosen, reservation)) = budgets.decide(&offers) {
            earned += offers[chosen].value;
            budgets.ledger_mut().settle(&reservation, offers[chosen].costs).unwrap();
        }
    }
    for (spent, units) in budgets.ledger().spent().iter().zip(UNITS) {
        assert!(*spent <= units, "overspent");
    }
    (earned, off)
}

#[test]
fn seasons_earn_nearly_what_a_clairvoyant_would_and_never_overspend() {
    let last_year = season(10_000);
    let forecast = Forecast::learn(&last_year, &UNITS, 1.0);
    let (mut worst, mut total, mut blind, mut bounds, mut worst_path) = (1.0_f64, 0.0, 0.0, 0.0, 0.0_f64);
    for seed in 0..50 {
        let decisions = season(seed);
        let (earned, off) = play(&decisions, &last_year, Some(&forecast));
        let bound = dual_bound(&decisions, &UNITS);
        worst = worst.min(earned / bound);
        worst_path = worst_path.max(off);
        total += earned;
        bounds += bound;
        blind += play(&decisions, &last_year, None).0;
    }
    println!(
        "of the clairvoyant bound: {:.2} % over all, {:.2} % in the worst season, {:.2} % without a forecast; spend \
         path within {:.1} % of plan",
        100.0 * total / bounds,
        100.0 * worst,
        100.0 * blind / bounds,
        100.0 * worst_path
    );
    assert!(0.97 <= worst, "{worst}");
    assert!(worst_path <= 0.05, "{worst_path}");
}
