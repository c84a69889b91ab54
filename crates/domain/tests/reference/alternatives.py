"""How often other methods pass a version that is worse by exactly what is allowed (promise: 5 %).

    pip install numpy scipy
    python alternatives.py [trials]

Two worlds, as in examples/gate_simulation: `plain`, where a share of the cases is lost or gained, and
`skewed`, where most cases gain a little and a share loses everything. It prints the table that
docs/statistics.md shows.
"""

import sys

import numpy as np
from scipy import stats

ALPHA, ALLOWED, RESAMPLES = 0.05, 0.05, 999


def plain(rng, units, share):
    lost = (share + ALLOWED) / 2
    return rng.choice([1.0, -1.0, 0.0], size=units, p=[lost, share - lost, 1 - share])


def skewed(rng, units, share):
    gain = (share - ALLOWED) / (1 - share)
    return np.where(rng.random(units) < share, 1.0, -gain)


def normal(rng, d):
    return d.mean() + stats.norm.isf(ALPHA) * d.std(ddof=1) / np.sqrt(len(d))


def student(rng, d):
    return d.mean() + stats.t.isf(ALPHA, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d))


def resampled(rng, d):
    return d[rng.integers(0, len(d), (RESAMPLES, len(d)))]


def percentile(rng, d):
    return np.quantile(resampled(rng, d).mean(axis=1), 1 - ALPHA)


def bootstrap_t(rng, d):
    draws = resampled(rng, d)
    errors = draws.std(axis=1, ddof=1)
    with np.errstate(all="ignore"):
        t = (draws.mean(axis=1) - d.mean()) / errors
    t = t[np.isfinite(t)]
    if len(t) == 0:
        return d.mean()
    return d.mean() - np.quantile(t, ALPHA) * d.std(ddof=1)


def sign_flip(rng, d):
    """Passes if flipping the signs of d - allowed seldom gives so small a mean; as a bound: 0 or 1."""
    shifted = d - ALLOWED
    flipped = (rng.choice([-1.0, 1.0], (RESAMPLES, len(d))) * shifted).mean(axis=1)
    p = (1 + (flipped <= shifted.mean() + 1e-12).sum()) / (RESAMPLES + 1)
    return 0.0 if p <= ALPHA else 1.0


def bounded(rng, d):
    """Dirichlet weights with one more value at the far end, here drawn; ours integrates."""
    weights = rng.dirichlet(np.ones(len(d) + 1), 4 * RESAMPLES)
    return np.quantile(weights @ np.append(d, 1.0), 1 - ALPHA)


def main():
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    methods = [normal, student, percentile, bootstrap_t, sign_flip, bounded]
    print("| world | units | differing | " + " | ".join(m.__name__.replace("_", " ") for m in methods) + " |")
    print("| --- | ---: | ---: |" + " ---: |" * len(methods))
    for world in (plain, skewed):
        for units, share in ((20, 0.1), (50, 0.1), (200, 0.1), (50, 0.4)):
            rng = np.random.default_rng(1)
            wrong = np.zeros(len(methods))
            for _ in range(trials):
                d = world(rng, units, share)
                wrong += [m(rng, d) < ALLOWED for m in methods]
            rates = " | ".join(f"{100 * w / trials:.1f} %" for w in wrong)
            print(f"| {world.__name__} | {units} | {100 * share:.0f} % | {rates} |", flush=True)


if __name__ == "__main__":
    main()
