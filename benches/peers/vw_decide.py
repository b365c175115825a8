#!/usr/bin/env python3
"""What a decision costs in Vowpal Wabbit (pip install vowpalwabbit), examples parsed beforehand.

usage: vw_decide.py [10 100 1000]      two lines a size: microseconds of CPU per prediction, and per prediction with
learning from it, best of five rounds

10 shared and 5 action features, -q SA, SquareCB: 66 features an action. Compare with `cargo bench --bench learn`,
`learn/score-choose/N` and `learn/loop/N`, run right before or after it on the same machine.
"""
import sys
import time

import vowpalwabbit as V


def best(work, rounds):
    times = []
    for _ in range(5):
        start = time.process_time()
        for _ in range(rounds):
            work()
        times.append((time.process_time() - start) / rounds * 1e6)
    return min(times)


sizes = [int(a) for a in sys.argv[1:] if a.isdigit()] or [10, 100, 1000]
for n in sizes:
    vw = V.Workspace("--cb_explore_adf -q SA --squarecb --quiet -b 18 --random_seed 1")
    shared = "shared |S " + " ".join(f"s{i}:{0.1 * (i + 1):.2f}" for i in range(10))
    acts = [f"|A a{k} " + " ".join(f"f{k % 7}_{j}:{0.2 * (j + 1):.2f}" for j in range(4)) for k in range(n)]
    for t in range(50):
        vw.learn([shared] + [(f"0:{t % 2}:0.5 " if k == t % n else "") + a for k, a in enumerate(acts)])
    asked = vw.parse([shared] + acts)
    told = vw.parse([shared] + [("0:1:0.5 " if k == n // 2 else "") + a for k, a in enumerate(acts)])

    def loop():
        vw.predict(asked)
        vw.learn(told)

    for _ in range(20):
        loop()
    rounds = max(20, 20000 // n)
    print(f"vw squarecb predict, {n} actions: {best(lambda: vw.predict(asked), rounds):.1f} us", flush=True)
    print(f"vw squarecb predict and learn, {n} actions: {best(loop, rounds):.1f} us", flush=True)
    vw.finish_example(asked)
    vw.finish_example(told)
    vw.finish()
