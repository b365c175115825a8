//! Budgets on 50 synthetic seasons with a peak: near the clairvoyant plan, never overspent.

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

#[test]
fn seasons_earn_nearly_what_a_clairvoyant_would_and_never_overspend() {
    let last_year = season(10_000);
    let (mut worst, mut total, mut bounds) = (1.0_f64, 0.0, 0.0);
    let mut worst_path = 0.0_f64;
    for seed in 0..50 {
        let decisions = season(seed);
        let units = [90_000, 450, 500];
        let definitions = ["cents", "vouchers", "minutes"].iter().zip(units);
        let definitions =
            definitions.map(|(name, units)| BudgetDefinition { name: (*name).to_owned(), units }).collect();
        let forecast = Forecast::learn(&last_year, &units, 1.0);
        let per_day = |day: usize, of: &[Sample]| of.iter().filter(|d| d.period == day).count() as f64;
        let mut budgets =
            Budgets::new(Ledger::new(definitions).unwrap(), last_year.len() as f64).with_forecast(&forecast);
        let (mut earned, mut day, mut planned) = (0.0, usize::MAX, 0.0);
        for decision in &decisions {
            if decision.period != day {
                if day != usize::MAX {
                    planned += forecast.plan[0][day];
                    let spent = budgets.ledger().spent()[0] as f64 / units[0] as f64;
                    worst_path = worst_path.max((spent - planned).abs());
                }
                day = decision.period;
                budgets.begin_period(day, per_day(day, &last_year));
            }
            let offers: Vec<Offer<'_>> = decision
                .offers
                .iter()
                .map(|offer| Offer { value: offer.value, costs: &offer.costs })
                .collect();
            if let Some((chosen, reservation)) = budgets.decide(&offers) {
                earned += offers[chosen].value;
                budgets.ledger_mut().settle(&reservation, offers[chosen].costs).unwrap();
            }
        }
        for (spent, units) in budgets.ledger().spent().iter().zip(units) {
            assert!(*spent <= units, "season {seed} overspent");
        }
        let bound = dual_bound(&decisions, &units);
        worst = worst.min(earned / bound);
        total += earned;
        bounds += bound;
    }
    println!(
        "of the clairvoyant bound: {:.2} % over all, {:.2} % in the worst season; spend path within {:.1} % of plan",
        100.0 * total / bounds,
        100.0 * worst,
        100.0 * worst_path
    );
    assert!(0.97 <= worst, "{worst}");
    assert!(worst_path <= 0.05, "{worst_path}");
}
