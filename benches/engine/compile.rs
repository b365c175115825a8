//! How long does an author wait? One question: compiling a big playbook from text, with everything it is told.
//!
//! A thousand actions with four conditions each in fifty groups, two hundred journeys of ten nodes with an invariant
//! each. Run with `cargo bench -p apropos-benches --bench compile`.

#![expect(clippy::expect_used, reason = "a bench that cannot set up has nothing to measure")]

use std::fmt::Write as _;
use std::hint::black_box;

use apropos::{Engine, Pepper};
use criterion::{Criterion, criterion_group, criterion_main};

const ACTIONS: usize = 1_000;
const JOURNEYS: usize = 200;

fn playbook(actions: usize, journeys: usize) -> String {
    let mut text = String::from(
        "format = 1\nname = 'big'\ncurrency = 'EUR'\n\
         [[context.channels]]\nid = 'email'\ndirection = 'outbound'\n\
         [[context.channels]]\nid = 'app'\ndirection = 'inbound'\n",
    );
    for at in 0..20 {
        writeln!(text, "[[attributes]]\nname = 'a.n{at}'\ntype = 'int'\nmin = 0\nmax = 1000")
            .expect("a text grows");
    }
    for group in 0..50 {
        let (low, attribute) = (group % 9, group % 20);
        writeln!(text, "[[groups]]\nid = 'g{group}'\neligible = ['a.n{attribute} > {low}']")
            .expect("a text grows");
    }
    for at in 0..actions {
        let (one, two, group) = ((at + 1) % 20, (at + 7) % 20, at % 50);
        writeln!(
            text,
            "[[actions]]\nid = 'act_{at}'\nclass = 'help'\ngroup = 'g{group}'\nvalue = 3\nbenefit = 2\n\
             eligible = ['a.n{one} < {}']\n\
             applicable = ['a.n{two} > {} || history.count(\"visit\", \"{}d\") > 2']\n\
             suitable = ['context.daypart != \"night\"', 'a.n{one} != {}']\n\
             treatments = [{{ channel = 'app' }}, {{ channel = 'email' }}]",
            600 + at % 300,
            at % 500,
            1 + at % 30,
            at % 550,
        )
        .expect("a text grows");
    }
    for at in 0..journeys {
        writeln!(
            text,
            "[[journeys]]\nid = 'j{at}'\nstart = 'n0'\nentry.on = [{{ event = 'begin{at}' }}]\nhuman.queue = 'desk'\n\
             invariants = [{{ human_within = {{ steps = 1 }} }}]"
        )
        .expect("a text grows");
        for node in 0..9 {
            writeln!(
                text,
                "[journeys.nodes.n{node}]\nkind = 'offer'\nactions = ['act_{}']\nwithin = '{}d'\non_timeout = 'exit'\n\
                 on = [{{ event = 'step{node}', to = 'n{}' }}]",
                (at * 5 + node) % actions,
                1 + node,
                node + 1,
            )
            .expect("a text grows");
        }
        writeln!(text, "[journeys.nodes.n9]\nkind = 'exit'\noutcome = 'done'").expect("a text grows");
    }
    text
}

fn compile(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile");
    group.sample_size(10);
    for (actions, journeys) in [(ACTIONS, 1), (ACTIONS, JOURNEYS)] {
        let text = playbook(actions, journeys);
        let (_, warnings) = Engine::from_toml(&text, Pepper::new([7; 32])).expect("the playbook is sound");
        eprintln!(
            "{actions} actions, {journeys} journeys: {} KiB, {} warnings",
            text.len() / 1024,
            warnings.len()
        );
        group.bench_function(format!("{actions}_actions_{journeys}_journeys"), |bencher| {
            bencher.iter(|| {
                Engine::from_toml(black_box(&text), Pepper::new([7; 32])).expect("the playbook is sound")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, compile);
criterion_main!(benches);
