import warnings

import numpy as np
import pandas as pd
import pyfixest
import pytest
import statsmodels.api as sm

from marketintel.analysis.markets import ppml
from marketintel.analysis.markets.gravity import gravity, gravity_potential, pair_rows
from marketintel.analysis.markets.world import World
from tests.analysis.rda import read_rda

TERMS = ["ln_dist", "cntg", "lang", "clny"]


@pytest.fixture(scope="module")
def guide(shared):
    """Panel of the Advanced Guide to Trade Policy Analysis, every fourth year, trade abroad."""
    path = shared / "data" / "agtpa_applications.rda"
    if not path.is_file():
        pytest.skip(f"{path.name} not present")
    data = read_rda(path)["agtpa_applications"]
    data = data.rename(columns={"importer": "market", "year": "period", "trade": "value_usd"})
    data = data[data["period"].isin(range(1986, 2007, 4))]
    # Output and expenditure include trade at home, as in the guide.
    data["ln_y"] = np.log(data.groupby(["exporter", "period"])["value_usd"].transform("sum"))
    data["ln_e"] = np.log(data.groupby(["market", "period"])["value_usd"].transform("sum"))
    data["ln_dist"] = np.log(data["dist"])
    return data[data["exporter"] != data["market"]]


def rounded(model, column="estimate"):
    return model.coefficients.set_index("term")[column].round(4)


def test_published_ols(guide):
    model = gravity(guide, [*TERMS, "ln_y", "ln_e"], [], "ols", "pair_id")
    assert model.n_obs == 25_689
    assert rounded(model)[[*TERMS, "ln_y", "ln_e"]].tolist() == [
        -1.0016, 0.5738, 0.8015, 0.7349, 1.1902, 0.9076,
    ]  # fmt: skip
    assert rounded(model, "std_error")["ln_dist"] == 0.0273
    assert model.dropped.to_dict("list") == {"reason": ["no trade: no logarithm"], "n": [2463]}


def test_published_ols_with_effects(guide):
    model = gravity(guide, TERMS, method="ols", cluster="pair_id")
    assert model.n_obs == 25_689
    assert rounded(model).tolist() == [-1.2156, 0.2232, 0.6609, 0.6705]


def test_published_ppml_with_effects(guide):
    model = gravity(guide, TERMS, cluster="pair_id")
    assert (model.n_obs, model.n_zeros, len(model.dropped)) == (28_152, 2_463, 0)
    assert rounded(model).tolist() == [-0.8409, 0.4374, 0.2475, -0.2225]
    assert rounded(model, "std_error").tolist() == [0.0317, 0.0832, 0.0765, 0.1162]


def test_means_add_up_over_every_effect(guide):
    """The first-order conditions of PPML: predicted trade sums to actual trade."""
    model = gravity(guide, TERMS)
    for side in ("exporter", "market"):
        sums = model.predicted.groupby([side, "period"])[["actual_usd", "predicted_usd"]].sum()
        np.testing.assert_allclose(sums["predicted_usd"], sums["actual_usd"], rtol=1e-5)


@pytest.fixture(scope="module")
def drawn():
    """A drawn panel with zeros, an exporter that sells nothing and pairs that never trade."""
    draw = np.random.default_rng(5)
    i, j, t = (axis.ravel() for axis in np.indices((9, 8, 3)))
    rows = pd.DataFrame({"exporter": i, "market": j + 100, "period": t})
    rows["a"], rows["b"] = draw.normal(size=len(rows)), draw.normal(size=(9, 8))[i, j]
    eta = 0.5 * rows["a"] - 0.7 * rows["b"] + draw.normal(size=9)[i] + draw.normal(size=8)[j]
    rows["value_usd"] = np.exp(eta) * draw.exponential(size=len(rows))
    rows.loc[draw.random(len(rows)) < 0.3, "value_usd"] = 0.0
    rows.loc[(rows["exporter"] == 0) & (rows["period"] == 1), "value_usd"] = 0.0
    rows.loc[(rows["exporter"] == 3) & (rows["market"] == 104), "value_usd"] = 0.0
    return rows


@pytest.mark.parametrize("effects", [["exporter", "market"], ["exporter", "market", "pair"]])
def test_against_a_general_poisson_regression_with_dummies(drawn, effects):
    terms = ["a", "b"] if "pair" not in effects else ["a"]
    model = gravity(drawn, terms, effects)
    texts = drawn.astype({"exporter": str, "market": str, "period": str})
    keys = {
        "exporter": texts["exporter"] + texts["period"],
        "market": texts["market"] + texts["period"],
        "pair": texts["exporter"] + "-" + texts["market"],
    }
    used = pd.Series(True, index=drawn.index)
    for _ in range(5):
        for effect in effects:
            used &= drawn["value_usd"].where(used, 0).groupby(keys[effect]).transform("sum") > 0
    dummies = [pd.get_dummies(keys[e][used], dtype=float) for e in effects]
    # One level of each set after the first goes (in every period, for two sets by period).
    x = pd.concat([drawn.loc[used, terms], *dummies], axis=1)
    x = x.iloc[:, _independent(x.to_numpy())]
    glm = sm.GLM(drawn.loc[used, "value_usd"], x, family=sm.families.Poisson())
    ids = pd.factorize(keys["pair"][used])[0]
    expected = glm.fit(tol=1e-12, maxiter=200)
    np.testing.assert_allclose(model.coefficients["estimate"], expected.params[terms], rtol=1e-6)
    score = x.to_numpy() * (drawn.loc[used, "value_usd"] - expected.mu).to_numpy()[:, None]
    sums = np.array([score[ids == g].sum(axis=0) for g in range(ids.max() + 1)])
    bread = np.linalg.inv((x.to_numpy().T * expected.mu) @ x.to_numpy())
    groups = ids.max() + 1
    errors = np.sqrt(np.diag(groups / (groups - 1) * bread @ sums.T @ sums @ bread))
    np.testing.assert_allclose(model.coefficients["std_error"], errors[: len(terms)], rtol=1e-5)
    assert model.n_obs == used.sum() and model.n_clusters == groups


def _independent(x):
    kept, basis = [], []
    for column in range(x.shape[1]):
        rest = x[:, column].copy()
        for b in basis:
            rest -= b * (b @ rest)
        if rest @ rest > 1e-8:
            kept.append(column)
            basis.append(rest / np.sqrt(rest @ rest))
    return kept


def test_every_row_is_used_or_dropped_with_a_reason(drawn):
    rows = drawn.copy()
    rows.loc[rows.index[:5], "b"] = np.nan
    model = gravity(rows, ["a", "b"], ["exporter", "market", "pair"])
    assert model.n_obs + model.dropped["n"].sum() == model.n_rows == len(rows)
    assert set(model.dropped["reason"]) >= {
        "a regressor is not known",
        "the exporter sells nothing in the period",
        "the pair never trades",
    }
    lost = model.predicted["predicted_usd"].isna()
    assert lost[rows["b"].isna()].all() and not lost.all()


def test_a_regressor_that_the_effects_hold_has_no_estimate(drawn):
    model = gravity(drawn, ["a", "b"], ["exporter", "market", "pair"])
    by_term = model.coefficients.set_index("term")
    assert by_term.loc["b"].isna().all() and by_term.loc["a"].notna().all()
    twin = gravity(drawn.assign(c=2 * drawn["a"]), ["a", "c"])
    assert twin.coefficients.set_index("term").loc["c"].isna().all()


def test_rows_held_out_do_not_move_the_fit(drawn):
    out = np.zeros(len(drawn), bool)
    out[10:30] = True
    model = gravity(drawn, ["a", "b"], held_out=out)
    moved = drawn.copy()
    moved.loc[out, "value_usd"] = 1e9
    again = gravity(moved, ["a", "b"], held_out=out)
    pd.testing.assert_frame_equal(model.coefficients, again.coefficients)
    assert model.dropped.set_index("reason").loc["held out", "n"] == 20
    assert model.predicted.loc[out, "predicted_usd"].notna().any()


def test_what_cannot_be_a_panel_is_refused(drawn):
    with pytest.raises(ValueError, match="twice"):
        gravity(pd.concat([drawn, drawn]), ["a"])
    with pytest.raises(ValueError, match="unknown effect"):
        gravity(drawn, ["a"], ["country"])
    with pytest.raises(ValueError, match="negative"):
        gravity(drawn.assign(value_usd=-1.0), ["a"])
    with pytest.raises(ValueError, match="too few rows"):
        gravity(drawn.assign(value_usd=0.0), ["a"])
    with pytest.raises(ValueError, match="b holds infinite values"):
        gravity(drawn.assign(b=np.where(drawn.index == 3, -np.inf, drawn["b"])), ["a", "b"])
    with pytest.raises(ValueError, match="value_usd is missing, negative or infinite"):
        gravity(drawn.assign(value_usd=np.inf), ["a"])
    with pytest.raises(ValueError, match="all rows in use are of one cluster"):
        gravity(drawn.assign(bloc="EU"), ["a"], cluster="bloc")
    with pytest.raises(ValueError, match="nothing of a varies beyond the effects"):
        gravity(drawn.assign(a=1.0), ["a"])


def _drawn_world(seed, size=9):
    """A cross-section with zeros, some of them in a tie that is 1 only where there is no trade."""
    draw = np.random.default_rng(seed)
    i, j = np.nonzero(~np.eye(size, dtype=bool))
    rows = pd.DataFrame({"exporter": i, "market": j, "period": "2020"})
    rows["ln_dist"] = draw.uniform(5, 9, len(rows))
    rows["value_usd"] = np.exp(20 - rows["ln_dist"]) * draw.lognormal(0, 1, len(rows))
    rows.loc[draw.random(len(rows)) < draw.uniform(0.1, 0.6), "value_usd"] = 0.0
    rows["tie"] = (rows["value_usd"] == 0) * (draw.random(len(rows)) < 0.2) * 1.0
    rows["other"] = (draw.random(len(rows)) < 0.1) * 1.0
    return rows


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("effects", [["exporter", "market"], ["exporter"]])
def test_separated_rows_and_estimates_agree_with_pyfixest(seed, effects):
    """Its iterative rectifier and singleton rule are implementations of their own."""
    rows = _drawn_world(seed)
    ours = gravity(rows, ["ln_dist", "tie", "other"], effects)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = pyfixest.fepois(
            f"value_usd ~ ln_dist + tie + other | {' + '.join(effects)}",
            rows,
            separation_check=["fe", "ir"],
            fixef_rm="singleton",
            fixef_tol=1e-10,
        )
    assert ours.n_obs == theirs._N
    expected = theirs.coef().reindex(["ln_dist", "tie", "other"])
    np.testing.assert_allclose(ours.coefficients["estimate"], expected, rtol=1e-5, atol=1e-7)


def test_the_published_tie_without_trade_has_no_estimate(shared):
    rows = pd.read_csv(shared / "cases" / "ppml_separation_tie.csv")
    model = gravity(rows, ["ln_dist", "tie"])
    assert model.dropped.to_dict("list") == {"reason": [ppml.SEPARATED], "n": [4]}
    assert rounded(model)["ln_dist"] == -0.9207
    assert model.coefficients.set_index("term").loc["tie"].isna().all()
    assert model.predicted["predicted_usd"].isna().to_list() == (rows["tie"] == 1).to_list()


def test_components_that_only_zeros_join_are_separated():
    """Exporters 0, 1 sell to markets 0, 1; exporters 2, 3 to 2, 3; zeros join them one way."""
    i, j = (axis.ravel() for axis in np.indices((4, 4)))
    rows = pd.DataFrame({"exporter": i, "market": j, "period": "2020"})
    rows["a"] = np.random.default_rng(2).normal(size=16)
    rows["value_usd"] = np.where(i // 2 == j // 2, 1.0 + i + j, 0.0)
    one_way = rows[i // 2 <= j // 2]
    assert gravity(one_way, ["a"]).dropped.to_dict("list") == {"reason": [ppml.SEPARATED], "n": [4]}
    assert gravity(rows, ["a"]).dropped.empty


def test_a_row_alone_in_an_effect_is_set_aside_and_counted(drawn):
    lone = drawn.iloc[[0]].assign(exporter=99, value_usd=5.0)
    model, without = (
        gravity(rows, ["a", "b"]) for rows in (pd.concat([drawn, lone], ignore_index=True), drawn)
    )
    assert model.dropped.set_index("reason")["n"]["the only row left of an effect"] == 1
    pd.testing.assert_frame_equal(model.coefficients, without.coefficients)
    assert model.n_clusters == without.n_clusters


@pytest.fixture(scope="module")
def cross_section():
    """One drawn year of 40 × 40 economies with multiplicative noise and a few zeros."""
    draw = np.random.default_rng(8)
    names = pd.Index([f"E{n:02d}" for n in range(40)], dtype="str")
    i, j = np.nonzero(~np.eye(40, dtype=bool))
    rows = pd.DataFrame({"exporter": names[i], "market": names[j], "period": "2020"})
    rows["ln_distance"] = draw.uniform(5, 9, (40, 40))[i, j]
    eta = draw.normal(0, 1, 40)[i] + draw.normal(0, 1, 40)[j] - 0.9 * rows["ln_distance"] + 15
    rows["value_usd"] = np.exp(eta) * draw.lognormal(0, 1, len(rows))
    rows.loc[draw.random(len(rows)) < 0.05, "value_usd"] = 0.0
    return rows


def test_intervals_cover_what_they_promise(cross_section):
    """Over all exporters about 80 % of pairs lie inside; each was predicted unseen."""
    table = gravity_potential(cross_section, ["ln_distance"], seed=1)
    assert len(table) == len(cross_section)
    assert (table["lo_usd"] <= table["hi_usd"]).all()
    np.testing.assert_allclose(table["gap_usd"], table["predicted_usd"] - table["actual_usd"])
    assert 0.77 <= (table["verdict"] == "within").mean() <= 0.84
    wide = gravity_potential(cross_section, ["ln_distance"], "E00", level_pct=95, seed=1)
    narrow = gravity_potential(cross_section, ["ln_distance"], "E00", level_pct=50, seed=1)
    assert (wide["hi_usd"] >= narrow["hi_usd"]).all()


def test_a_market_without_distance_stays_in_the_table_and_says_so(cross_section):
    rows = cross_section.copy()
    rows.loc[rows["market"] == "E05", "ln_distance"] = np.nan
    table = gravity_potential(rows, ["ln_distance"], "E00").set_index("market")
    assert table.loc["E05", "verdict"] == "not predicted"
    assert len(table) == 39 and (table.drop("E05")["verdict"] != "not predicted").all()


def test_rows_of_a_world_hold_every_pair_abroad_with_zeros():
    names = pd.Index(["A", "B", "C"], dtype="str")
    values = np.zeros((3, 3, 2))
    values[0, 1] = [3, 4]
    pairs = pd.DataFrame(
        [("A", "B", np.e**2, True, False, False)],
        columns=["origin", "destination", "distance_km", "contiguous", "common_language", "colony"],
    )
    rows = pair_rows(World(values, names, names, pd.Index(["1", "2"])), pairs, "2020")
    assert len(rows) == 6
    first = rows.iloc[0]
    assert (first["value_usd"], first["contiguous"]) == (7, 1)
    assert first["ln_distance"] == pytest.approx(2)
    assert rows["ln_distance"].isna().sum() == 5 and (rows["value_usd"] == 0).sum() == 5
