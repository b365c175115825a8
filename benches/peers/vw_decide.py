#!/usr/bin/env python3
"""What a decision costs in Vowpal Wabbit (pip install vowpalwabbit), examples parsed beforehand.

usage: vw_decide.py [--actions 10 100 1000]      prints one line a size: microseconds of CPU per prediction

10 shared and 5 action features, -q SA, SquareCB: 66 features an action. Compare with `cargo bench --bench learn`,
`learn/score-choose/N`, run right after it on the same machine.
"""
import sys
import time

import vowpalwabbit as V

sizes = [int(a) for a in sys.argv[1:] if a.isdigit()] or [10, 100, 1000]
for n in sizes:
    vw = V.Workspace("--cb_explore_adf -q SA --squarecb --quiet -b 18 --random_seed 1")
    shared = "shared |S " + " ".join(f"s{i}:{0.1 * (i + 1):.2f}" for i in range(10))
    acts = [f"|A a{k} " + " ".join(f"f{k % 7}_{j}:{0.2 * (j + 1):.2f}" for j in range(4)) for k in range(n)]
    for t in range(50):
        vw.learn([shared] + [(f"0:{t % 2}:0.5 " if k == t % n else "") + a for k, a in enumerate(acts)])
    parsed = vw.parse([shared] + acts)
    for _ in range(20):
        vw.predict(parsed)
    best = None
    for _ in range(5):
        rounds = max(20, 20000 // n)
        start = time.process_time()
        for _ in range(rounds):
            vw.predict(parsed)
        took = (time.process_time() - start) / rounds * 1e6
        best = took if best is None else min(best, took)
    print(f"vw squarecb predict, {n} actions: {best:.1f} us", flush=True)
    vw.finish_example(parsed)
    vw.finish()
