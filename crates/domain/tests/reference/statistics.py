"""Writes statistics.json: what SciPy, statsmodels and exact fractions say, for the tests to compare with.

    pip install numpy scipy statsmodels
    python statistics.py > statistics.json

Nothing here follows our own code. Tango's statistic is found by maximising the likelihood
numerically instead of by his closed form; the bound for bounded means by the exact distribution of a
Dirichlet-weighted mean in fractions instead of by an integral. Values from published R packages
stand at the end, with their source.
"""

import json
import platform
from fractions import Fraction

import numpy as np
import scipy
import statsmodels
from scipy import optimize, stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests


def tango_statistic(lost, gained, cases, loss):
    """The score for a true loss, with the share of gained cases that is likeliest under it."""
    same = cases - lost - gained

    def unlikely(share):
        parts = [(lost, share + loss), (gained, share), (same, 1 - loss - 2 * share)]
        return -sum(count * np.log(part) for count, part in parts if count)

    low, high = max(0.0, -loss), (1 - loss) / 2
    # The ends are tried too: the likeliest share may lie on the border.
    edge = 1e-14
    found = optimize.minimize_scalar(
        unlikely, bounds=(low + edge, high - edge), method="bounded", options={"xatol": 1e-14, "maxiter": 2000}
    ).x
    share = min((low + edge, found, high - edge), key=unlikely)
    return (lost - gained - cases * loss) / np.sqrt(cases * (2 * share + loss - loss * loss))


def tango_bounds(lost, gained, cases, z):
    seen = (lost - gained) / cases
    lower = optimize.brentq(lambda x: tango_statistic(lost, gained, cases, x) - z, -1 + 1e-9, seen - 1e-9, xtol=1e-12)
    upper = optimize.brentq(lambda x: tango_statistic(lost, gained, cases, x) + z, seen + 1e-9, 1 - 1e-9, xtol=1e-12)
    return lower, upper


def weighted_mean_at_least(values, h):
    """The chance that a mean with uniform (Dirichlet) weights is at least h; the values differ."""
    values = [Fraction(value) for value in values]
    h = Fraction(h)
    total = Fraction(0)
    for i, x in enumerate(values):
        if x <= h:
            continue
        term = Fraction(1)
        for j, other in enumerate(values):
            if j != i:
                term *= (x - h) / (x - other)
        total += term
    return float(total)


def permuted(differences):
    """Every sign of every difference: the exact two-sided p-value of the signed ranks."""
    d = np.array([x for x in differences if x != 0])
    ranks = stats.rankdata(np.abs(d))
    sums = np.zeros(1)
    for rank in ranks:
        sums = np.concatenate([sums, sums + rank])
    seen = min(ranks[d > 0].sum(), ranks[d < 0].sum())
    return min(1.0, 2 * np.mean(sums <= seen + 1e-9))


def main():
    rng = np.random.default_rng(20261121)
    out = {
        "made_with": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "statsmodels": statsmodels.__version__,
        }
    }
    out["normal_above"] = [[z, stats.norm.sf(z)] for z in [0.0, 0.1, 0.5, 1.0, 1.96, 2.4, 2.49, 2.5, 2.51, 3.0, 4.5, 6.0, 9.0, -1.3, -4.0]]
    out["normal_exceeded"] = [[a, stats.norm.isf(a)] for a in [0.9, 0.5, 0.2, 0.1, 0.05, 0.0375, 0.025, 0.01, 0.00625, 0.001, 0.0000625, 1e-9]]

    tables = [(8, 3, 60), (25, 28, 618), (1, 0, 44), (0, 4, 30), (12, 2, 20), (40, 20, 160), (3, 3, 100), (0, 1, 5), (70, 90, 1000), (1, 7, 21)]
    losses = [-0.4, -0.1, -0.02, 0.0, 0.01, 0.05, 0.1, 0.3]
    out["tango_statistic"] = [
        [b, c, n, x, tango_statistic(b, c, n, x)] for b, c, n in tables for x in losses
    ]
    out["tango_bounds"] = [
        [b, c, n, a, *tango_bounds(b, c, n, stats.norm.isf(a))] for b, c, n in tables for a in (0.05, 0.025)
    ]

    cases = []
    for size in (1, 2, 3, 5, 8, 13, 20):
        for h in ("-0.9", "-0.2", "0.05", "0.1", "0.4"):
            # Thousandths, all different: they go to the other side exactly as they are.
            values = rng.choice(np.arange(-999, 999), size=size, replace=False)
            text = [f"{v / 1000:.3f}" for v in values]
            cases.append([[float(t) for t in text], float(h), weighted_mean_at_least([*text, "1"], h)])
    out["bounded_at_least"] = cases
    # For pass and fail: the bounds of Clopper and Pearson.
    out["clopper_pearson"] = [
        [passed, n, a, stats.beta.ppf(a, passed, n - passed + 1) if passed else 0.0, stats.beta.isf(a, passed + 1, n - passed) if passed < n else 1.0]
        for passed, n in [(0, 1), (1, 1), (0, 20), (20, 20), (17, 20), (50, 100), (299, 300), (930, 1000), (1, 50000), (45000, 50000)]
        for a in (0.05, 0.0375, 0.001)
    ]

    out["mcnemar"] = [
        [b, c, float(mcnemar([[10, b], [c, 10]], exact=True).pvalue)]
        for b, c in [(0, 0), (1, 0), (5, 0), (3, 9), (10, 10), (60, 40), (300, 251), (2, 30), (700, 900)]
    ]

    wilcoxon = []
    for size in (1, 4, 9, 30, 50):
        d = np.round(rng.normal(0.03, 0.2, size), 6)
        wilcoxon.append([d.tolist(), float(stats.wilcoxon(d, zero_method="wilcox", method="exact").pvalue)])
    for size in (6, 10, 14):
        d = rng.integers(-3, 5, size) / 4
        wilcoxon.append([d.tolist(), permuted(d)])
    for size in (90, 400):
        d = rng.integers(-3, 5, size) / 4
        wilcoxon.append([d.tolist(), float(stats.wilcoxon(d, zero_method="wilcox", method="asymptotic", correction=False).pvalue)])
    out["wilcoxon"] = wilcoxon

    out["holm"] = [
        [p, multipletests(p, method="holm")[1].tolist()]
        for p in ([0.04], [0.01, 0.04, 0.03, 0.005], [0.5, 0.5, 0.2], [0.001, 0.001, 1.0, 0.04, 0.02])
    ]

    # Printed by others, to the digits that they print. Lost, gained, cases, one-sided error, lower, upper.
    out["published"] = [
        # R package contingencytables 3.0.0, its tests: complete response (Cavo et al. 2012), 95 %.
        [6, 16, 161, 0.025, -0.1240, -0.0054],
        # R package PropCIs 0.3-0, scoreci.mp(25, 28, 618, 0.90), which looks at the other side first.
        [28, 25, 618, 0.05, -0.0148, 0.0247],
    ]
    print(json.dumps(out, indent=None, separators=(",", ":")).replace('],[', '],\n['))


if __name__ == "__main__":
    main()
